"""Pooling: what a track has to say about each interval of a timeline, in O(rows + intervals)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ..track import Track
from .timelines import offsets_of, ranges


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

    Parameters
    ----------
    track
        A feature track.
    intervals
        Shape (R, 2), in seconds.
    """
    weights = overlap(track.times, intervals)
    total = np.asarray(weights.sum(axis=1), np.float64)
    observed = total > 0
    flat = track.values.reshape(len(track), int(np.prod(track.values.shape[1:])))
    sums = np.asarray(weights @ flat, np.float64)
    means = np.divide(sums, total[:, None], out=np.zeros_like(sums), where=observed[:, None])
    return Pooled(
        values=means.astype(np.float32).reshape(len(intervals), *track.values.shape[1:]),
        observed=observed,
        coverage=coverage(track.times, intervals),
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
    # Where ends are in order too, these are exactly the rows that overlap. A row that outlasts later ones widens the
    # range to some that do not overlap, which get no weight.
    first = np.searchsorted(np.maximum.accumulate(rows[:, 1]), intervals[:, 0], side="right")
    last = np.maximum(np.searchsorted(rows[:, 0], intervals[:, 1], side="left"), first)
    columns = ranges(first, last)
    start, end = np.repeat(intervals, last - first, axis=0).T
    seconds = np.minimum(rows[columns, 1], end) - np.maximum(rows[columns, 0], start)
    return csr_array((np.maximum(seconds, 0.0), columns, offsets_of(last - first)), shape=(len(intervals), len(rows)))


def coverage(rows: NDArray[np.float64], intervals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return which part of each interval the union of the rows covers, in [0, 1]; 0 for an interval without length.

    Parameters
    ----------
    rows
        Shape (T, 2), starts in order.
    intervals
        Shape (R, 2), in any order.
    """
    length = intervals[:, 1] - intervals[:, 0]
    if not len(rows):
        return np.zeros(len(intervals))
    # The union as disjoint stretches: a new one begins where a row starts after the end of all before it.
    ends = np.maximum.accumulate(rows[:, 1])
    begins = np.concatenate([[True], rows[1:, 0] > ends[:-1]])
    starts = rows[begins, 0]
    stops = ends[np.concatenate([begins[1:], [True]])]
    before = offsets_of_seconds(stops - starts)

    def covered_until(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        stretch = np.searchsorted(starts, seconds, side="right") - 1
        inside = np.clip(seconds - starts[stretch], 0.0, (stops - starts)[stretch])
        return np.where(stretch < 0, 0.0, before[stretch] + inside)

    covered = covered_until(intervals[:, 1]) - covered_until(intervals[:, 0])
    part = np.divide(covered, length, out=np.zeros_like(length), where=length > 0)
    return np.clip(part, 0.0, 1.0)


def offsets_of_seconds(lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much lies before each of several stretches."""
    return np.concatenate([[0.0], np.cumsum(lengths)[:-1]])
