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
    middles, first = np.unique(times.mean(axis=1), return_index=True)  # of rows with one middle the first counts
    found = np.zeros((len(moments), values.shape[1]), np.float64)
    observed = np.zeros(len(moments), bool)
    if not len(middles):
        return found, observed
    known, rows = values[first], times[first]
    runs = np.split(np.arange(len(middles)), np.flatnonzero(np.diff(middles) > max_gap_seconds + ROUNDING_SECONDS) + 1)
    for run in runs:
        start, end = middles[run[0]], middles[run[-1]]
        between = (moments >= start) & (moments <= end)
        if between.any():
            found[between] = _within(middles[run], known[run], moments[between], monotone)
            observed |= between
    nearest = _nearest(middles, moments)
    alone = ~observed & (rows[nearest, 0] <= moments) & (moments < rows[nearest, 1])
    found[alone] = known[nearest[alone]]
    return found, observed | alone


def _within(
    middles: NDArray[np.float64], values: NDArray[np.float64], moments: NDArray[np.float64], monotone: bool
) -> NDArray[np.float64]:
    from scipy.interpolate import PchipInterpolator, make_interp_spline

    if len(middles) == 1:
        return np.repeat(values, len(moments), axis=0)
    curve = PchipInterpolator(middles, values) if monotone else make_interp_spline(middles, values, k=1)
    return np.asarray(curve(moments), np.float64)


def _nearest(middles: NDArray[np.float64], moments: NDArray[np.float64]) -> NDArray[np.intp]:
    after = np.clip(np.searchsorted(middles, moments), 0, len(middles) - 1)
    before = np.maximum(after - 1, 0)
    return np.where(np.abs(moments - middles[before]) <= np.abs(middles[after] - moments), before, after)
