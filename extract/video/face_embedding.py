"""Face embeddings: vectors that are close for pictures of one person."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ...track import Field, Schema, Track
from ..base import CPU, Execution, FaceExtractor
from ..face_frames import ROW, FacesInFrames, rows_of_faces
from .dlib_face import describe_all, describer_weights
from .dlib_resnet import DIMENSIONS


@dataclass(frozen=True, kw_only=True)
class FaceEmbedding(FaceExtractor):
    """dlib's 128-d face descriptor; two pictures of one person are usually less than 0.6 apart (Euclidean).

    The five landmarks of dlib's own predictor, found inside the face's box made square, decide how the face is cut
    out (150 x 150 pixels, padding 0.25), as the network was trained. Its weights run in torch.

    References
    ----------
    http://dlib.net/face_recognition.py.html
    """

    name: ClassVar[str] = "face_embedding"
    version: ClassVar[int] = 2
    packages: ClassVar[tuple[str, ...]] = ("dlib", "torch")

    model: Literal["dlib"] = "dlib"
    """Which network."""

    @property
    def schema(self) -> Schema:
        """``values``: 128 numbers without unit; ``row``: the row of the faces track that it is of."""
        columns = tuple(f"dlib{i}" for i in range(DIMENSIONS))
        return {"values": Field(shape=(DIMENSIONS,), columns=columns), "row": ROW}

    def weights(self) -> dict[str, Path]:
        """Return the two files, which ship in ``face_recognition_models``."""
        return describer_weights()

    def extract(self, batches: Iterator[FacesInFrames], execution: Execution = CPU) -> Iterator[Track]:
        """Embed the faces batch by batch."""

        def embed(found: FacesInFrames) -> NDArray[np.float32]:
            return describe_all(found.images, list(found.faces.fields["box"]), execution.device)

        yield from rows_of_faces(batches, self.schema, embed)
