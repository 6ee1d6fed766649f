"""Outputs: what a trainer reads, made of tracks on a timeline."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from ..corpus import Segment
from ..errors import RecipeError
from ..recipe import GridTimeline, OutputSpec, Recipe, SegmentTimeline, WordsTimeline
from ..store import OutputArrays, OutputSchema, SegmentRow
from ..track import Schema, Track
from .pooling import Pooled, pool_mean, take_rows
from .timelines import Intervals, grid_intervals, segment_intervals, word_intervals


def output_schemas(recipe: Recipe, schemas: Mapping[str, Schema]) -> dict[str, OutputSchema]:
    """Return what every output of a recipe will hold, before anything is extracted.

    Parameters
    ----------
    recipe
        The recipe.
    schemas
        The schema of every track.

    Raises
    ------
    RecipeError
        If a track cannot be in an output, or the tracks of one do not go together.
    """
    return {name: _output_schema(name, spec, schemas) for name, spec in recipe.align.items()}


def _output_schema(name: str, spec: OutputSpec, schemas: Mapping[str, Schema]) -> OutputSchema:
    if isinstance(spec.timeline, WordsTimeline) and "text" not in schemas[spec.timeline.track]:
        found = ", ".join(schemas[spec.timeline.track])
        raise RecipeError(f"output '{name}': track '{spec.timeline.track}' holds {found}; expected words with 'text'")
    fields = []
    for track in spec.tracks:
        if "values" not in schemas[track]:
            found = ", ".join(schemas[track])
            raise RecipeError(f"output '{name}': track '{track}' holds {found}; expected a feature with 'values'")
        fields.append((track, schemas[track]["values"]))
    shapes = {field.shape for _, field in fields}
    if len(fields) > 1 and any(len(shape) != 1 for shape in shapes):
        raise RecipeError(
            f"output '{name}': rows of shape {sorted(shapes)} cannot stand side by side; expected vectors"
        )
    shape = fields[0][1].shape if len(fields) == 1 else (sum(field.shape[0] for _, field in fields),)
    units = {field.unit for _, field in fields}
    return OutputSchema(
        dtype="float32",
        shape=shape,
        names=tuple(f"{track}.{column}" for track, field in fields for column in field.columns),
        unit=units.pop() if len(units) == 1 else "",
        timeline=_describe(spec),
        pool=spec.pool,
        gaps=spec.gaps,
        has_text=isinstance(spec.timeline, WordsTimeline),
    )


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
    """
    bounds = np.array([_bounds(segment, duration_seconds) for segment in segments], np.float64).reshape(-1, 2)
    texts = _spoken(tracks, recipe, bounds)
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
    return rows, {name: _output(spec, tracks, bounds, recipe) for name, spec in recipe.align.items()}


def _bounds(segment: Segment, duration_seconds: float) -> tuple[float, float]:
    """Return a segment's start and end; one that starts after the recording has ended and has no end is empty."""
    if segment.end_seconds is None:
        return segment.start_seconds, max(segment.start_seconds, duration_seconds)
    return segment.start_seconds, segment.end_seconds


def _output(spec: OutputSpec, tracks: Mapping[str, Track], bounds: NDArray[np.float64], recipe: Recipe) -> OutputArrays:
    intervals, text = _intervals(spec, tracks, bounds)
    pooled = [_pool(name, spec, tracks[name], intervals, recipe) for name in spec.tracks]
    return OutputArrays(
        values=pooled[0].values if len(pooled) == 1 else np.concatenate([one.values for one in pooled], axis=1),
        times=intervals.times,
        mask=np.logical_or.reduce([one.observed for one in pooled]),
        coverage=np.mean([one.coverage for one in pooled], axis=0).astype(np.float32),
        offsets=intervals.offsets,
        text=text,
    )


def _intervals(
    spec: OutputSpec, tracks: Mapping[str, Track], bounds: NDArray[np.float64]
) -> tuple[Intervals, NDArray[np.generic] | None]:
    """Return the intervals of an output, and their words where they have any."""
    timeline = spec.timeline
    if isinstance(timeline, WordsTimeline):
        intervals = word_intervals(tracks[timeline.track], bounds)
        return intervals, tracks[timeline.track].fields["text"][intervals.rows]
    if isinstance(timeline, GridTimeline):
        return grid_intervals(bounds, timeline.hop), None
    if isinstance(timeline, SegmentTimeline):
        return segment_intervals(bounds), None
    assert_never(timeline)


def _pool(name: str, spec: OutputSpec, track: Track, intervals: Intervals, recipe: Recipe) -> Pooled:
    """Pool a track; one that was made word by word goes to its own words, whatever overlaps them."""
    made_from = recipe.tracks[name].needed_tracks() if "row" in track.schema else ()
    if intervals.rows is not None and made_from == (getattr(spec.timeline, "track", None),):
        return take_rows(track, intervals.rows)
    return pool_mean(track, intervals.times)


def _spoken(tracks: Mapping[str, Track], recipe: Recipe, bounds: NDArray[np.float64]) -> list[str]:
    """Return the words of every segment, by the first output's timeline that has words; else empty texts."""
    for spec in recipe.align.values():
        if isinstance(spec.timeline, WordsTimeline):
            intervals, text = _intervals(spec, tracks, bounds)
            assert text is not None  # words have text
            return [" ".join(text[first:last]) for first, last in pairwise(intervals.offsets)]
    return [""] * len(bounds)


def _describe(spec: OutputSpec) -> str:
    timeline = spec.timeline
    if isinstance(timeline, WordsTimeline):
        return f"words of {timeline.track}"
    if isinstance(timeline, GridTimeline):
        return f"grid of {timeline.hop:g} s"
    if isinstance(timeline, SegmentTimeline):
        return "segment"
    assert_never(timeline)
