"""The middle of every frame or half frame, as a picture of one size."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from ...media import Frames
from ...track import Field, Schema, Track
from ..base import CPU, Execution, VideoExtractor
from .cropping import Region, check_size, picture, to_grey


@dataclass(frozen=True, kw_only=True)
class FrameCrop(VideoExtractor):
    """A square picture of every frame or of a half of it, whatever it shows: the middle (`centre`, `middle`).

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    name: ClassVar[str] = "frame_crop"
    packages: ClassVar[tuple[str, ...]] = ("cv2",)

    size_pixels: int = 224
    """Width and height."""
    region: Region = "whole"
    """What is cut out of: the ``whole`` frame, or its ``left`` or ``right`` half."""
    resized: bool = True
    """Whether its shorter side is first resized to the size; else pixels stay, with black around what is smaller."""
    colour: Literal["rgb", "grey"] = "rgb"
    """Three channels or one."""

    def __post_init__(self) -> None:
        check_size(self.size_pixels)

    @property
    def schema(self) -> Schema:
        """``values``: pixels from 0 to 255, shape (size, size, 3) in RGB or (size, size) in grey."""
        channels = (3,) if self.colour == "rgb" else ()
        columns = ("red", "green", "blue") if channels else ()
        return {"values": Field(dtype="uint8", shape=(self.size_pixels, self.size_pixels, *channels), columns=columns)}

    def extract(self, frames: Iterator[Frames], execution: Execution = CPU) -> Iterator[Track]:
        """Cut the pictures batch by batch."""
        for batch in frames:
            crops = np.zeros((len(batch.times), self.size_pixels, self.size_pixels, 3), np.uint8)
            for crop, image in zip(crops, batch.pixels, strict=True):
                crop[:] = picture(image, self.size_pixels, self.region, self.resized)
            values = to_grey(crops) if self.colour == "grey" else crops
            yield Track(schema=self.schema, times=batch.times, fields={"values": values}, gaps=batch.gaps)
