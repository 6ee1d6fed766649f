"""Which segments there are in the end: those that lie in their recording, whole or cut into windows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..corpus import Segment
from ..windows import Windows
from .overlap import ROUNDING_SECONDS

REACHING_OUT = "reaches out of its recording"
SAME_INTERVAL = "has the interval of another segment of its recording"
SAME_SPEAKER = "overlaps another segment of its speaker"


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


def oddities(segments: Sequence[Segment], duration_seconds: float) -> dict[str, int]:
    """Return how many segments of a recording, with their ends, are odd, by how: each is a sample all the same."""
    edges = np.array([bounds(segment) for segment in segments], np.float64).reshape(-1, 2)
    reaching_out = (edges[:, 0] < -ROUNDING_SECONDS) | (edges[:, 1] > duration_seconds + ROUNDING_SECONDS)
    _, alike = np.unique(edges, axis=0, return_counts=True)
    speakers = np.array([segment.speaker for segment in segments], object)
    own = [_overlapping(edges[speakers == speaker]) for speaker in sorted(set(speakers) - {""})]
    return {
        REACHING_OUT: int(reaching_out.sum()),
        SAME_INTERVAL: int(alike[alike > 1].sum()),
        SAME_SPEAKER: sum(own),
    }


def _overlapping(edges: NDArray[np.float64]) -> int:
    """Count the intervals that overlap another one."""
    starts, ends = edges[np.argsort(edges[:, 0], kind="stable")].T
    meets_earlier = starts[1:] < np.maximum.accumulate(ends)[:-1] - ROUNDING_SECONDS
    meets_later = starts[1:] < ends[:-1] - ROUNDING_SECONDS
    return int((np.append(meets_later, False) | np.insert(meets_earlier, 0, False)).sum())


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
