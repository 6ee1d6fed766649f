"""Searching a smaller picture than the one that is followed."""

import numpy as np
from numpy.typing import NDArray

from .base import Detections, Detector, Image


class ScaledDetector:
    """Searches pictures scaled down to a longest side; faces are followed in the picture as it is.

    Parameters
    ----------
    detector
        What finds and follows faces.
    working_pixels
        Longest side of the picture that is searched.
    """

    def __init__(self, detector: Detector, working_pixels: int) -> None:
        self._detector = detector
        self._working_pixels = working_pixels

    def detect(self, image: Image) -> Detections:
        """Return all faces of a picture, in its own pixels."""
        import cv2

        scale = self._working_pixels / max(image.shape[:2])
        if scale >= 1:
            return self._detector.detect(image)
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        return self._detector.detect(small).moved(0, 0, scale)

    def follow(self, image: Image, boxes: NDArray[np.float32]) -> tuple[Detections, NDArray[np.bool_]]:
        """Look for faces where they were in the picture before; see `Detector.follow`."""
        return self._detector.follow(image, boxes)
