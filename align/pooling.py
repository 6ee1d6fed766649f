"""Pooling: what a track has to say about each interval of a timeline."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ..recipe.pools import Functionals, Inside, Intersect, Linear, Nearest, Pchip, Pool, Statistic
from ..track import Track
from .interpolation import distinct_middles, interpolate, nearest
from .overlap import (
    LEAST_COVERAGE,
    ROUNDING_SECONDS,
    blocks,
    coverage,
    offsets_of,
    overlap,
    ranges,
    starts_inside,
)
from .statistics import BLOCK_VALUES, flattened, picked, slices, statistics_of

_MEAN: tuple[Statistic, ...] = ("mean",)


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """One row for every interval."""

    values: NDArray[np.generic]
    """Shape (R, ...); zero where nothing was observed."""
    observed: NDArray[np.bool_]
    """Shape (R,)."""
    coverage: NDArray[np.float64]
    """Shape (R,): seconds observed of seconds asked, in [0, 1]."""


def pool(track: Track, intervals: NDArray[np.float64], rule: Pool) -> Pooled:
    """Return one row for every interval by a rule, which its own docstring describes.

    Overlaps shorter than `ROUNDING_SECONDS` do not count. Rules that look up the value at one moment cover all of an
    interval or nothing.

    Parameters
    ----------
    track
        A feature track.
    intervals
        Shape (R, 2), in seconds, in any order.
    rule
        The rule.
    """
    if isinstance(rule, Nearest):
        return _nearest(track, intervals, rule.tolerance_seconds)
    if isinstance(rule, Linear | Pchip):
        return _interpolated(track, intervals, rule)
    most_pairs = BLOCK_VALUES // max(math.prod(track.values.shape[1:]), 1)
    parts = [
        _pool_overlaps(track.values[rows], track.times[rows], intervals[some], rule)
        for rows, some in blocks(track.times, intervals, most_pairs)
    ]
    if not parts:
        return _pool_overlaps(track.values, track.times, intervals, rule)
    return parts[0] if len(parts) == 1 else _joined(parts)


def pool_made_from(track: Track, rows: NDArray[np.intp], statistics: tuple[Statistic, ...]) -> Pooled:
    """Return for every interval a statistic of the rows of ``track`` that were made from it, whatever their times.

    Parameters
    ----------
    track
        A feature track with the field ``row``: the row of another track that each row was made from; -1: of none.
    rows
        Shape (R,): the row of that other track that each interval is.
    statistics
        Which; all rows count alike.
    """
    made_from = track.fields["row"].astype(np.intp)
    order = np.argsort(made_from, kind="stable")
    first = np.searchsorted(made_from, rows, side="left", sorter=order)
    last = np.searchsorted(made_from, rows, side="right", sorter=order)
    found = order[ranges(first, last)]
    joined = csr_array((np.ones(len(found)), found, offsets_of(last - first)), shape=(len(rows), len(track)))
    values = statistics_of(track.values, joined, np.ones(len(track)), statistics)
    return Pooled(values=values, observed=last > first, coverage=(last > first).astype(np.float64))


def as_they_are(track: Track, rows: NDArray[np.intp]) -> Pooled:
    """Return rows of a track."""
    everything = np.ones(len(rows), bool)
    return Pooled(values=track.values[rows], observed=everything, coverage=everything.astype(np.float64))


def _pool_overlaps(
    values: NDArray[np.generic],
    times: NDArray[np.float64],
    intervals: NDArray[np.float64],
    rule: Functionals | Intersect | Inside,
) -> Pooled:
    weights = _weights(times, intervals, rule)
    statistics = rule.statistics if isinstance(rule, Functionals) else _MEAN
    observed = np.diff(weights.indptr) > 0
    # A row that starts in the interval says something of it, even where it lasts no time.
    covered = np.where(observed, np.maximum(coverage(times, intervals), LEAST_COVERAGE), 0.0)
    pooled = statistics_of(values, weights, times[:, 1] - times[:, 0], statistics)
    return Pooled(values=pooled, observed=observed, coverage=covered)


def _weights(
    times: NDArray[np.float64], intervals: NDArray[np.float64], rule: Functionals | Intersect | Inside
) -> csr_array:
    """Return how much each row counts for each interval, shape (R, T); an entry for every row that does, in order."""
    if isinstance(rule, Inside):
        return starts_inside(times, intervals)
    weights = overlap(times, intervals)
    if isinstance(rule, Intersect):
        long_enough = intervals[:, 1] - intervals[:, 0] >= rule.epsilon_seconds
        long_enough = np.repeat(long_enough, np.diff(weights.indptr))
        weights.data = ((weights.data > rule.epsilon_seconds) & long_enough).astype(np.float64)
    else:
        weights.data[weights.data < ROUNDING_SECONDS] = 0.0
    weights.eliminate_zeros()
    return weights


def _interpolated(track: Track, intervals: NDArray[np.float64], rule: Linear | Pchip) -> Pooled:
    flat = flattened(track.values)
    found = np.zeros((len(intervals), flat.shape[1]), np.float32)
    observed = np.zeros(len(intervals), bool)
    for columns in slices(flat.shape[1], BLOCK_VALUES // max(len(track), len(intervals), 1)):
        found[:, columns], observed = interpolate(
            track.times,
            flat[:, columns].astype(np.float64),
            intervals.mean(axis=1),
            rule.max_gap_seconds,
            monotone=isinstance(rule, Pchip),
        )
    values = found.reshape(len(intervals), *track.values.shape[1:])
    return Pooled(values=values, observed=observed, coverage=observed.astype(np.float64))


def _nearest(track: Track, intervals: NDArray[np.float64], tolerance_seconds: float | None) -> Pooled:
    middles, rows = distinct_middles(track.times)
    asked = intervals.mean(axis=1)
    observed = np.zeros(len(asked), bool)
    if len(middles):
        near = nearest(middles, asked)
        limit = np.inf if tolerance_seconds is None else tolerance_seconds + ROUNDING_SECONDS
        observed = np.abs(middles[near] - asked) <= limit
        rows = rows[near[observed]]
    values = picked(track.values, rows[: observed.sum()], observed)
    return Pooled(values=values, observed=observed, coverage=observed.astype(np.float64))


def _joined(parts: Sequence[Pooled]) -> Pooled:
    return Pooled(
        values=np.concatenate([part.values for part in parts]),
        observed=np.concatenate([part.observed for part in parts]),
        coverage=np.concatenate([part.coverage for part in parts]),
    )
