"""Annotations: what raters said of a recording in the course of time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import CorpusError, did_you_mean
from .annotation_rows import Rows, arff_rows, csv_rows, frame_rows, keyed_rows

_TIME = ("time", "frametime", "start")
_NO_RATER = ("name", "instance_name", "frame")
"""Columns that say which row it is, even where they hold numbers."""
_MISSING = ("", "?", "nan")
_LONGEST_STEP = 1.5
"""Median steps that a row may stand until the next one."""


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """Where the ratings of a recording lie, and how to read them."""

    name: str
    """What recipes call it."""
    path: Path
    """A file in one of the formats of `read_annotation`."""
    rows_per_second: float | None = None
    """Rate of rows that have a number instead of a time: number n is at ``n / rate``."""
    recording: str = ""
    """In a file of several recordings, whose times are written ``<recording>_<seconds>``: which one is meant."""
    columns: tuple[str, ...] = ()
    """The columns that count, where it is known which are raters; empty: all."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ratings:
    """An annotation as it is in its file."""

    path: Path
    places: Sequence[str]
    """T texts that say where in the file each row stands: ``line 3``."""
    times: NDArray[np.float64]
    """Shape (T, 2): intervals in seconds on the recording's clock, starts rising."""
    raters: tuple[str, ...]
    """Names of the columns of numbers: people, or dimensions."""
    values: NDArray[np.float64]
    """Shape (T, raters): NaN where the file has no value."""


def read_annotation(annotation: Annotation) -> Ratings:
    """Read an annotation: a table (CSV), ARFF (suffix ``.arff``), or the JSON of AFEW-VA (``.json``).

    A row has a time in seconds in the column ``time``, ``frameTime`` or ``start``, whatever their case. Where there is
    a column ``end``, too, the row is ``[start, end)``; else it stands until the next one, but for the median step where
    that comes later than 1.5 median steps, or never. Every other column with a number in it is a rater, except
    ``name``, ``Instance_name`` and ``frame``. An empty cell, ``?`` and ``nan`` mean that there is no value.

    Raises
    ------
    CorpusError
        Names the file and the line of the first thing that is wrong.
    """
    path = annotation.path
    header, rows = _rows(annotation)
    if not rows:
        whose = f" of '{annotation.recording}'" if annotation.recording else ""
        raise CorpusError(f"{path}: has no rows{whose}; expected one for every time")
    names = [name.lower() for name in header]
    if repeated := [name for number, name in enumerate(names) if name and name in names[:number]]:
        raise CorpusError(f"{path}: two columns are called '{repeated[0]}'; expected a name of its own for each")
    start = next((names.index(name) for name in _TIME if name in names), None)
    if start is None:
        raise CorpusError(f"{path}: has no column of times (found: {', '.join(header)}); expected 'time' or 'start'")
    end = names.index("end") if names[start] == "start" and "end" in names else None
    raters = {
        header[column]: values
        for column, name in enumerate(names)
        if column not in (start, end)
        and name not in _NO_RATER
        and header[column] in (annotation.columns or header)
        and not np.isnan(values := _numbers(path, rows, column, header[column])).all()
    }
    if lacking := [name for name in annotation.columns if name not in raters]:
        raise CorpusError(f"{path}: has no column of numbers '{lacking[0]}'; {did_you_mean(lacking[0], header)}")
    if not raters:
        raise CorpusError(f"{path}: has no column of numbers beside the times (found: {', '.join(header)})")
    places = [place for place, _ in rows]
    return Ratings(
        path=path,
        places=places,
        times=_times(
            path, places, *(_numbers(path, rows, one, header[one]) for one in (start, end) if one is not None)
        ),
        raters=tuple(raters),
        values=np.stack(list(raters.values()), axis=1),
    )


def is_place(column: str) -> bool:
    """Whether a column says which row it is and when it is, and not what was rated."""
    return column.lower() in (*_TIME, *_NO_RATER, "end")


def _rows(annotation: Annotation) -> tuple[list[str], Rows]:
    suffix = annotation.path.suffix.lower()
    if suffix == ".json":
        return frame_rows(annotation.path, annotation.rows_per_second)
    if suffix == ".arff":
        return arff_rows(annotation.path)
    return keyed_rows(annotation.path, annotation.recording) if annotation.recording else csv_rows(annotation.path)


def _numbers(path: Path, rows: Rows, column: int, name: str) -> NDArray[np.float64]:
    """Return the numbers of a column, NaN where there is none; all are NaN in a column of text."""
    numbers = np.full(len(rows), np.nan)
    text = None
    for row, (place, cells) in enumerate(rows):
        cell = cells[column]
        if cell.lower() in _MISSING:
            continue
        try:
            numbers[row] = float(cell)
        except ValueError:
            text = text or (place, cell)
        if math.isinf(numbers[row]):
            raise CorpusError(f"{path}, {place}: '{name}' is '{cell}'; expected a finite number")
    if text is not None and not np.isnan(numbers).all():
        raise CorpusError(
            f"{path}, {text[0]}: '{name}' is '{text[1][:40]}'; expected a number, or '?' where there is none"
        )
    return numbers


def _times(
    path: Path, places: Sequence[str], starts: NDArray[np.float64], ends: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return the intervals of the rows, shape (T, 2)."""
    missing = np.isnan(starts) if ends is None else np.isnan(starts) | np.isnan(ends)
    if missing.any():
        raise CorpusError(f"{path}, {places[int(np.argmax(missing))]}: has no time; expected seconds")
    steps = np.diff(starts)
    if (steps <= 0).any():
        row = int(np.argmax(steps <= 0)) + 1
        raise CorpusError(
            f"{path}, {places[row]}: at {starts[row]:g} s, behind a row at {starts[row - 1]:g} s; expected rising times"
        )
    if ends is None:
        if len(starts) == 1:
            raise CorpusError(f"{path}, {places[0]}: is the only row; expected at least two, or a column 'end'")
        step = np.median(steps)
        ends = np.append(starts[1:], starts[-1] + step)
        ends[:-1] = np.where(steps > _LONGEST_STEP * step, starts[:-1] + step, ends[:-1])
    if (ends <= starts).any():
        row = int(np.argmax(ends <= starts))
        raise CorpusError(f"{path}, {places[row]}: ends at {ends[row]:g} s, not after its start at {starts[row]:g} s")
    return np.stack([starts, ends], axis=1)
