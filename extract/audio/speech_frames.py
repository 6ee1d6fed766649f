"""The frames of speech models: which samples each of them saw, and how a long sound is cut for them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class FrameGrid:
    """Frame ``k`` saw the samples from ``k * hop + first`` to ``k * hop + first + field``.

    Where ``first`` is negative the model pads the sound, and a frame is there if its middle is in the sound. Otherwise
    it is there if all that it sees is.
    """

    rate: int
    """Samples per second."""
    hop: int
    """Samples between two frames."""
    field: int
    """Samples that a frame sees."""
    first: int = 0
    """Where the samples of frame 0 start."""

    @classmethod
    def of_convolutions(cls, rate: int, kernels: Sequence[int], strides: Sequence[int]) -> "FrameGrid":
        """Return the frames of convolutions without padding, one on the other."""
        reach = np.cumprod([1, *strides[:-1]])
        return cls(rate=rate, hop=math.prod(strides), field=1 + int(((np.array(kernels) - 1) * reach).sum()))

    def count(self, samples: int) -> int:
        """Return how many frames a sound has."""
        if self.first < 0:
            return -(-samples // self.hop)
        return max(0, (samples - self.field) // self.hop + 1)

    def samples(self, start: int, stop: int) -> slice:
        """Return the samples that make just the frames from ``start`` to ``stop``."""
        if self.first < 0:
            return slice(start * self.hop, stop * self.hop)
        return slice(start * self.hop, (stop - 1) * self.hop + self.field)

    def times(self, start: int, stop: int, start_seconds: float, end_seconds: float) -> NDArray[np.float64]:
        """Return what the frames from ``start`` to ``stop`` saw of a sound, in seconds, shape (n, 2)."""
        starts = (np.arange(start, stop) * self.hop + self.first) / self.rate
        times = start_seconds + np.stack([starts, starts + self.field / self.rate], axis=1)
        return np.clip(times, start_seconds, end_seconds)

    def within(self, spans: NDArray[np.float64], start_seconds: float, frames: int) -> NDArray[np.intp]:
        """Return for every span, shape (n, 2) in seconds, the first and the end of the frames with their middle in it.

        Parameters
        ----------
        spans
            Shape (n, 2), seconds.
        start_seconds
            Of the sound.
        frames
            How many it has.
        """
        middle = self.first + self.field / 2
        found = np.ceil(((spans - start_seconds) * self.rate - middle) / self.hop - 1e-6)
        return np.asarray(np.clip(found, 0, frames), np.intp)


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Frames that go through a model together."""

    start: int
    stop: int
    first: int
    """The first of those that are kept; the ones before it are context."""
    last: int
    """The end of those that are kept."""


def chunks(frames: int, room: int, context: int) -> list[Chunk]:
    """Cut frames into chunks of equal length, but for those at the ends, with context on either side.

    Parameters
    ----------
    frames
        How many there are.
    room
        Largest number of frames in a chunk; frames that fit in are one chunk.
    context
        Frames on either side that a chunk sees and does not keep.
    """
    if frames <= room:
        return [Chunk(start=0, stop=frames, first=0, last=frames)] if frames else []
    parts = -(-frames // (room - 2 * context))
    cuts = [frames * part // parts for part in range(parts + 1)]
    return [
        Chunk(start=max(0, first - context), stop=min(frames, last + context), first=first, last=last)
        for first, last in pairwise(cuts)
    ]
