"""Word times of the GRID audio-visual corpus (.align)."""

from pathlib import Path

from ...errors import TranscriptError
from .from_words import utterance_of
from .marks import GRID, is_word
from .model import Utterance, Word
from .text_file import numbered_lines, read_text
from .values import interval, number

_UNITS_PER_SECOND = 25_000


def read_align(path: Path) -> list[Utterance]:
    """Read a sentence of GRID: lines of ``start end word`` in units of 1/25000 s (Cooke et al. 2006).

    Numbers with a decimal point are seconds: other lip-reading corpora write them so. Silence is left out.

    Raises
    ------
    TranscriptError
        If a line is not of that form; names it.
    """
    rows = [(where, line.split()) for where, line in numbered_lines(path, read_text(path))]
    per_second = 1 if any("." in field for _, fields in rows for field in fields[:2]) else _UNITS_PER_SECOND
    words = []
    for where, fields in rows:
        if len(fields) != 3:
            raise TranscriptError(f"{where}: has {len(fields)} fields; expected start, end and word")
        start, end = interval(where, number(where, fields[0]) / per_second, number(where, fields[1]) / per_second)
        if is_word(fields[2], GRID):
            words.append(Word(text=fields[2], start_seconds=start, end_seconds=end))
    return [utterance_of(words)]
