"""Face embeddings: vectors that are close for pictures of one person."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ...media import Frames
from ...track import Field, Schema, Track
from ..base import CPU, Execution, FaceExtractor
from ..weights import dlib_weights
from .face_frames import faces_in_frames

_DIMENSIONS = 128
_CHIP_PIXELS = 150
_CHIP_PADDING = 0.25


@dataclass(frozen=True, kw_only=True)
class FaceEmbedding(FaceExtractor):
    """dlib's 128-d face descriptor; two pictures of one person are usually less than 0.6 apart (Euclidean).

    The five landmarks of dlib's own predictor, found inside the face's box made square, decide how the face is cut
    out (150 x 150 pixels, padding 0.25), as the network was trained.

    References
    ----------
    http://dlib.net/face_recognition.py.html
    """

    name: ClassVar[str] = "face_embedding"
    packages: ClassVar[tuple[str, ...]] = ("dlib",)

    model: Literal["dlib"] = "dlib"
    """Which network."""

    @property
    def schema(self) -> Schema:
        """``values``: 128 numbers without unit."""
        return {"values": Field(shape=(_DIMENSIONS,), columns=tuple(f"dlib{i}" for i in range(_DIMENSIONS)))}

    def weights(self) -> dict[str, Path]:
        """Return the two files, which ship in ``face_recognition_models``."""
        return {
            "landmarks": dlib_weights("shape_predictor_5_face_landmarks.dat"),
            "descriptor": dlib_weights("dlib_face_recognition_resnet_model_v1.dat"),
        }

    def extract(self, frames: Iterator[Frames], faces: Track, execution: Execution = CPU) -> Iterator[Track]:
        """Embed the faces batch by batch."""
        import dlib

        weights = self.weights()
        predictor, network = _models(str(weights["landmarks"]), str(weights["descriptor"]))
        for found in faces_in_frames(frames, faces):
            chips = [
                dlib.get_face_chip(image, predictor(image, _square(box)), _CHIP_PIXELS, _CHIP_PADDING)
                for image, box in zip(found.images, found.faces.fields["box"], strict=True)
            ]
            values = self.schema["values"].empty()
            if chips:
                values = np.array(network.compute_face_descriptor(chips), np.float32)
            yield Track(schema=self.schema, times=found.faces.times, fields={"values": values})


def _square(box: NDArray[np.generic]) -> Any:
    """Return the square with the box's centre and its mean side: dlib's predictor was trained on square boxes."""
    import dlib

    left, top, right, bottom = (float(edge) for edge in box)
    half = (right - left + bottom - top) / 4
    x, y = (left + right) / 2, (top + bottom) / 2
    return dlib.rectangle(round(x - half), round(y - half), round(x + half) - 1, round(y + half) - 1)


@cache
def _models(predictor_path: str, network_path: str) -> tuple[Any, Any]:
    import dlib

    return dlib.shape_predictor(predictor_path), dlib.face_recognition_model_v1(network_path)
