"""Word segmentations of Sphinx-3 (.wdseg), as IEMOCAP has them for every sentence."""

import re
from dataclasses import replace
from pathlib import Path

from ...errors import TranscriptError
from .from_words import utterance_of
from .marks import SPHINX, is_word
from .model import Utterance, Word
from .text_file import numbered_lines, read_text
from .values import interval, number

_FRAMES_PER_SECOND = 100
_HEADER = ["SFrm", "EFrm", "SegAScr", "Word"]
_EDGES = ("<s>", "</s>")
_PRONUNCIATION = re.compile(r"\(\d+\)$")


def read_wdseg(path: Path) -> list[Utterance]:
    """Read one sentence: lines of first frame, last frame, score and word behind a header, 100 frames a second.

    The last frame is part of the word, which therefore ends at ``(last + 1) / 100`` s. ``WORD(2)`` is the second
    pronunciation of ``WORD``. Noises (``++LAUGHTER++``) and silence (``<sil>``) are no words but noises. The edges
    ``<s>`` and ``</s>`` are left out, as is the score, which is a log-likelihood and no confidence.

    Raises
    ------
    TranscriptError
        If the header or a line is not of that form; names it.
    """
    lines = [(where, line.split()) for where, line in numbered_lines(path, read_text(path))]
    if not lines or lines[0][1] != _HEADER:
        raise TranscriptError(f"{path}: has no header '{' '.join(_HEADER)}'; expected a word segmentation of Sphinx-3")
    words: list[Word] = []
    noises: list[Word] = []
    for where, fields in lines[1:]:
        if fields[:2] == ["Total", "score:"]:
            continue
        if len(fields) != 4:
            raise TranscriptError(f"{where}: has {len(fields)} fields; expected {', '.join(_HEADER)}")
        first, last = number(where, fields[0]), number(where, fields[1])
        start, end = interval(where, first / _FRAMES_PER_SECOND, (last + 1) / _FRAMES_PER_SECOND)
        text = _PRONUNCIATION.sub("", fields[3])
        if text.lower() not in _EDGES:
            (words if is_word(text, SPHINX) else noises).append(Word(text=text, start_seconds=start, end_seconds=end))
    return [replace(utterance_of(words), noises=tuple(noises))]
