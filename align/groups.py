"""Groups of consecutive rows."""

import numpy as np
from numpy.typing import NDArray

from .overlap import offsets_of


def group_rows(
    counts: NDArray[np.int64], size: int, hop: int, rows: int, pad: bool
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Return which rows of an output make each group of consecutive ones.

    Parameters
    ----------
    counts
        Shape (segments,): rows of every segment.
    size, hop
        Rows in a group, and from the start of one to that of the next.
    rows
        Places in a group, at least ``size``.
    pad
        Whether rows that fill no whole group make one more.

    Returns
    -------
    index
        Shape (groups, rows): the row of the output in each place; -1: none.
    group_counts
        Shape (segments,): groups of every segment.
    """
    whole = np.where(counts >= size, (counts - size) // hop + 1, 0)
    reached = np.where(whole > 0, (whole - 1) * hop + size, 0)
    group_counts = whole + (pad & (reached < counts) & (whole * hop < counts))
    first_row, first_group = offsets_of(counts)[:-1], offsets_of(group_counts)
    number = np.arange(first_group[-1]) - np.repeat(first_group[:-1], group_counts)
    place = number[:, None] * hop + np.arange(rows)
    within = (np.arange(rows) < size) & (place < np.repeat(counts, group_counts)[:, None])
    index = np.where(within, np.repeat(first_row, group_counts)[:, None] + place, -1)
    return index.astype(np.intp), group_counts.astype(np.int64)
