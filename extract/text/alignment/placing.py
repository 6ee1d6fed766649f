"""Bringing given and missing word times together: what bounds the search for words, and what is left where it fails."""

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Literal

import numpy as np

from ....media import Audio, Utterance, Word
from ..cleaning import cleaned
from .spoken_form import is_word
from .timed_words import Aligner, Stretch, TimedWord, share


@dataclass(frozen=True, kw_only=True)
class Line:
    """The words of an utterance."""

    tokens: Sequence[str]
    found: Sequence[TimedWord | None]
    """For every token its time, None where it is not given."""
    start_seconds: float | None
    end_seconds: float | None


def line(utterance: Utterance, steps: Sequence[str], origin: Literal["given", "recognised"]) -> Line:
    """Return the cleaned words of an utterance, those that `is_word` knows.

    The words that a given word becomes share its time in proportion to their letters.
    """
    words = utterance.words or tuple(Word(text=text) for text in utterance.text.split())
    tokens: list[str] = []
    found: list[TimedWord | None] = []
    for word, becomes in zip(words, cleaned([word.text for word in words], steps), strict=True):
        parts = [part for part in becomes if is_word(part)]
        tokens += parts
        if word.start_seconds is None or word.end_seconds is None:
            found += [None] * len(parts)
        else:
            found += [
                replace(one, confidence=word.confidence, origin=origin)
                for one in share(parts, word.start_seconds, word.end_seconds)
            ]
    return Line(tokens=tokens, found=found, start_seconds=utterance.start_seconds, end_seconds=utterance.end_seconds)


def with_noises(utterance: Utterance) -> Utterance:
    """Return an utterance whose noises are words, each in its place."""
    # A word without time stays behind the one before it.
    given = (word.start_seconds for word in utterance.words)
    starts = [*accumulate(given, lambda before, start: before if start is None else start, initial=0.0)][1:]
    places = [*zip(starts, utterance.words, strict=True)]
    places += [(word.start_seconds or 0.0, word) for word in utterance.noises]
    return replace(utterance, words=tuple(word for _, word in sorted(places, key=lambda place: place[0])))


def place(
    lines: Sequence[Line], audio: Audio | None, make_aligner: Callable[[], Aligner], margin_seconds: float
) -> list[list[TimedWord | None]]:
    """Find the times that are missing.

    Words are looked for between the given words around them, and in the times of their utterance with
    ``margin_seconds`` on either side. Consecutive utterances without a time between them are looked for together. Words
    that are not found share what their neighbours leave of the sound.

    Parameters
    ----------
    lines
        Utterances in order.
    audio
        The sound at 16 kHz; None: there is none.
    make_aligner
        Called where a time is missing.
    margin_seconds
        How far outside its times an utterance may be said.

    Returns
    -------
    list
        For every line its words in order; None for those that no sound and no times place, and for those that would lie
        outside the sound.
    """
    passages = _passages(lines)
    searches = [(passage, run) for passage in passages for run in passage.missing()] if audio else []
    if audio is not None and searches:
        stretches = [passage.stretch(run, audio, margin_seconds) for passage, run in searches]
        for (passage, run), words in zip(searches, make_aligner().align(stretches), strict=True):
            passage.found[run] = [word and _within(word, audio) for word in words]
    return [words for passage in passages for words in passage.placed(audio)]


def _within(word: TimedWord, audio: Audio) -> TimedWord:
    """Return a word that rounding has not put across the end of the sound."""
    end = audio.end_seconds
    return word if word.end <= end else replace(word, start=min(word.start, end), end=end)


@dataclass(kw_only=True)
class _Passage:
    """Consecutive lines that are placed together."""

    lines: Sequence[Line]
    low: float | None
    """When the passage begins; None: with the sound."""
    high: float | None
    tokens: list[str] = field(init=False)
    found: list[TimedWord | None] = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = [token for line in self.lines for token in line.tokens]
        self.found = [word for line in self.lines for word in line.found]

    def missing(self) -> list[slice]:
        """Return the runs of tokens without a time."""
        known = np.array([False, *(word is None for word in self.found), False])
        edges = np.flatnonzero(np.diff(known)).tolist()
        return [slice(first, stop) for first, stop in zip(edges[::2], edges[1::2], strict=True)]

    def stretch(self, run: slice, audio: Audio, margin_seconds: float) -> Stretch:
        """Return a run of tokens with the sound that they may be in."""
        before, after = self.found[: run.start], self.found[run.stop :]
        low = before[-1].end if before and before[-1] else _or(self.low, -math.inf) - margin_seconds
        high = after[0].start if after and after[0] else _or(self.high, math.inf) + margin_seconds
        first, stop = (
            round((min(max(at, audio.start_seconds), audio.end_seconds) - audio.start_seconds) * audio.rate)
            for at in (low, high)
        )
        return Stretch(
            tokens=self.tokens[run],
            samples=audio.samples[first : max(first, stop)],
            start_seconds=audio.start_seconds + first / audio.rate,
        )

    def placed(self, audio: Audio | None) -> list[list[TimedWord | None]]:
        """Return the words of each line, those without a time between their neighbours."""
        words = list(self.found)
        for run in self.missing():
            between = self._between(run, audio)
            if between is not None:
                words[run] = share(self.tokens[run], *between)
        stops = np.cumsum([len(line.tokens) for line in self.lines]).tolist()
        return [words[stop - len(line.tokens) : stop] for line, stop in zip(self.lines, stops, strict=True)]

    def _between(self, run: slice, audio: Audio | None) -> tuple[float, float] | None:
        """Return what the neighbours of a run of tokens leave of the sound; None: nothing, or nobody knows."""
        first, last = (-math.inf, math.inf) if audio is None else (audio.start_seconds, audio.end_seconds)
        before = self.found[run.start - 1] if run.start else None
        after = self.found[run.stop] if run.stop < len(self.found) else None
        end = _or(self.high, last) if after is None else after.start
        begin = before.end if before is not None else min(_or(self.low, first), end if after is not None else math.inf)
        end = max(begin, end)  # given words may overlap
        low, high = max(begin, first), min(end, last)
        is_outside = low > high or (low == high and begin < end)
        return None if is_outside or not math.isfinite(high - low) else (low, high)


def _passages(lines: Sequence[Line]) -> list[_Passage]:
    """Group consecutive lines between which no time is given.

    A group without end lasts to the next start that is later; one without start begins with the last end before it that
    is earlier. Where there is none it lasts to the end of the sound, or begins with it.
    """
    groups: list[list[Line]] = []
    for one in lines:
        if groups and _end(groups[-1][-1]) is None and _start(one) is None:
            groups[-1].append(one)
        else:
            groups.append([one])
    starts = sorted(start for group in groups if (start := _start(group[0])) is not None)
    ends: list[float] = []  # of the groups so far, sorted
    end_before: float | None = None
    passages: list[_Passage] = []
    for group in groups:
        low, high = _start(group[0]), _end(group[-1])
        if low is None:
            low = end_before if high is None else _last_below(ends, high)
        if high is None:
            end_before, high = None, _first_above(starts, _or(low, 0.0))
        else:
            end_before = high
            insort(ends, high)
        passages.append(_Passage(lines=group, low=low, high=high))
    return passages


def _last_below(values: Sequence[float], limit: float) -> float | None:
    position = bisect_left(values, limit)
    return values[position - 1] if position else None


def _first_above(values: Sequence[float], limit: float) -> float | None:
    position = bisect_right(values, limit)
    return values[position] if position < len(values) else None


def _start(one: Line) -> float | None:
    first = one.found[0] if one.found else None
    return first.start if one.start_seconds is None and first is not None else one.start_seconds


def _end(one: Line) -> float | None:
    last = one.found[-1] if one.found else None
    return last.end if one.end_seconds is None and last is not None else one.end_seconds


def _or(seconds: float | None, default: float) -> float:
    return default if seconds is None else seconds
