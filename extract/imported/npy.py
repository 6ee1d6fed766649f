"""Features in an array of NumPy (.npy)."""

from pathlib import Path

import numpy as np

from ...errors import TrackError
from .rows import MAX_BYTES, ImportedRows


def read_npy(path: Path, rows_per_second: float, start_seconds: float) -> ImportedRows:
    """Read an array of shape (T, D), or (T,); row k is ``[start + k / rate, start + (k + 1) / rate)``.

    Nothing in the file is run: arrays of objects are refused.

    Raises
    ------
    TrackError
        If it is no such array.
    """
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, OverflowError, MemoryError, SyntaxError) as error:
        reason = " ".join(str(error).split())[:120]
        raise TrackError(f"{path}: not a whole array of numbers in NumPy's format ({reason})") from None
    if not isinstance(values, np.ndarray):
        values.close()
        raise TrackError(f"{path}: holds several arrays; expected one, as numpy.save writes it")
    if values.dtype.kind not in "fiub" or values.ndim not in (1, 2):
        raise TrackError(f"{path}: is {values.dtype} of shape {values.shape}; expected rows of numbers")
    if values.nbytes > MAX_BYTES:
        raise TrackError(f"{path}: {values.nbytes / 2**30:.1f} GiB; expected at most {MAX_BYTES >> 30} GiB")
    edges = start_seconds + np.arange(len(values) + 1) / rows_per_second
    return ImportedRows(
        times=np.stack([edges[:-1], edges[1:]], axis=1), values=values.reshape(len(values), -1), columns=()
    )
