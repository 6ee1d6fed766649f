"""Cutting square pictures out of frames: faces by their landmarks or their box, and the middle of a frame or half."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from ...track import Track

Cut = Literal["landmarks", "box", "letterbox"]
"""How a face becomes a square picture; see `FaceCutter`."""

Region = Literal["whole", "left", "right"]
"""Which part of a frame: all of it, or one half, as of a split screen; of an odd width the middle column is right."""

TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
"""Where the five landmarks lie in a crop of 112 x 112 pixels: Deng et al., ArcFace, 2019 (the InsightFace template)."""
_TEMPLATE_PIXELS = 112


@dataclass(frozen=True, kw_only=True)
class FaceCutter:
    """How faces are cut out.

    ``landmarks``
        Turned, scaled and moved (bilinear) so that the five landmarks lie where they lie in `TEMPLATE`; what lies
        outside the frame is black.
    ``box``
        The box in whole pixels (`whole_pixels`), its sides resized to the size each by itself (cv2's INTER_AREA), so
        that the proportions change. With no margin it is what the MTCNN of facenet-pytorch 2.5.3 cuts out of an array.
    ``letterbox``
        The box in whole pixels, its longer side resized to the size (bilinear, cv2's INTER_LINEAR) and its shorter one
        in proportion, rounded down; in the middle of a black square, the odd pixel of black right or below.

    A box of which nothing lies in the frame makes a black picture.

    Raises
    ------
    ParameterError
        If a value is outside its range, or does not go with ``cut``.
    """

    cut: Cut
    size_pixels: int
    """Width and height."""
    margin: float = 0.0
    """For ``landmarks``: how much more than the template to show, as a fraction of the size on either side."""
    margin_pixels: int = 0
    """For ``box`` and ``letterbox``: pixels of the frame that the box is larger by on either side."""

    def __post_init__(self) -> None:
        check_size(self.size_pixels)
        if not 0 <= self.margin <= 2:
            raise ParameterError(f"margin must be from 0 to 2, found {self.margin}")
        if not 0 <= self.margin_pixels <= 4096:
            raise ParameterError(f"margin_pixels must be from 0 to 4096, found {self.margin_pixels}")
        if self.margin and self.cut != "landmarks":
            raise ParameterError(f"margin goes with the cut landmarks, found {self.cut}; it takes margin_pixels")
        if self.margin_pixels and self.cut == "landmarks":
            raise ParameterError("margin_pixels goes with the cuts box and letterbox, found landmarks; it takes margin")

    def cut_all(self, images: Sequence[NDArray[np.uint8]], faces: Track) -> NDArray[np.uint8]:
        """Cut faces out.

        Parameters
        ----------
        images
            For every face the RGB picture it is in, shape (height, width, 3).
        faces
            Rows with ``box`` and ``landmarks`` in pixels, one per face.

        Returns
        -------
        NDArray[np.uint8]
            Shape (n, size, size, 3).
        """
        boxes = faces.fields["box"]
        landmarks = faces.fields["landmarks"].astype(np.float64)
        crops = np.zeros((len(images), self.size_pixels, self.size_pixels, 3), np.uint8)
        for crop, image, box, points in zip(crops, images, boxes, landmarks, strict=True):
            if self.cut == "landmarks":
                crop[:] = align(image, points, self.size_pixels, self.margin)
            elif self.cut == "box":
                crop[:] = resize_box(image, box, self.size_pixels, self.margin_pixels)
            else:
                crop[:] = letterbox(image, box, self.size_pixels, self.margin_pixels)
        return crops


def check_size(size_pixels: int) -> None:
    """Check the width and height of a picture. Raises `ParameterError`."""
    if not 8 <= size_pixels <= 4096:
        raise ParameterError(f"size_pixels must be from 8 to 4096, found {size_pixels}")


def align(image: NDArray[np.uint8], points: NDArray[np.float64], size: int, margin: float) -> NDArray[np.uint8]:
    """Cut a face out by its five landmarks, shape (5, 2) in pixels; shape (size, size, 3). See `FaceCutter`."""
    import cv2

    target = (TEMPLATE / _TEMPLATE_PIXELS + margin) / (1 + 2 * margin) * size
    return np.asarray(cv2.warpAffine(image, similarity(points, target), (size, size), flags=cv2.INTER_LINEAR), np.uint8)


def resize_box(image: NDArray[np.uint8], box: NDArray[np.generic], size: int, margin: int) -> NDArray[np.uint8]:
    """Cut a face out by its box and resize both sides; shape (size, size, 3). See `FaceCutter`."""
    import cv2

    inside = image[whole_pixels(image, box, margin)]
    if not inside.size:
        return np.zeros((size, size, 3), np.uint8)
    return np.asarray(cv2.resize(inside, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def letterbox(image: NDArray[np.uint8], box: NDArray[np.generic], size: int, margin: int) -> NDArray[np.uint8]:
    """Cut a face out by its box and keep its proportions; shape (size, size, 3). See `FaceCutter`."""
    import cv2

    inside = image[whole_pixels(image, box, margin)]
    crop = np.zeros((size, size, 3), np.uint8)
    if inside.size:
        height, width = (max(1, side * size // max(inside.shape[:2])) for side in inside.shape[:2])
        top, left = (size - height) // 2, (size - width) // 2
        resized = cv2.resize(inside, (width, height), interpolation=cv2.INTER_LINEAR)
        crop[top : top + height, left : left + width] = resized
    return crop


def whole_pixels(image: NDArray[np.uint8], box: NDArray[np.generic], margin: int) -> tuple[slice, slice]:
    """Return rows and columns of a box with a margin: each edge cut down to an integer and brought into the image."""
    height, width = image.shape[:2]
    left, top, right, bottom = (float(edge) for edge in box)
    # From 0 up int() rounds down, and what is below 0 becomes 0 in any case.
    columns = slice(int(max(left - margin, 0)), int(max(min(right + margin, width), 0)))
    return slice(int(max(top - margin, 0)), int(max(min(bottom + margin, height), 0))), columns


def centre(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Resize a frame so that its shorter side has the size, and cut out the middle.

    Parameters
    ----------
    image
        Shape (height, width, 3).
    size
        Width and height in pixels.

    Returns
    -------
    NDArray[np.uint8]
        Shape (size, size, 3).

    Notes
    -----
    The longer side is rounded down, and so is where the middle begins. A frame that shrinks is averaged (cv2's
    INTER_AREA), one that grows is interpolated (INTER_LINEAR).
    """
    import cv2

    shorter = min(image.shape[:2])
    height, width = (side * size // shorter for side in image.shape[:2])
    how = cv2.INTER_AREA if shorter > size else cv2.INTER_LINEAR
    resized = cv2.resize(image, (width, height), interpolation=how)
    top, left = (height - size) // 2, (width - size) // 2
    return np.asarray(resized[top : top + size, left : left + size], np.uint8)


def middle(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Cut out the middle of a frame as it is; what lies outside it is black.

    Parameters
    ----------
    image
        Shape (height, width, 3).
    size
        Width and height in pixels. Where the middle begins is rounded down.

    Returns
    -------
    NDArray[np.uint8]
        Shape (size, size, 3).
    """
    height, width = image.shape[:2]
    top, left = max(0, (height - size) // 2), max(0, (width - size) // 2)
    inside = image[top : top + size, left : left + size]
    cut = np.zeros((size, size, 3), np.uint8)
    top, left = (size - inside.shape[0]) // 2, (size - inside.shape[1]) // 2
    cut[top : top + inside.shape[0], left : left + inside.shape[1]] = inside
    return cut


def picture(image: NDArray[np.uint8], size: int, region: Region, resized: bool) -> NDArray[np.uint8]:
    """Make a square picture of a frame or of one of its halves: by `centre` if it is resized, else by `middle`."""
    half = image.shape[1] // 2
    columns = {"whole": slice(None), "left": slice(half), "right": slice(half, None)}[region]
    return (centre if resized else middle)(image[:, columns], size)


def to_grey(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return RGB pictures, shape (n, height, width, 3), in grey (ITU-R BT.601), shape (n, height, width)."""
    import cv2

    grey = np.zeros(pictures.shape[:3], np.uint8)
    for to, picture in zip(grey, pictures, strict=True):
        to[:] = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return grey


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
