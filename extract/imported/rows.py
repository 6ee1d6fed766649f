"""What all files of features come down to: rows of numbers with times."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import TrackError

MAX_BYTES = 2 * 2**30
"""More than that is not read of one recording: 768 columns of float32 at 100 Hz for 115 minutes."""
_LONGEST_STEP = 1.5
"""Median steps that a row may stand until the next one."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ImportedRows:
    """The rows of one recording as they are in its file."""

    times: NDArray[np.float64]
    """Shape (T, 2): intervals in seconds."""
    values: NDArray[Any]
    """Shape (T, columns): numbers, of which some may not be finite."""
    columns: tuple[str, ...]
    """Names of the columns; empty where the file has none."""


def until_next(starts: NDArray[np.float64], duration_seconds: float) -> NDArray[np.float64]:
    """Return the ends of rows of which only the start is known.

    A row stands until the next one, but for the median step where that comes later than 1.5 median steps, or never. A
    single row stands until the end of the recording.

    Parameters
    ----------
    starts
        Shape (T,), in seconds, in any order.
    duration_seconds
        How long the recording lasts.
    """
    ordered = np.unique(starts)
    if len(ordered) < 2:
        return np.full(len(starts), duration_seconds)
    steps = np.diff(ordered)
    step = np.median(steps)
    ends = np.append(np.where(steps > _LONGEST_STEP * step, ordered[:-1] + step, ordered[1:]), ordered[-1] + step)
    return np.asarray(ends[np.searchsorted(ordered, starts)], np.float64)


def check_order(where: str, times: NDArray[np.float64]) -> None:
    """Check that every row starts after the one before it, or with it and ends later.

    Raises
    ------
    TrackError
        If one does not: its time, or that of the row before it, is wrong.
    """
    steps = np.diff(times, axis=0)
    wrong = (steps[:, 0] < 0) | ((steps[:, 0] == 0) & (steps[:, 1] <= 0))
    if wrong.any():
        row = int(np.argmax(wrong)) + 1
        found, before = (f"[{start:g}, {end:g})" for start, end in times[[row, row - 1]])
        raise TrackError(f"{where}: row {row} {found} follows row {row - 1} {before}; expected the order of time")


def check_times(path: Path, rows: ImportedRows, duration_seconds: float) -> None:
    """Check that rows can be those of a recording.

    Raises
    ------
    TrackError
        If a time is not finite, a row ends before it starts, or one lasts until more than 1 s and 1 % after the end of
        the recording: then their clock, or their recording, is another.
    """
    times = rows.times
    limit = duration_seconds * 1.01 + 1.0
    problems = {
        "a time that is not finite; expected seconds": ~np.isfinite(times).all(axis=1),
        "an end before its start; expected [start, end)": times[:, 1] < times[:, 0],
        f"an end after {limit:.2f} s, and the recording lasts {duration_seconds:.2f} s; "
        "expected times on its clock": times[:, 1] > limit,
    }
    for problem, wrong in problems.items():
        if wrong.any():
            row = int(np.argmax(wrong))
            raise TrackError(f"{path}: row {row} [{times[row, 0]:g}, {times[row, 1]:g}) has {problem}")
