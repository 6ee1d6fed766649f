"""YuNet through OpenCV; its weights are a file that the user gives."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....errors import WeightsError
from .base import Detections, Image, follow_in_regions, no_faces

_OVERLAP = 0.3
_MOST_FACES = 200
_FOLLOWED_PIXELS = 80


class Yunet:
    """Wu et al., YuNet: A Tiny Millisecond-level Face Detector, 2023, as OpenCV's model zoo publishes it.

    Parameters
    ----------
    weights
        ``face_detection_yunet_2023mar.onnx`` of OpenCV's model zoo.
    minimum_confidence
        Score below which a face is none.

    Raises
    ------
    WeightsError
        If OpenCV cannot load the file.
    """

    def __init__(self, weights: Path, minimum_confidence: float) -> None:
        import cv2

        try:
            self._detector: Any = cv2.FaceDetectorYN.create(
                str(weights), "", (320, 320), minimum_confidence, _OVERLAP, _MOST_FACES
            )
        except cv2.error as error:
            reason = " ".join(str(error).split())[:120]
            raise WeightsError(f"{weights}: OpenCV cannot load it ({reason}); expected YuNet as ONNX") from None

    def detect(self, image: Image) -> Detections:
        """Return all faces of a picture."""
        self._detector.setInputSize((image.shape[1], image.shape[0]))
        _, rows = self._detector.detect(np.ascontiguousarray(image[:, :, ::-1]))  # it wants BGR
        if rows is None:
            return no_faces()
        rows = np.asarray(rows, np.float32)
        corners = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], axis=1)
        return Detections(corners, rows[:, 4:14].reshape(-1, 5, 2), rows[:, 14])

    def follow(self, image: Image, boxes: NDArray[np.float32]) -> tuple[Detections, NDArray[np.bool_]]:
        """Look for faces where they were in the picture before; see `Detector.follow`."""
        return follow_in_regions(self.detect, image, boxes, _FOLLOWED_PIXELS)
