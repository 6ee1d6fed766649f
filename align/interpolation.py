"""Values between the rows of a track."""

import numpy as np
from numpy.typing import NDArray

from .overlap import ROUNDING_SECONDS


def interpolate(
    times: NDArray[np.float64],
    values: NDArray[np.float64],
    moments: NDArray[np.float64],
    max_gap_seconds: float,
    monotone: bool,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the values at some moments, between the middles of the rows on either side.

    Where no two middles lie around a moment, or these are farther apart than ``max_gap_seconds``, the value is that of
    the nearest row if the moment is in it, and there is none otherwise.

    Parameters
    ----------
    times
        Shape (T, 2): the rows.
    values
        Shape (T, columns).
    moments
        Shape (R,).
    max_gap_seconds
        Longest distance to interpolate across.
    monotone
        Whether on monotone cubic pieces (PCHIP) instead of straight lines.

    Returns
    -------
    values
        Shape (R, columns); zero where there is none.
    observed
        Shape (R,): whether there is one.
    """
    middles, first = distinct_middles(times)
    found = np.zeros((len(moments), values.shape[1]), np.float64)
    if not len(middles):
        return found, np.zeros(len(moments), bool)
    known, rows = values[first], times[first]
    near = nearest(middles, moments)
    observed = (rows[near, 0] <= moments) & (moments < rows[near, 1]) | (middles[near] == moments)
    found[observed] = known[near[observed]]
    between, values_between = (_pchip if monotone else _linear)(
        middles, known, moments, max_gap_seconds + ROUNDING_SECONDS
    )
    found[between] = values_between
    observed[between] = True
    return found, observed


def distinct_middles(times: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the middles of rows in order, and the row of each; of middles that differ by rounding the first counts."""
    middles, first = np.unique(times.mean(axis=1), return_index=True)
    distinct = np.diff(middles, prepend=-np.inf) > ROUNDING_SECONDS
    return middles[distinct], first[distinct]


def nearest(middles: NDArray[np.float64], moments: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return which middle is nearest to each moment; of two as near, but for rounding, the earlier."""
    after = np.clip(np.searchsorted(middles, moments), 0, len(middles) - 1)
    before = np.maximum(after - 1, 0)
    is_before = moments - middles[before] <= np.abs(middles[after] - moments) + ROUNDING_SECONDS
    return np.where(is_before, before, after)


def _linear(
    middles: NDArray[np.float64], values: NDArray[np.float64], moments: NDArray[np.float64], max_gap_seconds: float
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return which moments lie between two middles, and their values."""
    after = np.searchsorted(middles, moments)
    before = np.maximum(after - 1, 0)
    after = np.minimum(after, len(middles) - 1)
    gap = middles[after] - middles[before]
    between = np.flatnonzero(
        (middles[before] <= moments) & (moments <= middles[after]) & (gap > 0) & (gap <= max_gap_seconds)
    )
    before, after = before[between], after[between]
    share = ((moments[between] - middles[before]) / gap[between])[:, None]
    return between, values[before] * (1 - share) + values[after] * share


def _pchip(
    middles: NDArray[np.float64], values: NDArray[np.float64], moments: NDArray[np.float64], max_gap_seconds: float
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the same on monotone cubic pieces, each run of middles without a longer gap being a curve of its own."""
    from scipy.interpolate import PchipInterpolator

    edges = np.flatnonzero(np.diff(middles) > max_gap_seconds) + 1
    starts, ends = np.append(0, edges), np.append(edges, len(middles))
    order = np.argsort(moments, kind="stable")
    first = np.searchsorted(moments, middles[starts], side="left", sorter=order)
    last = np.searchsorted(moments, middles[ends - 1], side="right", sorter=order)
    places, found = [order[:0]], [values[:0]]
    for run in np.flatnonzero((ends - starts > 1) & (last > first)):
        rows = slice(starts[run], ends[run])
        places.append(order[first[run] : last[run]])
        found.append(PchipInterpolator(middles[rows], values[rows])(moments[places[-1]]))
    return np.concatenate(places), np.concatenate(found)
