"""Face landmarks: where brows, eyes, nose, lips and jaw are."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...track import Schema, Track
from ..base import CPU, Execution, FaceExtractor
from ..face_frames import FacesInFrames
from ..weights import dlib_weights
from .dlib_box import square
from .ibug68 import LANDMARKS, dropped

_FACE_PIXELS = 320
"""Smaller faces are enlarged to this side, since the predictor gives whole pixels."""
_MARGIN = 0.5
"""How much of the picture around the box the predictor is shown, as a fraction of the side."""


@dataclass(frozen=True, kw_only=True)
class FaceLandmarks(FaceExtractor):
    """The 68 landmarks of dlib's predictor, found inside the face's box made square.

    dlib's predictor gives whole pixels, so a face whose box is smaller than 320 pixels is enlarged to that, and its
    landmarks are fractions of a pixel. They lie in the frame as it is, where (0, 0) is the middle of the first pixel.
    A face whose box lies outside the picture or is smaller than a pixel has no row, but a gap.

    The predictor knows no profiles: on a head that is turned by more than about 45 degrees it puts a face as seen from
    the front, without a word.

    References
    ----------
    V. Kazemi, J. Sullivan, One millisecond face alignment with an ensemble of regression trees, CVPR 2014
    """

    name: ClassVar[str] = "face_landmarks"
    packages: ClassVar[tuple[str, ...]] = ("dlib", "cv2")

    @property
    def schema(self) -> Schema:
        """``values``: 68 points in pixels; ``row``: the row of the faces track; ``track``: its number there."""
        return LANDMARKS

    def weights(self) -> dict[str, Path]:
        """Return the predictor, which ships in ``face_recognition_models``."""
        return {"landmarks68": dlib_weights("shape_predictor_68_face_landmarks.dat")}

    def extract(self, batches: Iterator[FacesInFrames], execution: Execution = CPU) -> Iterator[Track]:
        """Find the landmarks batch by batch."""
        predictor = _predictor(str(self.weights()["landmarks68"]))
        for found in batches:
            yield _piece(found, predictor)


def _piece(found: FacesInFrames, predictor: Any) -> Track:
    boxes = found.faces.fields["box"].astype(np.float64)
    shapes = [_landmarks(image, box, predictor) for image, box in zip(found.images, boxes, strict=True)]
    seen = np.array([shape is not None for shape in shapes], bool)
    points = [shape for shape in shapes if shape is not None]
    fields: dict[str, NDArray[np.generic]] = {
        "values": np.array(points, np.float32) if points else LANDMARKS["values"].empty(),
        "row": found.rows[seen],
        "track": found.faces.fields["track"][seen],
    }
    gaps = dropped(found.faces.times[~seen], "a face's box lies outside the picture")
    return Track(schema=LANDMARKS, times=found.faces.times[seen], fields=fields, gaps=gaps)


def _landmarks(image: NDArray[np.uint8], box: NDArray[np.float64], predictor: Any) -> NDArray[np.float64] | None:
    """Return the points of one face, shape (68, 2); None where there is no picture in the box."""
    import cv2

    side = float(box[2] - box[0] + box[3] - box[1]) / 2
    height, width = image.shape[:2]
    if side < 1 or min(box[2], box[3]) <= 0 or box[0] >= width or box[1] >= height:
        return None
    left, top = (max(0, int(edge - _MARGIN * side)) for edge in box[:2])
    right, bottom = (int(edge + _MARGIN * side) + 1 for edge in box[2:])
    around = image[top:bottom, left:right]
    scale = max(1.0, _FACE_PIXELS / side)
    if scale > 1:
        around = np.asarray(cv2.resize(around, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR), np.uint8)
    shape = predictor(np.ascontiguousarray(around), square((box - (left, top, left, top)) * scale))
    points = np.array([(point.x, point.y) for point in shape.parts()], np.float64)
    # Pixel x covers [x - 0.5, x + 0.5), in the enlarged picture too.
    return (points + 0.5) / scale - 0.5 + (left, top)


@cache
def _predictor(path: str) -> Any:
    import dlib

    return dlib.shape_predictor(path)
