from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import skimage.data

from trimodal.errors import ParameterError
from trimodal.extract.video.faces import Faces
from trimodal.media import Frames, Sampling, probe, read_frames
from trimodal.track import Track, concatenate

BOTH = pytest.mark.parametrize("detector", ["mtcnn", "dlib-hog"])


def _detect(path: Path, detector: Literal["mtcnn", "dlib-hog"], sampling: Sampling) -> Track:
    faces = Faces(detector=detector, sampling=sampling)
    pieces = list(faces.extract(read_frames(path, probe(path), sampling)))
    return concatenate(faces.schema, pieces)


@BOTH
def test_finds_the_one_face_of_every_frame_and_none_while_it_is_away(
    sample: Path, detector: Literal["mtcnn", "dlib-hog"]
) -> None:
    track = _detect(sample / "angry.mp4", detector, Sampling(fps=5))
    starts = track.times[:, 0]
    assert len(np.unique(starts)) == len(starts)
    away = (starts >= 1.0) & (starts < 2.0)
    assert not away.any()
    np.testing.assert_allclose(starts[:5], [0.0, 0.2, 0.4, 0.6, 0.8])


@BOTH
def test_landmarks_lie_where_a_face_has_them(sample: Path, detector: Literal["mtcnn", "dlib-hog"]) -> None:
    track = _detect(sample / "happy.mp4", detector, Sampling(fps=2))
    left, top, right, bottom = track.fields["box"].T
    right_eye, left_eye, nose, right_mouth, left_mouth = track.fields["landmarks"].transpose(1, 0, 2)
    assert (right_eye[:, 0] < left_eye[:, 0]).all()
    assert (right_mouth[:, 0] < left_mouth[:, 0]).all()
    assert (right_eye[:, 1] < nose[:, 1]).all()
    assert (nose[:, 1] < right_mouth[:, 1]).all()
    assert ((left < nose[:, 0]) & (nose[:, 0] < right) & (top < nose[:, 1]) & (nose[:, 1] < bottom)).all()


def test_both_detectors_agree(sample: Path) -> None:
    one, other = (_detect(sample / "happy.mp4", detector, Sampling(fps=2)) for detector in ("mtcnn", "dlib-hog"))
    np.testing.assert_array_equal(one.times, other.times)
    distance = np.linalg.norm(one.fields["landmarks"] - other.fields["landmarks"], axis=2)
    assert distance.max() < 8  # pixels, of a face about 80 wide


@BOTH
def test_black_frames_have_no_row(detector: Literal["mtcnn", "dlib-hog"]) -> None:
    def black() -> Iterator[Frames]:
        yield Frames(times=np.array([[0.0, 0.1], [0.1, 0.2]]), pixels=np.zeros((2, 120, 160, 3), np.uint8))

    (piece,) = Faces(detector=detector).extract(black())
    assert len(piece) == 0


def test_refuses_faces_smaller_than_the_network_sees() -> None:
    with pytest.raises(ParameterError, match="minimum_face_pixels must be at least 20, found 5"):
        Faces(minimum_face_pixels=5)


@pytest.mark.parametrize(("working_pixels", "minimum"), [(None, 80), (960, 20)])
def test_a_face_in_a_frame_of_4k(working_pixels: int | None, minimum: int) -> None:
    portrait = skimage.data.astronaut()[:300, 60:400]
    frame = np.full((2160, 3840, 3), 90, np.uint8)
    frame[1500:1800, 3000:3340] = portrait
    frames = Frames(times=np.array([[0.0, 0.1]]), pixels=frame[None], is_last=True)
    (piece,) = Faces(working_pixels=working_pixels, minimum_face_pixels=minimum).extract(iter([frames]))
    assert len(piece) == 1
    left, top, right, bottom = piece.fields["box"][0]
    assert 3000 < left < right < 3340 and 1500 < top < bottom < 1800
    assert piece.fields["frame_size"].tolist() == [[3840, 2160]]
