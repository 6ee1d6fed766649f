"""What stands in rows that nothing was observed of."""

import numpy as np
from numpy.typing import NDArray

from ..recipe.model import Gaps


def fill(
    values: NDArray[np.generic],
    observed: NDArray[np.bool_],
    times: NDArray[np.float64],
    offsets: NDArray[np.int64],
    policy: Gaps,
) -> NDArray[np.generic]:
    """Return the values with those that were not observed filled in; nothing goes from one segment to another.

    ``zero`` leaves zeros. ``hold`` repeats the last value observed in the segment; before the first there are zeros.
    ``interpolate`` lies on the line between the values observed before and after, by the middles of their intervals;
    before the first and after the last it repeats these.

    Parameters
    ----------
    values
        Shape (R, ...); zero where nothing was observed.
    observed
        Shape (R,).
    times
        Shape (R, 2), in seconds.
    offsets
        Shape (segments + 1,): segment i has the rows ``offsets[i]:offsets[i + 1]``.
    policy
        What to do.
    """
    if policy == "zero" or observed.all() or not observed.any():
        return values
    number = np.arange(len(values))
    segment = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    before = np.maximum.accumulate(np.where(observed, number, -1))
    has_before = (before >= 0) & (segment[before] == segment)
    filled = values.copy()
    if policy == "hold":
        held = ~observed & has_before
        filled[held] = values[before[held]]
        return filled
    after = np.minimum.accumulate(np.where(observed, number, len(values))[::-1])[::-1]
    has_after = (after < len(values)) & (segment[np.minimum(after, len(values) - 1)] == segment)
    for known, there in ((before, has_before & ~has_after), (after, has_after & ~has_before)):
        alone = ~observed & there
        filled[alone] = values[known[alone]]
    between = ~observed & has_before & has_after
    middles = times.mean(axis=1)
    left, right = before[between], after[between]
    span = middles[right] - middles[left]
    share = np.divide(middles[between] - middles[left], span, out=np.zeros(len(span)), where=span > 0)
    share = np.clip(share, 0.0, 1.0).reshape(-1, *[1] * (values.ndim - 1))
    filled[between] = values[left] * (1 - share) + values[right] * share
    return filled
