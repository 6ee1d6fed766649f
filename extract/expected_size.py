"""How large tracks will be, before anything is made: schemas and rates say so."""

from collections.abc import Mapping, Sequence

from ..media import MediaInfo
from ..track import TEXT, Field, Schema, numpy_dtype
from .base import SoundExtractor
from .plan import Plan, PlannedTrack

_SAMPLE_BYTES = 4
_TIMES_BYTES = 16
_TEXT_BYTES = 32
"""A short text and where HDF5 has it."""
_FILE_BYTES = 6_000
_FIELD_BYTES = 500
_COLUMN_BYTES = 40
"""What HDF5 takes for a file, a field and the name of a column; a clip of 3 s has more of this than of rows."""


def expected_rows(plan: Plan, info: MediaInfo) -> dict[str, float]:
    """Return about how many rows each track of a recording will have, by name."""
    rows: dict[str, float] = {}
    for track in plan.tracks:
        needed = [rows[name] for name in track.extractor.needed_tracks()]
        rows[track.name] = track.extractor.expected_rows(info, needed)
    return rows


def expected_bytes(tracks: Sequence[PlannedTrack], rows: Mapping[str, float]) -> float:
    """Return about how large the files of a recording's tracks will be.

    Parameters
    ----------
    tracks
        Which tracks.
    rows
        How many rows they are likely to have, by name.
    """
    return sum(_overhead(track.schema) + rows[track.name] * _row_bytes(track.schema) for track in tracks)


def expected_sound_bytes(tracks: Sequence[PlannedTrack], info: MediaInfo) -> float:
    """Return how much room a recording's decoded sound takes while tracks are made: float32, of every selection."""
    if info.audio_start_seconds is None:
        return 0.0
    extractors = [track.extractor for track in tracks]
    selections = {one.selection for one in extractors if isinstance(one, SoundExtractor)}
    return sum(info.duration_seconds * one.sample_rate * _SAMPLE_BYTES for one in selections)


def field_bytes(field: Field) -> int:
    """Return how much room one row of a field takes."""
    size = _TEXT_BYTES if field.dtype == TEXT else numpy_dtype(field.dtype).itemsize
    for length in field.shape:
        size *= length
    return size


def _row_bytes(schema: Schema) -> int:
    return _TIMES_BYTES + sum(field_bytes(field) for field in schema.values())


def _overhead(schema: Schema) -> int:
    columns = sum(len(field.columns) for field in schema.values())
    return _FILE_BYTES + _FIELD_BYTES * len(schema) + _COLUMN_BYTES * columns
