"""Subtitles: SubRip (.srt) and WebVTT (.vtt)."""

import html
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from ...errors import TranscriptError
from .from_words import utterance_of
from .model import Utterance, Word
from .text_file import read_text
from .values import interval

_TIME = r"(?:(\d{1,9}):)?(\d{1,9}):(\d{1,9})[.,](\d{1,9})"
_CUE_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s|$)")
_COMMENT = re.compile(r"(?:WEBVTT|NOTE|STYLE|REGION)(?:\s|$)")
_STAMP = re.compile(rf"<{_TIME}>")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<\d[\d:.]*>|\{\\[^{}]*\}")
"""Formatting (``<i>``, ``<c.yellow>``, ``{\\an8}``) and the times inside a cue (``<00:00:01.000>``)."""
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^\s<>][^<>]*)>")


@dataclass
class _Cue:
    """A subtitle: its times in seconds and its lines as they are written."""

    start: float
    end: float
    lines: list[str] = field(default_factory=list)


def read_srt(path: Path) -> list[Utterance]:
    """Read every subtitle of a SubRip file as an utterance; formatting is dropped.

    Text behind a blank line that belongs to no cue goes with the cue before it: broken programs write it so.

    Raises
    ------
    TranscriptError
        If the file is not a subtitle file, or a line with ``-->`` has no times; names the line.
    """
    cues = _cues(path, read_text(path), is_vtt=False)
    return [
        Utterance(
            text=" ".join(_TAG.sub("", " ".join(cue.lines)).split()), start_seconds=cue.start, end_seconds=cue.end
        )
        for cue in cues
    ]


def read_vtt(path: Path) -> list[Utterance]:
    """Read every cue of a WebVTT file as an utterance; formatting is dropped, ``<v NAME>`` is the speaker.

    Comments, styles and other text between the cues are left out. A time inside a cue (``<00:00:01.000>``) says when
    the word behind it begins; words between two such times have times, words that share them have none. A file with
    times inside its cues may roll up: a line that stood in the cue before is left out.

    Raises
    ------
    TranscriptError
        If the file is not a subtitle file, or a line with ``-->`` has no times; names the line.
    """
    cues = _cues(path, read_text(path), is_vtt=True)
    if any(_STAMP.search(line) for cue in cues for line in cue.lines):
        _drop_rolled_up(cues)
    return [_utterance(cue) for cue in cues]


def _cues(path: Path, text: str, is_vtt: bool) -> list[_Cue]:
    """Return the cues of a file: times with the lines below them, up to the next times or, in WebVTT, a blank line.

    The line above the times is a counter or name, if it is the first after a blank line or all digits.
    """
    cues: list[_Cue] = []
    takes_text = has_times = False
    height = 0  # lines since the last blank one
    for number, line in enumerate(text.split("\n"), 1):
        if not (
            line if is_vtt else line.strip()
        ):  # in WebVTT a line of spaces is not blank: roll-up captions have them
            height, has_times, takes_text = 0, False, takes_text and not is_vtt
            continue
        height += 1
        if times := _CUE_TIMES.match(line):
            if takes_text and height > 1 and cues[-1].lines and (height == 2 or cues[-1].lines[-1].strip().isdigit()):
                cues[-1].lines.pop()
            start, end = _seconds(*times.groups()[:4]), _seconds(*times.groups()[4:])
            cues.append(_Cue(*interval(f"{path}, line {number}", start, end)))
            takes_text = has_times = True
        elif is_vtt and height == 1 and _COMMENT.match(line):
            has_times = True  # so that an arrow in a comment is no error
        elif "-->" in line and height <= 2 and not has_times:
            raise TranscriptError(
                f"{path}, line {number}: '{line[:60]}' has no times; expected 00:00:01,000 --> 00:00:02,000"
            )
        elif takes_text:
            cues[-1].lines.append(line)
    if not cues and text.strip() and not (is_vtt and text.startswith("WEBVTT")):
        raise TranscriptError(f"{path}: has no line 'start --> end'; expected a {path.suffix} file")
    return cues


def _drop_rolled_up(cues: list[_Cue]) -> None:
    """Remove from every cue the lines that were said, and shown, in the one before."""
    shown: set[str] = set()
    for cue in cues:
        plain = [" ".join(_plain(line).split()) for line in cue.lines]
        said = [line for line, text in zip(cue.lines, plain, strict=True) if _STAMP.search(line) or text not in shown]
        cue.lines, shown = said, set(plain)


def _utterance(cue: _Cue) -> Utterance:
    marked = " ".join(cue.lines)
    voices = {" ".join(voice.split()) for voice in _VOICE.findall(marked)}
    speaker = html.unescape(voices.pop()) if len(voices) == 1 else ""
    text, stamps, behind = "", [], 0
    for stamp in _STAMP.finditer(marked):
        text += _plain(marked[behind : stamp.start()])
        stamps.append((len(text), _seconds(*stamp.groups())))
        behind = stamp.end()
    text += _plain(marked[behind:])
    stamps = [(0, cue.start), *stamps, (len(text), cue.end)]
    seconds = [at for _, at in stamps]
    if len(stamps) == 2 or seconds != sorted(seconds):
        return Utterance(text=" ".join(text.split()), start_seconds=cue.start, end_seconds=cue.end, speaker=speaker)
    return utterance_of(_words(text, stamps), speaker, cue.start, cue.end)


def _words(text: str, stamps: Sequence[tuple[int, float]]) -> list[Word]:
    """Return the words of a text, with times where a stamp lies in the gaps on both of their sides.

    Parameters
    ----------
    text
        The text of a cue.
    stamps
        Position in the text and time (seconds), in order, the first and last those of the cue.
    """
    spans = [found.span() for found in re.finditer(r"\S+", text)]
    positions = [position for position, _ in stamps]
    words = []
    before = 0
    for (first, last), (after, _) in zip_longest(spans, spans[1:], fillvalue=(len(text), 0)):
        start, start_seconds = stamps[bisect_right(positions, first) - 1]
        end, end_seconds = stamps[bisect_left(positions, last)]
        if before <= start and end <= after:
            words.append(Word(text=text[first:last], start_seconds=start_seconds, end_seconds=end_seconds))
        else:
            words.append(Word(text=text[first:last]))
        before = last
    return words


def _plain(marked: str) -> str:
    return html.unescape(_TAG.sub("", marked))


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str) -> float:
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return float(f"{whole}.{fraction}")  # adding the fraction would round twice
