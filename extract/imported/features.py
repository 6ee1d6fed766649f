"""Features of others as tracks, from the formats in which they are published."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ...corpus import FeatureFile
from ...errors import ParameterError, TrackError, did_you_mean
from ...media import MediaInfo
from ...track import Field, Gap, Schema, Track
from ..base import FeatureExtractor
from .csd import read_csd
from .npy import read_npy
from .rows import ImportedRows, check_times
from .tables import read_arff, read_csv

_SUFFIXES = (".csd", ".csv", ".arff", ".npy")


@dataclass(frozen=True, kw_only=True)
class Imported(FeatureExtractor):
    """Features that are in a file: ``.csd`` (CMU Multimodal SDK), ``.csv`` or ``.arff`` (openSMILE), ``.npy``.

    Times are what the file says, on the recording's clock, and in order. Rows with a value that is not finite are gaps,
    and so is what no row covers.

    Raises
    ------
    ParameterError
        If a parameter is outside its range, or not one of ``columns`` and ``dimensions`` is given.
    """

    name: ClassVar[str] = "imported"
    packages: ClassVar[tuple[str, ...]] = ("pandas",)

    columns: tuple[str, ...] = ()
    """The columns to take, by name; where the file has no names, what all its columns are called."""
    dimensions: int | None = None
    """Instead of ``columns``: how many columns the file has. All are taken, without names."""
    rows_per_second: float | None = None
    """Rate of the rows of ``.npy``, which has no times; the others have their own."""
    start_seconds: float = 0.0
    """Where the first row of ``.npy`` begins."""
    dtype: Literal["float32", "float64"] = "float32"
    """Type of the values."""
    unit: str = ""
    """Unit of the values."""

    def __post_init__(self) -> None:
        if bool(self.columns) == (self.dimensions is not None):
            found = "both" if self.columns else "neither"
            raise ParameterError(f"expected either 'columns' or 'dimensions', found {found}")
        if self.dimensions is not None and self.dimensions < 1:
            raise ParameterError(f"dimensions must be at least 1, found {self.dimensions}")
        if len(set(self.columns)) < len(self.columns):
            raise ParameterError(f"columns must differ from each other, found {', '.join(self.columns)}")
        if self.rows_per_second is not None and not 0 < self.rows_per_second < math.inf:
            raise ParameterError(f"rows_per_second must be more than 0, found {self.rows_per_second}")
        if not math.isfinite(self.start_seconds):
            raise ParameterError(f"start_seconds must be finite, found {self.start_seconds}")

    def expected_rows(self, info: MediaInfo, needed: Sequence[float]) -> float:
        """Return the number by the rate, where it is given."""
        given = self.rows_per_second
        return super().expected_rows(info, needed) if given is None else info.duration_seconds * given

    @property
    def schema(self) -> Schema:
        """``values``: the columns that are taken."""
        width = len(self.columns) or self.dimensions or 0
        return {"values": Field(dtype=self.dtype, shape=(width,), columns=self.columns, unit=self.unit)}

    def extract(
        self, file: FeatureFile, duration_seconds: float, frame_times: Callable[[], NDArray[np.float64]]
    ) -> Track:
        """Read the file.

        Raises
        ------
        TrackError
            If it is of another format, damaged, lacks a column or the recording, or has times that are not in order, or
            on another clock.
        """
        rows = self._read(file, duration_seconds)
        check_times(file.path, rows, duration_seconds)
        with np.errstate(over="ignore"):  # what float32 cannot hold is not finite, and a gap
            values = np.asarray(rows.values[:, self._selected(file, rows)], self.dtype)
        finite = np.isfinite(values).all(axis=1)
        gaps = [*_holes(rows.times, duration_seconds), *_not_finite(rows.times, finite)]
        return Track(
            schema=self.schema,
            times=rows.times[finite],
            fields={"values": values[finite]},
            gaps=tuple(sorted(gaps, key=lambda gap: gap.start_seconds)),
        )

    def _read(self, file: FeatureFile, duration_seconds: float) -> ImportedRows:
        suffix = file.path.suffix.lower()
        if suffix not in _SUFFIXES:
            raise TrackError(f"{file.path}: features in '{suffix}' are not known; expected {', '.join(_SUFFIXES)}")
        if (suffix == ".npy") != (self.rows_per_second is not None):
            found = "has no times" if suffix == ".npy" else "has times of its own"
            verb = "give" if suffix == ".npy" else "leave out"
            raise TrackError(f"{file.path}: {found}; {verb} rows_per_second")
        if self.rows_per_second is not None:
            return read_npy(file.path, self.rows_per_second, self.start_seconds)
        if suffix == ".csd":
            return read_csd(file.path, file.entry)
        return (read_arff if suffix == ".arff" else read_csv)(file.path, duration_seconds)

    def _selected(self, file: FeatureFile, rows: ImportedRows) -> slice | list[int]:
        """Return which columns of the file are taken."""
        width = rows.values.shape[1]
        if self.columns and rows.columns:
            for column in self.columns:
                if column not in rows.columns:
                    hint = did_you_mean(column, rows.columns)
                    raise TrackError(f"{file.path}: has no column of numbers '{column}'; {hint[:200]}")
            return [rows.columns.index(column) for column in self.columns]
        expected = len(self.columns) or self.dimensions
        if width != expected:
            raise TrackError(f"{file.path}: has {width} columns of numbers; expected {expected}")
        return slice(None)


def _holes(times: NDArray[np.float64], duration_seconds: float) -> list[Gap]:
    """Return the stretches that no row covers, but for those shorter than half a row: files print times rounded."""
    starts = np.minimum(np.append(times[:, 0], duration_seconds), duration_seconds)
    ends = np.maximum(np.insert(np.maximum.accumulate(times[:, 1]), 0, 0.0), 0.0)
    least = np.median(times[:, 1] - times[:, 0]) / 2 if len(times) else 0.0
    return [
        Gap(start_seconds=float(ends[row]), end_seconds=float(starts[row]), reason="the file has no row")
        for row in np.flatnonzero(starts - ends > least)
    ]


def _not_finite(times: NDArray[np.float64], finite: NDArray[np.bool_]) -> list[Gap]:
    """Return a gap for every run of rows that are not finite; it says how many they are."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], ~finite, [False]])))
    return [
        Gap(
            start_seconds=float(times[first, 0]),
            end_seconds=float(times[first:last, 1].max()),
            reason=f"{last - first} rows are not finite",
        )
        for first, last in zip(edges[::2], edges[1::2], strict=True)
    ]
