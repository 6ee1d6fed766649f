"""Cutting sound into overlapping frames, block by block."""

import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from ...media import Audio
from ...track import Gap, Track, empty_track
from ..base import CPU, AudioExtractor, Execution

_MOST_SAMPLES = 2**18
"""Of a frame and of a hop."""
_BLOCK_SAMPLES = 2**21
"""Samples in the frames of one block, those that overlap counted every time; a block has one frame at least."""


@dataclass(frozen=True, kw_only=True)
class Framing:
    """Which samples every row of a feature saw.

    Row k saw the ``window_samples`` from sample ``k * hop_samples`` on, or, centred, around it. Libraries work on
    frames of ``n_fft`` samples with the window in the middle.
    """

    window_samples: int
    hop_samples: int
    n_fft: int
    """Samples of a frame, at least those of the window."""
    centred: bool
    """False: no window reaches past the end of the sound. True: a window on every hop up to the end, inclusive; those
    at both ends also see padding."""

    @property
    def _before_window(self) -> int:
        """Samples of a frame before its window."""
        return (self.n_fft - self.window_samples) // 2

    @property
    def _before_hop(self) -> int:
        """Samples of frame k before sample ``k * hop_samples``."""
        return self.n_fft // 2 if self.centred else self._before_window

    def count(self, samples: int) -> int:
        """Return the number of rows of a sound of so many samples."""
        if self.centred:
            return (samples + 2 * (self.n_fft // 2) - self.n_fft) // self.hop_samples + 1 if samples else 0
        return max(0, (samples - self.window_samples) // self.hop_samples + 1)

    def stretch(self, rows: range) -> tuple[int, int]:
        """Return the samples ``[start, stop)`` of the frames of ``rows``, which may reach beyond the sound."""
        start = rows.start * self.hop_samples - self._before_hop
        return start, start + (len(rows) - 1) * self.hop_samples + self.n_fft

    def times(self, audio: Audio, rows: range) -> NDArray[np.float64]:
        """Return the intervals that ``rows`` saw of the sound, shape (rows, 2), in seconds."""
        first = np.arange(rows.start, rows.stop) * self.hop_samples + (self._before_window - self._before_hop)
        edges = np.stack([first, first + self.window_samples], axis=1)
        return audio.start_seconds + np.clip(edges, 0, len(audio.samples)) / audio.rate


def blocks_of(count: int, most: int) -> list[range]:
    """Return the rows from 0 to ``count`` in blocks of at most ``most``."""
    return [range(first, min(first + most, count)) for first in range(0, count, most)]


def nothing_heard(audio: Audio, least: str) -> Gap:
    """Return the gap of a sound without rows, which are made of at least what ``least`` says."""
    reason = f"sound shorter than {least}" if len(audio.samples) else "no sound"
    return Gap(start_seconds=audio.start_seconds, end_seconds=audio.end_seconds, reason=reason)


def whole_samples(name: str, seconds: float, rate: int, fewest: int) -> int:
    """Return a length in samples.

    Raises
    ------
    ParameterError
        If it is not finite, has fewer than ``fewest`` samples or more than 2^18.
    """
    if not 0 <= seconds * rate <= _MOST_SAMPLES or (samples := round(seconds * rate)) < fewest:
        raise ParameterError(
            f"{name} must be from {fewest} to {_MOST_SAMPLES} samples at {rate} Hz, found {seconds} seconds"
        )
    return samples


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Check that a parameter is finite and in ``[low, high]``.

    Raises
    ------
    ParameterError
        Names the parameter, its range and what was found.
    """
    if not (math.isfinite(value) and low <= value <= high):
        raise ParameterError(f"{name} must be from {low:g} to {high:g}, found {value}")


@dataclass(frozen=True, kw_only=True)
class FramedExtractor(AudioExtractor):
    """Base of those that make one row of every window of the sound.

    Not centred (the default), row k saw ``[k * hop, k * hop + window)`` and that is its interval; no row reaches past
    the end of the sound, so less than a hop there has no row. Centred, the window is around ``k * hop``, the sound is
    padded at both ends as librosa pads it, and the interval is what the row saw of the sound. Sound that is too short
    for a window, or empty, gives no row but a gap.

    A block of frames is computed at a time: 2^21 samples of frames, about 40 s at the defaults.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    packages: ClassVar[tuple[str, ...]] = ("librosa", "numba")

    window_seconds: float = 0.025
    """Length of the window."""
    hop_seconds: float = 0.010
    """Time between two windows; both are rounded to samples."""
    centred: bool = False
    """Whether a row is around its hop, as librosa's ``center=True`` has it, or starts there."""

    @property
    def expected_rate(self) -> float:
        """One row every hop."""
        return 1 / self.hop_seconds

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.framing

    @property
    def framing(self) -> Framing:
        """The frames in samples."""
        window = whole_samples("window_seconds", self.window_seconds, self.sample_rate, fewest=2)
        hop = whole_samples("hop_seconds", self.hop_seconds, self.sample_rate, fewest=1)
        return Framing(window_samples=window, hop_samples=hop, n_fft=self._frame_samples(window), centred=self.centred)

    @property
    def rows_at_once(self) -> int:
        """Rows of a block."""
        return max(1, _BLOCK_SAMPLES // max(self.framing.n_fft, self.framing.hop_samples))

    def extract(self, audio: Audio, execution: Execution = CPU) -> Iterator[Track]:
        """Compute the rows, a block at a time."""
        framing = self.framing
        blocks = blocks_of(framing.count(len(audio.samples)), self.rows_at_once)
        if not blocks:
            yield empty_track(self.schema, [nothing_heard(audio, f"one window of {self.window_seconds} s")])
            return
        for rows, values in zip(blocks, self.values(audio, blocks), strict=True):
            fields = {"values": np.ascontiguousarray(values.T, np.float32)}
            yield Track(schema=self.schema, times=framing.times(audio, rows), fields=fields)

    @abstractmethod
    def values(self, audio: Audio, blocks: Sequence[range]) -> Iterator[NDArray[np.floating]]:
        """Yield the values of each of the blocks of rows, which follow one another, as shape (columns, rows)."""

    def frames(
        self, audio: Audio, rows: range, padding: Literal["constant", "edge"] = "constant"
    ) -> NDArray[np.float32]:
        """Return the samples under the frames of ``rows``, with padding for those beyond the sound.

        What librosa makes of them with ``center=False`` are these rows.
        """
        start, stop = self.framing.stretch(rows)
        first, last = max(0, start), min(stop, len(audio.samples))
        inside = self._heard(audio.samples, first, last)
        return inside if (first, last) == (start, stop) else np.pad(inside, (first - start, stop - last), padding)

    def _frame_samples(self, window_samples: int) -> int:
        """Return the length of a frame around a window."""
        return window_samples

    def _heard(self, samples: NDArray[np.float32], first: int, last: int) -> NDArray[np.float32]:
        """Return the samples ``[first, last)`` of the sound, filtered where a feature asks for it."""
        return samples[first:last]
