"""Pooling: what a track has to say about each interval of a timeline."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ..recipe.pools import Functionals, Inside, Intersect, Linear, Nearest, Pchip, Pool, Statistic
from ..track import Track
from .interpolation import interpolate
from .overlap import LEAST_COVERAGE, ROUNDING_SECONDS, coverage, offsets_of, overlap, ranges, starts_inside

_BLOCK_VALUES = 1 << 24
"""Numbers that are gathered at once: overlapping windows repeat every row many times."""


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
    if isinstance(rule, Functionals):
        return _functionals(track, intervals, rule.statistics)
    if isinstance(rule, Intersect):
        touching = overlap(track.times, intervals)
        long_enough = np.diff(intervals, axis=1)[:, 0] >= rule.epsilon_seconds
        long_enough = np.repeat(long_enough, np.diff(touching.indptr))
        touching.data = ((touching.data > rule.epsilon_seconds) & long_enough).astype(np.float64)
        return _unweighted(track, intervals, touching)
    if isinstance(rule, Inside):
        return _unweighted(track, intervals, starts_inside(track.times, intervals))
    if isinstance(rule, Nearest):
        return _nearest(track, intervals, rule.tolerance_seconds)
    if isinstance(rule, Linear | Pchip):
        flat = _flat(track).astype(np.float64)
        values, observed = interpolate(
            track.times, flat, intervals.mean(axis=1), rule.max_gap_seconds, monotone=isinstance(rule, Pchip)
        )
        shaped = values.astype(np.float32).reshape(len(intervals), *track.values.shape[1:])
        return Pooled(values=shaped, observed=observed, coverage=observed.astype(np.float64))
    assert_never(rule)


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
    return _of_overlaps(track, joined, statistics, (last > first).astype(np.float64))


def as_they_are(track: Track, rows: NDArray[np.intp]) -> Pooled:
    """Return rows of a track."""
    everything = np.ones(len(rows), bool)
    return Pooled(values=track.values[rows], observed=everything, coverage=everything.astype(np.float64))


def _functionals(track: Track, intervals: NDArray[np.float64], statistics: tuple[Statistic, ...]) -> Pooled:
    seconds = overlap(track.times, intervals)
    seconds.data[seconds.data < ROUNDING_SECONDS] = 0.0
    seconds.eliminate_zeros()
    seconds.sort_indices()
    covered = np.where(np.diff(seconds.indptr) > 0, coverage(track.times, intervals), 0.0)
    return _of_overlaps(track, seconds, statistics, covered)


def _of_overlaps(
    track: Track, seconds: csr_array, statistics: tuple[Statistic, ...], covered: NDArray[np.float64]
) -> Pooled:
    """Return statistics of the rows that overlap each interval by ``seconds``, shape (R, T)."""
    observed = np.diff(seconds.indptr) > 0
    if statistics in (("first",), ("last",)):  # a row as it is keeps its type
        edge = seconds.indptr[:-1] if statistics == ("first",) else seconds.indptr[1:] - 1
        position = np.zeros(len(observed), np.intp)
        position[observed] = seconds.indices[edge[observed]]
        return _picked(track, position, observed, covered)
    flat = _flat(track)
    values = np.concatenate([_statistic(one, track, flat, seconds) for one in statistics], axis=1)
    shape = track.values.shape[1:]
    shape = (*shape[:-1], shape[-1] * len(statistics)) if len(statistics) > 1 else shape
    return Pooled(values=values.astype(np.float32).reshape(len(observed), *shape), observed=observed, coverage=covered)


def _statistic(
    statistic: Statistic, track: Track, flat: NDArray[np.generic], seconds: csr_array
) -> NDArray[np.float64]:
    """Return one statistic of the rows that overlap each interval by ``seconds``, shape (R, columns)."""
    counts = np.diff(seconds.indptr)
    if statistic == "sum":
        length = track.times[:, 1] - track.times[:, 0]
        share = csr_array((seconds.data / length[seconds.indices], seconds.indices, seconds.indptr), seconds.shape)
        return np.asarray(share @ flat, np.float64)
    if statistic in ("mean", "std"):
        # Shares and not seconds: the tiniest of these would lose digits when they are multiplied.
        total = np.repeat(np.asarray(seconds.sum(axis=1), np.float64), counts)
        share = csr_array((seconds.data / total, seconds.indices, seconds.indptr), seconds.shape)
        if statistic == "mean":
            return np.asarray(share @ flat, np.float64)
        # Around the middle of the whole track, so that the difference of the squares keeps its digits.
        centred = flat.astype(np.float64) - (flat.mean(axis=0, dtype=np.float64) if len(flat) else 0.0)
        return np.asarray(np.sqrt(np.maximum(share @ centred**2 - (share @ centred) ** 2, 0.0)), np.float64)
    found = np.zeros((len(counts), flat.shape[1]), np.float64)
    for block in _blocks(seconds.indptr, flat.shape[1]):
        some = block[counts[block] > 0]
        if len(some):
            first = seconds.indptr[some]
            if statistic in ("first", "last"):
                found[some] = flat[seconds.indices[first if statistic == "first" else first + counts[some] - 1]]
            else:
                gathered = flat[seconds.indices[first[0] : first[-1] + counts[some[-1]]]]
                reduce = np.maximum if statistic == "max" else np.minimum
                found[some] = reduce.reduceat(gathered, first - first[0], axis=0)
    return found


def _blocks(indptr: NDArray[np.integer], columns: int) -> Iterator[NDArray[np.intp]]:
    """Yield the numbers of consecutive intervals whose rows together have a bounded number of values."""
    limit = max(1, _BLOCK_VALUES // max(columns, 1))
    start = 0
    while start < len(indptr) - 1:
        stop = max(start + 1, int(np.searchsorted(indptr, indptr[start] + limit, side="right")) - 1)
        yield np.arange(start, stop)
        start = stop


def _unweighted(track: Track, intervals: NDArray[np.float64], chosen: csr_array) -> Pooled:
    """Return the mean of the rows that are chosen with 1 for each interval."""
    counts = np.asarray(chosen.sum(axis=1), np.float64)
    observed = counts > 0
    sums = np.asarray(chosen @ _flat(track).astype(np.float64), np.float64)
    means = np.divide(sums, counts[:, None], out=np.zeros_like(sums), where=observed[:, None])
    covered = coverage(track.times, intervals)
    # A row that starts in the interval says something of it, even where it lasts no time.
    covered = np.where(observed, np.maximum(covered, LEAST_COVERAGE), 0.0)
    shaped = means.astype(np.float32).reshape(len(intervals), *track.values.shape[1:])
    return Pooled(values=shaped, observed=observed, coverage=covered)


def _nearest(track: Track, intervals: NDArray[np.float64], tolerance_seconds: float | None) -> Pooled:
    middles = track.times.mean(axis=1)
    order = np.argsort(middles, kind="stable")
    asked = intervals.mean(axis=1)
    if not len(track):
        nothing = np.zeros(len(intervals), bool)
        return _picked(track, np.zeros(len(intervals), np.intp), nothing, nothing.astype(np.float64))
    after = np.clip(np.searchsorted(middles[order], asked), 0, len(order) - 1)
    before = np.maximum(after - 1, 0)
    is_before = np.abs(asked - middles[order[before]]) <= np.abs(middles[order[after]] - asked)
    position = order[np.where(is_before, before, after)]
    limit = np.inf if tolerance_seconds is None else tolerance_seconds + ROUNDING_SECONDS
    observed = np.abs(middles[position] - asked) <= limit
    return _picked(track, position, observed, observed.astype(np.float64))


def _picked(
    track: Track, position: NDArray[np.intp], observed: NDArray[np.bool_], covered: NDArray[np.float64]
) -> Pooled:
    """Return the rows at ``position`` where something was observed, in the track's own type."""
    values = np.zeros((len(position), *track.values.shape[1:]), track.values.dtype)
    values[observed] = track.values[position[observed]]
    return Pooled(values=values, observed=observed, coverage=covered)


def _flat(track: Track) -> NDArray[np.generic]:
    return track.values.reshape(len(track), int(np.prod(track.values.shape[1:])))
