"""What of a track lies in each interval, at the cost of a sort and of what overlaps."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .compiled import compiled

ROUNDING_SECONDS = 1e-9
"""Edges that should meet can miss each other by rounding: a shorter overlap is none. No clock of media is as fine."""
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


def overlap(rows: NDArray[np.float64], intervals: NDArray[np.float64]) -> Pairs:
    """Return by how many seconds each row overlaps each interval.

    Some pairs overlap by 0 seconds: of rows and intervals without length.

    Parameters
    ----------
    rows
        Shape (T, 2), starts in order; ends need not be.
    intervals
        Shape (R, 2), in any order.
    """
    last = rows[:, 0].searchsorted(intervals[:, 1], side="left")
    if _in_order(rows[:, 1]):  # the rows that an interval meets lie side by side
        first = np.minimum(rows[:, 1].searchsorted(intervals[:, 0], side="right"), last)
        offsets = offsets_of(last - first)
        row = ranges(first, last)
    else:
        offsets, row = _scattered(rows, intervals, last)
    return Pairs(offsets=offsets, rows=row, weights=_shared_seconds(rows, intervals, offsets, row))


def _in_order(edges: NDArray[np.float64]) -> bool:
    return bool((edges[1:] >= edges[:-1]).all())


def _scattered(
    rows: NDArray[np.float64], intervals: NDArray[np.float64], last: NDArray[np.intp]
) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Return the pairs that overlap, of rows that end in any order.

    Either the row starts in the interval or the interval in the row. Both are ranges, so that a row that outlasts many
    later ones costs no more than what it overlaps.
    """
    first = np.searchsorted(rows[:, 0], intervals[:, 0], side="left")
    rows_inside = ranges(first, last)
    interval_around = np.repeat(np.arange(len(intervals)), np.maximum(last - first, 0))
    by_start = np.argsort(intervals[:, 0], kind="stable")
    starts = intervals[by_start, 0]
    first = np.searchsorted(starts, rows[:, 0], side="right")
    last = np.searchsorted(starts, rows[:, 1], side="left")
    intervals_inside = by_start[ranges(first, last)]
    row_around = np.repeat(np.arange(len(rows)), np.maximum(last - first, 0))
    row, interval = np.append(rows_inside, row_around), np.append(interval_around, intervals_inside)
    return offsets_of(np.bincount(interval, minlength=len(intervals))), row[np.lexsort((row, interval))]


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
            seconds[pair] = min(row_end, end) - max(row_start, start)
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
    started = np.searchsorted(rows[:, 0], intervals[:, 1], side="left")
    ends = rows[:, 1] if _in_order(rows[:, 1]) else np.sort(rows[:, 1])
    over = np.searchsorted(ends, intervals[:, 0], side="right")
    pairs = offsets_of(np.maximum(started - over, 0))
    if pairs[-1] <= most_pairs:
        yield slice(0, len(rows)), slice(0, len(intervals))
        return
    reached = np.maximum.accumulate(rows[:, 1])
    first = 0
    while first < len(intervals):
        last = max(first + 1, int(np.searchsorted(pairs, pairs[first] + most_pairs, side="right")) - 1)
        start = intervals[first:last, 0].min()
        first_row = int(np.searchsorted(reached, start, side="left"))
        span = slice(first_row, max(first_row, int(started[first:last].max())))
        not_over = rows[span, 1] >= start  # beside one that lasts long there can be many that are over
        yield span if not_over.all() else first_row + np.flatnonzero(not_over), slice(first, last)
        first = last


def offsets_of(counts: NDArray[np.integer] | NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return where runs of the given lengths start when they lie one after the other, and where the last one ends."""
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets


def ranges(first: NDArray[np.integer], last: NDArray[np.integer]) -> NDArray[np.intp]:
    """Return ``first[0], ..., last[0] - 1, first[1], ...``; pairs with ``last <= first`` give nothing.

    Examples
    --------
    >>> ranges(np.array([3, 0]), np.array([5, 2])).tolist()
    [3, 4, 0, 1]
    """
    return _counted_up(first, last, int(np.maximum(last - first, 0).sum()))


@compiled
def _counted_up(first: NDArray[np.integer], last: NDArray[np.integer], total: int) -> NDArray[np.intp]:
    numbers = np.empty(total, np.intp)
    place = 0
    for begin, end in zip(first, last):
        for number in range(begin, end):
            numbers[place] = number
            place += 1
    return numbers
