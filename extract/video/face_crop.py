"""Face crops, upright and of one size."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from ...media import Frames
from ...track import Field, Schema, Track
from ..base import CPU, Execution, FaceExtractor
from .face_frames import faces_in_frames

_TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
"""Where the five landmarks lie in a crop of 112 x 112 pixels: Deng et al., ArcFace, 2019 (the InsightFace template)."""
_TEMPLATE_PIXELS = 112


@dataclass(frozen=True, kw_only=True)
class FaceCrop(FaceExtractor):
    """A square picture of every face, turned, scaled and moved so that its five landmarks lie where they always lie.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    name: ClassVar[str] = "face_crop"
    packages: ClassVar[tuple[str, ...]] = ("cv2",)

    size_pixels: int = 112
    """Width and height."""
    margin: float = 0.0
    """How much more than the template to show, as a fraction of the size on either side."""
    colour: Literal["rgb", "grey"] = "rgb"
    """Three channels or one."""

    def __post_init__(self) -> None:
        if not 8 <= self.size_pixels <= 4096:
            raise ParameterError(f"size_pixels must be from 8 to 4096, found {self.size_pixels}")
        if not 0 <= self.margin <= 2:
            raise ParameterError(f"margin must be from 0 to 2, found {self.margin}")

    @property
    def schema(self) -> Schema:
        """``values``: pixels from 0 to 255, shape (size, size, 3) in RGB or (size, size) in grey."""
        channels = (3,) if self.colour == "rgb" else ()
        columns = ("red", "green", "blue") if channels else ()
        return {"values": Field(dtype="uint8", shape=(self.size_pixels, self.size_pixels, *channels), columns=columns)}

    def extract(self, frames: Iterator[Frames], faces: Track, execution: Execution = CPU) -> Iterator[Track]:
        """Cut the crops batch by batch; what lies outside the frame is black."""
        target = (_TEMPLATE / _TEMPLATE_PIXELS + self.margin) / (1 + 2 * self.margin) * self.size_pixels
        for found in faces_in_frames(frames, faces):
            landmarks = found.faces.fields["landmarks"].astype(np.float64)
            crops = [self._crop(image, points, target) for image, points in zip(found.images, landmarks, strict=True)]
            values = np.stack(crops) if crops else self.schema["values"].empty()
            yield Track(schema=self.schema, times=found.faces.times, fields={"values": values})

    def _crop(
        self, image: NDArray[np.uint8], points: NDArray[np.float64], target: NDArray[np.float64]
    ) -> NDArray[np.generic]:
        import cv2

        size = (self.size_pixels, self.size_pixels)
        crop = cv2.warpAffine(image, similarity(points, target), size, flags=cv2.INTER_LINEAR)
        return np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY) if self.colour == "grey" else crop)


def similarity(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the similarity transform (turn, scale, shift) that brings ``source`` closest to ``target``.

    Parameters
    ----------
    source, target
        Points, shape (n, 2), n at least 2.

    Returns
    -------
    ndarray
        Shape (2, 3): the least-squares solution, without reflection.

    Notes
    -----
    In the plane Umeyama's solution (IEEE PAMI 13(4), 1991) is one complex number: with the points as complex numbers
    z and w, ``w - mean(w) = a (z - mean(z))`` has ``a = sum(conj(z) w) / sum(|z|^2)`` over the centred points.
    """
    z, w = source @ (1, 1j), target @ (1, 1j)
    centred = z - z.mean()
    size = float((np.abs(centred) ** 2).sum())
    a = (centred.conj() * (w - w.mean())).sum() / size if size > 0 else 1.0 + 0j
    shift = w.mean() - a * z.mean()
    return np.array([[a.real, -a.imag, shift.real], [a.imag, a.real, shift.imag]])
