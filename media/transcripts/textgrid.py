"""Praat TextGrid, in its long and its short text form.

Praat reads both as one stream of values: numbers, texts in double quotes (doubled inside) and flags such as
``<exists>``; everything else on a line names the values for people, and ``!`` begins a comment (manual page "TextGrid
file formats"). So does this module.
"""

import re
from pathlib import Path

from ...errors import TranscriptError
from .model import Utterance
from .text_file import decode, read_bytes
from .tiers import tier_utterances
from .values import interval, number

_VALUE = re.compile(
    r'"(?P<text>(?:[^"]|"")*+)"'
    r"|!.*"
    r"|(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?!\S)"
    r"|(?P<flag><\w+>)"
    r'|[^\s"=]+'
)
_NO_TIERS = "has no interval tier; expected one called 'words'"


def read_textgrid(path: Path) -> list[Utterance]:
    """Read a TextGrid.

    Tiers called ``words`` or ``word`` (also ``ORT-MAU``, and ``NAME - words``, which says the speaker), whatever their
    case, give words with times, a stretch between pauses being an utterance. Without one, every labelled interval of
    the first tier of intervals is an utterance. Silence and noise are left out.

    Raises
    ------
    TranscriptError
        If the file is not a whole TextGrid in text form, or has no interval tier; names the line.
    """
    raw = read_bytes(path)
    if raw.startswith(b"ooBinaryFile"):
        raise TranscriptError(f"{path}: a binary TextGrid; save it in Praat as text")
    values = _Values(path, decode(path, raw))
    for expected in ("ooTextFile", "TextGrid"):
        if not (found := values.take("text")).startswith(expected):
            raise TranscriptError(f"{path}: not a TextGrid; found '{_shown(found)}', expected '{expected}'")
    values.interval()
    if values.take("flag") != "<exists>":
        raise TranscriptError(f"{path}: {_NO_TIERS}")
    tiers: dict[str, list[tuple[float, float, str]]] = {}
    for _ in range(values.count()):
        is_interval_tier, name = values.take("text") == "IntervalTier", values.take("text")
        values.interval()
        count = values.count()
        if is_interval_tier:
            tiers.setdefault(name, [(*values.interval(), values.take("text")) for _ in range(count)])
        else:
            for _ in range(count):
                values.take("number"), values.take("text")
    if not tiers:
        raise TranscriptError(f"{path}: {_NO_TIERS}")
    return tier_utterances(tiers)


class _Values:
    """The values of a TextGrid, one after the other."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text
        self._left = (match for match in _VALUE.finditer(text) if match.lastgroup)
        self._line, self._place = 1, 0

    def take(self, kind: str) -> str:
        """Return the next value, which must be of a kind: ``text``, ``number`` or ``flag``."""
        match = next(self._left, None)
        if match is None:
            raise TranscriptError(f"{self._path}: not a TextGrid, or not all of it: it ends where a {kind} is expected")
        self._line += self._text.count("\n", self._place, match.start())
        self._place = match.start()
        if match.lastgroup != kind:
            raise TranscriptError(f"{self._where()}: '{_shown(match[0])}' is not a {kind}; expected a whole TextGrid")
        return match[kind].replace('""', '"')

    def count(self) -> int:
        return int(self._number())

    def interval(self) -> tuple[float, float]:
        start, end = self._number(), self._number()
        return interval(self._where(), start, end)

    def _number(self) -> float:
        written = self.take("number")
        return number(self._where(), written)

    def _where(self) -> str:
        return f"{self._path}, line {self._line}"


def _shown(value: str) -> str:
    return " ".join(value[:40].split())
