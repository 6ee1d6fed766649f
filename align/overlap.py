"""What of a track lies in each interval, at the cost of a sort and of what overlaps."""

from collections.abc import Iterator

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
    row, interval, seconds = _pairs(rows, intervals)
    pairs = offsets_of(np.bincount(interval, minlength=len(intervals)))
    return csr_array((seconds, row, pairs), shape=(len(intervals), len(rows)))


def _pairs(
    rows: NDArray[np.float64], intervals: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return each row and interval that overlap, and by how many seconds, in order of the intervals, then of the rows.

    Some pairs overlap by 0 seconds: of rows and intervals without length.
    """
    (row_starts, row_ends), (starts, ends) = (np.ascontiguousarray(edges.T) for edges in (rows, intervals))
    last = np.searchsorted(row_starts, ends, side="left")
    if (row_ends[1:] >= row_ends[:-1]).all():  # the rows that an interval meets lie side by side
        first = np.searchsorted(row_ends, starts, side="right")
        row = ranges(first, last)
        interval = np.repeat(np.arange(len(intervals)), np.maximum(last - first, 0))
    else:
        # Either the row starts in the interval or the interval in the row. Both are ranges, so that a row that outlasts
        # many later ones costs no more than what it overlaps.
        first = np.searchsorted(row_starts, starts, side="left")
        rows_inside = ranges(first, last)
        interval_around = np.repeat(np.arange(len(intervals)), np.maximum(last - first, 0))
        by_start = np.argsort(starts, kind="stable")
        first = np.searchsorted(starts[by_start], row_starts, side="right")
        last = np.searchsorted(starts[by_start], row_ends, side="left")
        intervals_inside = by_start[ranges(first, last)]
        row_around = np.repeat(np.arange(len(rows)), np.maximum(last - first, 0))
        row, interval = np.append(rows_inside, row_around), np.append(interval_around, intervals_inside)
        order = np.lexsort((row, interval))
        row, interval = row[order], interval[order]
    return row, interval, np.minimum(row_ends[row], ends[interval]) - np.maximum(row_starts[row], starts[interval])


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
    _, interval, seconds = _pairs(stretches, intervals)
    covered = np.bincount(interval, weights=seconds, minlength=len(intervals))
    length = intervals[:, 1] - intervals[:, 0]
    part = np.divide(covered, length, out=np.zeros_like(length), where=length > 0)
    return np.where(covered > 0, np.clip(part, LEAST_COVERAGE, 1.0), 0.0)


def blocks(
    rows: NDArray[np.float64], intervals: NDArray[np.float64], most_pairs: int
) -> Iterator[tuple[slice | NDArray[np.intp], slice]]:
    """Yield consecutive intervals, all of them in turn, each time with the rows among which all lie that they meet.

    Overlapping windows meet every row many times: what is made of each pair must not be there for all at once.

    Parameters
    ----------
    rows
        Shape (T, 2), starts in order.
    intervals
        Shape (R, 2), in any order.
    most_pairs
        Most pairs of a row and an interval that overlap; a single interval may have more.
    """
    reached = np.maximum.accumulate(rows[:, 1])
    started = np.searchsorted(rows[:, 0], intervals[:, 1], side="left")
    over = np.searchsorted(np.sort(rows[:, 1]), intervals[:, 0], side="right")
    pairs = offsets_of(np.maximum(started - over, 0))
    first = 0
    while first < len(intervals):
        last = max(first + 1, int(np.searchsorted(pairs, pairs[first] + most_pairs, side="right")) - 1)
        start = intervals[first:last, 0].min()
        first_row = int(np.searchsorted(reached, start, side="left"))
        span = slice(first_row, max(first_row, int(started[first:last].max())))
        not_over = rows[span, 1] >= start  # beside one that lasts long there can be many that are over
        yield span if not_over.all() else first_row + np.flatnonzero(not_over), slice(first, last)
        first = last


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
