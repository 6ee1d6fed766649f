"""Values between the rows of a track."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .overlap import ROUNDING_SECONDS

if TYPE_CHECKING:
    from scipy.interpolate import BSpline, PPoly


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
    order = np.argsort(moments, kind="stable")
    edges = np.flatnonzero(np.diff(middles) > max_gap_seconds + ROUNDING_SECONDS) + 1
    for run in np.split(np.arange(len(middles)), edges):
        begin = np.searchsorted(moments, middles[run[0]], side="left", sorter=order)
        end = np.searchsorted(moments, middles[run[-1]], side="right", sorter=order)
        if len(run) > 1 and begin < end:
            between = order[begin:end]
            found[between] = _curve(middles[run], known[run], monotone)(moments[between])
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


def _curve(middles: NDArray[np.float64], values: NDArray[np.float64], monotone: bool) -> "PPoly | BSpline":
    from scipy.interpolate import PchipInterpolator, make_interp_spline

    return PchipInterpolator(middles, values) if monotone else make_interp_spline(middles, values, k=1)
