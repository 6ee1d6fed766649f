"""Decibels above a floor that hangs on the loudest value of the whole sound."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_HELD_BLOCKS = 32
"""Up to so many blocks are kept between finding the loudest value and using it; of more all are computed twice."""


def above_floor(
    decibels: Callable[[range], NDArray[np.floating]], blocks: Sequence[range], top_db: float | None
) -> Iterator[NDArray[np.floating]]:
    """Yield the decibels of blocks of rows, none of them more than ``top_db`` below the loudest of all.

    This is ``top_db`` of `librosa.power_to_db` for sound of any length.

    Parameters
    ----------
    decibels
        Computes the decibels of rows, shape (..., bands, rows); each leading index has a floor of its own.
    blocks
        All rows of the sound; blocks may overlap.
    top_db
        None: there is no floor.
    """
    if top_db is None:
        yield from map(decibels, blocks)
        return
    held = lru_cache(maxsize=_HELD_BLOCKS)(decibels)
    loudest = np.full((1, 1), -np.inf)
    for rows in blocks:
        loudest = np.maximum(loudest, held(rows).max(axis=(-2, -1), keepdims=True))
    for rows in blocks:
        block = held(rows)
        yield np.maximum(block, (loudest - top_db).astype(block.dtype))
