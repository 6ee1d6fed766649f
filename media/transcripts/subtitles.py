"""Subtitles: SubRip (.srt) and WebVTT (.vtt)."""

import html
import re
from pathlib import Path

from ...errors import TranscriptError
from .model import Utterance
from .plain import decode

_TIME = r"(?:(\d+):)?(\d+):(\d+)[.,](\d{1,3})"
_CUE_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s|$)")
_UNSEPARATED = re.compile(rf"\n(\d+\n)?(?={_TIME}[ \t]*-->)")
"""The end of a line before a cue's number and times, where a program left out the blank line between."""
_NOT_A_CUE = re.compile(r"(?:WEBVTT|NOTE|STYLE|REGION)(?:\s|$)")
_TAG = re.compile(r"</?\s*[A-Za-z][^>]*>|<\d[\d:.]*>|\{\\[^}]*\}")
"""Formatting (``<i>``, ``<c.yellow>``, ``{\\an8}``) and the times inside a cue (``<00:00:01.000>``)."""
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")


def read_subtitles(path: Path) -> list[Utterance]:
    """Read every subtitle as an utterance; formatting tags are dropped, WebVTT's ``<v NAME>`` is the speaker.

    Cues are what blank lines separate. Text after a blank line that belongs to no cue goes with the cue before it in
    SubRip, where broken programs write it so, and is left out in WebVTT, where comments and styles lie there.

    Raises
    ------
    TranscriptError
        If the file is not a subtitle file, or a line with ``-->`` has no times.
    """
    is_vtt = path.suffix.lower() == ".vtt"
    text = decode(path)
    cues: list[tuple[float, float, list[str]]] = []
    separated = _UNSEPARATED.sub(r"\n\n\1", "\n".join(text.splitlines()))
    for block in re.split(r"\n\s*\n", separated):
        lines = block.strip().splitlines()
        if is_vtt and lines and _NOT_A_CUE.match(lines[0]):
            continue
        arrow = next((number for number, line in enumerate(lines[:2]) if "-->" in line), None)
        if arrow is None:
            if cues and not is_vtt:
                cues[-1][2].extend(lines)
            continue
        times = _CUE_TIMES.match(lines[arrow])
        if times is None:
            raise TranscriptError(f"{path}: '{lines[arrow][:60]}' has no times; expected 00:00:01,000 --> 00:00:02,000")
        cues.append((_seconds(*times.groups()[:4]), _seconds(*times.groups()[4:]), lines[arrow + 1 :]))
    if not cues and text.strip() and not (is_vtt and text.lstrip().startswith("WEBVTT")):
        raise TranscriptError(f"{path}: has no line 'start --> end'; expected a {path.suffix} file")
    return [_utterance(start, end, " ".join(lines), is_vtt) for start, end, lines in cues]


def _utterance(start: float, end: float, marked: str, is_vtt: bool) -> Utterance:
    voices = {" ".join(voice.split()) for voice in _VOICE.findall(marked)} if is_vtt else set()
    plain = _TAG.sub("", marked)
    return Utterance(
        text=" ".join((html.unescape(plain) if is_vtt else plain).split()),
        start_seconds=start,
        end_seconds=end,
        speaker=html.unescape(voices.pop()) if len(voices) == 1 else "",
    )


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str) -> float:
    return (int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)) + float(f"0.{fraction}")
