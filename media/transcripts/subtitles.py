"""Subtitles: SubRip (.srt) and WebVTT (.vtt), read by pysubs2."""

from pathlib import Path

from ...errors import TranscriptError
from .model import Utterance
from .plain import decode


def read_subtitles(path: Path) -> list[Utterance]:
    """Read every subtitle as an utterance; formatting tags are dropped.

    Raises
    ------
    TranscriptError
        If the file is not a subtitle file.
    """
    import pysubs2

    text = decode(path)
    try:
        subtitles = pysubs2.SSAFile.from_string(text, format_=path.suffix.lower()[1:])
    except (pysubs2.exceptions.Pysubs2Error, ValueError) as error:
        raise TranscriptError(f"{path}: not a {path.suffix} file ({error or type(error).__name__})") from None
    if text.strip() and not subtitles.events and "-->" not in text and not text.lstrip().startswith("WEBVTT"):
        raise TranscriptError(f"{path}: has no line 'start --> end'; expected a {path.suffix} file")
    return [
        Utterance(
            text=" ".join(event.plaintext.split()), start_seconds=event.start / 1000, end_seconds=event.end / 1000
        )
        for event in subtitles.events
    ]
