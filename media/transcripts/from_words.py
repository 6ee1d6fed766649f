"""Utterances made of words."""

from collections.abc import Sequence

from .model import Utterance, Word

_PAUSE_SECONDS = 1.0


def utterance_of(
    words: Sequence[Word], speaker: str = "", start_seconds: float | None = None, end_seconds: float | None = None
) -> Utterance:
    """Join the words of one utterance.

    Parameters
    ----------
    words
        In order, with or without times; those without text are left out.
    speaker
        Who says them.
    start_seconds, end_seconds
        When, where that is given apart from the words, which may still reach beyond. Where it is not, the times of the
        words count; a first or last word without time leaves that side open.
    """
    words = tuple(word for word in words if word.text)
    starts = [time for time in (start_seconds, *(word.start_seconds for word in words)) if time is not None]
    ends = [time for time in (end_seconds, *(word.end_seconds for word in words)) if time is not None]
    knows_start = start_seconds is not None or (words and words[0].start_seconds is not None)
    knows_end = end_seconds is not None or (words and words[-1].end_seconds is not None)
    return Utterance(
        text=" ".join(word.text for word in words),
        start_seconds=min(starts) if knows_start else None,
        end_seconds=max(ends) if knows_end else None,
        speaker=speaker,
        words=words if any(word.start_seconds is not None for word in words) else (),
    )


def between_pauses(words: Sequence[Word], speaker: str = "") -> list[Utterance]:
    """Join a speaker's words into utterances that end where nothing is said for a second.

    A word without time fills the pause that it lies in.
    """
    groups: list[list[Word]] = []
    end: float | None = None
    for word in words:
        start = word.start_seconds
        if not groups or (start is not None and end is not None and start - end >= _PAUSE_SECONDS):
            groups.append([])
        groups[-1].append(word)
        end = word.end_seconds
    return [utterance_of(group, speaker) for group in groups]
