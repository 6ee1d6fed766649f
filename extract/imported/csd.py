"""Features in a computational sequence of the CMU Multimodal SDK (.csd, an HDF5 file)."""

import difflib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import TrackError
from .rows import MAX_BYTES, ImportedRows


def read_csd(path: Path, entry: str) -> ImportedRows:
    """Read the rows of a recording: ``/<root>/data/<entry>/features (T, D)`` and ``intervals (T, 2)`` in seconds.

    The entries ``<entry>[0]``, ``<entry>[1]``, ..., into which the SDK's ``align`` parts a recording, are read as one.
    Columns have names where the metadata ``dimension names`` give one to each. Nothing is read from other files, to
    which HDF5 may link.

    Raises
    ------
    TrackError
        If the file is not of that form, holds no numbers, or not this recording.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            if len(file) != 1:
                raise TrackError(f"{path}: has {len(file)} groups; expected one computational sequence")
            root = _member(path, file, next(iter(file)), h5py.Group)
            data = _member(path, root, "data", h5py.Group)
            parts = [_part(path, _member(path, data, name, h5py.Group)) for name in _names(path, data, entry)]
            names = _column_names(root)
    except (OSError, RuntimeError, KeyError, ValueError) as error:  # what h5py raises where bytes are damaged
        raise TrackError(f"{path}: not a whole HDF5 file ({' '.join(str(error).split())})") from None
    widths = {values.shape[1] for values, _ in parts}
    if len(widths) > 1:
        raise TrackError(f"{path}: the parts of '{entry}' have {sorted(widths)} columns; expected as many in each")
    values = np.concatenate([values for values, _ in parts])
    columns = names if len(names) == values.shape[1] == len(set(names)) else ()
    return ImportedRows(times=np.concatenate([times for _, times in parts]), values=values, columns=columns)


def _names(path: Path, data: Any, entry: str) -> list[str]:
    """Return the entries of a recording."""
    if entry in data:
        return [entry]
    known = [name for name in data if isinstance(name, str)]  # bytes where one is not UTF-8
    numbered = re.compile(re.escape(entry) + r"\[(\d+)\]")
    parts = sorted((int(match[1]), name) for name in known if (match := numbered.fullmatch(name)))
    if parts:
        return [name for _, name in parts]
    near = difflib.get_close_matches(entry, known, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"it begins with {', '.join(known[:3]) or 'nothing'}"
    raise TrackError(f"{path}: none of its {len(known)} entries is '{entry}'; {hint}")


def _part(path: Path, entry: Any) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return values and times of an entry."""
    values, times = _numbers(path, entry, "features"), _numbers(path, entry, "intervals")
    if times.shape[1] != 2 or len(times) != len(values):
        raise TrackError(
            f"{path}: '{entry.name}' has features {values.shape} and intervals {times.shape}; "
            "expected as many rows, and two columns of times"
        )
    return values, times.astype(np.float64)


def _member(path: Path, group: Any, name: str, kind: type) -> Any:
    """Return a group or dataset that lies in the file itself."""
    import h5py

    if not isinstance(group.get(name, getlink=True), h5py.HardLink) or not isinstance(member := group[name], kind):
        raise TrackError(
            f"{path}: '{group.name}' has no {kind.__name__.lower()} '{name}' of its own; "
            "expected a computational sequence"
        )
    return member


def _numbers(path: Path, entry: Any, name: str) -> NDArray[Any]:
    import h5py

    dataset = _member(path, entry, name, h5py.Dataset)
    if dataset.dtype.kind not in "fiub" or dataset.ndim != 2:
        raise TrackError(
            f"{path}: '{dataset.name}' is {dataset.dtype} of shape {dataset.shape}; expected rows of numbers"
        )
    if dataset.nbytes > MAX_BYTES or dataset.external or dataset.is_virtual:
        raise TrackError(f"{path}: '{dataset.name}' is not in the file, or larger than {MAX_BYTES >> 30} GiB")
    if dataset.size and not dataset.id.get_storage_size():  # HDF5 makes up what was never written
        raise TrackError(f"{path}: '{dataset.name}' has a shape {dataset.shape} and no data; expected a whole file")
    return np.asarray(dataset[()])


def _column_names(root: Any) -> tuple[str, ...]:
    """Return what the metadata call the columns; nothing where they do not say it in JSON."""
    import h5py

    try:
        metadata = root.get("metadata", getlink=True)
        names = json.loads(root["metadata/dimension names"].asstr()[0]) if isinstance(metadata, h5py.HardLink) else ()
    except (KeyError, ValueError, TypeError, AttributeError, OSError, RecursionError):
        return ()
    return tuple(names) if isinstance(names, list) and all(isinstance(name, str) for name in names) else ()
