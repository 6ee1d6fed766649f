"""Pooling: what a track has to say about each interval of a timeline."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..recipe.pools import Functionals, Inside, Intersect, Linear, Nearest, Pchip, Pool, Statistic
from ..track import Track
from .interpolation import distinct_middles, interpolate, nearest
from .overlap import (
    BLOCK_PAIRS,
    LEAST_COVERAGE,
    ROUNDING_SECONDS,
    Pairs,
    coverage,
    offsets_of,
    overlap_blocks,
    ranges,
    starts_inside,
)
from .statistics import flattened, picked, prepared, statistics_of

BLOCK_VALUES = 1 << 22
"""Numbers that are interpolated at once."""
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
    return _pool_overlaps(track, intervals, rule)


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
    pairs = Pairs(offsets=offsets_of(last - first), rows=found, weights=np.ones(len(found)))
    values = statistics_of(prepared(track.values, statistics), pairs, np.ones(len(track)), statistics)
    return Pooled(values=values, observed=last > first, coverage=(last > first).astype(np.float64))


def as_they_are(track: Track, rows: NDArray[np.intp]) -> Pooled:
    """Return rows of a track."""
    everything = np.ones(len(rows), bool)
    return Pooled(values=track.values[rows], observed=everything, coverage=everything.astype(np.float64))


def _pool_overlaps(track: Track, intervals: NDArray[np.float64], rule: Functionals | Intersect | Inside) -> Pooled:
    statistics = rule.statistics if isinstance(rule, Functionals) else _MEAN
    values = prepared(track.values, statistics)
    times = np.asfortranarray(track.times)  # starts side by side, and ends
    lengths = times[:, 1] - times[:, 0]
    parts = []
    for some, overlaps in overlap_blocks(times, intervals, BLOCK_PAIRS):
        asked = intervals[some]
        counting = starts_inside(times, asked) if isinstance(rule, Inside) else _counting(overlaps, asked, rule)
        observed = counting.counts > 0
        # A row that starts in the interval says something of it, even where it lasts no time.
        covered = np.where(observed, np.maximum(coverage(times, asked, overlaps), LEAST_COVERAGE), 0.0)
        found = statistics_of(values, counting, lengths, statistics)
        parts.append(Pooled(values=found, observed=observed, coverage=covered))
    return parts[0] if len(parts) == 1 else _joined(parts)


def _counting(overlaps: Pairs, intervals: NDArray[np.float64], rule: Functionals | Intersect) -> Pairs:
    """Return the rows that count for each interval of those that overlap it, and how much."""
    if isinstance(rule, Functionals):
        return overlaps.where(overlaps.weights >= ROUNDING_SECONDS)
    long_enough = np.repeat(intervals[:, 1] - intervals[:, 0] >= rule.epsilon_seconds, overlaps.counts)
    touching = overlaps.where((overlaps.weights > rule.epsilon_seconds) & long_enough)
    return replace(touching, weights=np.ones(len(touching.weights)))


def _interpolated(track: Track, intervals: NDArray[np.float64], rule: Linear | Pchip) -> Pooled:
    flat = flattened(track.values)
    found = np.zeros((len(intervals), flat.shape[1]), np.float32)
    observed = np.zeros(len(intervals), bool)
    for columns in _slices(flat.shape[1], BLOCK_VALUES // max(len(track), len(intervals), 1)):
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


def _slices(length: int, most: int) -> Iterator[slice]:
    """Yield slices that cover ``length`` places, of at most ``most`` each, but at least one."""
    step = max(most, 1)
    for start in range(0, length, step):
        yield slice(start, start + step)
