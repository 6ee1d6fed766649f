"""Embeddings of whole frames by any backbone of timm with a checkpoint of your own."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...media import Frames
from ...track import Schema, Track
from ..base import CPU, Execution, VideoExtractor
from .cropping import Region, picture
from .timm_extractor import TimmExtractor


@dataclass(frozen=True, kw_only=True)
class FrameEmbedding(TimmExtractor, VideoExtractor):
    """The vector that a backbone makes of the middle of every frame or of a half of it (`centre`, `middle`).

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

    region: Region = "whole"
    """What is cut out of: the ``whole`` frame, or its ``left`` or ``right`` half."""
    resized: bool = True
    """Whether its shorter side is first resized to the size; else pixels stay, with black around what is smaller."""

    @property
    def schema(self) -> Schema:
        """``values``: numbers without unit."""
        return {"values": self.network.field()}

    def extract(self, frames: Iterator[Frames], execution: Execution = CPU) -> Iterator[Track]:
        """Embed the frames batch by batch."""
        embedder = self.embedder(execution)
        schema = self.schema
        for batch in frames:
            pictures = [picture(image, self.size_pixels, self.region, self.resized) for image in batch.pixels]
            values = embedder.embed(np.stack(pictures)) if pictures else schema["values"].empty()
            yield Track(schema=schema, times=batch.times, fields={"values": values}, gaps=batch.gaps)
