"""Memory for batches that is used again once nobody holds a batch any more."""

import math
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray


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
        # Leases end in whatever thread drops the last view; a deque needs no lock.
        self._free: deque[NDArray[np.uint8]] = deque(maxlen=spare)

    def array(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """Return an array of any content."""
        size = math.prod(shape) * dtype.itemsize
        if not size:
            return np.empty(shape, dtype)
        try:
            buffer = self._free.pop()
        except IndexError:
            buffer = self._allocate(size)
        if len(buffer) < size:
            buffer = self._allocate(size)
        lease = _Lease(buffer)
        weakref.finalize(lease, self._free.append, buffer).atexit = False
        return np.asarray(lease)[:size].view(dtype).reshape(shape)


class _Lease:
    """What numpy keeps alive as long as an array or a view of it is there."""

    def __init__(self, buffer: NDArray[np.uint8]) -> None:
        self.__array_interface__ = buffer.__array_interface__
