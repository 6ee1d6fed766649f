"""The segments of a store as torch datasets."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...errors import require_packages
from ..reader import Sample
from .collation import collate
from .order import BatchOrder, Epochs
from .segments import Segments

require_packages("trimodal.store.loading.dataset", ["torch"], "torch")

from torch.utils.data import Dataset, IterableDataset, get_worker_info  # noqa: E402


class SegmentDataset(Segments, Dataset[Sample]):
    """`Segments` as a map-style dataset, for a DataLoader with `collate`, and with `BatchSampler` if you like.

    Examples
    --------
    >>> train = SegmentDataset("my.store", split="train", normalise={"audio": "standard"})  # doctest: +SKIP
    >>> DataLoader(train, batch_size=32, shuffle=True, collate_fn=collate)  # doctest: +SKIP
    """


class SegmentStream(IterableDataset[Any]):
    """Whole batches as an iterable dataset, for ``DataLoader(stream, batch_size=None, num_workers=...)``.

    With ``BatchOrder(block_segments=...)`` it goes through the store block by block, so that of a store that is larger
    than memory only a few blocks are read at a time. Workers take turns: the batches and their order do not depend on
    how many there are. Set ``epoch`` before every epoch, because a DataLoader gives its workers copies.

    Parameters
    ----------
    segments
        What to read.
    order
        Which segments make which batch.
    collate_fn
        What makes a batch of samples.
    """

    def __init__(
        self,
        segments: Segments,
        order: BatchOrder,
        collate_fn: Callable[[Sequence[Sample]], dict[str, Any]] = collate,
    ) -> None:
        self._epochs = Epochs(segments, order)
        self._collate = collate_fn

    def __len__(self) -> int:
        return len(self._epochs)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        epoch, batches, skipped = self._epochs.begin()
        worker = get_worker_info()
        first, workers = (0, 1) if worker is None else (worker.id, worker.num_workers)
        for indices in batches[skipped:][first::workers]:
            yield self._collate([self._epochs.segments[epoch, int(index)] for index in indices])

    @property
    def epoch(self) -> int:
        """The epoch that the next iteration will be."""
        return self._epochs.epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        self._epochs.epoch = epoch

    def state_dict(self, batches: int) -> dict[str, Any]:
        """Return a state to go on from, after so many batches of the current epoch."""
        return self._epochs.state(batches)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Let the next iteration be the rest of the epoch of a state."""
        self._epochs.load_state(state)
