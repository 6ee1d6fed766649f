"""Pooling: what a track has to say about each interval of a timeline, at the cost of a sort and of what overlaps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ..track import Track
from .timelines import ranges

ROUNDING_SECONDS = 1e-9
"""Edges that should meet can miss each other by rounding: a shorter overlap is none. No clock of media is as fine."""
_LEAST_COVERAGE = 1e-30
"""What was observed at all is never rounded to a coverage of 0, nor is the mean over several tracks in float32."""


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """One row for every interval."""

    values: NDArray[np.float32]
    """Shape (R, ...); zero where nothing was observed."""
    observed: NDArray[np.bool_]
    """Shape (R,)."""
    coverage: NDArray[np.float64]
    """Shape (R,): seconds observed of seconds asked, in [0, 1]."""


def pool_mean(track: Track, intervals: NDArray[np.float64]) -> Pooled:
    """Return for every interval the mean of the rows that overlap it, weighted by the length of the overlap.

    Overlaps shorter than `ROUNDING_SECONDS` do not count.

    Parameters
    ----------
    track
        A feature track.
    intervals
        Shape (R, 2), in seconds.
    """
    weights = overlap(track.times, intervals)
    weights.data[weights.data < ROUNDING_SECONDS] = 0.0
    total = np.asarray(weights.sum(axis=1), np.float64)
    observed = total > 0
    flat = track.values.reshape(len(track), int(np.prod(track.values.shape[1:])))
    # Shares and not seconds: the tiniest of these would lose digits when they are multiplied.
    of_interval = np.repeat(total, np.diff(weights.indptr))
    weights.data = np.divide(weights.data, of_interval, out=np.zeros_like(weights.data), where=of_interval > 0)
    means = np.asarray(weights @ flat, np.float64)
    return Pooled(
        values=means.astype(np.float32).reshape(len(intervals), *track.values.shape[1:]),
        observed=observed,
        coverage=np.where(observed, coverage(track.times, intervals), 0.0),
    )


def take_rows(track: Track, rows: NDArray[np.intp]) -> Pooled:
    """Return for every interval the row of ``track`` that was made from it.

    Parameters
    ----------
    track
        A feature track with the field ``row``, in rising order: the row of another track that each row was made from.
    rows
        Shape (R,): the row of that other track that each interval is.
    """
    made_from = track.fields["row"].astype(np.intp)
    position = np.minimum(np.searchsorted(made_from, rows), max(len(made_from) - 1, 0))
    observed = made_from[position] == rows if len(made_from) else np.zeros(len(rows), bool)
    values = np.zeros((len(rows), *track.values.shape[1:]), np.float32)
    values[observed] = track.values[position[observed]]
    return Pooled(values=values, observed=observed, coverage=observed.astype(np.float64))


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
    return np.where(covered > 0, np.clip(part, _LEAST_COVERAGE, 1.0), 0.0)
