"""How much room a recording will take in a store, before anything is made."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from ..corpus import Segment
from ..recipe import OutputSpec, Recipe
from ..recipe.timelines import GridTimeline, RowsTimeline, SegmentTimeline, WindowsTimeline
from ..store import OutputSchema

_TIMES_MASK_AND_COVERAGE_BYTES = 16 + 1 + 4
_TEXT_BYTES = 16
_STORE_BYTES = 20_000
_COLUMN_BYTES = 300
_SEGMENT_BYTES = 400
"""A row of the segment table, and what provenance says of a recording."""


def expected_head_bytes(outputs: Mapping[str, OutputSchema]) -> float:
    """Return about how many bytes a store takes whatever is in it: its manifest, names of columns, statistics."""
    return _STORE_BYTES + _COLUMN_BYTES * sum(len(output.names) for output in outputs.values())


def expected_store_bytes(
    recipe: Recipe,
    outputs: Mapping[str, OutputSchema],
    segments: Sequence[Segment],
    duration_seconds: float,
    rows: Mapping[str, float],
) -> float:
    """Return about how many bytes a recording adds to a store.

    Parameters
    ----------
    recipe
        What is made.
    outputs
        What each output holds.
    segments
        Those of the recording.
    duration_seconds
        Of the recording.
    rows
        About how many rows each track of the recording has, by name.
    """
    found = (_length(segment, duration_seconds) for segment in segments)
    lengths = [length for length in found if length > 0]
    rates = {name: count / max(duration_seconds, 1e-9) for name, count in rows.items()}
    return len(lengths) * _SEGMENT_BYTES + sum(
        _rows(spec, lengths, rates) * _row_bytes(outputs[name]) for name, spec in recipe.align.items()
    )


def _length(segment: Segment, duration_seconds: float) -> float:
    end = duration_seconds if segment.end_seconds is None else min(segment.end_seconds, duration_seconds)
    return max(0.0, end - max(0.0, segment.start_seconds))


def _rows(spec: OutputSpec, lengths: Sequence[float], rates: Mapping[str, float]) -> float:
    rate = _rate(spec, rates)
    counts = [1.0 if rate is None else length * rate for length in lengths]
    if spec.groups is not None:
        counts = [count / spec.groups.hop for count in counts]
    return sum(count if spec.max_length is None else min(count, spec.max_length) for count in counts)


def _rate(spec: OutputSpec, rates: Mapping[str, float]) -> float | None:
    """Return how many intervals a second of a segment has; None: a segment is one."""
    timeline = spec.timeline
    if isinstance(timeline, SegmentTimeline):
        return None
    if isinstance(timeline, GridTimeline):
        return 1 / timeline.hop
    if isinstance(timeline, WindowsTimeline):
        return 1 / timeline.hop_seconds
    return rates[timeline.track if isinstance(timeline, RowsTimeline) else spec.tracks[0].name]


def _row_bytes(output: OutputSchema) -> int:
    values = np.dtype(output.dtype).itemsize * math.prod(output.shape)
    parts = math.prod(output.parts) if output.parts else 0
    return values + _TIMES_MASK_AND_COVERAGE_BYTES + parts + (_TEXT_BYTES if output.has_text else 0)
