from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from trimodal.extract.face_frames import faces_in_frames
from trimodal.extract.video.face_landmarks import FaceLandmarks
from trimodal.extract.video.face_schema import FACES
from trimodal.extract.video.faces import Faces
from trimodal.extract.video.ibug68 import LEFT_EYE, MEAN_SHAPE, RIGHT_EYE, STABLE
from trimodal.media import Frames, Sampling, probe, read_frames
from trimodal.track import Track, concatenate


def _faces(boxes: list[tuple[float, float, float, float]], starts: list[float]) -> Track:
    count = len(starts)
    fields = {name: field.empty(count) for name, field in FACES.items()}
    fields["box"] = np.array(boxes, np.float32).reshape(count, 4)
    fields["track"] = np.arange(7, 7 + count, dtype=np.int32)
    return Track(schema=FACES, times=np.array([(start, start + 0.1) for start in starts]).reshape(-1, 2), fields=fields)


def _frames(images: list[np.ndarray]) -> Iterator[Frames]:
    for number, image in enumerate(images):
        yield Frames(times=np.array([[number / 10, number / 10 + 0.1]]), pixels=image[None])


def _find(path: Path) -> tuple[Track, Track, np.ndarray]:
    """Return the faces of a clip, their landmarks and the first frame."""
    faces = Faces(sampling=Sampling(fps=3))
    track = concatenate(faces.schema, list(faces.extract(read_frames(path, probe(path), faces.sampling))))
    landmarks = FaceLandmarks()
    frames = list(read_frames(path, probe(path), Sampling(), only=track.times[:, 0]))
    made = concatenate(landmarks.schema, list(landmarks.extract(faces_in_frames(iter(frames), track))))
    return track, made, frames[0].pixels[0]


def _distance_to_five(faces: Track, landmarks: Track) -> np.ndarray:
    """Return how far the detector's eyes and mouth corners are from ours, shape (n, 4)."""
    points = landmarks.values
    same = [points[:, RIGHT_EYE].mean(axis=1), points[:, LEFT_EYE].mean(axis=1), points[:, 48], points[:, 54]]
    return np.linalg.norm(np.stack(same, axis=1) - faces.fields["landmarks"][:, [0, 1, 3, 4]], axis=2)


@pytest.fixture(scope="module")
def found(sample: Path) -> tuple[Track, Track, np.ndarray]:
    return _find(sample / "happy.mp4")


def test_rows_are_those_of_the_faces(found: tuple[Track, Track, np.ndarray]) -> None:
    faces, landmarks, _ = found
    np.testing.assert_array_equal(landmarks.times, faces.times)
    np.testing.assert_array_equal(landmarks.fields["row"], np.arange(len(faces)))
    np.testing.assert_array_equal(landmarks.fields["track"], faces.fields["track"])


def test_points_agree_with_the_five_of_the_detector(found: tuple[Track, Track, np.ndarray]) -> None:
    distance = _distance_to_five(*found[:2])
    assert distance.mean(axis=0).max() < 3.5  # pixels, of a face about 90 wide
    assert distance.max() < 6


@pytest.mark.parametrize("clip", ["grid-bbaf2n.mpg", "grid-lrwp9a.mpg"])
def test_points_agree_on_people_who_talk(media: Path, clip: str) -> None:
    faces, landmarks, _ = _find(media / "talking" / clip)
    assert len(landmarks) > 5
    assert _distance_to_five(faces, landmarks).max() < 6  # pixels, of faces about 110 wide


def test_points_are_finer_than_pixels_and_move_with_the_picture(found: tuple[Track, Track, np.ndarray]) -> None:
    faces, landmarks, image = found
    box = tuple(faces.fields["box"][0].tolist())
    moved = tuple(edge + shift for edge, shift in zip(box, (40, 24, 40, 24), strict=True))
    wide = np.pad(image, ((24, 0), (40, 0), (0, 0)), mode="edge")
    (piece,) = FaceLandmarks().extract(faces_in_frames(_frames([wide]), _faces([moved], [0.0])))
    np.testing.assert_allclose(piece.values[0], landmarks.values[0] + (40, 24), atol=1.0)
    assert (landmarks.values % 1 != 0).mean() > 0.5


def test_enlarging_does_not_shift_the_points(found: tuple[Track, Track, np.ndarray]) -> None:
    faces, _, image = found
    box = faces.fields["box"][0].astype(float)
    large = np.repeat(np.repeat(image, 4, axis=0), 4, axis=1)  # needs no enlarging: pixel x is 4x to 4x + 3
    (small,) = FaceLandmarks().extract(faces_in_frames(_frames([image]), _faces([tuple(box)], [0.0])))
    (big,) = FaceLandmarks().extract(faces_in_frames(_frames([large]), _faces([tuple((box + 0.5) * 4 - 0.5)], [0.0])))
    difference = (big.values[0] + 0.5) / 4 - 0.5 - small.values[0]
    assert np.abs(difference.mean(axis=0)).max() < 0.25
    assert np.abs(difference).max() < 2


def test_a_box_without_picture_leaves_a_gap_and_row_says_which_faces_remain() -> None:
    image = np.full((120, 160, 3), 90, np.uint8)
    outside, inside, empty = (200, 10, 260, 70), (40, 30, 100, 90), (50, 50, 50, 50)
    faces = _faces([outside, inside, empty, inside], [0.0, 0.0, 0.1, 0.2])
    pieces = list(FaceLandmarks().extract(faces_in_frames(_frames([image] * 4), faces)))
    assert [len(piece) for piece in pieces] == [1, 0, 1, 0]
    track = concatenate(FaceLandmarks().schema, pieces)
    np.testing.assert_array_equal(track.fields["row"], [1, 3])
    np.testing.assert_array_equal(track.fields["track"], [8, 10])
    assert [(gap.start_seconds, gap.reason) for gap in track.gaps] == [
        (0.0, "a face's box lies outside the picture"),
        (0.1, "a face's box lies outside the picture"),
    ]


def test_a_box_that_reaches_past_the_frame_has_points(found: tuple[Track, Track, np.ndarray]) -> None:
    image = found[2]
    (piece,) = FaceLandmarks().extract(faces_in_frames(_frames([image]), _faces([(-50, -40, 60, 70)], [0.0])))
    assert np.isfinite(piece.values).all()


def test_faces_in_frames_says_which_rows_it_found() -> None:
    image = np.zeros((10, 10, 3), np.uint8)
    faces = _faces([(0, 0, 5, 5)] * 4, [0.0, 0.1, 0.1, 0.3])
    rows = [found.rows for found in faces_in_frames(_frames([image] * 3), faces)]
    assert [row.tolist() for row in rows] == [[0], [1, 2], []]
    assert all(row.dtype == np.int64 for row in rows)


def test_mean_shape_is_symmetric_and_has_its_scale_and_origin() -> None:
    np.testing.assert_allclose(MEAN_SHAPE[45] - MEAN_SHAPE[36], [1, 0])
    np.testing.assert_allclose(MEAN_SHAPE[STABLE].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(np.sort(MEAN_SHAPE[:, 0]), np.sort(-MEAN_SHAPE[:, 0]), atol=1e-9)
    assert MEAN_SHAPE[8, 1] > MEAN_SHAPE[57, 1] > MEAN_SHAPE[33, 1] > MEAN_SHAPE[36, 1] > MEAN_SHAPE[19, 1]
