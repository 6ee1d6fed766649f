"""Face crops of one size."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ...track import Field, Schema, Track
from ..base import CPU, Execution, FaceExtractor
from ..face_frames import ROW, FacesInFrames, rows_of_faces
from .cropping import Cut, FaceCutter, to_grey


@dataclass(frozen=True, kw_only=True)
class FaceCrop(FaceExtractor):
    """A square picture of every face.

    By default it is turned, scaled and moved so that its five landmarks lie where they always lie; `FaceCutter` says
    what the other cuts do.

    Raises
    ------
    ParameterError
        If a parameter is outside its range, or does not go with ``cut``.
    """

    name: ClassVar[str] = "face_crop"
    packages: ClassVar[tuple[str, ...]] = ("cv2",)

    size_pixels: int = 112
    """Width and height."""
    margin: float = 0.0
    """For ``landmarks``: how much more than the template to show, as a fraction of the size on either side."""
    colour: Literal["rgb", "grey"] = "rgb"
    """Three channels or one."""
    cut: Cut = "landmarks"
    """``landmarks``: upright, by the five points; ``box``: the box, both sides resized; ``letterbox``: the box in its
    proportions, on black."""
    margin_pixels: int = 0
    """For ``box`` and ``letterbox``: pixels of the frame that the box is larger by on either side."""

    def __post_init__(self) -> None:
        self._cutter()

    @property
    def schema(self) -> Schema:
        """``values``: pixels from 0 to 255, shape (size, size, 3) in RGB or (size, size) in grey; ``row``."""
        channels = (3,) if self.colour == "rgb" else ()
        columns = ("red", "green", "blue") if channels else ()
        shape = (self.size_pixels, self.size_pixels, *channels)
        return {"values": Field(dtype="uint8", shape=shape, columns=columns), "row": ROW}

    def extract(self, batches: Iterator[FacesInFrames], execution: Execution = CPU) -> Iterator[Track]:
        """Cut the crops batch by batch; what lies outside the frame is black."""
        cutter = self._cutter()

        def cut(found: FacesInFrames) -> NDArray[np.uint8]:
            crops = cutter.cut_all(found.images, found.faces)
            return to_grey(crops) if self.colour == "grey" else crops

        yield from rows_of_faces(batches, self.schema, cut)

    def _cutter(self) -> FaceCutter:
        return FaceCutter(
            cut=self.cut, size_pixels=self.size_pixels, margin=self.margin, margin_pixels=self.margin_pixels
        )
