"""Which segments make which batch, on which rank: decided before anything is read."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from .counts import check_count


@dataclass(frozen=True, kw_only=True)
class BatchOrder:
    """How segments are put into batches: always and everywhere the same ones in the same epoch."""

    batch_size: int = 32
    """Segments in a batch of one rank."""
    shuffle: bool = True
    buffer_segments: int | None = None
    """Shuffle shard by shard: the shards, the segments of each, and then all in a buffer that is filled with so many,
    shuffled and emptied. Only the shards in one buffer are read at a time: for stores larger than memory. None: shuffle
    all at once."""
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
            check_count(name, getattr(self, name), 1)
        if self.buffer_segments is not None:
            check_count("buffer_segments", self.buffer_segments, 1, "or None")
        if self.remainder not in ("keep", "drop"):
            raise ParameterError(f"remainder: '{self.remainder}'; expected 'keep' or 'drop'")
        check_count("seed", self.seed, 0)
        check_count("rank", self.rank, 0)
        if self.rank >= self.world_size:
            raise ParameterError(f"rank: {self.rank}; expected 0 to {self.world_size - 1}, below world_size")


def epoch_batches(
    shards: NDArray[np.int64], order: BatchOrder, epoch: int, lengths: NDArray[np.int64] | None = None
) -> list[NDArray[np.int64]]:
    """Return the batches of one rank in one epoch.

    Parameters
    ----------
    shards
        Shape (count,): the number of the shard that every segment lies in.
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
    segments = _evened(_shuffled(shards, order, random), step, order)
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


def _shuffled(shards: NDArray[np.int64], order: BatchOrder, random: np.random.Generator) -> NDArray[np.int64]:
    if not order.shuffle:
        return np.arange(len(shards))
    shuffled = random.permutation(len(shards))
    if order.buffer_segments is None:
        return shuffled
    turns = random.permutation(int(shards.max(initial=-1)) + 1)
    by_shard = shuffled[np.argsort(turns[shards[shuffled]], kind="stable")]
    buffers = np.split(by_shard, range(order.buffer_segments, len(by_shard), order.buffer_segments))
    return np.concatenate([random.permutation(buffer) for buffer in buffers])


def _evened(segments: NDArray[np.int64], step: int, order: BatchOrder) -> NDArray[np.int64]:
    if order.remainder == "drop":
        return segments[: len(segments) // step * step]
    return np.resize(segments, -(-len(segments) // order.world_size) * order.world_size)
