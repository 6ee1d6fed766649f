"""Sliding windows over a stretch of time."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from .errors import ParameterError

Tail = Literal["drop", "anchor", "pad", "partial"]
"""What becomes of the rest that no whole window starting at a hop covers."""

_ROUNDING = 1e-6
"""A window that passes the end by less than this part of its length ends with it."""


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Windows of one length, one every hop from the start.

    Raises
    ------
    ParameterError
        If a length is not positive.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid", "strict": True}

    length_seconds: float
    """Length of a window."""
    hop_seconds: float
    """Time between the starts of two windows."""
    tail: Tail = "drop"
    """``drop``: the rest has no window; ``anchor``: one more window of full length that ends with the stretch (none
    where the stretch is shorter than a window); ``pad``: one more that reaches past the end; ``partial``: one more
    that is cut off at the end."""

    def __post_init__(self) -> None:
        for name in ("length_seconds", "hop_seconds"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ParameterError(f"a window's {name} must be positive, found {getattr(self, name)}")

    def times(self, start_seconds: float, end_seconds: float) -> NDArray[np.float64]:
        """Return the windows of ``[start_seconds, end_seconds)``, shape (n, 2), starts in order."""
        length, hop = self.length_seconds, self.hop_seconds
        room = end_seconds - start_seconds
        whole = int(np.floor((room - length + _ROUNDING * length) / hop)) + 1 if room >= length * (1 - _ROUNDING) else 0
        starts = start_seconds + np.arange(whole) * hop
        times = np.stack([starts, starts + length], axis=1)
        covered = float(times[-1, 1]) if whole else start_seconds
        following = start_seconds + whole * hop
        if covered >= end_seconds - _ROUNDING * length or self.tail == "drop":
            return times
        if self.tail == "anchor":
            return np.concatenate([times, [[end_seconds - length, end_seconds]]]) if whole else times
        if following >= end_seconds:  # hops longer than windows: the rest lies between two of them
            return times
        last = following + length if self.tail == "pad" else end_seconds
        return np.concatenate([times, [[following, last]]])
