"""The types that every transcript reader fills."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """A word, with its time ``[start_seconds, end_seconds)`` on the recording's clock where the file gives it."""

    text: str
    start_seconds: float | None = None
    """None, like `end_seconds`: the file places the words around this one and not this one."""
    end_seconds: float | None = None
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
    segment: str = ""
    """The id of the segment that it is the text of, where the corpus gives it for each; empty: that of a recording."""
    words: tuple[Word, ...] = ()
    """Every word in the order of the text, where the file gives the time of at least one of them; empty otherwise."""
    noises: tuple[Word, ...] = ()
    """Silences and noises that the file times like words, as ``<sil>`` and ``++LAUGHTER++``; no part of the text."""
