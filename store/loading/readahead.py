"""Asking the system to read rows of a mapped file before they are copied."""

import mmap
import resource
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray


def major_faults() -> int:
    """Return how often this thread has waited for a page from the disk."""
    who = getattr(resource, "RUSAGE_THREAD", resource.RUSAGE_SELF)
    return resource.getrusage(who).ru_majflt


def read_ahead(arrays: Iterable[NDArray[Any]]) -> None:
    """Ask for the pages of arrays that are views of mapped files, without waiting for them.

    A copy out of a map waits at every 128 KiB or so; asked for together, rows come as fast as the disk gives them.
    """
    for array in arrays:
        base: Any = array
        while isinstance(base, np.ndarray):
            whole, base = base, base.base
        if isinstance(base, mmap.mmap) and array.nbytes:
            start = array.ctypes.data - whole.ctypes.data
            page = start - start % mmap.PAGESIZE
            base.madvise(mmap.MADV_WILLNEED, page, start + array.nbytes - page)
