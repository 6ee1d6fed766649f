"""Reading any transcript file by its suffix."""

import re
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from pathlib import Path

from ...errors import TranscriptError, did_you_mean
from .csd import read_csd
from .elan import read_eaf
from .grid import read_align
from .htk import read_htk
from .json_words import read_json
from .model import Utterance, Word
from .nist import read_ctm, read_stm
from .plain import read_txt
from .sphinx import read_wdseg
from .subtitles import read_srt, read_vtt
from .textgrid import read_textgrid

_READERS: dict[str, Callable[[Path], list[Utterance]]] = {
    ".json": read_json,
    ".textgrid": read_textgrid,
    ".wdseg": read_wdseg,
    ".align": read_align,
    ".vtt": read_vtt,
    ".srt": read_srt,
    ".txt": read_txt,
}
_READERS_OF_MANY: dict[str, Callable[[Path, str], list[Utterance]]] = {
    ".ctm": read_ctm,
    ".csd": read_csd,
    ".eaf": read_eaf,
    ".stm": read_stm,
    ".mlf": read_htk,
    ".lab": read_htk,
}
"""Readers of files that may belong to several media files; they are told which one it is."""

TRANSCRIPT_SUFFIXES = (
    *(".json", ".textgrid", ".ctm", ".wdseg", ".align", ".csd"),  # words with times
    *(".eaf", ".vtt", ".srt", ".stm"),  # mostly utterances with times
    *(".lab", ".mlf", ".txt"),  # often no times
)
"""Suffixes in lower case, the format with the most precise times first."""

_NOT_TEXT = re.compile("[\0\ud800-\udfff]")
"""NUL, of which UTF-16 read as UTF-8 is full, and halves of surrogate pairs."""


def read_transcript(path: Path, recording: str = "") -> tuple[Utterance, ...]:
    """Read a transcript.

    Parameters
    ----------
    path
        The file.
    recording
        Stem of the recording's media file, by which a file of many recordings is searched; empty: that of ``path``.

    Returns
    -------
    tuple of Utterance
        In the order of their times; one without time follows the one before it in the file. Empty where the file holds
        neither words nor noises.

    Raises
    ------
    TranscriptError
        Names the file and the place, what was found and what was expected.
    """
    suffix = path.suffix.lower()
    if suffix in _READERS:
        read = _READERS[suffix](path)
    elif suffix in _READERS_OF_MANY:
        read = _READERS_OF_MANY[suffix](path, recording or path.stem.removesuffix(".words"))
    else:
        raise TranscriptError(
            f"{path}: no reader for '{path.suffix}'; {did_you_mean(path.suffix, TRANSCRIPT_SUFFIXES)}"
        )
    utterances = [utterance for utterance in read if utterance.text or utterance.noises]
    for utterance in utterances:
        _check_text(path, utterance)
        _check_order(path, utterance.words)
        _check_order(path, utterance.noises)
    return tuple(_in_order(utterances))


def _in_order(utterances: list[Utterance]) -> list[Utterance]:
    """Sort by start; an utterance without one stays behind the one before it."""
    starts = (utterance.start_seconds for utterance in utterances)
    keys = list(accumulate(starts, lambda before, start: before if start is None else start, initial=0.0))[1:]
    return [utterances[position] for position in sorted(range(len(utterances)), key=keys.__getitem__)]


def _check_order(path: Path, words: Sequence[Word]) -> None:
    """Refuse words that one speaker says one after the other and of which a later one starts earlier."""
    timed = [(word.start_seconds, word.text) for word in words if word.start_seconds is not None]
    for (before, first), (start, text) in pairwise(timed):
        if start < before:
            raise TranscriptError(
                f"{path}: '{text[:40]}' at {start:g} s follows '{first[:40]}' at {before:g} s; "
                "expected the words of an utterance, a speaker or a tier in the order of time"
            )


def _check_text(path: Path, utterance: Utterance) -> None:
    """Refuse what a store could not hold."""
    for text in (utterance.text, utterance.speaker, *(word.text for word in (*utterance.words, *utterance.noises))):
        if _NOT_TEXT.search(text):
            raise TranscriptError(f"{path}: {text[:40]!a} is not text; expected UTF-8, or UTF-16 with its mark")
