from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stores import write_store

from trimodal.errors import ParameterError, StoreError
from trimodal.store.loading import BatchOrder, BatchSampler, Segments
from trimodal.store.loading.order import epoch_batches

ONE_SHARD = np.zeros(50, np.int64)


@given(
    count=st.integers(1, 90),
    batch_size=st.integers(1, 9),
    world_size=st.integers(1, 4),
    shuffle=st.booleans(),
    buffer=st.one_of(st.none(), st.integers(1, 40)),
    remainder=st.sampled_from(["keep", "drop"]),
    bucketed=st.booleans(),
)
def test_ranks_have_equal_batches_and_every_segment_once(
    count: int, batch_size: int, world_size: int, shuffle: bool, buffer: int | None, remainder: Any, bucketed: bool
) -> None:
    order = BatchOrder(
        batch_size=batch_size,
        shuffle=shuffle,
        buffer_segments=buffer,
        bucket_batches=3,
        remainder=remainder,
        world_size=world_size,
    )
    lengths = np.random.default_rng(count).integers(0, 50, count) if bucketed else None
    shards = np.arange(count) // 7
    ranks = [epoch_batches(shards, replace(order, rank=rank), 1, lengths) for rank in range(world_size)]
    sizes = [[len(batch) for batch in batches] for batches in ranks]
    assert all(one == sizes[0] for one in sizes)
    seen = Counter(int(index) for batches in ranks for batch in batches for index in batch)
    if remainder == "keep":
        assert set(seen) == set(range(count))
        assert sum(seen.values()) - count == -count % world_size
    else:
        assert set(seen.values()) <= {1}
        assert sum(seen.values()) == count // (batch_size * world_size) * batch_size * world_size
        assert set(sizes[0]) <= {batch_size}


def test_epochs_and_seeds_differ_and_come_again() -> None:
    order = BatchOrder(batch_size=4)
    first, second = (np.concatenate(epoch_batches(ONE_SHARD, order, epoch)).tolist() for epoch in (0, 1))
    assert first != second
    assert first == np.concatenate(epoch_batches(ONE_SHARD, order, 0)).tolist()
    assert first != np.concatenate(epoch_batches(ONE_SHARD, replace(order, seed=1), 0)).tolist()
    assert np.concatenate(epoch_batches(ONE_SHARD, replace(order, shuffle=False), 3)).tolist() == list(range(50))


def test_buckets_leave_less_padding_and_give_ranks_similar_lengths() -> None:
    lengths = np.random.default_rng(0).integers(1, 1000, 2000)
    shards = np.zeros(2000, np.int64)
    plain = BatchOrder(batch_size=16, world_size=2)

    def padded(order: BatchOrder, lengths_of: Any) -> int:
        return sum(len(batch) * lengths[batch].max() for batch in epoch_batches(shards, order, 0, lengths_of))

    assert padded(plain, lengths) < 1.1 * lengths.sum() / 2
    assert padded(plain, None) > 1.7 * lengths.sum() / 2
    ranks = [epoch_batches(shards, replace(plain, rank=rank), 0, lengths) for rank in (0, 1)]
    for one, other in zip(*ranks, strict=True):
        assert abs(lengths[one].mean() - lengths[other].mean()) < 30
    longest = [lengths[batch].max() for batch in ranks[0]]
    assert longest != sorted(longest)


def test_a_buffer_is_of_shards_that_are_read_together() -> None:
    shards = np.repeat(np.arange(12), [5, 9, 1, 8, 7, 3, 9, 8, 6, 5, 4, 35])
    order = BatchOrder(batch_size=7, buffer_segments=20)
    epochs = [np.concatenate(epoch_batches(shards, order, epoch)) for epoch in range(3)]
    for indices in epochs:
        assert sorted(indices.tolist()) == list(range(100))
        buffers = [shards[indices[start : start + 20]] for start in range(0, 100, 20)]
        # A shard that one buffer does not empty goes on in the next one, and then never comes again.
        for shard in range(12):
            places = [number for number, buffer in enumerate(buffers) if shard in buffer]
            assert places == list(range(places[0], places[-1] + 1))
            if shard < 11:
                assert len(places) <= 2
    first = epochs[0]
    assert len({tuple(dict.fromkeys(shards[indices].tolist())) for indices in epochs}) == 3
    mixed = [len(set(shards[first[start : start + 7]])) for start in range(0, 98, 7)]
    assert max(mixed) > 2
    assert np.abs(np.diff(first)).mean() > 5


def test_a_buffer_as_large_as_the_store_shuffles_all() -> None:
    shards = np.repeat(np.arange(10), 100)
    indices = np.concatenate(epoch_batches(shards, BatchOrder(batch_size=10, buffer_segments=1000), 0))
    assert len(set(shards[indices[:100]])) == 10


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 2.5}, r"batch_size: 2\.5; expected a whole number from 1"),
        ({"batch_size": None}, "batch_size: None; expected a whole number from 1"),
        ({"world_size": True}, "world_size: True; expected a whole number from 1"),
        ({"batch_size": 0}, "batch_size: 0; expected a whole number from 1"),
        ({"bucket_batches": 0}, "bucket_batches: 0; expected a whole number from 1"),
        ({"world_size": 0}, "world_size: 0; expected a whole number from 1"),
        ({"buffer_segments": 0}, "buffer_segments: 0; expected a whole number from 1, or None"),
        ({"remainder": "repeat"}, "remainder: 'repeat'; expected 'keep' or 'drop'"),
        ({"seed": -1}, "seed: -1; expected a whole number from 0"),
        ({"rank": 2, "world_size": 2}, "rank: 2; expected 0 to 1, below world_size"),
    ],
)
def test_refusals(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        BatchOrder(**changes)


def test_too_few_segments_and_unknown_buckets(tmp_path: Path) -> None:
    segments = Segments(write_store(tmp_path / "s.store"))
    with pytest.raises(StoreError, match="9 segments make no batch of 5 on each of 2 ranks; expected more segments"):
        BatchSampler(segments, BatchOrder(batch_size=5, world_size=2, remainder="drop"))
    with pytest.raises(StoreError, match="no output is called 'txt'; did you mean 'text'"):
        BatchSampler(segments, BatchOrder(bucket_by="txt"))
