"""What is known of words and the sound they are said in, and what an aligner makes of it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Samples per second of what aligners listen to."""

Origin = Literal["given", "aligned", "interpolated", "recognised"]
"""Where a word's time came from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TimedWord:
    """A row of the words track in the making."""

    text: str
    start: float
    """Seconds on the recording's clock."""
    end: float
    """Seconds on the recording's clock."""
    confidence: float
    """In [0, 1]."""
    origin: Origin


@dataclass(frozen=True, kw_only=True, eq=False)
class Stretch:
    """The words that are said in a stretch of sound: one utterance within its margins."""

    tokens: Sequence[str]
    """Words as the transcript writes them, in order."""
    samples: NDArray[np.float32]
    """Shape (n,), one channel at 16 kHz, full scale is [-1, 1]."""
    start_seconds: float
    """Time of the first sample on the recording's clock."""

    @property
    def end_seconds(self) -> float:
        """End of the last sample on the recording's clock."""
        return self.start_seconds + len(self.samples) / SAMPLE_RATE


class Aligner(Protocol):
    """Finds when words are said."""

    def align(self, stretches: Sequence[Stretch]) -> list[list[TimedWord | None]]:
        """Return for every stretch one entry per token, in order: its time, or None where it could not be placed.

        Times are in order, do not overlap and lie within the stretch; the origin is ``aligned``. Many stretches come
        at once so that a model can take them in batches; what comes out does not depend on which come together.
        """
        ...

    def can_say(self, token: str) -> bool:
        """Return whether it knows how a word may sound."""
        ...


class NoAligner:
    """Finds no word."""

    def align(self, stretches: Sequence[Stretch]) -> list[list[TimedWord | None]]:
        """Return None for every word."""
        return [[None] * len(stretch.tokens) for stretch in stretches]

    def can_say(self, token: str) -> bool:
        """Return False."""
        return False


def fitness(words: Sequence[TimedWord | None]) -> float:
    """Return the geometric mean of the confidences of the words that are placed, times the share of these words."""
    logarithms = [math.log(max(word.confidence, 1e-12)) for word in words if word is not None]
    return math.exp(sum(logarithms) / len(logarithms)) * len(logarithms) / len(words) if logarithms else 0.0


def pcm(samples: NDArray[np.float32]) -> bytes:
    """Return samples as the 16-bit integers that pocketsphinx reads."""
    return np.clip(np.round(samples * 32767), -32768, 32767).astype("<i2").tobytes()


def share(tokens: Sequence[str], low: float, high: float) -> list[TimedWord]:
    """Give words without times ``[low, high)`` in proportion to their letters, in seconds."""
    letters = np.cumsum([0, *(len(token) for token in tokens)])
    edges = np.minimum(low + (high - low) * letters / max(letters[-1], 1), high)
    edges[-1] = high  # rounding must neither cross the bound nor miss it
    return [
        TimedWord(text=token, start=float(a), end=float(b), confidence=0.0, origin="interpolated")
        for token, a, b in zip(tokens, edges[:-1], edges[1:], strict=True)
    ]
