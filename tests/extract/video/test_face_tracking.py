"""Tracks over frames made of real faces: cuts, returns, faces that are found late."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from trimodal.extract.video.detectors import Detector, Mtcnn, dlib_hog
from trimodal.extract.video.dlib_face import describe
from trimodal.extract.video.face_tracking import FaceTracker
from trimodal.extract.weights import dlib_weights
from trimodal.media import Frames, Sampling, probe, read_frames

DESCRIBE = partial(describe, device="cpu")
PORTRAIT = skimage.data.astronaut()[:300, 60:460]
FACE = (slice(60, 190), slice(110, 230))


@pytest.fixture(params=["mtcnn", "dlib-hog"])
def detector(request: pytest.FixtureRequest) -> Detector:
    if request.param == "mtcnn":
        return Mtcnn(40, 0.9, "cpu")
    return dlib_hog(40, 0.0, dlib_weights("shape_predictor_68_face_landmarks.dat"))


class Counting:
    """A real detector that counts its searches."""

    def __init__(self, detector: Detector) -> None:
        self.follow = detector.follow
        self._detect = detector.detect
        self.searches = 0

    def detect(self, image: np.ndarray) -> object:
        self.searches += 1
        return self._detect(image)


def _track(images: list[np.ndarray], detector: Detector, redetect: float = 0.4, batch: int = 16) -> list[list[int]]:
    """Return the ids in every frame, at 25 frames per second."""
    tracker = FaceTracker(detector, DESCRIBE, redetect, 3.0)
    ids: list[list[int]] = []
    for first in range(0, len(images), batch):
        starts = np.arange(first, min(first + batch, len(images))) / 25
        pixels = np.stack(images[first : first + batch])
        is_last = first + batch >= len(images)
        frames = Frames(times=np.stack([starts, starts + 0.04], axis=1), pixels=pixels, is_last=is_last)
        ids += [sorted(one.ids.tolist()) for one in tracker.track(frames)]
    return ids


def _masked() -> np.ndarray:
    """The portrait with its face made unrecognisable; too small a change for a cut."""
    image = PORTRAIT.copy()
    image[FACE] = image[FACE].mean(axis=(0, 1))
    return image


def _clip(path: Path, frames: int) -> list[np.ndarray]:
    images: list[np.ndarray] = []
    for batch in read_frames(path, probe(path), Sampling()):
        images += list(batch.pixels)
        if len(images) >= frames:
            break
    return images[:frames]


def test_a_face_is_one_track_found_with_few_searches(detector: Detector) -> None:
    counting = Counting(detector)
    images = [np.roll(PORTRAIT, n, axis=1) for n in range(40)]
    assert _track(images, counting) == [[0]] * 40  # type: ignore[arg-type]
    assert counting.searches <= 5


def test_every_frame_is_searched_on_request(detector: Detector) -> None:
    counting = Counting(detector)
    assert _track([PORTRAIT] * 6, counting, redetect=0) == [[0]] * 6  # type: ignore[arg-type]
    assert counting.searches == 6


def test_a_face_that_comes_between_searches_is_found_from_its_first_frame(detector: Detector) -> None:
    assert _track([_masked()] * 5 + [PORTRAIT] * 11, detector) == [[]] * 5 + [[0]] * 11


def test_a_face_that_goes_is_gone_at_once_and_comes_back_as_itself(detector: Detector) -> None:
    images = [PORTRAIT] * 8 + [_masked()] * 8 + [PORTRAIT] * 8
    assert _track(images, detector) == [[0]] * 8 + [[]] * 8 + [[0]] * 8


def test_after_too_long_it_is_somebody_new(detector: Detector) -> None:
    images = [PORTRAIT] * 4 + [_masked()] * 92 + [PORTRAIT] * 4
    ids = _track(images, detector)
    assert ids[:4] == [[0]] * 4
    assert ids[-4:] == [[1]] * 4


def test_a_cut_ends_tracks_and_who_returns_is_known_again(media: Path) -> None:
    detector = Mtcnn(40, 0.9, "cpu")
    one = _clip(media / "talking" / "grid-bbaf2n.mpg", 24)
    other = _clip(media / "talking" / "grid-lrwp9a.mpg", 12)
    assert _track([*one[:12], *other, *one[12:]], detector) == [[0]] * 12 + [[1]] * 12 + [[0]] * 12


def test_two_people_keep_their_numbers(media: Path) -> None:
    images = _clip(media / "talking" / "grid-two-speakers.mp4", 150)
    assert _track(images, Mtcnn(40, 0.9, "cpu")) == [[0, 1]] * 150


def test_the_size_of_batches_changes_no_track(detector: Detector) -> None:
    images = [np.roll(PORTRAIT, 2 * n, axis=0) for n in range(20)]
    assert _track(images, detector, batch=16) == _track(images, detector, batch=5)


@pytest.mark.parametrize("shape", [(120, 160, 3), (4, 4, 3), (16, 300, 3)])
def test_frames_without_faces_have_none(detector: Detector, shape: tuple[int, ...]) -> None:
    assert _track([np.zeros(shape, np.uint8)] * 3, detector) == [[]] * 3


def test_a_face_that_leaves_over_the_edge_is_gone(detector: Detector) -> None:
    wide = np.concatenate([PORTRAIT, np.full_like(PORTRAIT, 128)], axis=1)
    ids = _track([np.ascontiguousarray(wide[:, 15 * n : 15 * n + 300]) for n in range(20)], detector)
    assert ids[:5] == [[0]] * 5
    assert ids[-4:] == [[]] * 4
