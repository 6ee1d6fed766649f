"""Face detection: boxes, five landmarks and confidence for every face of the sampled frames."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from ...media import Frames
from ...track import Schema, Track
from ..base import CPU, Execution, VideoExtractor
from ..weights import dlib_weights, single_file
from .face_schema import FACES

if TYPE_CHECKING:
    from pathlib import Path

_HOG_MINIMUM_PIXELS = 80
"""Size of dlib's sliding window."""
_EYE_AND_MOUTH_POINTS = (range(36, 42), range(42, 48), (30,), (48,), (54,))
"""Of the 68 points of the iBUG scheme: both eyes, the tip of the nose, the corners of the mouth."""


@dataclass(frozen=True)
class Detections:
    """The faces of one frame."""

    boxes: NDArray[np.float32]
    """Shape (n, 4)."""
    landmarks: NDArray[np.float32]
    """Shape (n, 5, 2)."""
    confidence: NDArray[np.float32]
    """Shape (n,)."""


Detector = Callable[[NDArray[np.uint8]], Sequence[Detections]]
"""Finds the faces of a batch of RGB frames."""


@dataclass(frozen=True, kw_only=True)
class Faces(VideoExtractor):
    """All faces of every sampled frame; a frame without a face has no row.

    References
    ----------
    mtcnn: Zhang et al., Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks, 2016, as
    facenet-pytorch ships it. dlib-hog: http://dlib.net/face_detector.py.html with the 68-point predictor of Kazemi and
    Sullivan, 2014, of which the five landmarks are taken.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    name: ClassVar[str] = "faces"

    detector: Literal["mtcnn", "dlib-hog"] = "mtcnn"
    """Which detector."""
    minimum_face_pixels: int = 40
    """Smallest face to look for; smaller is slower."""
    minimum_confidence: float | None = None
    """Detections below it are dropped. mtcnn: a probability, 0.9 where None; dlib-hog: a margin, 0 where None."""

    def __post_init__(self) -> None:
        if self.minimum_face_pixels < 20:
            raise ParameterError(f"minimum_face_pixels must be at least 20, found {self.minimum_face_pixels}")

    def needed_packages(self) -> tuple[str, ...]:
        """Return what the chosen detector imports."""
        return ("facenet_pytorch", "torch") if self.detector == "mtcnn" else ("dlib",)

    @property
    def schema(self) -> Schema:
        """``box``, ``landmarks`` and ``confidence``."""
        return FACES

    def weights(self) -> dict[str, "Path"]:
        """Return the files of the chosen detector, which ship inside its package."""
        if self.detector == "dlib-hog":
            return {"landmarks": dlib_weights("shape_predictor_68_face_landmarks.dat")}
        return {net: single_file("facenet_pytorch", f"data/{net}.pt") for net in ("pnet", "rnet", "onet")}

    def extract(self, frames: Iterator[Frames], execution: Execution = CPU) -> Iterator[Track]:
        """Detect faces batch by batch."""
        detect = self._detector(execution)
        for batch in frames:
            found = detect(batch.pixels) if len(batch.pixels) else []
            counts = [len(detections.confidence) for detections in found]
            yield Track(
                schema=self.schema,
                times=np.repeat(batch.times, counts, axis=0) if found else np.zeros((0, 2)),
                fields={
                    "box": _stack([detections.boxes for detections in found], (4,)),
                    "landmarks": _stack([detections.landmarks for detections in found], (5, 2)),
                    "confidence": _stack([detections.confidence for detections in found], ()),
                },
                gaps=batch.gaps,
            )

    def _detector(self, execution: Execution) -> Detector:
        if self.detector == "mtcnn":
            threshold = 0.9 if self.minimum_confidence is None else self.minimum_confidence
            return partial(_detect_mtcnn, _mtcnn(self.minimum_face_pixels, execution.device), threshold)
        threshold = self.minimum_confidence or 0.0
        upsample = int(self.minimum_face_pixels < _HOG_MINIMUM_PIXELS)
        return partial(_detect_hog, str(self.weights()["landmarks"]), upsample, threshold)


def _detect_mtcnn(mtcnn: Any, threshold: float, pixels: NDArray[np.uint8]) -> list[Detections]:
    boxes, probabilities, landmarks = mtcnn.detect(list(pixels), landmarks=True)
    found = []
    for box, probability, points in zip(boxes, probabilities, landmarks, strict=True):
        if box is None:
            found.append(_no_detections())
            continue
        keep = np.asarray(probability, np.float64) >= threshold
        found.append(
            Detections(
                np.asarray(box, np.float32)[keep],
                np.asarray(points, np.float32)[keep],
                np.asarray(probability, np.float32)[keep],
            )
        )
    return found


def _detect_hog(predictor_path: str, upsample: int, threshold: float, pixels: NDArray[np.uint8]) -> list[Detections]:
    detector, predictor = _hog(predictor_path)
    found = []
    for image in pixels:
        rectangles, scores, _ = detector.run(image, upsample, threshold)
        landmarks = []
        for rectangle in rectangles:
            points = predictor(image, rectangle)
            landmarks.append(
                [
                    np.mean([(points.part(i).x, points.part(i).y) for i in group], axis=0)
                    for group in _EYE_AND_MOUTH_POINTS
                ]
            )
        boxes = [(r.left(), r.top(), r.right() + 1, r.bottom() + 1) for r in rectangles]
        found.append(
            Detections(
                np.array(boxes, np.float32).reshape(-1, 4),
                np.array(landmarks, np.float32).reshape(-1, 5, 2),
                np.array(scores, np.float32),
            )
        )
    return found


def _no_detections() -> Detections:
    return Detections(np.zeros((0, 4), np.float32), np.zeros((0, 5, 2), np.float32), np.zeros(0, np.float32))


def _stack(arrays: list[NDArray[np.float32]], row_shape: tuple[int, ...]) -> NDArray[np.float32]:
    return np.concatenate(arrays) if arrays else np.zeros((0, *row_shape), np.float32)


@cache
def _mtcnn(minimum_face_pixels: int, device: str) -> Any:
    from facenet_pytorch import MTCNN

    return MTCNN(keep_all=True, min_face_size=minimum_face_pixels, device=device)


@cache
def _hog(predictor_path: str) -> tuple[Any, Any]:
    import dlib

    return dlib.get_frontal_face_detector(), dlib.shape_predictor(predictor_path)
