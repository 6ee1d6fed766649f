"""Tracks: the time-stamped sequences that extractors make and alignment reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .errors import TrackError

TEXT = "text"
"""The dtype name of a field of strings."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """What one field of a track holds, known before anything is decoded."""

    dtype: str = "float32"
    """A numpy dtype name, or ``text``."""
    shape: tuple[int, ...] = ()
    """Shape of one row."""
    columns: tuple[str, ...] = ()
    """Names along the last axis of a row; empty where they have none."""
    unit: str = ""
    """Unit of the values, empty where they have none."""

    def __post_init__(self) -> None:
        if self.columns and (not self.shape or len(self.columns) != self.shape[-1]):
            raise TrackError(f"a field with rows of shape {self.shape} cannot have {len(self.columns)} column names")

    def empty(self, rows: int = 0) -> NDArray[np.generic]:
        """Return an array for ``rows`` rows of this field."""
        return np.zeros((rows, *self.shape), numpy_dtype(self.dtype))


Schema = Mapping[str, Field]
"""The fields of a track by name; a feature has the one field ``values``."""


def numpy_dtype(name: str) -> np.dtype[np.generic]:
    """Return the numpy dtype of a `Field.dtype` name."""
    return np.dtypes.StringDType() if name == TEXT else np.dtype(name)


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A stretch ``[start_seconds, end_seconds)`` with nothing to observe, and why."""

    start_seconds: float
    end_seconds: float
    reason: str


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Track:
    """A time-stamped sequence of one recording.

    Raises
    ------
    TrackError
        If times or fields break the rules below.
    """

    schema: Schema
    """Field descriptions by name."""
    times: NDArray[np.float64]
    """Shape (T, 2): intervals ``[start, end)`` in seconds on the recording's clock, finite, starts in order."""
    fields: Mapping[str, NDArray[np.generic]]
    """One array of T rows for every field of the schema; numbers are finite."""
    gaps: tuple[Gap, ...] = field(default=())
    """Stretches that could not be observed for a known reason."""

    def __post_init__(self) -> None:
        _check_times(self.times)
        if set(self.fields) != set(self.schema):
            raise TrackError(f"track has the fields {sorted(self.fields)}, its schema has {sorted(self.schema)}")
        for name, description in self.schema.items():
            _check_field(name, description, self.fields[name], len(self.times))

    def __len__(self) -> int:
        return len(self.times)

    def __repr__(self) -> str:
        fields = ", ".join(f"{name} {array.dtype}{list(array.shape[1:])}" for name, array in self.fields.items())
        span = f" in [{self.times[0, 0]:.3f}, {self.times[:, 1].max():.3f}) s" if len(self) else ""
        return f"Track({len(self)} rows{span}: {fields}; {len(self.gaps)} gaps)"

    @property
    def values(self) -> NDArray[np.generic]:
        """The rows of a feature track, shape (T, ...)."""
        return self.fields["values"]

    def rows(self, index: NDArray[np.bool_] | NDArray[np.intp] | slice) -> "Track":
        """Return the track of the selected rows, with the same gaps."""
        fields = {name: array[index] for name, array in self.fields.items()}
        return Track(schema=self.schema, times=self.times[index], fields=fields, gaps=self.gaps)


def empty_track(schema: Schema, gaps: Sequence[Gap] = ()) -> Track:
    """Return a track without rows: nothing was observed, for the reasons that ``gaps`` give."""
    fields = {name: description.empty() for name, description in schema.items()}
    return Track(schema=schema, times=np.zeros((0, 2)), fields=fields, gaps=tuple(gaps))


def concatenate(schema: Schema, pieces: Sequence[Track]) -> Track:
    """Join consecutive pieces of one track."""
    if not pieces:
        return empty_track(schema)
    return Track(
        schema=schema,
        times=np.concatenate([piece.times for piece in pieces]),
        fields={name: np.concatenate([piece.fields[name] for piece in pieces]) for name in schema},
        gaps=tuple(gap for piece in pieces for gap in piece.gaps),
    )


def _check_times(times: NDArray[np.float64]) -> None:
    if times.dtype != np.float64 or times.ndim != 2 or times.shape[1] != 2:
        raise TrackError(f"times must be float64 of shape (T, 2), found {times.dtype} of shape {times.shape}")
    if not np.isfinite(times).all():
        raise TrackError(f"row {int(np.argmin(np.isfinite(times).all(axis=1)))} has a time that is not finite")
    if (reversed_rows := times[:, 1] < times[:, 0]).any():
        row = int(np.argmax(reversed_rows))
        raise TrackError(f"row {row} ends before it starts: [{times[row, 0]}, {times[row, 1]})")
    if (out_of_order := np.diff(times[:, 0]) < 0).any():
        row = int(np.argmax(out_of_order)) + 1
        raise TrackError(f"row {row} starts at {times[row, 0]} s, before the row above it at {times[row - 1, 0]} s")


def _check_field(name: str, description: Field, array: NDArray[np.generic], rows: int) -> None:
    expected = (rows, *description.shape)
    if array.shape != expected or array.dtype != numpy_dtype(description.dtype):
        raise TrackError(f"field '{name}' must be {description.dtype} {expected}, found {array.dtype} {array.shape}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        bad = ~np.isfinite(array.reshape(rows, -1)).all(axis=1)
        raise TrackError(f"field '{name}' has a value that is not finite in row {int(np.argmax(bad))}")
