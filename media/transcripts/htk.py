"""Label files of HTK (.lab) and master label files (.mlf), as the HTK Book describes them (sections 6.2 and 6.3)."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ...errors import TranscriptError
from .collection import entry_of
from .from_words import between_pauses
from .marks import HTK, is_word
from .model import Utterance, Word
from .text_file import numbered_lines, read_text
from .values import interval, number

_UNITS_PER_SECOND = 10_000_000
_TIMED = re.compile(r"\s*-?\d+(?P<fraction>\.\d+)?\s+-?\d+(?:\.\d+)?\s+\S")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")
_ESCAPE = re.compile(rb"\\([0-3][0-7]{2}|.)", re.DOTALL)
_MASTER = "#!MLF!#"

Lines = Sequence[tuple[str, str]]


def read_htk(path: Path, recording: str) -> list[Utterance]:
    """Read lines of ``[start end] label [score] [word [score]]``, in units of 100 ns; with decimal points, in seconds.

    A master label file holds many recordings. Where lines name a word behind the label of a phone or state, that word
    lasts until the next one or silence; otherwise every label is a word. Of alternatives (behind ``///``) the first
    counts. Scores are log-likelihoods and no confidences. A file whose first line has no times is plain text.

    Raises
    ------
    TranscriptError
        If a line is not of that form, a master label file refers to other files, or the recording is not in it.
    """
    text = read_text(path)
    lines: Lines = numbered_lines(path, text)
    if lines and lines[0][1].strip() == _MASTER:
        lines = _block(path, recording, lines[1:])
    lines = lines[: next((i for i, (_, line) in enumerate(lines) if line.strip() == "///"), None)]
    if not lines or _TIMED.match(lines[0][1]) is None:
        return [Utterance(text=" ".join(" ".join(line for _, line in lines).split()))]
    return between_pauses([word for word in _words(lines) if is_word(word.text, HTK)])


def _block(path: Path, recording: str, lines: Lines) -> Lines:
    """Return the lines of a master label file that belong to a recording, between its name and a full stop."""
    blocks: dict[str, list[tuple[str, str]]] = {}
    block: list[tuple[str, str]] | None = None
    for where, line in lines:
        if block is not None:
            block.append((where, line))
            block = None if line.strip() == "." else block
            continue
        name = re.fullmatch(r'\s*"([^"]*)"\s*', line)
        if name is None:
            raise TranscriptError(f"{where}: '{line[:40]}' is no name in double quotes; expected one before its labels")
        block = blocks[name[1]] = []
    if block is not None:
        raise TranscriptError(f"{path}: ends in the middle; expected a full stop behind the labels")
    return blocks[entry_of(path, recording, blocks)][:-1]


def _words(lines: Lines) -> list[Word]:
    first = _TIMED.match(lines[0][1])
    per_second = 1 if first and first["fraction"] else _UNITS_PER_SECOND
    rows: list[tuple[float, float, list[str]]] = []
    for where, line in lines:
        if _TIMED.match(line) is None:
            raise TranscriptError(f"{where}: '{line[:40]}' has no times; expected start, end and label")
        start, end, label, *rest = line.split()
        begin, finish = interval(where, number(where, start) / per_second, number(where, end) / per_second)
        if rows and begin < rows[-1][0]:
            raise TranscriptError(f"{where}: starts at {begin} s, before the label above; expected the order of time")
        names = [label, *(field for field in rest if _NUMBER.fullmatch(field) is None)]
        if is_word(label, HTK):
            rows.append((begin, finish, [_unescaped(where, name) for name in names]))
    levels = max((len(names) for *_, names in rows), default=0)
    words: list[Word] = []
    for begin, finish, names in rows:
        if len(names) == levels:
            words.append(Word(text=names[-1], start_seconds=begin, end_seconds=finish))
        elif words:
            words[-1] = replace(words[-1], end_seconds=finish)
    return words


def _unescaped(where: str, label: str) -> str:
    r"""Return a label without HTK's quotes and escapes: ``gr\303\274n``."""
    if len(label) > 1 and label[0] == label[-1] and label[0] in "\"'":
        label = label[1:-1]
    raw = _ESCAPE.sub(lambda found: bytes([int(found[1], 8)]) if len(found[1]) == 3 else found[1], label.encode())
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise TranscriptError(f"{where}: '{label[:40]}' is not UTF-8 behind its escapes; expected UTF-8") from None
