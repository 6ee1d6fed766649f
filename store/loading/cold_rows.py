"""Reading rows from their file where the page cache does not have them: a copy out of a map would wait page by page."""

import os
import resource
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import StoreError
from .buffers import BatchMemory


def major_faults() -> int:
    """Return how often this thread has waited for a page from the disk."""
    who = getattr(resource, "RUSAGE_THREAD", resource.RUSAGE_SELF)
    return resource.getrusage(who).ru_majflt


class ColdMemory(BatchMemory):
    """Memory of another kind, into which rows that are views of mapped files are read from these; a context.

    Asked for together, rows come as fast as the disk gives them; and other threads go on meanwhile, which they do not
    while one waits for a page of a map with Python's lock.

    Parameters
    ----------
    memory
        Where the values go; it copies what cannot be read as it is, as halves that become single precision.
    """

    def __init__(self, memory: BatchMemory) -> None:
        self._memory = memory
        self._files: dict[str, int] = {}
        self._stack = ExitStack()

    def array(self, output: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """Return an array as `BatchMemory` does."""
        return self._memory.array(output, shape, dtype)

    def ask_for(self, arrays: Iterable[NDArray[Any]]) -> None:
        """Let the system begin to read arrays, without waiting for them."""
        if not hasattr(os, "posix_fadvise"):  # macOS
            return
        for array in arrays:
            if (place := _place(array)) is not None:
                file, offset = place
                os.posix_fadvise(self._descriptor(file), offset, array.nbytes, os.POSIX_FADV_WILLNEED)

    def join(self, pieces: Sequence[NDArray[Any]], target: NDArray[Any]) -> None:
        """Put arrays, one behind the other, into such an array that they fill.

        Raises
        ------
        StoreError
            If a file is shorter than it was.
        """
        if pieces[0].dtype != target.dtype:
            self._memory.join(pieces, target)
            return
        first = 0
        for piece in pieces:
            last = first + len(piece)
            place = _place(piece)
            if place is None:
                target[first:last] = piece
            else:
                self._read(*place, target[first:last])
            first = last

    def __enter__(self) -> "ColdMemory":
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def _read(self, file: str, offset: int, target: NDArray[Any]) -> None:
        left = target.view(np.uint8).reshape(-1).data
        while len(left):
            count = os.preadv(self._descriptor(file), [left], offset)
            if not count:
                raise StoreError(f"{file}: ends before its rows do, which it did not when it was opened")
            left, offset = left[count:], offset + count

    def _descriptor(self, file: str) -> int:
        if file not in self._files:
            self._files[file] = os.open(file, os.O_RDONLY)
            self._stack.callback(os.close, self._files[file])
        return self._files[file]


def _place(array: NDArray[Any]) -> tuple[str, int] | None:
    """Return the file that an array is a view of, and where in it it begins; None for any other array."""
    whole: Any = array
    while isinstance(whole, np.ndarray) and not _is_map(whole):
        whole = whole.base
    if whole is None or not (array.nbytes and array.flags.c_contiguous):
        return None
    return str(whole.filename), array.ctypes.data - whole.ctypes.data


def _is_map(array: NDArray[Any]) -> bool:
    """Return whether an array is a mapped file itself, and no view of one."""
    return isinstance(array, np.memmap) and not isinstance(array.base, np.ndarray | None)
