"""Faces' boxes as dlib's landmark predictors want them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def square(box: NDArray[np.generic]) -> Any:
    """Return the square with the box's centre and its mean side: dlib's predictors were trained on square boxes.

    Parameters
    ----------
    box
        Left, top, right and bottom edge in pixels, shape (4,).

    Returns
    -------
    dlib.rectangle
        In whole pixels, its right and bottom edge included.
    """
    import dlib

    left, top, right, bottom = (float(edge) for edge in box)
    half = (right - left + bottom - top) / 4
    x, y = (left + right) / 2, (top + bottom) / 2
    return dlib.rectangle(round(x - half), round(y - half), round(x + half) - 1, round(y + half) - 1)
