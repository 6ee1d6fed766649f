"""Memory for batches: fresh, or used again once nobody holds a batch any more."""

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class BatchMemory:
    """Memory for the values of batches: fresh arrays, of the type that the values have."""

    def array(self, output: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """Return an array of any content for values of an output that are of a type."""
        return np.empty(shape, dtype)

    def join(self, pieces: Sequence[NDArray[Any]], target: NDArray[Any]) -> None:
        """Copy arrays, one behind the other, into such an array that they fill."""
        np.concatenate(pieces, out=target)


class PooledMemory(BatchMemory):
    """Memory for the values of batches that is used again, see `BufferPool`, which every output has of its own."""

    def __init__(self, outputs: Iterable[str], allocate: Callable[[int], NDArray[np.uint8]], spare: int) -> None:
        self._pools = {name: BufferPool(allocate, spare) for name in outputs}

    def array(self, output: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """Return an array as `BatchMemory` does."""
        return self._pools[output].array(shape, dtype)


class BufferPool:
    """Gives out arrays in buffers that come back by themselves.

    An array that is given out, and every view of it, holds a lease on its buffer. When the last of them is gone, the
    buffer is used for the next array; as long as one is there, it is never touched. Fresh memory costs as much as the
    copy into it, because the system has to zero it and map it page by page.

    Parameters
    ----------
    allocate
        Returns a buffer of so many bytes.
    spare
        How many buffers wait at most; others are freed.
    """

    def __init__(self, allocate: Callable[[int], NDArray[np.uint8]], spare: int) -> None:
        self._allocate = allocate
        self._size = 0
        # Leases end in whatever thread drops the last view; a deque needs no lock.
        self._free: deque[NDArray[np.uint8]] = deque(maxlen=spare)

    def array(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """Return an array of any content."""
        size = math.prod(shape) * dtype.itemsize
        if not size:
            return np.empty(shape, dtype)
        if size > self._size:
            # Half as much again: batches grow little by little, and pages that are never touched take no memory.
            self._size = size + size // 2
        try:
            buffer = self._free.pop()
        except IndexError:
            buffer = self._allocate(self._size)
        if len(buffer) < size:
            buffer = self._allocate(self._size)
        return np.asarray(_Lease(buffer, self._free))[:size].view(dtype).reshape(shape)


def allocate(size: int) -> NDArray[np.uint8]:
    """Return a buffer of so many bytes."""
    return np.empty(size, np.uint8)


class _Lease:
    """What numpy keeps alive as long as an array or a view of it is there."""

    def __init__(self, buffer: NDArray[np.uint8], free: deque[NDArray[np.uint8]]) -> None:
        self.__array_interface__ = buffer.__array_interface__
        self._buffer = buffer
        self._free = free

    def __del__(self) -> None:
        self._free.append(self._buffer)
