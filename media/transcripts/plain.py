"""Plain text (.txt), and the label tracks that Audacity writes with the same suffix."""

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from ...errors import TranscriptError
from .model import Utterance
from .text_file import numbered_lines, read_text
from .values import interval, number

_SECONDS = r"-?\d+(?:[.,]\d+)?"
_LABEL = re.compile(rf"(?P<start>{_SECONDS})\t(?P<end>{_SECONDS})(?:\t(?P<text>.*))?")


def read_txt(path: Path) -> list[Utterance]:
    """Read a text file: as a label track if its first line is a label of Audacity, else as one utterance without times.

    A label is ``start<TAB>end<TAB>text`` in seconds, with a decimal point, a comma or neither. One without length marks
    where something begins: its utterance lasts to the next label that begins later, the last one's end is open. Lines
    with the frequencies of a label (behind a backslash) and labels without text are left out.

    Raises
    ------
    TranscriptError
        If a line of a label track is none; names it.
    """
    text = read_text(path)
    lines = numbered_lines(path, text)
    if not lines or _LABEL.fullmatch(lines[0][1]) is None:
        return [Utterance(text=" ".join(text.split()))]
    labels = [_label(where, line) for where, line in lines if not line.startswith("\\")]
    next_start = dict(pairwise(sorted({label.start_seconds or 0.0 for label in labels})))
    return [
        replace(label, end_seconds=next_start.get(label.start_seconds or 0.0))
        if label.start_seconds == label.end_seconds
        else label
        for label in labels
    ]


def _label(where: str, line: str) -> Utterance:
    found = _LABEL.fullmatch(line)
    if found is None:
        raise TranscriptError(f"{where}: '{line[:40]}' is no label; expected start<TAB>end<TAB>text in seconds")
    start, end = interval(where, *(number(where, found[side].replace(",", ".")) for side in ("start", "end")))
    return Utterance(text=" ".join((found["text"] or "").split()), start_seconds=start, end_seconds=end)
