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


@given(
    count=st.integers(1, 90),
    batch_size=st.integers(1, 9),
    world_size=st.integers(1, 4),
    shuffle=st.booleans(),
    block=st.one_of(st.none(), st.integers(1, 40)),
    remainder=st.sampled_from(["keep", "drop"]),
    bucketed=st.booleans(),
)
def test_ranks_have_equal_batches_and_every_segment_once(
    count: int, batch_size: int, world_size: int, shuffle: bool, block: int | None, remainder: Any, bucketed: bool
) -> None:
    order = BatchOrder(
        batch_size=batch_size,
        shuffle=shuffle,
        block_segments=block,
        bucket_batches=3,
        remainder=remainder,
        world_size=world_size,
    )
    lengths = np.random.default_rng(count).integers(0, 50, count) if bucketed else None
    ranks = [epoch_batches(count, replace(order, rank=rank), 1, lengths) for rank in range(world_size)]
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
    first, second = (np.concatenate(epoch_batches(50, order, epoch)).tolist() for epoch in (0, 1))
    assert first != second
    assert first == np.concatenate(epoch_batches(50, order, 0)).tolist()
    assert first != np.concatenate(epoch_batches(50, replace(order, seed=1), 0)).tolist()
    assert np.concatenate(epoch_batches(50, replace(order, shuffle=False), 3)).tolist() == list(range(50))


def test_buckets_leave_less_padding_and_give_ranks_similar_lengths() -> None:
    lengths = np.random.default_rng(0).integers(1, 1000, 2000)
    plain = BatchOrder(batch_size=16, world_size=2)

    def padded(order: BatchOrder, lengths_of: Any) -> int:
        return sum(len(batch) * lengths[batch].max() for batch in epoch_batches(2000, order, 0, lengths_of))

    assert padded(plain, lengths) < 1.1 * lengths.sum() / 2
    assert padded(plain, None) > 1.7 * lengths.sum() / 2
    ranks = [epoch_batches(2000, replace(plain, rank=rank), 0, lengths) for rank in (0, 1)]
    for one, other in zip(*ranks, strict=True):
        assert abs(lengths[one].mean() - lengths[other].mean()) < 30
    longest = [lengths[batch].max() for batch in ranks[0]]
    assert longest != sorted(longest)


def test_blocks_keep_reading_together() -> None:
    indices = np.concatenate(epoch_batches(100, BatchOrder(batch_size=7, block_segments=20), 0))
    blocks = [set(indices[start : start + 20] // 20) for start in range(0, 100, 20)]
    assert all(len(block) == 1 for block in blocks)
    assert set.union(*blocks) == set(range(5))
    assert [next(iter(block)) for block in blocks] != list(range(5))
    assert sorted(indices[:20]) != indices[:20].tolist()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 0}, "batch_size: 0; expected 1 or more"),
        ({"bucket_batches": 0}, "bucket_batches: 0; expected 1 or more"),
        ({"world_size": 0}, "world_size: 0; expected 1 or more"),
        ({"block_segments": 0}, "block_segments: 0; expected 1 or more, or None"),
        ({"remainder": "repeat"}, "remainder: 'repeat'; expected 'keep' or 'drop'"),
        ({"seed": -1}, "seed: -1; expected 0 or more"),
        ({"rank": 2, "world_size": 2}, "rank: 2; expected 0 to 1, below world_size"),
    ],
)
def test_refusals(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        BatchOrder(**changes)


def test_sampler_goes_on_where_it_was(tmp_path: Path) -> None:
    segments = Segments(write_store(tmp_path / "s.store"))
    order = BatchOrder(batch_size=2, bucket_by="text")
    sampler = BatchSampler(segments, order)
    assert len(sampler) == 5
    epochs = [list(sampler), list(sampler), list(sampler)]
    assert [batch[0][0] for epoch in epochs for batch in epoch] == [0] * 5 + [1] * 5 + [2] * 5
    first = BatchSampler(segments, order)
    list(first), next(iter(first))
    again = BatchSampler(segments, replace(order, rank=0))
    again.load_state_dict(first.state_dict(batches=2))
    assert list(again) == epochs[1][2:]
    assert list(again) == epochs[2]
    with pytest.raises(StoreError, match="the state is of batch_size 2; expected 3, as it is here"):
        BatchSampler(segments, replace(order, batch_size=3)).load_state_dict(first.state_dict(batches=0))
    with pytest.raises(StoreError, match="the state is of segments 9; expected 4, as it is here"):
        BatchSampler(Segments(segments.store, "train"), replace(order)).load_state_dict(first.state_dict(batches=0))


def test_too_few_segments_and_unknown_buckets(tmp_path: Path) -> None:
    segments = Segments(write_store(tmp_path / "s.store"))
    with pytest.raises(StoreError, match="9 segments make no batch of 5 on each of 2 ranks; expected more segments"):
        BatchSampler(segments, BatchOrder(batch_size=5, world_size=2, remainder="drop"))
    with pytest.raises(StoreError, match="no output is called 'txt'; did you mean 'text'"):
        BatchSampler(segments, BatchOrder(bucket_by="txt"))
