import pickle
import subprocess
import sys
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stores import OUTPUTS, RECORDINGS, write_store
from torch.utils.data import DataLoader

from trimodal.errors import StoreError
from trimodal.store import FeatureStore
from trimodal.store.loading import (
    BatchOrder,
    BatchSampler,
    RingLoader,
    SegmentDataset,
    Segments,
    SegmentStream,
    TimeStepNoise,
    collate,
)
from trimodal.store.loading.collation import as_tensors


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_store(tmp_path_factory.mktemp("loader") / "s.store")


def _assert_equal(one: Any, other: Any) -> None:
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            _assert_equal(one[key], other[key])
    elif isinstance(one, list) and one and isinstance(one[0], dict):
        assert len(one) == len(other)
        for first, second in zip(one, other, strict=True):
            _assert_equal(first, second)
    elif isinstance(one, torch.Tensor):
        assert one.dtype == other.dtype
        assert torch.equal(one, other)
    else:
        assert one == other


def _of_ring(path: Path, order: BatchOrder, epoch: int) -> list[Any]:
    segments = Segments(path, augment=[TimeStepNoise(outputs=["text"], deviation=1)])
    ring = RingLoader(segments, order)
    ring.epoch = epoch
    return [as_tensors(batch) for batch in ring]


def test_batch_is_padded_at_the_end(path: Path) -> None:
    dataset = SegmentDataset(path)
    samples = [dataset[index] for index in (1, 0, 2, 3)]
    batch = collate(samples)
    assert batch["id"] == ["one_1", "one_0", "one_2", "two_0"]
    assert batch.keys() == {"id", "labels", *OUTPUTS}
    for name, schema in OUTPUTS.items():
        padded = batch[name]
        assert padded["lengths"].tolist() == [4, 0, 2, 3]
        assert padded["values"].shape == (4, 4, *schema.shape)
        assert padded["mask"].shape == (4, 4)
        assert padded["mask"].dtype == torch.bool
        assert padded["values"].numpy().dtype == schema.dtype
        for row, sample in enumerate(samples):
            rows = sample.outputs[name]
            np.testing.assert_array_equal(padded["values"][row, : len(rows)], rows.values)
            np.testing.assert_array_equal(padded["mask"][row, : len(rows)], rows.mask)
            assert not padded["values"][row, len(rows) :].any()
            assert not padded["mask"][row, len(rows) :].any()


def test_batch_can_be_written_and_the_store_stays_as_it_is(path: Path) -> None:
    before = (path / "shard-00000.h5").read_bytes()
    batch = collate([SegmentDataset(path)[1]])
    batch["text"]["values"] += 1
    np.testing.assert_array_equal(
        FeatureStore(path).rows("text", 1).values, RECORDINGS["one"].outputs["text"].values[:4]
    )
    assert (path / "shard-00000.h5").read_bytes() == before


@pytest.mark.parametrize("size", [1, 3])
def test_batch_of_segments_without_rows(path: Path, size: int) -> None:
    batch = collate([SegmentDataset(path)[0]] * size)
    for name, schema in OUTPUTS.items():
        assert batch[name]["values"].shape == (size, 0, *schema.shape)
        assert batch[name]["mask"].shape == (size, 0)
        assert batch[name]["lengths"].tolist() == [0] * size


def test_labels(path: Path) -> None:
    labels = collate([SegmentDataset(path)[index] for index in (0, 1, 2)])["labels"]
    assert labels["mood"] == ["glad", "söur", "glad"]
    _assert_equal(labels["valence"], torch.tensor([0, 1 / 3, 2 / 3], dtype=torch.float32))


@pytest.mark.parametrize("split", [None, "train", "valid", "test"])
def test_split(path: Path, split: str | None) -> None:
    expected = [
        segment.id
        for content in RECORDINGS.values()
        for segment in content.segments
        if split is None or segment.split == split
    ]
    for store in (FeatureStore(path), path, str(path)):
        dataset = SegmentDataset(store, split)
        assert len(dataset) == len(expected)
        assert [dataset[index].id for index in range(len(dataset))] == expected


def test_unknown_split_names_the_nearest(path: Path) -> None:
    with pytest.raises(StoreError, match=r"s\.store: no split is called 'trian'; did you mean 'train'\?"):
        SegmentDataset(path, "trian")
    with pytest.raises(StoreError, match="no split is called 'x'; known: test, train, valid"):
        SegmentDataset(path, "x")


def test_split_that_some_segments_do_not_have(tmp_path: Path) -> None:
    one = RECORDINGS["one"]
    content = replace(one, segments=[replace(segment, split="") for segment in one.segments])
    assert len(SegmentDataset(write_store(tmp_path / "s.store", {"one": content}))) == 3
    with pytest.raises(StoreError, match="no split is called 'train'"):
        SegmentDataset(tmp_path / "s.store", "train")


def test_segment_that_is_not_there(path: Path) -> None:
    with pytest.raises(IndexError, match="index 4 is out of bounds"):
        SegmentDataset(path, "train")[4]


@pytest.mark.parametrize("start", ["fork", "forkserver", "spawn"])
def test_workers_give_the_same_batches(path: Path, start: str) -> None:
    dataset = SegmentDataset(path)
    expected = list(DataLoader(dataset, batch_size=2, collate_fn=collate))  # opens the store before the fork
    found = list(DataLoader(dataset, batch_size=2, collate_fn=collate, num_workers=2, multiprocessing_context=start))
    assert len(found) == len(expected) == 5
    for one, other in zip(found, expected, strict=True):
        _assert_equal(one, other)


def test_pickled_dataset(path: Path) -> None:
    dataset = SegmentDataset(path, "valid")
    again = pickle.loads(pickle.dumps(dataset))
    _assert_equal(collate(list(map(again.__getitem__, range(3)))), collate(list(map(dataset.__getitem__, range(3)))))


def test_missing_torch_names_the_extra(path: Path) -> None:
    script = f"""
import sys
sys.modules["torch"] = None
from trimodal.store import FeatureStore
print(len(FeatureStore({str(path)!r})[1].outputs["text"]))
import trimodal.store.loading
trimodal.store.loading.collate
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stdout == "4\n"
    assert result.stderr.splitlines()[-1] == (
        "trimodal.errors.MissingPackageError: trimodal.store.loading.collation needs the package 'torch', "
        "which is not installed; pip install 'trimodal[torch]'"
    )


@pytest.mark.filterwarnings("ignore:This DataLoader will create 3 worker processes")
@pytest.mark.parametrize("workers", [0, 1, 3])
def test_batches_of_a_stream_and_of_a_sampler_whatever_the_workers(path: Path, workers: int) -> None:
    dataset = SegmentDataset(path, augment=[TimeStepNoise(outputs=["text"], deviation=1)])
    order = BatchOrder(batch_size=2, buffer_segments=4)
    stream = SegmentStream(dataset, order)
    expected = [list(_of_ring(path, order, epoch)) for epoch in (0, 1)]
    assert [batch["id"] for batch in expected[0]] != [batch["id"] for batch in expected[1]]
    sampled = DataLoader(
        dataset,
        batch_sampler=BatchSampler(dataset, order),
        collate_fn=collate,
        num_workers=workers,
        persistent_workers=workers > 0,
    )
    for epoch in (0, 1):
        stream.epoch = epoch
        _assert_equal(list(DataLoader(stream, batch_size=None, num_workers=workers)), expected[epoch])
        _assert_equal(list(sampled), expected[epoch])


def test_stream_goes_shard_by_shard(tmp_path: Path) -> None:
    """Whatever its order says of a buffer: of a thousand segments where it says nothing."""
    path = write_store(tmp_path / "s.store")
    shards = {f"{name}_{number}": place for place, name in enumerate(RECORDINGS) for number in range(3)}
    order = BatchOrder(batch_size=1)
    small = SegmentStream(SegmentDataset(path), replace(order, buffer_segments=1))
    found = [shards[batch["id"][0]] for batch in small]
    assert [shard for shard, _ in groupby(found)] == list(dict.fromkeys(found))
    default, large = (
        SegmentStream(SegmentDataset(path), replace(order, buffer_segments=size)) for size in (None, 1000)
    )
    _assert_equal(list(default), list(large))


def test_stream_goes_on_where_it_was(path: Path) -> None:
    order = BatchOrder(batch_size=2)
    stream = SegmentStream(SegmentDataset(path), order)
    assert len(stream) == 5
    batches = list(stream)
    assert stream.epoch == 0
    again = SegmentStream(SegmentDataset(path), order)
    again.load_state_dict(stream.state_dict(batches=3))
    _assert_equal(list(again), batches[3:])


@pytest.mark.parametrize(
    ("workers", "persistent", "start"), [(0, False, None), (2, False, "fork"), (2, True, "fork"), (1, True, "spawn")]
)
def test_augmentation_under_a_plain_loader_draws_by_the_epoch(
    path: Path, workers: int, persistent: bool, start: str | None
) -> None:
    dataset = SegmentDataset(path, augment=[TimeStepNoise(outputs=["text"], deviation=1)])
    loader = DataLoader(
        dataset,
        batch_size=9,
        collate_fn=collate,
        num_workers=workers,
        persistent_workers=persistent,
        multiprocessing_context=start,
    )
    found = []
    for epoch in (0, 1, 1, 0):
        dataset.epoch = epoch
        (batch,) = loader
        found.append(batch["text"]["values"])
        _assert_equal(found[-1], collate([dataset[epoch, place] for place in range(9)])["text"]["values"])
    assert torch.equal(found[1], found[2])
    assert torch.equal(found[0], found[3])
    assert not torch.equal(found[0], found[1])
