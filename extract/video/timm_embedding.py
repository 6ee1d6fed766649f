"""Face embeddings by any backbone of timm with a checkpoint of your own."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...track import Schema, Track
from ..base import CPU, Execution, FaceExtractor
from ..face_frames import ROW, FacesInFrames, rows_of_faces
from .cropping import Cut, FaceCutter
from .timm_extractor import TimmExtractor


@dataclass(frozen=True, kw_only=True)
class TimmEmbedding(TimmExtractor, FaceExtractor):
    """The vector that a backbone makes of every face: its pooled features, or those through a head.

    Two extractors of published work, as parameters beside ``weights_file``:

    - ResNet-101, 2048 numbers: the defaults.
    - EfficientNet-B1, 256 numbers: ``architecture: efficientnet_b1``, ``head_dimensions: 256``, ``cut: letterbox``,
      ``margin_pixels: 10``, ``size_pixels: 240``. The head, 1280 -> dropout -> linear 256 -> batch normalisation ->
      tanh, has the classifier's place and name in the state dict: ``classifier.1.weight``, ``classifier.1.bias``,
      ``classifier.2.weight`` and so on.

    No pickled code of a checkpoint runs, and every weight of the network must be in it and no other.

    Raises
    ------
    ParameterError
        If a parameter is outside its range, or does not go with ``cut``.

    References
    ----------
    K. He et al., Deep Residual Learning for Image Recognition, 2016; M. Tan and Q. Le, EfficientNet, 2019; R. Wightman,
    PyTorch Image Models, 2019: https://github.com/huggingface/pytorch-image-models
    """

    name: ClassVar[str] = "timm_embedding"

    cut: Cut = "box"
    """``box``: the box, both sides resized; ``letterbox``: the box in its proportions, on black; ``landmarks``:
    upright, by the five points."""
    margin: float = 0.0
    """For ``landmarks``: how much more than the template to show, as a fraction of the size on either side."""
    margin_pixels: int = 0
    """For ``box`` and ``letterbox``: pixels of the frame that the box is larger by on either side."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._cutter()

    @property
    def schema(self) -> Schema:
        """``values``: numbers without unit; ``row``: the row of the faces track that it is of."""
        return {"values": self.network.field(), "row": ROW}

    def extract(self, batches: Iterator[FacesInFrames], execution: Execution = CPU) -> Iterator[Track]:
        """Embed the faces batch by batch."""
        embedder = self.embedder(execution)
        cutter = self._cutter()

        def embed(found: FacesInFrames) -> NDArray[np.float32]:
            return embedder.embed(cutter.cut_all(found.images, found.faces))

        yield from rows_of_faces(batches, self.schema, embed)

    def _cutter(self) -> FaceCutter:
        return FaceCutter(
            cut=self.cut, size_pixels=self.size_pixels, margin=self.margin, margin_pixels=self.margin_pixels
        )
