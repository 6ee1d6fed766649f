"""What of a track lies in each interval, at the cost of a sort and of what overlaps."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

ROUNDING_SECONDS = 1e-9
"""Edges that should meet can miss each other by rounding: a shorter overlap is none. No clock of media is as fine."""
LEAST_COVERAGE = 1e-30
"""What was observed at all is never rounded to a coverage of 0, nor is the mean over several tracks in float32."""


def overlap(rows: NDArray[np.float64], intervals: NDArray[np.float64]) -> csr_array:
    """Return by how many seconds each row overlaps each interval, a sparse matrix of shape (R, T).

    Parameters
    ----------
    rows
        Shape (T, 2), starts in order; ends need not be.
    intervals
        Shape (R, 2), in any order.
    """
    # Of a row and an interval that overlap, either the row starts in the interval or the interval starts in the row.
    # Both are ranges, so that a row that outlasts many later ones costs no more than what it overlaps.
    first = np.searchsorted(rows[:, 0], intervals[:, 0], side="left")
    last = np.searchsorted(rows[:, 0], intervals[:, 1], side="left")
    rows_inside = ranges(first, last)
    interval_around = np.repeat(np.arange(len(intervals)), np.maximum(last - first, 0))

    order = np.argsort(intervals[:, 0], kind="stable")
    first = np.searchsorted(intervals[order, 0], rows[:, 0], side="right")
    last = np.searchsorted(intervals[order, 0], rows[:, 1], side="left")
    intervals_inside = order[ranges(first, last)]
    row_around = np.repeat(np.arange(len(rows)), np.maximum(last - first, 0))

    row = np.concatenate([rows_inside, row_around])
    interval = np.concatenate([interval_around, intervals_inside])
    seconds = np.minimum(rows[row, 1], intervals[interval, 1]) - np.maximum(rows[row, 0], intervals[interval, 0])
    return csr_array((seconds, (interval, row)), shape=(len(intervals), len(rows)))


def starts_inside(rows: NDArray[np.float64], intervals: NDArray[np.float64]) -> csr_array:
    """Return a 1 for each row that starts in each interval, a sparse matrix of shape (R, T); see `overlap`."""
    first = np.searchsorted(rows[:, 0], intervals[:, 0], side="left")
    last = np.maximum(np.searchsorted(rows[:, 0], intervals[:, 1], side="left"), first)
    row = ranges(first, last)
    return csr_array((np.ones(len(row)), row, offsets_of(last - first)), shape=(len(intervals), len(rows)))


def coverage(rows: NDArray[np.float64], intervals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return which part of each interval the union of the rows covers, in [0, 1]; 0 for an interval without length.

    Parameters
    ----------
    rows
        Shape (T, 2), starts in order.
    intervals
        Shape (R, 2), in any order.
    """
    # The union as disjoint stretches: a new one begins where a row starts after the end of all before it.
    ends = np.maximum.accumulate(rows[:, 1])
    begins = np.flatnonzero(np.concatenate([[True], rows[1:, 0] > ends[:-1]])[: len(rows)])
    stretches = np.stack([rows[begins, 0], ends[np.append(begins[1:], len(rows))[: len(begins)] - 1]], axis=1)
    covered = np.asarray(overlap(stretches, intervals).sum(axis=1), np.float64)
    length = intervals[:, 1] - intervals[:, 0]
    part = np.divide(covered, length, out=np.zeros_like(length), where=length > 0)
    return np.where(covered > 0, np.clip(part, LEAST_COVERAGE, 1.0), 0.0)


def offsets_of(counts: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return where runs of the given lengths start when they lie one after the other, and where the last one ends."""
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])


def ranges(first: NDArray[np.integer], last: NDArray[np.integer]) -> NDArray[np.intp]:
    """Return ``first[0], ..., last[0] - 1, first[1], ...``; pairs with ``last <= first`` give nothing.

    Examples
    --------
    >>> ranges(np.array([3, 0]), np.array([5, 2])).tolist()
    [3, 4, 0, 1]
    """
    counts = np.maximum(last - first, 0)
    starts = offsets_of(counts)
    return np.asarray(np.arange(starts[-1]) - np.repeat(starts[:-1] - first, counts), np.intp)
