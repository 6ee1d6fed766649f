"""Batches copied straight from the memory map into buffers that are used again, by threads that work ahead."""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .buffers import BatchMemory, PooledMemory, allocate
from .cold_rows import ColdMemory, major_faults
from .counts import check_count
from .epochs import EpochBatches, Epochs, Resumable
from .order import BatchOrder
from .padding import Padding, make_batch
from .segments import Segments


class RingLoader(Resumable):
    """Batches as numpy arrays, for JAX, scikit-learn or whatever reads numpy; every iteration is the next epoch.

    A batch belongs to whoever holds it: it is never overwritten as long as it, one of its arrays or a view of one is
    there. What is no longer held is filled again, so a training loop that keeps no batch runs in constant memory.

    Parameters
    ----------
    segments
        What to read.
    order
        Which segments make which batch.
    padding
        How they are padded.
    threads
        Threads that fill batches; 0: the caller does. The batches are the same.
    ahead
        Batches that are filled before they are asked for, where there are threads.

    Raises
    ------
    ParameterError
        If a number is below its range.
    StoreError
        If there are too few segments for one batch; while iterating, if a shard cannot be read.

    Examples
    --------
    >>> loader = RingLoader(Segments("my.store", "train"), BatchOrder(batch_size=32))  # doctest: +SKIP
    >>> for batch in loader:  # doctest: +SKIP
    ...     batch["audio"]["values"], batch["audio"]["mask"], batch["labels"]["sentiment"]
    """

    def __init__(
        self,
        segments: Segments,
        order: BatchOrder | None = None,
        padding: Padding | None = None,
        *,
        threads: int = 2,
        ahead: int = 3,
    ) -> None:
        check_count("threads", threads, 0)
        check_count("ahead", ahead, 1)
        self._epochs = Epochs(EpochBatches(segments, order or BatchOrder()))
        self._padding = padding or Padding()
        self._padding.check_names(segments.outputs)
        self._threads = threads
        self._ahead = ahead
        self._is_cold = False
        # Of every output those ahead, those being filled, the caller's and the one before it.
        spare = ahead + threads + 2
        self._memory = self._new_memory(segments.outputs, spare)

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return len(self._epochs.batches)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        position = self._epochs.begin()
        self._is_cold = False
        for batch in self._batches(position.epoch, self._epochs.batches.after(position)):
            position.batches += 1
            yield batch

    def state_dict(self) -> dict[str, Any]:
        """Return a state to go on from: behind the batch that the iteration that began last handed out."""
        return self._epochs.state()

    def _batches(self, epoch: int, batches: list[NDArray[np.int64]]) -> Generator[dict[str, Any], None, None]:
        """Yield the batches of indices, filled."""
        if not self._threads:
            yield from (self._fill(epoch, indices) for indices in batches)
            return
        pool = ThreadPoolExecutor(self._threads, "trimodal-loader")
        waiting: deque[Future[dict[str, Any]]] = deque()
        try:
            for indices in batches:
                waiting.append(pool.submit(self._fill, epoch, indices))
                if len(waiting) > self._ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _fill(self, epoch: int, indices: NDArray[np.int64]) -> dict[str, Any]:
        segments = self._epochs.batches.segments.gather(epoch, indices.tolist())
        if not self._is_cold:
            before = major_faults()
            batch = make_batch(segments, self._padding, self._memory)
            self._is_cold |= major_faults() > before
            return batch
        with ColdMemory(self._memory) as memory:
            memory.ask_for(values for rows in segments.outputs.values() for values in rows.values)
            return make_batch(segments, self._padding, memory)

    def _new_memory(self, outputs: Sequence[str], spare: int) -> BatchMemory:
        return PooledMemory(outputs, allocate, spare)
