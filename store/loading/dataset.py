"""The segments of a store as torch datasets."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...errors import require_packages
from ..reader import Sample
from .collation import collate
from .counts import check_count
from .epochs import EpochBatches, Position
from .order import BatchOrder
from .segments import Segments

require_packages("trimodal.store.loading.dataset", ["torch"], "torch")

import torch  # noqa: E402
from torch.utils.data import Dataset, IterableDataset, get_worker_info  # noqa: E402

BUFFER_SEGMENTS = 1000
"""`BatchOrder.buffer_segments` of a stream that says nothing else."""


class SegmentDataset(Segments, Dataset[Sample]):
    """`Segments` as a map-style dataset, for a DataLoader with `collate`, and with `BatchSampler` if you like.

    Augmentations draw by `epoch`: set it before every epoch, which workers see; a `BatchSampler` does without.

    Examples
    --------
    >>> train = SegmentDataset("my.store", split="train", normalise={"audio": "standard"})  # doctest: +SKIP
    >>> DataLoader(train, batch_size=32, shuffle=True, collate_fn=collate)  # doctest: +SKIP
    """

    def _new_epoch(self) -> torch.Tensor:
        return _shared([0])


class SegmentStream(IterableDataset[Any]):
    """Whole batches as an iterable dataset, for ``DataLoader(stream, batch_size=None, num_workers=...)``.

    It goes through the store shard by shard, shuffling in a buffer of ``order.buffer_segments``, or 1,000 of them, so
    that of a store that is larger than memory only a few shards are read at a time. Workers take turns: the batches and
    their order do not depend on how many there are. Every iteration is that of `epoch`, so set it before every epoch.

    Parameters
    ----------
    segments
        What to read.
    order
        Which segments make which batch.
    collate_fn
        What makes a batch of samples.

    Raises
    ------
    StoreError
        If there are too few segments for one batch.
    """

    def __init__(
        self,
        segments: Segments,
        order: BatchOrder,
        collate_fn: Callable[[Sequence[Sample]], dict[str, Any]] = collate,
    ) -> None:
        self._batches = EpochBatches(segments, replace(order, buffer_segments=order.buffer_segments or BUFFER_SEGMENTS))
        self._collate = collate_fn
        self._shared = _shared([0, 0])

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        position = Position(*self._shared.tolist())
        worker = get_worker_info()
        first, workers = (0, 1) if worker is None else (worker.id, worker.num_workers)
        for indices in self._batches.after(position)[first::workers]:
            yield self._collate([self._batches.segments[position.epoch, int(index)] for index in indices])

    @property
    def epoch(self) -> int:
        """The epoch of every iteration. Set to another, it begins anew; after a state was loaded, its rest is left."""
        return int(self._shared[0])

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        check_count("epoch", epoch, 0)
        if epoch != self.epoch:
            self._shared[:] = torch.tensor([epoch, 0])

    def state_dict(self, batches: int) -> dict[str, Any]:
        """Return a state to go on from.

        Parameters
        ----------
        batches
            How many batches of this epoch the trainer has had, those before a state that was loaded included. The
            stream cannot know: workers are ahead of the trainer.

        Raises
        ------
        ParameterError, StoreError
            If an epoch has not so many.
        """
        return self._batches.state(Position(self.epoch, batches))

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let iterations be the rest of the epoch of a state, until another epoch is set.

        Raises
        ------
        StoreError
            If it is no state, or one of other segments or of another order.
        """
        position = self._batches.position(state)
        self._shared[:] = torch.tensor([position.epoch, position.batches])


def _shared(numbers: Sequence[int]) -> torch.Tensor:
    """Return numbers in memory that is shared with workers, those too that live on from epoch to epoch."""
    shared: torch.Tensor = torch.tensor(numbers, dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]
    return shared
