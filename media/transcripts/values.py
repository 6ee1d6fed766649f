"""Checked numbers from transcripts. ``where`` says in an error whose number it is: ``file, line 3``."""

import math

from ...errors import TranscriptError


def number(where: str, written: str) -> float:
    """Return a written number.

    Raises
    ------
    TranscriptError
        If it is none, or not finite.
    """
    try:
        value = float(written)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise TranscriptError(f"{where}: '{written[:40]}' is not a finite number; expected a time or a score")
    return value


def interval(where: str, start_seconds: float, end_seconds: float) -> tuple[float, float]:
    """Return an interval as it is.

    Raises
    ------
    TranscriptError
        If it starts before the recording, ends before its start, or never.
    """
    if start_seconds < 0:
        raise TranscriptError(f"{where}: starts at {start_seconds} s, before the recording; expected 0 s or later")
    if math.isinf(end_seconds):  # the sum of a start and a duration may be
        raise TranscriptError(f"{where}: ends at inf s; expected a finite time")
    if end_seconds < start_seconds:
        raise TranscriptError(f"{where}: ends at {end_seconds} s, before its start at {start_seconds} s")
    return start_seconds, end_seconds


def clipped_confidence(score: float) -> float:
    """Return a score as a confidence: 0 below [0, 1] and 1 above."""
    return min(max(score, 0.0), 1.0)
