"""Face detection and tracking: boxes, five landmarks, confidence and track of every face of the sampled frames."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np

from ...errors import ParameterError, WeightsError
from ...media import Frames
from ...track import Schema, Track
from ..base import CPU, Execution, VideoExtractor
from ..weights import dlib_weights, single_file
from .detectors import Detector, Mtcnn, ScaledDetector, Yunet, dlib_cnn, dlib_hog
from .dlib_face import describe, describer_weights
from .face_schema import FACES
from .face_tracking import FaceTracker, TrackedFaces

if TYPE_CHECKING:
    from numpy.typing import NDArray

_YUNET = "face_detection_yunet_2023mar.onnx (from github.com/opencv/opencv_zoo)"
_MINIMUM_CONFIDENCE = {"mtcnn": 0.9, "dlib-hog": 0.0, "dlib-cnn": 0.5, "yunet": 0.8}


@dataclass(frozen=True, kw_only=True)
class Faces(VideoExtractor):
    """All faces of every sampled frame, with the number of the track each belongs to.

    A frame without a face has no row. `FaceTracker` says when the whole frame is searched and how tracks begin,
    end and go on. ``redetect_seconds: 0`` searches every frame.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    name: ClassVar[str] = "faces"
    version: ClassVar[int] = 2

    detector: Literal["mtcnn", "dlib-hog", "dlib-cnn", "yunet"] = "mtcnn"
    """Which detector. The weights of all but ``yunet`` ship inside packages."""
    weights_file: str = ""
    """For ``yunet``: path of its ONNX file."""
    minimum_face_pixels: int = 40
    """Smallest face to look for in the picture that is searched; smaller is slower."""
    minimum_confidence: float | None = None
    """Detections below it are dropped. mtcnn: a probability, 0.9 where None; dlib-hog: a margin, 0; dlib-cnn: a margin,
    0.5; yunet: a score from 0 to 1, 0.8."""
    working_pixels: int | None = None
    """Longest side of the picture that is searched; larger ones are scaled down for it. None: never."""
    redetect_seconds: float = 0.6
    """Longest time between two searches of the whole frame; in between faces are followed."""
    reappear_seconds: float = 3.0
    """How long after its end a track can go on, if the face looks the same."""

    def __post_init__(self) -> None:
        if self.minimum_face_pixels < 20:
            raise ParameterError(f"minimum_face_pixels must be at least 20, found {self.minimum_face_pixels}")
        if self.working_pixels is not None and self.working_pixels < 64:
            raise ParameterError(f"working_pixels must be at least 64, found {self.working_pixels}")
        if not 0 <= self.redetect_seconds < float("inf"):
            raise ParameterError(f"redetect_seconds must be at least 0, found {self.redetect_seconds}")
        if not 0 <= self.reappear_seconds < float("inf"):
            raise ParameterError(f"reappear_seconds must be at least 0, found {self.reappear_seconds}")
        if (self.detector == "yunet") != bool(self.weights_file):
            raise ParameterError(
                f"weights_file goes with the detector yunet and with no other; for it get {_YUNET} and give its path"
            )

    def needed_packages(self) -> tuple[str, ...]:
        """Return what the chosen detector imports, and what telling people apart does."""
        detector = ("facenet_pytorch",) if self.detector == "mtcnn" else ()
        return (*detector, "torch", "dlib", "cv2", "scipy")

    @property
    def schema(self) -> Schema:
        """``box``, ``landmarks``, ``confidence`` and ``track``."""
        return FACES

    def weights(self) -> dict[str, Path]:
        """Return the files of the chosen detector and of the descriptor that tells people apart."""
        return {**self._detector_weights(), **describer_weights()}

    def with_dry_weights(self, folder: Path) -> Self:
        """Return it with mtcnn in the place of yunet: at random no face would be found."""
        if self.detector != "yunet":
            return self
        return replace(self, detector="mtcnn", weights_file="", minimum_confidence=None)

    def extract(self, frames: Iterator[Frames], execution: Execution = CPU) -> Iterator[Track]:
        """Detect and track faces batch by batch."""
        tracker = FaceTracker(
            self._detector(execution),
            partial(describe, device=execution.device),
            self.redetect_seconds,
            self.reappear_seconds,
        )
        for batch in frames:
            yield self._rows(batch, tracker.track(batch))

    def _rows(self, batch: Frames, tracked: list[TrackedFaces]) -> Track:
        """Return the rows of a batch: every face of a frame has the frame's time."""
        counts = [len(one.ids) for one in tracked]
        fields: dict[str, NDArray[np.generic]] = {name: field.empty() for name, field in FACES.items()}
        if tracked:
            fields = {
                "box": np.concatenate([one.faces.boxes for one in tracked]),
                "landmarks": np.concatenate([one.faces.landmarks for one in tracked]),
                "confidence": np.concatenate([one.faces.confidence for one in tracked]),
                "track": np.concatenate([one.ids for one in tracked]),
                "frame_size": np.tile(np.array(batch.pixels.shape[2:0:-1], np.int32), (sum(counts), 1)),
            }
        times = np.repeat(batch.times, counts, axis=0)
        return Track(schema=FACES, times=times, fields=fields, gaps=batch.gaps)

    def _detector(self, execution: Execution) -> Detector:
        pixels, weights = self.minimum_face_pixels, self._detector_weights()
        confidence = self.minimum_confidence
        confidence = _MINIMUM_CONFIDENCE[self.detector] if confidence is None else confidence
        detector: Detector
        if self.detector == "mtcnn":
            detector = Mtcnn(pixels, confidence, execution.device)
        elif self.detector == "dlib-hog":
            detector = dlib_hog(pixels, confidence, weights["landmarks68"])
        elif self.detector == "dlib-cnn":
            detector = dlib_cnn(pixels, confidence, weights["mmod"], weights["landmarks68"])
        else:
            detector = Yunet(weights["yunet"], confidence)
        return detector if self.working_pixels is None else ScaledDetector(detector, self.working_pixels)

    def _detector_weights(self) -> dict[str, Path]:
        if self.detector == "mtcnn":
            return {net: single_file("facenet_pytorch", f"data/{net}.pt") for net in ("pnet", "rnet", "onet")}
        if self.detector == "yunet":
            path = Path(self.weights_file).expanduser()
            if not path.is_file():
                raise WeightsError(f"{path}: no such file; get {_YUNET} and give its path as weights_file")
            return {"yunet": path}
        weights = {"landmarks68": dlib_weights("shape_predictor_68_face_landmarks.dat")}
        if self.detector == "dlib-cnn":
            weights["mmod"] = dlib_weights("mmod_human_face_detector.dat")
        return weights
