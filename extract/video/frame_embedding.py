"""Embeddings of whole frames by any backbone of timm with a checkpoint of your own."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from ...media import Frames
from ...track import Schema, Track
from ..base import CPU, Execution, VideoExtractor
from .cropping import centre
from .timm_model import Scaling, TimmModel


@dataclass(frozen=True, kw_only=True)
class FrameEmbedding(VideoExtractor):
    """The vector that a backbone makes of every frame: the shorter side resized, the middle cut out (`centre`).

    No pickled code of a checkpoint runs, and every weight of the network must be in it and no other.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.

    References
    ----------
    R. Wightman, PyTorch Image Models, 2019: https://github.com/huggingface/pytorch-image-models
    """

    name: ClassVar[str] = "frame_embedding"
    packages: ClassVar[tuple[str, ...]] = ("timm", "torch", "safetensors", "cv2")

    architecture: str = "resnet101"
    """timm's name of the backbone."""
    weights_file: str = ""
    """Path of its state dict: .pth or .pt as ``torch.save(network.state_dict(), ...)`` writes it, or .safetensors."""
    head_dimensions: int | None = None
    """Numbers that a head of dropout, linear layer, batch normalisation and tanh makes; None: the pooled features."""
    size_pixels: int = 224
    """Width and height of the pictures that go in."""
    scaling: Scaling = "imagenet"
    """``imagenet``: divided by 255, then by ImageNet's mean and deviation; ``symmetric``: from -1 to 1."""
    half_precision: bool = False
    """On a GPU only: multiply in float16, which is faster and wrong by about 0.0005 of a vector's length (measured with
    random weights, in float16 on a CPU)."""

    def __post_init__(self) -> None:
        self._model()

    @property
    def schema(self) -> Schema:
        """``values``: numbers without unit."""
        return {"values": self._model().field()}

    def weights(self) -> dict[str, Path]:
        """Return the checkpoint."""
        return self._model().weights()

    def extract(self, frames: Iterator[Frames], execution: Execution = CPU) -> Iterator[Track]:
        """Embed the frames batch by batch."""
        embedder = self._model().embedder(self.scaling, execution.device, self.half_precision)
        schema = self.schema
        for batch in frames:
            pictures = [centre(image, self.size_pixels) for image in batch.pixels]
            values = embedder.embed(np.stack(pictures)) if pictures else schema["values"].empty()
            yield Track(schema=schema, times=batch.times, fields={"values": values}, gaps=batch.gaps)

    def _model(self) -> TimmModel:
        return TimmModel(
            architecture=self.architecture,
            weights_file=self.weights_file,
            size_pixels=self.size_pixels,
            head_dimensions=self.head_dimensions,
        )
