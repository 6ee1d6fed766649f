"""Reducers: how the rows of a track that overlap a segment become one number."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..recipe.labels import Reducer
from .compiled import compiled
from .overlap import BLOCK_PAIRS, ROUNDING_SECONDS, Pairs, overlap_blocks


@dataclass(frozen=True, kw_only=True)
class Owners:
    """Which rows may count for a segment: one that has an owner counts for that alone, and for what is cut from it."""

    of_rows: NDArray[np.intp]
    """Shape (T,): a number for each owner; -1: none."""
    of_segments: NDArray[np.intp]
    """Shape (S, 2): the numbers of the segment and of the one that it is cut from."""

    def allow(self, some: slice, pairs: Pairs) -> NDArray[np.bool_]:
        """Return of some segments which of their pairs may count."""
        owner = self.of_rows[pairs.rows]
        whole, cut_from = np.repeat(self.of_segments[some], pairs.counts, axis=0).T
        return np.asarray((owner == -1) | (owner == whole) | (owner == cut_from), bool)


def reduced(
    times: NDArray[np.float64],
    values: NDArray[np.float64],
    edges: NDArray[np.float64],
    reducer: Reducer,
    owners: Owners | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return one number for every segment, and whether a row overlaps it.

    Pairs of a row and a segment are looked at in blocks, so that memory does not grow with those that overlap.

    Parameters
    ----------
    times, values
        Shapes (T, 2) and (T,): the rows, starts in order.
    edges
        Shape (S, 2): the segments.
    reducer
        Which; of ``value`` it is the smallest, see `extent`.
    owners
        Which rows may count for which segments; None: all.
    """
    found, is_there = np.zeros(len(edges)), np.zeros(len(edges), bool)
    for some, pairs in overlap_blocks(times, edges, BLOCK_PAIRS):
        counts = pairs.weights >= ROUNDING_SECONDS
        kept = pairs.where(counts if owners is None else counts & owners.allow(some, pairs))
        is_there[some] = kept.counts > 0
        if reducer == "nearest":
            distances = _distances(times, edges[some], kept)
            _nearest(kept.offsets, kept.rows, distances, values, found[some])
        else:
            _REDUCERS[reducer](kept.offsets, kept.rows, kept.weights, values, found[some])
    return found, is_there


def extent(
    times: NDArray[np.float64],
    values: NDArray[np.float64],
    edges: NDArray[np.float64],
    owners: Owners | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the smallest and the largest value of the rows that overlap every segment; 0 where none does."""
    lowest, _ = reduced(times, values, edges, "value", owners)
    highest, _ = reduced(times, -values, edges, "value", owners)
    return lowest, -highest


def _distances(times: NDArray[np.float64], edges: NDArray[np.float64], pairs: Pairs) -> NDArray[np.float64]:
    """Return how far the middle of the row of each pair is from that of its segment."""
    asked = np.repeat(edges.mean(axis=1), pairs.counts)
    return np.asarray(np.abs(times[pairs.rows].mean(axis=1) - asked), np.float64)


@compiled
def _mean(
    offsets: NDArray[np.integer],
    rows: NDArray[np.integer],
    weights: NDArray[np.float64],
    values: NDArray[np.float64],
    found: NDArray[np.float64],
) -> None:
    """Write the mean by overlap; of equal values it is that value, without rounding."""
    for segment in range(len(offsets) - 1):
        total, seconds = 0.0, 0.0
        lowest, highest = np.inf, -np.inf
        for pair in range(offsets[segment], offsets[segment + 1]):
            value = values[rows[pair]]
            total += weights[pair] * value
            seconds += weights[pair]
            lowest, highest = min(lowest, value), max(highest, value)
        if seconds > 0:
            found[segment] = min(max(total / seconds, lowest), highest)


@compiled
def _median(
    offsets: NDArray[np.integer],
    rows: NDArray[np.integer],
    weights: NDArray[np.float64],
    values: NDArray[np.float64],
    found: NDArray[np.float64],
) -> None:
    """Write the middle value, or the mean of the two in the middle."""
    for segment in range(len(offsets) - 1):
        own = np.sort(values[rows[offsets[segment] : offsets[segment + 1]]])
        if len(own):
            found[segment] = (own[(len(own) - 1) // 2] + own[len(own) // 2]) / 2


@compiled
def _mode(
    offsets: NDArray[np.integer],
    rows: NDArray[np.integer],
    weights: NDArray[np.float64],
    values: NDArray[np.float64],
    found: NDArray[np.float64],
) -> None:
    """Write the most frequent value, of several the smallest."""
    for segment in range(len(offsets) - 1):
        own = np.sort(values[rows[offsets[segment] : offsets[segment + 1]]])
        most, count = 0, 0
        for place in range(len(own)):
            count = count + 1 if place and own[place] == own[place - 1] else 1
            if count > most:
                most, found[segment] = count, own[place]


@compiled
def _last(
    offsets: NDArray[np.integer],
    rows: NDArray[np.integer],
    weights: NDArray[np.float64],
    values: NDArray[np.float64],
    found: NDArray[np.float64],
) -> None:
    """Write the value of the last row."""
    for segment in range(len(offsets) - 1):
        if offsets[segment + 1] > offsets[segment]:
            found[segment] = values[rows[offsets[segment + 1] - 1]]


@compiled
def _smallest(
    offsets: NDArray[np.integer],
    rows: NDArray[np.integer],
    weights: NDArray[np.float64],
    values: NDArray[np.float64],
    found: NDArray[np.float64],
) -> None:
    """Write the smallest value."""
    for segment in range(len(offsets) - 1):
        for pair in range(offsets[segment], offsets[segment + 1]):
            if pair == offsets[segment] or values[rows[pair]] < found[segment]:
                found[segment] = values[rows[pair]]


@compiled
def _nearest(
    offsets: NDArray[np.integer],
    rows: NDArray[np.integer],
    distances: NDArray[np.float64],
    values: NDArray[np.float64],
    found: NDArray[np.float64],
) -> None:
    """Write the value of the nearest row, of two as near of the earlier."""
    for segment in range(len(offsets) - 1):
        best = np.inf
        for pair in range(offsets[segment], offsets[segment + 1]):
            if distances[pair] < best:
                best, found[segment] = distances[pair], values[rows[pair]]


_Loop = Callable[
    [NDArray[np.integer], NDArray[np.integer], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]], None
]
_REDUCERS: Mapping[Reducer, _Loop] = {
    "mean": _mean,
    "median": _median,
    "mode": _mode,
    "last": _last,
    "value": _smallest,
}
