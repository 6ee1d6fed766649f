"""dlib's two face detectors; the landmarks are those of its 68-point predictor that the others give too."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import Detections, Image, follow_in_regions

_FIVE_OF_68 = (range(36, 42), range(42, 48), (30,), (48,), (54,))
"""Of the 68 points of the iBUG scheme: both eyes, the tip of the nose, the corners of the mouth."""
_TRAINED_PIXELS = 80
"""Smallest face that both detectors see without enlarging the picture."""
_FOLLOWED_PIXELS = 100


class DlibDetector:
    """One of dlib's detectors.

    Parameters
    ----------
    find
        Returns rectangles and confidences of a picture, after enlarging it twofold a number of times.
    enlarge
        How often to double the picture for a full detection.
    predictor
        dlib's 68-point predictor.
    """

    def __init__(
        self, find: Callable[[Image, int], tuple[Sequence[Any], Sequence[float]]], enlarge: int, predictor: Any
    ) -> None:
        self._find = find
        self._enlarge = enlarge
        self._predictor = predictor

    def detect(self, image: Image) -> Detections:
        """Return all faces of a picture."""
        return self._detect(image, self._enlarge)

    def follow(self, image: Image, boxes: NDArray[np.float32]) -> tuple[Detections, NDArray[np.bool_]]:
        """Look for faces where they were in the picture before; see `Detector.follow`."""
        return follow_in_regions(partial(self._detect, enlarge=0), image, boxes, _FOLLOWED_PIXELS)

    def _detect(self, image: Image, enlarge: int) -> Detections:
        image = np.ascontiguousarray(image)  # dlib reads a view as if it were whole
        rectangles, confidence = self._find(image, enlarge)
        boxes = [(r.left(), r.top(), r.right() + 1, r.bottom() + 1) for r in rectangles]
        return Detections(
            np.array(boxes, np.float32).reshape(-1, 4),
            np.array([self._landmarks(image, r) for r in rectangles], np.float32).reshape(-1, 5, 2),
            np.array(confidence, np.float32),
        )

    def _landmarks(self, image: Image, rectangle: Any) -> list[NDArray[np.float64]]:
        shape = self._predictor(image, rectangle)
        points = np.array([(shape.part(number).x, shape.part(number).y) for number in range(68)], np.float64)
        return [points[list(group)].mean(axis=0) for group in _FIVE_OF_68]


def dlib_hog(minimum_face_pixels: int, minimum_confidence: float, predictor: Path) -> DlibDetector:
    """Return the detector of histograms of gradients; its confidence is a margin, 0 the boundary.

    http://dlib.net/face_detector.py.html
    """

    def find(image: Image, enlarge: int) -> tuple[Sequence[Any], Sequence[float]]:
        rectangles, confidence, _ = _hog().run(image, enlarge, minimum_confidence)
        return rectangles, confidence

    return DlibDetector(find, int(minimum_face_pixels < _TRAINED_PIXELS), _predictor(str(predictor)))


def dlib_cnn(minimum_face_pixels: int, minimum_confidence: float, weights: Path, predictor: Path) -> DlibDetector:
    """Return the max-margin detector on a small network; its confidence is a margin, about 1 for a clear face.

    http://dlib.net/cnn_face_detector.py.html
    """

    def find(image: Image, enlarge: int) -> tuple[Sequence[Any], Sequence[float]]:
        faces = [face for face in _cnn(str(weights))(image, enlarge) if face.confidence >= minimum_confidence]
        return [face.rect for face in faces], [face.confidence for face in faces]

    return DlibDetector(find, int(minimum_face_pixels < _TRAINED_PIXELS), _predictor(str(predictor)))


@cache
def _hog() -> Any:
    import dlib

    return dlib.get_frontal_face_detector()


@cache
def _cnn(weights: str) -> Any:
    import dlib

    return dlib.cnn_face_detection_model_v1(weights)


@cache
def _predictor(path: str) -> Any:
    import dlib

    return dlib.shape_predictor(path)
