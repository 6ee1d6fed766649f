"""Sliding windows over stretches of time."""

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
    """Windows of one length, one every hop from the start of a stretch.

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
            if not 1e-4 <= getattr(self, name) < float("inf"):
                raise ParameterError(f"a window's {name} must be at least 0.0001, found {getattr(self, name)}")

    def times(self, start_seconds: float, end_seconds: float) -> NDArray[np.float64]:
        """Return the windows of ``[start_seconds, end_seconds)``, shape (n, 2), starts in order."""
        return self.over(np.array([[start_seconds, end_seconds]], np.float64))[0]

    def over(self, stretches: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the windows of several stretches, one stretch after the other.

        Parameters
        ----------
        stretches
            Shape (n, 2), in seconds.

        Returns
        -------
        times
            Shape (R, 2), in seconds.
        counts
            Shape (n,): how many windows each stretch has.
        """
        length, hop, slack = self.length_seconds, self.hop_seconds, _ROUNDING * self.length_seconds
        start, end = stretches[:, 0], stretches[:, 1]
        room = end - start
        whole = np.where(room >= length - slack, np.floor((room - length + slack) / hop) + 1, 0).astype(np.int64)
        covered = np.where(whole > 0, start + (whole - 1) * hop + length, start)
        following = start + whole * hop
        has_rest = covered < end - slack
        if self.tail == "drop":
            has_tail = np.zeros(len(stretches), bool)
        elif self.tail == "anchor":
            has_tail = has_rest & (whole > 0)
        else:  # with hops longer than windows the rest can lie between two of them
            has_tail = has_rest & (following < end - slack)
        counts = whole + has_tail
        offsets = np.concatenate([[0], np.cumsum(counts)])
        number = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
        # One multiplication per window: adding up hops would add up their rounding.
        starts = np.repeat(start, counts) + number * hop
        times = np.stack([starts, starts + length], axis=1)
        tails = offsets[1:][has_tail] - 1
        if self.tail == "anchor":
            times[tails] = np.stack([end[has_tail] - length, end[has_tail]], axis=1)
        elif self.tail == "partial":
            times[tails, 1] = end[has_tail]
        return times, counts
