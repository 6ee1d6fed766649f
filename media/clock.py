"""Adjustments: what brings the times of a stream onto the recording's clock where its file has them wrong.

The three verbs are those with which neuroconv aligns the times of recording systems (its user guide, "Temporal
Alignment"). As there, native times stay what they are, and the adjustment is data beside them.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError

Stream = Literal["audio", "video", "transcript"]
"""What has times of its own."""
STREAMS: tuple[Stream, ...] = get_args(Stream)

_FARTHEST_SECONDS = 1e6
"""Eleven days: no recording is as long, and sums keep more than a nanosecond."""
_LEAST_SECONDS = 1e-3
_STEEPEST = 10.0


@dataclass(frozen=True, kw_only=True)
class Shift:
    """Every time ``t`` becomes ``t + seconds``.

    Raises
    ------
    ParameterError
        If the time is not finite, or further than 1e6 s.
    """

    seconds: float

    def __post_init__(self) -> None:
        _check_time(self.seconds)

    def __str__(self) -> str:
        return f"shift {self.seconds!r}"

    def apply(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return adjusted times; any shape."""
        return seconds + self.seconds

    def inverse(self) -> "Shift":
        """Return what leads back to the native times."""
        return Shift(seconds=-self.seconds)


@dataclass(frozen=True, kw_only=True)
class SetStart:
    """The first sample, frame or word is at ``seconds``, and all that follows as far from it as it was.

    Raises
    ------
    ParameterError
        If the time is not finite, or further than 1e6 s.
    """

    seconds: float

    def __post_init__(self) -> None:
        _check_time(self.seconds)

    def __str__(self) -> str:
        return f"set {self.seconds!r}"


@dataclass(frozen=True, kw_only=True)
class Remap:
    """Times lie on the line through matching points; beyond the outer ones its slopes go on.

    Two points correct the drift between two clocks, more of them a drift that changes.

    Raises
    ------
    ParameterError
        If there are fewer than two points, a time does not rise by 1 ms from one to the next, or a slope is not in
        [0.1, 10].
    """

    points: tuple[tuple[float, float], ...]
    """Pairs of a native time and the time on the recording's clock, in seconds."""

    def __post_init__(self) -> None:
        if len(self.points) < 2:
            raise ParameterError(f"remap has {len(self.points)} points; expected two or more, as FROM:TO in seconds")
        for point in self.points:
            for seconds in point:
                _check_time(seconds)
        for (start, new_start), (end, new_end) in pairwise(self.points):
            step = f"from {start:g}:{new_start:g} to {end:g}:{new_end:g}"
            if min(end - start, new_end - new_start) < _LEAST_SECONDS:
                raise ParameterError(f"remap does not rise {step}; expected both times to rise by 1 ms or more")
            if not 1 / _STEEPEST <= (new_end - new_start) / (end - start) <= _STEEPEST:
                raise ParameterError(f"remap changes the speed more than tenfold {step}; expected clocks that drift")

    def __str__(self) -> str:
        return "remap " + " ".join(f"{native!r}:{adjusted!r}" for native, adjusted in self.points)

    def apply(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return adjusted times; any shape."""
        native, adjusted = np.array(self.points, np.float64).T
        piece = np.clip(np.searchsorted(native, seconds, side="right") - 1, 0, len(native) - 2)
        slope = np.diff(adjusted) / np.diff(native)
        return np.asarray(adjusted[piece] + (seconds - native[piece]) * slope[piece], np.float64)

    def inverse(self) -> "Remap":
        """Return what leads back to the native times."""
        return Remap(points=tuple((adjusted, native) for native, adjusted in self.points))


Adjustment = Shift | SetStart | Remap
"""What a corpus says of a stream's times."""

ClockMap = Shift | Remap
"""An adjustment that needs to know nothing more of the stream."""


def clock_map(adjustment: Adjustment, first_seconds: float) -> ClockMap:
    """Return the map of an adjustment, for a stream whose first sample, frame or word is at ``first_seconds``."""
    if isinstance(adjustment, SetStart):
        return Shift(seconds=adjustment.seconds - first_seconds)
    return adjustment


def parse_adjustment(text: str) -> Adjustment:
    """Read an adjustment as it stands in a manifest; ``str`` of an adjustment writes it.

    Raises
    ------
    ParameterError
        If it is none.

    Examples
    --------
    >>> parse_adjustment("shift -0.25")
    Shift(seconds=-0.25)
    >>> str(parse_adjustment("remap 0:0.1 3600:3600.5"))
    'remap 0.0:0.1 3600.0:3600.5'
    """
    verb, *words = text.split() or [""]
    if verb == "remap":
        return Remap(points=tuple(_point(word) for word in words))
    if verb not in ("shift", "set") or len(words) != 1:
        raise ParameterError("expected 'shift SECONDS', 'set SECONDS' or 'remap FROM:TO FROM:TO ...'")
    seconds = _seconds(words[0])
    return Shift(seconds=seconds) if verb == "shift" else SetStart(seconds=seconds)


def _point(word: str) -> tuple[float, float]:
    native, separator, adjusted = word.partition(":")
    if not separator:
        raise ParameterError(f"remap has the point '{word}'; expected FROM:TO in seconds")
    return _seconds(native), _seconds(adjusted)


def _seconds(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise ParameterError(f"expected seconds, found '{word}'") from None


def _check_time(seconds: float) -> None:
    if not (math.isfinite(seconds) and abs(seconds) <= _FARTHEST_SECONDS):
        raise ParameterError(f"expected seconds from -1e6 to 1e6, found {seconds}")
