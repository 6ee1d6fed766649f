"""What layouts read of computational sequences of the CMU Multimodal SDK (.csd, HDF5 files): entries, ends, labels."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import CorpusError
from ..media.csd import CsdFile, open_csd, recording_and_part


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
    with open_csd(path, CorpusError) as file:
        found = {name: _labels(file, name) for name in file.entries()}
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
    with open_csd(path, CorpusError) as file:
        for name in file.entries():
            row = file.last_row(name, "intervals")
            last = float(row[-1, 1]) if len(row) and row.ndim == 2 else 0.0
            recording, _ = recording_and_part(name)
            ends[recording] = max(ends.get(recording, 0.0), last if np.isfinite(last) else 0.0)
    return ends


def _labels(file: CsdFile, name: str) -> CsdLabels:
    values, times = file.rows(name, "features"), file.rows(name, "intervals")
    return CsdLabels(times=times.astype(np.float64), values=values.astype(np.float64))
