"""Which segments there are in the end: those that lie in their recording, whole or cut into windows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..corpus import Segment
from ..windows import Windows
from .overlap import ROUNDING_SECONDS


@dataclass(frozen=True, kw_only=True)
class Exclusion:
    """A segment that is not in the store, and why."""

    segment: str
    recording: str
    reason: str
    """The same words for all that have it in common."""


def in_recording(segments: Sequence[Segment], duration_seconds: float) -> tuple[list[Segment], list[Exclusion]]:
    """Return the segments that lie in the recording at least in part, each with its end; and the others.

    They may overlap each other: each is a sample of its own.
    """
    kept, left_out = [], []
    for segment in segments:
        end = duration_seconds if segment.end_seconds is None else segment.end_seconds
        if min(end, duration_seconds) - max(segment.start_seconds, 0.0) > ROUNDING_SECONDS:
            kept.append(replace(segment, end_seconds=end))
        else:
            left_out.append(excluded(segment, "outside the recording"))
    return kept, left_out


def reaches_out(segment: Segment, duration_seconds: float) -> bool:
    """Return whether a part of a segment lies outside the recording."""
    _, end = bounds(segment)
    return segment.start_seconds < -ROUNDING_SECONDS or end > duration_seconds + ROUNDING_SECONDS


def cut(segments: Sequence[Segment], windows: Windows) -> tuple[list[Segment], list[Exclusion]]:
    """Return the windows of segments that have an end; and the segments that are too short for one.

    A window has the segment's split, speaker and labels, the words that are spoken in it for its text, and the id
    ``<segment>#<number>``, counted from 0.
    """
    kept, left_out = [], []
    times, counts = windows.over(np.array([bounds(segment) for segment in segments], np.float64).reshape(-1, 2))
    firsts = np.cumsum(counts) - counts
    for segment, first, count in zip(segments, firsts, counts, strict=True):
        for number in range(count):
            start, end = (float(edge) for edge in times[first + number])
            id = f"{segment.id}#{number}"
            kept.append(replace(segment, id=id, start_seconds=start, end_seconds=end, text=None))
        if not count:
            left_out.append(excluded(segment, f"shorter than a window of {windows.length_seconds:g} s"))
    return kept, left_out


def bounds(segment: Segment) -> tuple[float, float]:
    """Return start and end of a segment that has both, in seconds."""
    assert segment.end_seconds is not None  # given by in_recording
    return segment.start_seconds, segment.end_seconds


def excluded(segment: Segment, reason: str) -> Exclusion:
    """Return the exclusion of a segment."""
    return Exclusion(segment=segment.id, recording=segment.recording, reason=reason)
