"""Outputs: what a trainer reads, made of tracks on a timeline."""

from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import pairwise
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from ..corpus import Segment
from ..errors import CorpusError
from ..recipe import OutputSpec, PooledTrack, Recipe
from ..recipe.model import Gaps, Groups, While
from ..recipe.pools import Functionals
from ..recipe.timelines import (
    GridTimeline,
    OwnTimeline,
    RowChoice,
    RowsTimeline,
    SegmentTimeline,
    WindowsTimeline,
    WordsTimeline,
)
from ..store import OutputArrays, SegmentRow
from ..store.parts import any_part
from ..track import Track
from .gaps import fill
from .groups import group_rows
from .overlap import offsets_of, overlapping, ranges
from .own_words import of_their_speakers, said_by
from .pooling import Pooled, as_they_are, pool, pool_made_from
from .schemas import from_track, own_track, rows_track
from .timelines import Intervals, capped, grid_intervals, row_intervals, segment_intervals, window_intervals


def align_recording(
    segments: Sequence[Segment],
    duration_seconds: float,
    tracks: Mapping[str, Track],
    recipe: Recipe,
) -> tuple[list[SegmentRow], dict[str, OutputArrays]]:
    """Make every output for all segments of one recording.

    Parameters
    ----------
    segments
        The segments, in the order in which they go into the store.
    duration_seconds
        End of the recording, for segments without an end.
    tracks
        The recording's tracks by name; all that the recipe's outputs name.
    recipe
        The recipe.

    Returns
    -------
    list of SegmentRow
        One row of the segment table for every segment.
    dict
        The arrays of every output.

    Raises
    ------
    CorpusError
        If a segment ends before it starts.
    """
    bounds = np.array([_bounds(segment, duration_seconds) for segment in segments], np.float64).reshape(-1, 2)
    timelines = _Timelines(tracks, segments, bounds)
    texts = _spoken(timelines, recipe)
    rows = [
        SegmentRow(
            id=segment.id,
            recording=segment.recording,
            start=float(bound[0]),
            end=float(bound[1]),
            split=segment.split,
            speaker=segment.speaker,
            text=segment.text if segment.text is not None else text,
            labels=segment.labels,
        )
        for segment, bound, text in zip(segments, bounds, texts, strict=True)
    ]
    made_from = {name: extractor.needed_tracks() for name, extractor in recipe.tracks.items()}
    return rows, {name: _output(spec, made_from, timelines) for name, spec in recipe.align.items()}


def _bounds(segment: Segment, duration_seconds: float) -> tuple[float, float]:
    """Return a segment's start and end; one that starts after the recording has ended and has no end is empty."""
    if segment.end_seconds is None:
        return segment.start_seconds, max(segment.start_seconds, duration_seconds)
    if not segment.start_seconds <= segment.end_seconds:
        raise CorpusError(
            f"segment '{segment.id}' ends at {segment.end_seconds} s, before its start at {segment.start_seconds} s; "
            "expected [start, end)"
        )
    return segment.start_seconds, segment.end_seconds


class _Timelines:
    """The rows in a recording's segments of tracks that are timelines, each found once, whatever outputs share it."""

    def __init__(self, tracks: Mapping[str, Track], segments: Sequence[Segment], bounds: NDArray[np.float64]) -> None:
        self.tracks = tracks
        self.segments = segments
        self.bounds = bounds
        self._intervals: dict[tuple[str, RowChoice], Intervals] = {}

    def of_segments(self, some: NDArray[np.intp]) -> "_Timelines":
        """Return the same of some of the segments."""
        return _Timelines(self.tracks, [self.segments[place] for place in some.tolist()], self.bounds[some])

    def intervals(self, name: str, choice: RowChoice) -> Intervals:
        """Return the rows of a track."""
        if (name, choice) not in self._intervals:
            self._intervals[name, choice] = row_intervals(self.tracks[name], self.bounds, choice)
        return self._intervals[name, choice]


def _spoken(timelines: _Timelines, recipe: Recipe) -> list[str]:
    """Return the words of every segment, by the first output's timeline that has words; else empty texts."""
    for spec in recipe.align.values():
        if isinstance(spec.timeline, WordsTimeline):
            words = timelines.intervals(spec.timeline.track, spec.timeline.rows)
            assert words.text is not None  # words have it
            text = words.text.tolist()
            return [" ".join(text[first:last]) for first, last in pairwise(words.offsets.tolist())]
    return [""] * len(timelines.bounds)


def _output(spec: OutputSpec, made_from: Mapping[str, tuple[str, ...]], timelines: _Timelines) -> OutputArrays:
    """Return an output of all segments: some of them from a track of their own."""
    if spec.by is None:
        return _Output(spec, made_from, timelines).arrays()
    first = spec.tracks[0].name
    chosen = np.array([spec.by.tracks.get(spec.by.value(segment), first) for segment in timelines.segments], object)
    names = list(dict.fromkeys([first, *spec.by.tracks.values()]))
    places = [np.flatnonzero(chosen == name) for name in names]
    parts = [
        _Output(from_track(spec, name), made_from, timelines.of_segments(some)).arrays()
        for name, some in zip(names, places, strict=True)
    ]
    return _in_order(parts, np.concatenate(places))


def _in_order(parts: Sequence[OutputArrays], segments: NDArray[np.intp]) -> OutputArrays:
    """Return the parts as one output; ``segments`` are the places of their segments, one part after the other."""
    offsets = offsets_of(np.concatenate([np.diff(part.offsets) for part in parts]))
    order = np.argsort(segments)
    first, last = offsets[:-1][order], offsets[1:][order]
    rows = ranges(first, last)
    texts = [part.text for part in parts if part.text is not None]
    observed = [part.observed for part in parts if part.observed is not None]
    return OutputArrays(
        values=np.concatenate([part.values for part in parts])[rows],
        times=np.concatenate([part.times for part in parts])[rows],
        mask=np.concatenate([part.mask for part in parts])[rows],
        coverage=np.concatenate([part.coverage for part in parts])[rows],
        offsets=offsets_of(last - first),
        text=np.concatenate(texts)[rows] if texts else None,
        observed=np.concatenate(observed)[rows] if observed else None,
    )


class _Output:
    """One output of all segments of a recording."""

    def __init__(
        self,
        spec: OutputSpec,
        made_from: Mapping[str, tuple[str, ...]],
        timelines: _Timelines,
    ) -> None:
        tracks = timelines.tracks
        self._spec = spec
        self._made_from = made_from
        self._timelines = timelines
        self._own = own_track(spec)
        self._features = {track.name: _restricted(tracks[track.name], spec.only_while, tracks) for track in spec.tracks}

    def arrays(self) -> OutputArrays:
        spec, tracks = self._spec, self._timelines.tracks
        intervals = self._intervals()
        if spec.own_words is not None:
            speakers = said_by(tracks[rows_track(spec) or ""], tracks[spec.own_words])
            intervals = of_their_speakers(
                intervals, speakers, [segment.speaker for segment in self._timelines.segments]
            )
        if spec.max_length is not None:
            intervals = capped(intervals, spec.max_length, keep_last=spec.keep == "last")
        pooled = [self._pooled(track, intervals) for track in spec.tracks]
        joined = len(pooled) > 1
        values = [one.values.astype(np.float32, copy=False) if joined else one.values for one in pooled]
        filled = [
            fill(one, there.observed, intervals.times, intervals.offsets, spec.gaps)
            for one, there in zip(values, pooled, strict=True)
        ]
        arrays = OutputArrays(
            values=np.concatenate(filled, axis=1) if joined else filled[0],
            times=intervals.times,
            mask=reduce(np.logical_or, [one.observed for one in pooled]),
            coverage=(reduce(np.add, [one.coverage for one in pooled]) / len(pooled)).astype(np.float32),
            offsets=intervals.offsets,
            text=intervals.text,
            observed=np.stack([one.observed for one in pooled], axis=1) if joined else None,
        )
        return arrays if spec.groups is None else _grouped(arrays, spec.groups, spec.gaps)

    def _intervals(self) -> Intervals:
        timeline, bounds = self._spec.timeline, self._timelines.bounds
        if isinstance(timeline, RowsTimeline):
            if self._own is None:
                return self._timelines.intervals(timeline.track, timeline.rows)
            return row_intervals(self._features[self._own], bounds, timeline.rows)
        if self._own is not None:
            return row_intervals(self._features[self._own], bounds)
        if isinstance(timeline, GridTimeline):
            return grid_intervals(bounds, timeline.hop, timeline.context_seconds)
        if isinstance(timeline, WindowsTimeline):
            return window_intervals(bounds, timeline)
        if isinstance(timeline, SegmentTimeline):
            return segment_intervals(bounds)
        if isinstance(timeline, OwnTimeline):
            raise TypeError("rows of its own track are handled above")
        assert_never(timeline)

    def _pooled(self, track: PooledTrack, intervals: Intervals) -> Pooled:
        """Pool a track; one that was made row by row of the timeline's goes to its own rows, whatever overlaps them."""
        feature, rows = self._features[track.name], intervals.rows
        if rows is not None and track.name == self._own:
            return as_they_are(feature, rows)
        timeline = getattr(self._spec.timeline, "track", None)
        made_of_it = "row" in feature.schema and self._made_from[track.name] == (timeline,)
        if rows is not None and made_of_it and isinstance(track.pool, Functionals):
            return pool_made_from(feature, rows, track.pool.statistics)
        return pool(feature, intervals.times, track.pool)


def _restricted(track: Track, condition: While | None, tracks: Mapping[str, Track]) -> Track:
    """Return the rows whose middle lies where another track's column is high enough."""
    if condition is None:
        return track
    other = tracks[condition.track]
    column = np.asarray(other.values[:, other.schema["values"].columns.index(condition.column)], np.float64)
    middles = track.times.mean(axis=1)
    moments = np.stack([middles, np.nextafter(middles, np.inf)], axis=1)
    overlaps = overlapping(other.times[column >= condition.at_least], moments, 0.0)
    return track.rows(overlaps.counts > 0)


def _grouped(arrays: OutputArrays, groups: Groups, gaps: Gaps) -> OutputArrays:
    """Return an output of which every row is a group of consecutive ones.

    Places that no row is left for are not observed: they are zeros, or hold the last row as gaps do.
    """
    counts = np.diff(arrays.offsets)
    index, group_counts = group_rows(counts, groups.size, groups.hop, groups.rows, groups.tail == "pad")
    there = index >= 0
    last = index.max(axis=1, keepdims=True, initial=-1)
    coverage = np.where(there, arrays.coverage[index].astype(np.float64), 0)
    index = np.where(there, index, last)
    values = arrays.values[index]
    if gaps == "zero":
        values[~there] = 0
    observed = arrays.mask if arrays.observed is None else arrays.observed
    observed = observed[index] & there.reshape(*there.shape, *[1] * (observed.ndim - 1))
    return OutputArrays(
        values=values,
        times=np.stack([arrays.times[index[:, 0], 0], arrays.times[last[:, 0], 1]], axis=1),
        mask=any_part(observed),
        coverage=(coverage.sum(axis=1) / np.maximum(there.sum(axis=1), 1)).astype(np.float32),
        offsets=offsets_of(group_counts),
        observed=observed,
    )
