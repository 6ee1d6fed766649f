"""What of a track lies in each interval, at the cost of a sort and of what overlaps."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .compiled import compiled

ROUNDING_SECONDS = 1e-9
"""Edges that should meet can miss each other by rounding: a shorter overlap is none. No clock of media is as fine."""
BLOCK_PAIRS = 1 << 18
"""Pairs of a row and an interval that are looked at at once: overlapping windows meet every row many times."""
LEAST_COVERAGE = 1e-30
"""What was observed at all is never rounded to a coverage of 0, nor is the mean over several tracks in float32."""


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """The pairs of an interval and a row that have to do with each other: a sparse matrix in the order of CSR."""

    offsets: NDArray[np.int64]
    """Shape (R + 1,): interval i has the pairs ``offsets[i]:offsets[i + 1]``."""
    rows: NDArray[np.intp]
    """Shape (P,): the row of each pair, those of one interval in order."""
    weights: NDArray[np.float64]
    """Shape (P,): how much the row counts."""

    @property
    def counts(self) -> NDArray[np.int64]:
        """Shape (R,): rows of every interval."""
        return self.offsets[1:] - self.offsets[:-1]

    def where(self, kept: NDArray[np.bool_]) -> "Pairs":
        """Return the pairs that are kept."""
        if kept.all():
            return self
        return Pairs(offsets=offsets_of(kept)[self.offsets], rows=self.rows[kept], weights=self.weights[kept])


def overlapping(rows: NDArray[np.float64], intervals: NDArray[np.float64], more_than_seconds: float) -> Pairs:
    """Return the pairs of a row and an interval that overlap by more than that; others take no memory."""
    parts = [
        pairs.where(pairs.weights > more_than_seconds) for _, pairs in overlap_blocks(rows, intervals, BLOCK_PAIRS)
    ]
    return Pairs(
        offsets=offsets_of(np.concatenate([part.counts for part in parts])),
        rows=np.concatenate([part.rows for part in parts]),
        weights=np.concatenate([part.weights for part in parts]),
    )


def overlap_blocks(
    rows: NDArray[np.float64], intervals: NDArray[np.float64], most_pairs: int
) -> Iterator[tuple[slice, Pairs]]:
    """Yield consecutive intervals, all of them in turn, each time with by how many seconds each row overlaps each.

    Overlapping windows meet every row many times: the pairs must not be there all at once. Some pairs overlap by 0
    seconds: of rows and intervals without length, and of intervals that end before they start.

    Parameters
    ----------
    rows
        Shape (T, 2), starts in order; ends need not be.
    intervals
        Shape (R, 2), in any order.
    most_pairs
        Most pairs at once; a single interval may have more.
    """
    side_by_side = bool((rows[1:, 1] >= rows[:-1, 1]).all())  # the rows that an interval meets
    ends = rows[:, 1] if side_by_side else np.sort(rows[:, 1])
    last = rows[:, 0].searchsorted(intervals[:, 1], side="left")
    first = np.minimum(ends.searchsorted(intervals[:, 0], side="right"), last)
    offsets = offsets_of(last - first)
    reached = None if side_by_side else np.maximum.accumulate(rows[:, 1])
    for some in _runs(offsets, most_pairs):
        if reached is None:
            own_offsets = offsets[some.start : some.stop + 1] - offsets[some.start]
            row = ranges(first[some], last[some])
        else:
            own_offsets, row = _scattered(rows, reached, intervals[some], last[some])
        seconds = _shared_seconds(rows, intervals[some], own_offsets, row)
        yield some, Pairs(offsets=own_offsets, rows=row, weights=seconds)


def _runs(offsets: NDArray[np.int64], most: int) -> Iterator[slice]:
    """Yield consecutive intervals that have at most so many pairs together; at least one each time."""
    count = len(offsets) - 1
    if offsets[-1] <= most:
        yield slice(0, count)
        return
    first = 0
    while first < count:
        last = max(first + 1, int(np.searchsorted(offsets, offsets[first] + most, side="right")) - 1)
        yield slice(first, last)
        first = last


def _scattered(
    rows: NDArray[np.float64],
    reached: NDArray[np.float64],
    intervals: NDArray[np.float64],
    started: NDArray[np.intp],
) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Return the pairs that overlap, of rows that end in any order.

    Either the row starts in the interval or the interval in the row. Both are ranges, so that a row that outlasts many
    later ones costs no more than what it overlaps.

    Parameters
    ----------
    rows
        Shape (T, 2).
    reached
        Shape (T,): the latest end of each row and those before it.
    intervals
        Shape (R, 2).
    started
        Shape (R,): rows that start before each interval ends.
    """
    earliest = intervals[:, 0].min(initial=np.inf)
    near = np.arange(reached.searchsorted(earliest), started.max(initial=0))
    near = near[rows[near, 1] >= earliest]  # beside one that lasts long there can be many that are over
    row_starts, row_ends = rows[near].T
    first = np.searchsorted(row_starts, intervals[:, 0], side="left")
    last = np.searchsorted(row_starts, intervals[:, 1], side="left")
    rows_inside = ranges(first, last)
    interval_around = np.repeat(np.arange(len(intervals)), np.maximum(last - first, 0))
    by_start = np.argsort(intervals[:, 0], kind="stable")
    starts = intervals[by_start, 0]
    first = np.searchsorted(starts, row_starts, side="right")
    last = np.searchsorted(starts, row_ends, side="left")
    intervals_inside = by_start[ranges(first, last)]
    row_around = np.repeat(np.arange(len(near)), np.maximum(last - first, 0))
    row, interval = np.append(rows_inside, row_around), np.append(interval_around, intervals_inside)
    counts = np.bincount(interval, minlength=len(intervals))
    return offsets_of(counts), near[row[np.lexsort((row, interval))]]


@compiled
def _shared_seconds(
    rows: NDArray[np.float64],
    intervals: NDArray[np.float64],
    offsets: NDArray[np.int64],
    met: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Return by how many seconds the interval and the row of each pair overlap."""
    seconds = np.empty(len(met))
    for interval in range(len(intervals)):
        start, end = intervals[interval]
        for pair in range(offsets[interval], offsets[interval + 1]):
            row_start, row_end = rows[met[pair]]
            seconds[pair] = max(min(row_end, end) - max(row_start, start), 0.0)
    return seconds


def starts_inside(rows: NDArray[np.float64], intervals: NDArray[np.float64]) -> Pairs:
    """Return a 1 for each row that starts in each interval; see `overlap`."""
    first = np.searchsorted(rows[:, 0], intervals[:, 0], side="left")
    last = np.maximum(np.searchsorted(rows[:, 0], intervals[:, 1], side="left"), first)
    row = ranges(first, last)
    return Pairs(offsets=offsets_of(last - first), rows=row, weights=np.ones(len(row)))


def coverage(rows: NDArray[np.float64], intervals: NDArray[np.float64], overlaps: Pairs) -> NDArray[np.float64]:
    """Return which part of each interval the union of the rows covers, in [0, 1]; 0 for an interval without length.

    Parameters
    ----------
    rows
        Shape (T, 2), starts in order.
    intervals
        Shape (R, 2), in any order.
    overlaps
        What `overlap` gives for them.
    """
    return _covered(rows, intervals, overlaps.offsets, overlaps.rows)


@compiled
def _covered(
    rows: NDArray[np.float64],
    intervals: NDArray[np.float64],
    offsets: NDArray[np.int64],
    met: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Return which part of each interval lies in any of the rows that it meets."""
    part = np.zeros(len(intervals))
    for interval in range(len(intervals)):
        start, end = intervals[interval]
        # The union as disjoint stretches: a new one begins where a row starts after the end of all before it.
        seconds, begin, reached = 0.0, start, start
        for pair in range(offsets[interval], offsets[interval + 1]):
            row_start, row_end = rows[met[pair]]
            if row_start > reached:
                seconds += reached - begin
                begin = reached = row_start
            reached = max(reached, min(row_end, end))
        seconds += reached - begin
        if seconds > 0:
            part[interval] = min(max(seconds / (end - start), LEAST_COVERAGE), 1.0)
    return part


def offsets_of(counts: NDArray[np.integer] | NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return where runs of the given lengths start when they lie one after the other, and where the last one ends."""
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets


@compiled
def ranges(first: NDArray[np.integer], last: NDArray[np.integer]) -> NDArray[np.intp]:
    """Return ``first[0], ..., last[0] - 1, first[1], ...``; pairs with ``last <= first`` give nothing.

    Examples
    --------
    >>> ranges(np.array([3, 0]), np.array([5, 2])).tolist()
    [3, 4, 0, 1]
    """
    total = 0
    for run in range(len(first)):
        total += max(last[run] - first[run], 0)
    numbers = np.empty(total, np.intp)
    place = 0
    for run in range(len(first)):
        for number in range(first[run], last[run]):
            numbers[place] = number
            place += 1
    return numbers
