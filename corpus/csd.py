"""What layouts read of computational sequences of the CMU Multimodal SDK (.csd, HDF5 files): entries, ends, labels."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CorpusError

_MAX_BYTES = 64 * 2**20
"""More labels than that no recording has."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CsdLabels:
    """The labels of one recording."""

    times: NDArray[np.float64]
    """Shape (n, 2): intervals in seconds on the recording's clock, in the order of the file."""
    values: NDArray[np.float64]
    """Shape (n, labels)."""


def csd_labels(path: Path, count: int) -> dict[str, CsdLabels]:
    """Read a sequence of labels: ``/<root>/data/<recording>/features (n, labels)`` and ``intervals (n, 2)``.

    Parameters
    ----------
    path
        The file.
    count
        How many labels every row has.

    Raises
    ------
    CorpusError
        If the file is no such sequence, or not whole; names the recording.
    """
    with _data(path) as data:
        found = {name: _labels(path, _group(path, data, name)) for name in _names(path, data)}
    for name, labels in found.items():
        if labels.values.shape != (len(labels.times), count) or labels.times.shape[1:] != (2,):
            raise CorpusError(
                f"{path}: '{name}' has features {labels.values.shape} and intervals {labels.times.shape}; "
                f"expected (n, {count}) and (n, 2)"
            )
    return found


def csd_ends(path: Path) -> dict[str, float]:
    """Return the end of the last row of every recording of a sequence in seconds; 0 where it has no rows.

    Rows stand in order in published files, and only their last one is read.

    Raises
    ------
    CorpusError
        If the file is no computational sequence, or not whole.
    """
    ends: dict[str, float] = {}
    with _data(path) as data:
        for name in _names(path, data):
            intervals = _array(path, _group(path, data, name), "intervals")
            last = float(intervals[-1, 1]) if len(intervals) and intervals.ndim == 2 else 0.0
            recording = name.partition("[")[0]  # the SDK's `align` parts recordings into vid[0], vid[1], ...
            ends[recording] = max(ends.get(recording, 0.0), last if np.isfinite(last) else 0.0)
    return ends


@contextmanager
def _data(path: Path) -> Iterator[Any]:
    """Give the group whose members are the recordings."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            if len(file) != 1:
                raise CorpusError(f"{path}: has {len(file)} groups; expected one computational sequence")
            yield _group(path, _group(path, file, next(iter(file))), "data")
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, IndexError) as error:  # damaged bytes
        raise CorpusError(f"{path}: not a whole computational sequence ({' '.join(str(error).split())})") from None


def _names(path: Path, data: Any) -> list[str]:
    names = list(data)
    for name in names:
        if not isinstance(name, str) or "\0" in name or not name.strip():
            raise CorpusError(f"{path}: has an entry {name!r}; expected names of recordings")
    return names


def _group(path: Path, parent: Any, name: str) -> Any:
    """Return a group that lies in the file itself: links are not followed."""
    import h5py

    if not isinstance(parent.get(name, getlink=True), h5py.HardLink) or not isinstance(parent[name], h5py.Group):
        raise CorpusError(f"{path}: '{parent.name}' has no group '{name}'; expected a computational sequence")
    return parent[name]


def _array(path: Path, parent: Any, name: str) -> Any:
    """Return a dataset whose data lie in the file itself."""
    import h5py

    found = parent[name] if isinstance(parent.get(name, getlink=True), h5py.HardLink) else None
    if not isinstance(found, h5py.Dataset) or found.external or found.is_virtual:
        raise CorpusError(f"{path}: '{parent.name}' has no dataset '{name}'; expected a computational sequence")
    return found


def _labels(path: Path, entry: Any) -> CsdLabels:
    values, times = (_array(path, entry, name) for name in ("features", "intervals"))
    for dataset in (values, times):
        if dataset.dtype.kind not in "fiu" or dataset.ndim != 2 or dataset.nbytes > _MAX_BYTES:
            raise CorpusError(
                f"{path}: '{dataset.name}' is {dataset.dtype} of shape {dataset.shape}; expected rows of numbers"
            )
    return CsdLabels(times=times[()].astype(np.float64), values=values[()].astype(np.float64))
