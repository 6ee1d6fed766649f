"""Features in a computational sequence of the CMU Multimodal SDK (.csd, an HDF5 file)."""

import difflib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import TrackError
from ...media.csd import CsdFile, open_csd, recording_and_part
from .rows import MAX_BYTES, ImportedRows, check_order


def read_csd(path: Path, entry: str) -> ImportedRows:
    """Read the rows of a recording: ``/<root>/data/<entry>/features (T, D)`` and ``intervals (T, 2)`` in seconds.

    The entries ``<entry>[0]``, ``<entry>[1]``, ..., into which the SDK's ``align`` parts a recording, are read as one:
    each has its rows in order, and as segments may overlap, those of all are brought into one order.
    Columns have names where the metadata ``dimension names`` give one to each. Nothing is read from other files, to
    which HDF5 may link.

    Raises
    ------
    TrackError
        If the file is not of that form, holds no numbers, or not this recording.
    """
    with open_csd(path, TrackError, MAX_BYTES) as file:
        names = _parts(path, file.entries(), entry)
        if sum(file.dataset(name, "features").nbytes for name in names) > MAX_BYTES:
            raise TrackError(f"{path}: the parts of '{entry}' are together larger than {MAX_BYTES >> 30} GiB")
        parts = [_part(path, file, name) for name in names]
        columns = _column_names(file)
    widths = {values.shape[1] for values, _ in parts}
    if len(widths) > 1:
        raise TrackError(f"{path}: the parts of '{entry}' have {sorted(widths)} columns; expected as many in each")
    values = np.concatenate([values for values, _ in parts])
    times = np.concatenate([times for _, times in parts])
    order = np.lexsort((times[:, 1], times[:, 0])) if len(parts) > 1 else slice(None)
    return ImportedRows(
        times=times[order],
        values=values[order],
        columns=columns if len(columns) == values.shape[1] == len(set(columns)) else (),
    )


def _parts(path: Path, names: list[str], entry: str) -> list[str]:
    """Return the entries of a recording."""
    if entry in names:
        return [entry]
    parts = [(part, name) for name in names for recording, part in [recording_and_part(name)] if recording == entry]
    if parts:
        return [name for _, name in sorted(parts)]
    near = difflib.get_close_matches(entry, names, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"it begins with {', '.join(names[:3]) or 'nothing'}"
    raise TrackError(f"{path}: none of its {len(names)} entries is '{entry}'; {hint}")


def _part(path: Path, file: CsdFile, name: str) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return values and times of an entry."""
    values, times = file.rows(name, "features"), file.rows(name, "intervals")
    if times.shape[1] != 2 or len(times) != len(values):
        raise TrackError(
            f"{path}: '{name}' has features {values.shape} and intervals {times.shape}; "
            "expected as many rows, and two columns of times"
        )
    check_order(f"{path}: '{name}'", times.astype(np.float64))
    return values, times.astype(np.float64)


def _column_names(file: CsdFile) -> tuple[str, ...]:
    """Return what the metadata call the columns; nothing where they do not say it in JSON."""
    try:
        names = json.loads(file.metadata("dimension names").asstr()[0])
    except (TrackError, KeyError, ValueError, TypeError, AttributeError, OSError, RecursionError):
        return ()
    return tuple(names) if isinstance(names, list) and all(isinstance(name, str) for name in names) else ()
