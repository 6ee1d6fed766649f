"""Choosing frames of a video, and until when each that is chosen stands."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ..errors import ParameterError

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_MAX_HOLE_PERIODS = 1.5


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """Which frames of a video to take: all of them, every n-th, or a rate.

    Raises
    ------
    ParameterError
        If both are given, or one is not positive.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid", "strict": True}

    every: int | None = None
    """Take the first frame and every n-th after it."""
    fps: float | None = None
    """Take at most this many frames per second: the first frame, and from then on in every bin of ``1 / fps`` seconds
    the first one. A video with fewer frames per second keeps them all."""

    def __post_init__(self) -> None:
        if self.every is not None and self.fps is not None:
            raise ParameterError("sampling takes 'every' or 'fps', found both")
        if self.every is not None and self.every < 1:
            raise ParameterError(f"sampling 'every' must be at least 1, found {self.every}")
        if self.fps is not None and not 0 < self.fps < float("inf"):
            raise ParameterError(f"sampling 'fps' must be positive, found {self.fps}")

    def rate(self, frames_per_second: float) -> float:
        """Return how many frames per second are taken of a video that has so many."""
        if self.every is not None:
            return frames_per_second / self.every
        return frames_per_second if self.fps is None else min(self.fps, frames_per_second)


@dataclass(frozen=True)
class Shown:
    """A frame and the interval in which it is shown, in seconds on the recording's clock."""

    start: float
    end: float
    frame: "VideoFrame | Path"
    """Decoded, or the picture's file: of an image sequence nothing is decoded that is not taken."""


class Sampler:
    """Takes frames as they come; each stands until the next one that is taken, or the longest it may.

    Parameters
    ----------
    sampling
        Which frames to take.
    nominal_seconds
        The average time between two frames of the video; 0: not known.
    """

    def __init__(self, sampling: Sampling, nominal_seconds: float) -> None:
        self._every = sampling.every
        self._takes_all = sampling == Sampling()
        self._nominal = nominal_seconds
        self._period = nominal_seconds * sampling.every if sampling.every else 1 / (sampling.fps or 1)
        self._longest = _MAX_HOLE_PERIODS * max(nominal_seconds, self._period) if self._period else float("inf")
        self._held: Shown | None = None
        self._held_bin = -1
        self._first_start = 0.0
        self._end = 0.0
        self._number = -1

    def take(self, shown: Shown) -> Shown | None:
        """Look at the next frame of the video; return a taken one once it is known until when it stands."""
        if self._takes_all:
            return shown
        self._number += 1
        if self._number == 0:
            self._first_start = shown.start
        self._end = shown.end
        current = self._bin(shown.start)
        if current <= self._held_bin:
            return None
        before, self._held, self._held_bin = self._held, shown, current
        return None if before is None else replace(before, end=min(shown.start, before.start + self._longest))

    def last(self) -> Shown | None:
        """Return the frame that is held when the video ends."""
        if self._held is None:
            return None
        return replace(self._held, end=min(self._end, self._held.start + self._longest))

    def _bin(self, start: float) -> int:
        if self._every:
            return self._number // self._every
        # Half a frame early is on time: jitter around a rate must neither drop nor double a frame.
        return int((start - self._first_start + min(self._nominal, self._period) / 2) / self._period)
