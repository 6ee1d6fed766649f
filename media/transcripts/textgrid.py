"""Praat TextGrid, read by praatio."""

from pathlib import Path

from ...errors import TranscriptError
from .model import Utterance, Word

_WORD_TIERS = ("word", "words")
_SILENCE = frozenset(("", "sp", "sil", "<sil>", "silence", "#"))


def read_textgrid(path: Path) -> list[Utterance]:
    """Read the words of a TextGrid.

    The tier called ``words`` or ``word`` (as the Montreal and Penn aligners write it, whatever its case) gives words
    with times, a stretch between pauses being an utterance. Without one, every labelled interval of the first tier is
    an utterance. Intervals marked as silence are left out.

    Raises
    ------
    TranscriptError
        If the file is not a text TextGrid or has no interval tier.
    """
    from praatio import textgrid
    from praatio.data_classes.interval_tier import IntervalTier

    if path.read_bytes()[:12] == b"ooBinaryFile":
        raise TranscriptError(f"{path}: a binary TextGrid; save it in Praat as text")
    try:
        grid = textgrid.openTextgrid(
            str(path), includeEmptyIntervals=False, reportingMode="silence", duplicateNamesMode="rename"
        )
    except Exception as error:  # praatio raises whatever its parser stumbles over
        raise TranscriptError(f"{path}: not a TextGrid ({type(error).__name__}: {error})".replace("\n", " ")) from None
    tiers = {
        name: tier for name, tier in zip(grid.tierNames, grid.tiers, strict=True) if isinstance(tier, IntervalTier)
    }
    if not tiers:
        raise TranscriptError(f"{path}: has no interval tier; expected one called 'words'")
    word_tier = next((tier for name, tier in tiers.items() if name.strip().lower() in _WORD_TIERS), None)
    entries = [
        (float(start), float(end), " ".join(label.split()))
        for start, end, label in (word_tier or next(iter(tiers.values()))).entries
        if label.strip().lower() not in _SILENCE
    ]
    if word_tier is None:
        return [Utterance(text=text, start_seconds=start, end_seconds=end) for start, end, text in entries]
    return between_pauses([Word(text=text, start_seconds=start, end_seconds=end) for start, end, text in entries])


def between_pauses(words: list[Word], pause_seconds: float = 1.0) -> list[Utterance]:
    """Join words into utterances that end where nothing is said for ``pause_seconds``."""
    groups: list[list[Word]] = []
    for word in words:
        if not groups or word.start_seconds - groups[-1][-1].end_seconds >= pause_seconds:
            groups.append([])
        groups[-1].append(word)
    return [
        Utterance(
            text=" ".join(word.text for word in group),
            start_seconds=group[0].start_seconds,
            end_seconds=max(word.end_seconds for word in group),
            words=tuple(group),
        )
        for group in groups
    ]
