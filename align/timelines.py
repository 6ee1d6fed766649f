"""Timelines: the intervals that tracks are brought onto, for all segments of a recording at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..recipe.timelines import RowChoice
from ..track import Track
from ..windows import Windows
from .overlap import offsets_of, overlapping, ranges

_TOUCHING_SECONDS = 1e-5
"""The epsilon of CMU's SDK."""


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """The intervals of every segment, one segment after the other."""

    times: NDArray[np.float64]
    """Shape (R, 2): half-open, in seconds on the recording's clock."""
    offsets: NDArray[np.int64]
    """Shape (segments + 1,): segment i has the intervals ``offsets[i]:offsets[i + 1]``."""
    rows: NDArray[np.intp] | None = None
    """Where the timeline is a track's: the row of that track that each interval is."""
    text: NDArray[np.generic] | None = None
    """Shape (R,): where that track has texts, that of each interval."""

    def take(self, kept: NDArray[np.intp], counts: NDArray[np.int64]) -> "Intervals":
        """Return the intervals at the positions ``kept``, of which each segment has ``counts``."""
        rows = None if self.rows is None else self.rows[kept]
        text = None if self.text is None else self.text[kept]
        return Intervals(times=self.times[kept], offsets=offsets_of(counts), rows=rows, text=text)


def row_intervals(track: Track, segments: NDArray[np.float64], choice: RowChoice = "middle") -> Intervals:
    """Return the rows that belong to each segment.

    Parameters
    ----------
    track
        Any track: words, frames, an annotation.
    segments
        Shape (n, 2): the segments in seconds.
    choice
        Which rows belong to it.
    """
    return _touching(track, segments) if choice == "touching" else _with_their_middle_in(track, segments)


def grid_intervals(segments: NDArray[np.float64], hop_seconds: float, context_seconds: float = 0.0) -> Intervals:
    """Return intervals of ``hop_seconds`` from each segment's start; its last one ends with the segment.

    A rest shorter than a millionth of the hop is rounding and makes no interval. With ``context_seconds`` all of them
    begin earlier and end later by so much, outside the segment, too.
    """
    counts = np.ceil((segments[:, 1] - segments[:, 0]) / hop_seconds - 1e-6).astype(np.int64)
    number = ranges(np.zeros_like(counts), counts)
    start, end = np.repeat(segments, counts, axis=0).T
    # One multiplication per edge: adding up hops would add up their rounding.
    is_last = number + 1 == np.repeat(counts, counts)
    ends = np.where(is_last, end, np.minimum(start + (number + 1) * hop_seconds, end))
    starts = np.minimum(start + number * hop_seconds, end)
    times = np.stack([starts - context_seconds, ends + context_seconds], axis=1)
    return Intervals(times=times, offsets=offsets_of(counts))


def window_intervals(segments: NDArray[np.float64], windows: Windows) -> Intervals:
    """Return sliding windows from each segment's start."""
    times, counts = windows.over(segments)
    return Intervals(times=times, offsets=offsets_of(counts))


def segment_intervals(segments: NDArray[np.float64]) -> Intervals:
    """Return one interval per segment: itself."""
    return Intervals(times=segments, offsets=np.arange(len(segments) + 1, dtype=np.int64))


def capped(intervals: Intervals, max_length: int, keep_last: bool) -> Intervals:
    """Return at most ``max_length`` intervals of every segment, the first or the last ones."""
    first, last = intervals.offsets[:-1], intervals.offsets[1:]
    if keep_last:
        first = np.maximum(first, last - max_length)
    else:
        last = np.minimum(last, first + max_length)
    return intervals.take(ranges(first, last), last - first)


def _touching(track: Track, segments: NDArray[np.float64]) -> Intervals:
    shared = overlapping(track.times, segments, _TOUCHING_SECONDS)
    return _chosen(track, shared.rows, shared.offsets)


def _with_their_middle_in(track: Track, segments: NDArray[np.float64]) -> Intervals:
    middles = (track.times[:, 0] + track.times[:, 1]) / 2
    order = None if (middles[1:] >= middles[:-1]).all() else np.argsort(middles, kind="stable")
    first = np.searchsorted(middles, segments[:, 0], side="left", sorter=order)
    last = np.searchsorted(middles, segments[:, 1], side="left", sorter=order)
    rows = ranges(first, last)
    if order is not None:
        segment_of_interval = np.repeat(np.arange(len(segments)), last - first)
        rows = order[rows][np.lexsort((order[rows], segment_of_interval))]
    return _chosen(track, rows, offsets_of(last - first))


def _chosen(track: Track, rows: NDArray[np.intp], offsets: NDArray[np.int64]) -> Intervals:
    text = track.fields["text"][rows] if "text" in track.schema else None
    return Intervals(times=track.times[rows], offsets=offsets, rows=rows, text=text)
