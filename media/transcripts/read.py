"""Reading any transcript file by its suffix."""

from collections.abc import Callable
from pathlib import Path

from ...errors import TranscriptError, did_you_mean
from .json_words import read_json
from .model import Utterance
from .plain import read_plain
from .subtitles import read_subtitles
from .textgrid import read_textgrid

_READERS: dict[str, Callable[[Path], list[Utterance]]] = {
    ".json": read_json,
    ".textgrid": read_textgrid,
    ".vtt": read_subtitles,
    ".srt": read_subtitles,
    ".txt": read_plain,
}
_MAX_BYTES = 64 * 2**20

TRANSCRIPT_SUFFIXES = tuple(_READERS)
"""Suffixes in lower case, the format with the most precise times first."""


def read_transcript(path: Path) -> tuple[Utterance, ...]:
    """Read a transcript.

    Returns
    -------
    tuple of Utterance
        In the order of their times where they have one. Empty where the file holds no words.

    Raises
    ------
    TranscriptError
        Names the file, what was found and what was expected.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise TranscriptError(
            f"{path}: no reader for '{path.suffix}'; {did_you_mean(path.suffix, TRANSCRIPT_SUFFIXES)}"
        )
    try:
        size = path.stat().st_size
    except OSError as error:
        raise TranscriptError(f"{path}: {(error.strerror or str(error)).lower()}; expected a transcript") from None
    if size > _MAX_BYTES:
        raise TranscriptError(
            f"{path}: {size / 2**20:.0f} MiB; expected a transcript of at most {_MAX_BYTES >> 20} MiB"
        )
    utterances = [utterance for utterance in reader(path) if utterance.text.strip()]
    for utterance in utterances:
        _check_text(path, utterance)
        _check_times(path, utterance)
    return tuple(sorted(utterances, key=lambda utterance: utterance.start_seconds or 0.0))


def _check_text(path: Path, utterance: Utterance) -> None:
    """Refuse what a store could not hold: NUL (UTF-16 read as UTF-8 is full of it) and halves of surrogate pairs."""
    for text in (utterance.text, utterance.speaker, *(word.text for word in utterance.words)):
        if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise TranscriptError(f"{path}: {text[:40]!a} is not text; expected UTF-8, or UTF-16 with its mark")


def _check_times(path: Path, utterance: Utterance) -> None:
    intervals = [(utterance.text, utterance.start_seconds, utterance.end_seconds)]
    intervals += [(word.text, word.start_seconds, word.end_seconds) for word in utterance.words]
    for text, start, end in intervals:
        if start is not None and end is not None and end < start:
            raise TranscriptError(f"{path}: '{text[:40]}' ends at {end} s, before its start at {start} s")
