"""Which segments make which batch, on which rank: decided before anything is read."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError, StoreError
from .segments import Segments


@dataclass(frozen=True, kw_only=True)
class BatchOrder:
    """How segments are put into batches: always and everywhere the same ones in the same epoch."""

    batch_size: int = 32
    """Segments in a batch of one rank."""
    shuffle: bool = True
    block_segments: int | None = None
    """Shuffle only inside blocks of so many segments, which lie together in the store, and the blocks: for stores that
    are larger than memory. None: shuffle all."""
    bucket_by: str | None = None
    """Put segments of similar length of this output into the same batch."""
    bucket_batches: int = 64
    """Batches (of all ranks) that are sorted by length at a time: fewer are more random, more have less padding."""
    remainder: Literal["keep", "drop"] = "keep"
    """``keep``: the last batch may be smaller; where there are several ranks, the first segments of the epoch come
    again until every rank has as many. ``drop``: what does not fill a batch on every rank is left out of this epoch."""
    seed: int = 0
    rank: int = 0
    """Of this process."""
    world_size: int = 1
    """Processes that train together; all have as many batches, of the same sizes."""

    def __post_init__(self) -> None:
        for name in ("batch_size", "bucket_batches", "world_size"):
            if getattr(self, name) < 1:
                raise ParameterError(f"{name}: {getattr(self, name)}; expected 1 or more")
        if self.block_segments is not None and self.block_segments < 1:
            raise ParameterError(f"block_segments: {self.block_segments}; expected 1 or more, or None")
        if self.remainder not in ("keep", "drop"):
            raise ParameterError(f"remainder: '{self.remainder}'; expected 'keep' or 'drop'")
        if self.seed < 0:
            raise ParameterError(f"seed: {self.seed}; expected 0 or more")
        if not 0 <= self.rank < self.world_size:
            raise ParameterError(f"rank: {self.rank}; expected 0 to {self.world_size - 1}, below world_size")


def epoch_batches(
    count: int, order: BatchOrder, epoch: int, lengths: NDArray[np.int64] | None = None
) -> list[NDArray[np.int64]]:
    """Return the batches of one rank in one epoch.

    Parameters
    ----------
    count
        Number of segments.
    order
        The order.
    epoch
        From 0.
    lengths
        Shape (count,): what segments are bucketed by; None: not at all.

    Returns
    -------
    list of ndarray
        For every batch the segments, as numbers from 0 to ``count`` - 1.
    """
    random = np.random.default_rng([order.seed, epoch])
    step = order.batch_size * order.world_size
    segments = _evened(_shuffled(count, order, random), step, order)
    pool = step * order.bucket_batches if lengths is not None else max(len(segments), 1)
    steps: list[NDArray[np.int64]] = []
    for start in range(0, len(segments), pool):
        members = segments[start : start + pool]
        if lengths is not None:
            members = members[np.argsort(lengths[members], kind="stable")]
        found = [members[first : first + step] for first in range(0, len(members), step)]
        bucketed_at_random = lengths is not None and order.shuffle
        steps += [found[place] for place in random.permutation(len(found))] if bucketed_at_random else found
    # Neighbours go to different ranks: their batches of a step are about equally long.
    return [members[order.rank :: order.world_size] for members in steps]


def _shuffled(count: int, order: BatchOrder, random: np.random.Generator) -> NDArray[np.int64]:
    if not order.shuffle:
        return np.arange(count)
    if order.block_segments is None:
        return random.permutation(count)
    blocks = np.split(np.arange(count), range(order.block_segments, count, order.block_segments))
    shuffled = [random.permutation(blocks[place]) for place in random.permutation(len(blocks))]
    return np.concatenate(shuffled)


def _evened(segments: NDArray[np.int64], step: int, order: BatchOrder) -> NDArray[np.int64]:
    if order.remainder == "drop":
        return segments[: len(segments) // step * step]
    return np.resize(segments, -(-len(segments) // order.world_size) * order.world_size)


class Epochs:
    """The batches of epoch after epoch: every iteration is the next epoch, or the rest of one that was begun.

    Parameters
    ----------
    segments
        The segments.
    order
        Their order.

    Attributes
    ----------
    epoch : int
        The epoch that the next iteration will be.

    Raises
    ------
    StoreError
        If there are too few segments for one batch.
    """

    def __init__(self, segments: Segments, order: BatchOrder) -> None:
        self.segments = segments
        self.order = order
        self.epoch = 0
        self._skipped = 0
        self._lengths = None if order.bucket_by is None else segments.lengths(order.bucket_by)
        if not len(self):
            raise StoreError(
                f"{segments.store.path}: {len(segments)} segments make no batch of {order.batch_size} "
                f"on each of {order.world_size} ranks; expected more segments, or remainder='keep'"
            )

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        step = self.order.batch_size * self.order.world_size
        count = len(self.segments)
        return count // step if self.order.remainder == "drop" else -(-count // step)

    def state(self, batches: int) -> dict[str, Any]:
        """Return where training is after so many batches of the epoch that was begun last, as plain numbers."""
        return {"epoch": max(self.epoch - 1, 0), "batches": batches, "of": self._identity()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Let the next iteration go on behind the batches of a state.

        Raises
        ------
        StoreError
            If the state is of other segments or of another order, whose batches would be others.
        """
        mine, theirs = self._identity(), state.get("of", {})
        for name in mine:
            if theirs.get(name) != mine[name]:
                raise StoreError(f"the state is of {name} {theirs.get(name)}; expected {mine[name]}, as it is here")
        self.epoch, self._skipped = int(state["epoch"]), int(state["batches"])

    def begin(self) -> tuple[int, list[NDArray[np.int64]], int]:
        """Begin an epoch: return its number, its batches and how many of them are done already."""
        epoch, skipped = self.epoch, self._skipped
        self.epoch, self._skipped = epoch + 1, 0
        return epoch, epoch_batches(len(self.segments), self.order, epoch, self._lengths), skipped

    def _identity(self) -> dict[str, Any]:
        return {"segments": len(self.segments), **{k: v for k, v in asdict(self.order).items() if k != "rank"}}


class BatchSampler:
    """The ``batch_sampler`` of a torch DataLoader over `SegmentDataset`; needs no torch itself.

    Yields batches as lists of (epoch, index), so that augmentations change from epoch to epoch in workers, too. Every
    iteration is the next epoch.

    Parameters
    ----------
    segments
        The dataset.
    order
        Its order.
    """

    def __init__(self, segments: Segments, order: BatchOrder) -> None:
        self._epochs = Epochs(segments, order)

    def __len__(self) -> int:
        return len(self._epochs)

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        # A generator, so that an epoch begins when it is read: a DataLoader makes iterators that it never reads.
        epoch, batches, skipped = self._epochs.begin()
        for batch in batches[skipped:]:
            yield [(epoch, int(index)) for index in batch]

    def state_dict(self, batches: int) -> dict[str, Any]:
        """Return a state to go on from.

        Parameters
        ----------
        batches
            How many batches of this epoch the trainer has had, those before a state that was loaded included. The
            sampler cannot know: workers are ahead of the trainer.
        """
        return self._epochs.state(batches)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next iteration be the rest of the epoch of a state."""
        self._epochs.load_state(state)
