import json
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from stores import RECORDINGS, write_store
from torch.utils.data import DataLoader

from trimodal.errors import ParameterError, StoreError
from trimodal.store import FeatureStore
from trimodal.store.loading import BatchOrder, BatchSampler, RingLoader, SegmentDataset, Segments, SegmentStream

ORDER = BatchOrder(batch_size=2, bucket_by="text")
Batch = list[str]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_store(tmp_path_factory.mktemp("epochs") / "s.store")


def ids(batches: Any) -> list[Batch]:
    return [batch["id"] for batch in batches]


def epochs(path: Path, count: int) -> list[list[Batch]]:
    """Return what an uninterrupted training sees, of five batches in every epoch."""
    loader = RingLoader(Segments(path), ORDER, threads=0)
    return [ids(loader) for _ in range(count)]


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


def ring(path: Path) -> RingLoader:
    return RingLoader(Segments(path), ORDER)


def sampler(path: Path) -> BatchSampler:
    return BatchSampler(Segments(path), ORDER)


def stream(path: Path) -> SegmentStream:
    return SegmentStream(SegmentDataset(path), ORDER)


def test_a_state_is_where_training_is(path: Path) -> None:
    loader = ring(path)

    def place() -> tuple[int, int]:
        state = json.loads(json.dumps(loader.state_dict()))
        return state["epoch"], state["batches"]

    assert place() == (0, 0)
    batches = iter(loader)
    next(batches), next(batches)
    assert (place(), loader.epoch) == ((0, 2), 1)
    list(batches)
    assert (place(), loader.epoch) == ((1, 0), 1)
    loader.epoch = 5
    assert (place(), loader.epoch) == ((5, 0), 5)
    loader.load_state_dict({**loader.state_dict(), "epoch": 3, "batches": 4})
    assert (place(), loader.epoch) == ((3, 4), 3)
    assert len(list(loader)) == 1
    assert (place(), loader.epoch) == ((4, 0), 4)


@pytest.mark.parametrize("batches", range(6))
def test_training_goes_on_as_if_it_had_not_stopped(path: Path, batches: int) -> None:
    whole = [batch for epoch in epochs(path, 4) for batch in epoch]
    before = ring(path)
    list(before)
    seen = iter(before)
    list(islice(seen, batches))
    state = before.state_dict()
    again = ring(path)
    again.load_state_dict(state)
    assert [batch for _ in range(3) for batch in ids(again)][:10] == whole[5 + batches :][:10]
    assert ids(seen) == whole[5 + batches : 10]


def test_a_state_of_the_end_of_an_epoch_goes_on_with_the_next(path: Path) -> None:
    state = ring(path).state_dict()
    for loader in (ring(path), sampler(path)):
        loader.load_state_dict({**state, "batches": 5})
        assert len(list(loader)) == 5
        assert loader.epoch == 2


def test_an_epoch_that_is_set_begins_anew(path: Path) -> None:
    expected = epochs(path, 4)
    state = ring(path).state_dict()
    for epoch in (1, 3):
        loader = ring(path)
        loader.load_state_dict({**state, "epoch": 2, "batches": 3})
        loader.epoch = epoch
        assert ids(loader) == expected[epoch]
    loader = ring(path)
    loader.load_state_dict({**state, "epoch": 2, "batches": 3})
    loader.epoch = 2  # as a loop over epochs sets it
    assert ids(loader) == expected[2][3:]
    loader.epoch = 2
    assert ids(loader) == expected[2]


def test_iterations_inside_each_other_count_for_themselves(path: Path) -> None:
    loader = ring(path)
    outer = iter(loader)
    next(outer), next(outer)
    inner = iter(loader)
    next(inner)
    state = loader.state_dict()
    assert (state["epoch"], state["batches"]) == (1, 1)
    assert ids(outer) == epochs(path, 1)[0][2:]
    assert loader.state_dict() == state
    assert ids(inner) == epochs(path, 2)[1][1:]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_sampler_under_a_loader_goes_on(path: Path, workers: int) -> None:
    from trimodal.store.loading import collate

    expected = epochs(path, 3)
    first = sampler(path)
    state = {**first.state_dict(0), "epoch": 1, "batches": 2}
    first.load_state_dict(state)
    assert first.state_dict(2) == state
    loader = DataLoader(SegmentDataset(path), batch_sampler=first, collate_fn=collate, num_workers=workers)
    assert ids(loader) == expected[1][2:]
    assert first.state_dict(5)["epoch"] == 2
    assert ids(loader) == expected[2]
    first.epoch = 1
    assert first.state_dict(0)["epoch"] == 1
    assert ids(loader) == expected[1]


@pytest.mark.parametrize(("workers", "persistent"), [(0, False), (2, False), (2, True)])
def test_a_stream_under_a_loader_goes_on(path: Path, workers: int, persistent: bool) -> None:
    first = stream(path)
    expected = []
    for epoch in range(5):
        first.epoch = epoch
        expected.append(ids(first))
    assert len({str(epoch) for epoch in expected}) == 5
    again = stream(path)
    again.load_state_dict({**first.state_dict(0), "epoch": 2, "batches": 3})
    loader = DataLoader(again, batch_size=None, num_workers=workers, persistent_workers=persistent)
    for epoch in (2, 3, 4):
        again.epoch = epoch
        assert ids(loader) == expected[epoch][3 if epoch == 2 else 0 :]
        assert again.state_dict(4) == {**first.state_dict(4), "epoch": epoch}
    assert again.state_dict(5)["epoch"] == 5
    again.epoch = 2
    assert ids(loader) == expected[2]


@pytest.mark.parametrize("make", [ring, sampler, stream])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: {}, "the state is none .'epoch'.; expected what 'state_dict' returned"),
        (lambda state: {**state, "batches": 6}, "the state is behind 6 batches of an epoch; expected 0 to 5"),
        (lambda state: {**state, "batches": -1}, "the state is none .batches: -1; expected a whole number from 0.; "),
        (lambda state: {**state, "batches": 1.5}, "the state is none .batches: 1.5; expected a whole number from 0.; "),
        (lambda state: {**state, "epoch": "1"}, "the state is none .epoch: '1'; expected a whole number from 0.; "),
        (lambda state: {"of": state["of"], "epoch": 1}, "the state is none .'batches'.; "),
        (lambda state: {**state, "of": 3}, "the state is none .'int' object is not iterable.; "),
        (lambda state: None, "the state is none .'NoneType' object is not subscriptable.; "),
    ],
)
def test_what_is_no_state(path: Path, make: Callable[[Path], Any], change: Any, message: str) -> None:
    state = sampler(path).state_dict(0)
    if make is stream:
        state = stream(path).state_dict(0)
    loader = make(path)
    with pytest.raises(StoreError, match=message) as caught:
        loader.load_state_dict(change(state))
    assert "\n" not in str(caught.value)
    assert len(list(loader)) == 5


def test_states_of_others(path: Path, tmp_path: Path) -> None:
    state = ring(path).state_dict()
    other_names = {name: RECORDINGS[name] for name in ("four", "two", "three", "one")}
    others = [
        Segments(write_store(tmp_path / "key", key="other")),
        Segments(write_store(tmp_path / "order", other_names)),
        Segments(FeatureStore(path)[::-1]),
    ]
    for segments in others:
        with pytest.raises(StoreError, match=r"the state is of content [0-9a-f]{16}; expected [0-9a-f]{16}, as it is"):
            RingLoader(segments, ORDER).load_state_dict(state)
    splits = [RingLoader(Segments(path, split), replace(ORDER, batch_size=1)) for split in ("valid", "test")]
    assert len(splits[0]) != len(splits[1])
    halves = [RingLoader(Segments(FeatureStore(path)[part])) for part in (slice(0, 4), slice(4, 8))]
    with pytest.raises(StoreError, match="the state is of content"):
        halves[1].load_state_dict(halves[0].state_dict())
    moved = tmp_path / "moved"
    moved.symlink_to(path)
    ring(moved).load_state_dict(state)


def test_epochs_that_are_none(path: Path) -> None:
    for loader in (ring(path), sampler(path), stream(path), SegmentDataset(path), Segments(path)):
        for epoch in (-1, 1.5, None):
            with pytest.raises(ParameterError, match=f"epoch: {epoch}; expected a whole number from 0"):
                loader.epoch = epoch  # type: ignore[assignment]
    for counted in (sampler(path), stream(path)):
        with pytest.raises(ParameterError, match="batches: -1; expected a whole number from 0"):
            counted.state_dict(-1)
        with pytest.raises(StoreError, match="behind 6 batches of an epoch; expected 0 to 5"):
            counted.state_dict(6)
