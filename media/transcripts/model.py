"""The types that every transcript reader fills."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word with a given time ``[start_seconds, end_seconds)`` on the recording's clock."""

    text: str
    start_seconds: float
    end_seconds: float
    confidence: float = 1.0
    """In [0, 1]; 1 where the file gives none."""


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """A stretch of speech of one speaker: a sentence, a subtitle, a turn."""

    text: str
    start_seconds: float | None = None
    """On the recording's clock; None: not given."""
    end_seconds: float | None = None
    """None: not given."""
    speaker: str = ""
    words: tuple[Word, ...] = ()
    """The words with their times in order, where the file gives them."""
