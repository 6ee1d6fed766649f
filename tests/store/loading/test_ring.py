import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stores import OUTPUTS, append, recording, store_writer, write_store

from trimodal.errors import ParameterError, StoreError
from trimodal.store.loading import (
    BatchOrder,
    Padding,
    RingLoader,
    Segments,
    TimeStepDropout,
    TorchLoader,
    to_device,
)
from trimodal.store.loading.collation import as_tensors

ORDER = BatchOrder(batch_size=2)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_store(tmp_path_factory.mktemp("ring") / "s.store", statistics={"train": ("train",)})


def copies(batches: Any) -> list[Any]:
    return [
        {
            name: {key: np.asarray(value).copy() for key, value in content.items()}
            if isinstance(content, dict)
            else content
            for name, content in batch.items()
        }
        for batch in batches
    ]


def assert_equal(one: list[Any], other: list[Any]) -> None:
    assert len(one) == len(other)
    for first, second in zip(one, other, strict=True):
        assert first.keys() == second.keys()
        assert first["id"] == second["id"]
        for name in OUTPUTS:
            for key in ("values", "mask", "lengths", "present"):
                np.testing.assert_array_equal(first[name][key], second[name][key])
                assert first[name][key].dtype == second[name][key].dtype


@pytest.mark.parametrize("threads", [1, 3])
def test_same_batches_whatever_the_threads(path: Path, threads: int) -> None:
    segments = Segments(
        path, normalise={"text": "standard"}, augment=[TimeStepDropout(outputs=["text"], probability=0.5)]
    )
    padding = Padding(side="left", max_length=3)
    alone = RingLoader(segments, ORDER, padding, threads=0)
    loader = RingLoader(segments, ORDER, padding, threads=threads, ahead=2)
    assert len(loader) == 5
    epochs = [copies(loader) for _ in range(3)]
    for epoch in epochs:
        assert_equal(epoch, copies(alone))
    assert epochs[0][0]["id"] != epochs[1][0]["id"] or epochs[0][1]["id"] != epochs[1][1]["id"]


@pytest.mark.parametrize("threads", [0, 2])
def test_kept_batches_stay_as_they_are(path: Path, threads: int) -> None:
    loader = RingLoader(Segments(path), ORDER, threads=threads, ahead=1)
    kept, expected = [], []
    for _ in range(4):
        for batch in loader:
            kept.append(batch)
            expected += copies([batch])
    assert_equal(copies(kept), expected)


def test_buffers_are_used_again(path: Path) -> None:
    loader = RingLoader(Segments(path), ORDER, Padding(min_length=6), threads=0)
    addresses = set()
    for _ in range(3):
        for batch in loader:
            addresses.add(batch["text"]["values"].ctypes.data)
    assert len(addresses) <= 2


@pytest.mark.parametrize("threads", [0, 2])
def test_goes_on_in_the_middle(path: Path, threads: int) -> None:
    loader = RingLoader(Segments(path), ORDER, threads=threads)
    copies(loader)
    batches = iter(loader)
    next(batches), next(batches)
    state = loader.state_dict()
    assert state["epoch"] == 1
    assert state["batches"] == 2
    rest = copies(batches)
    following = copies(loader)
    again = RingLoader(Segments(path), ORDER, threads=threads)
    again.load_state_dict(state)
    assert again.state_dict()["batches"] == 2
    assert_equal(copies(again), rest)
    assert len(rest) == 3
    assert_equal(copies(again), following)
    with pytest.raises(StoreError, match="the state is of batch_size 2; expected 4, as it is here"):
        RingLoader(Segments(path), BatchOrder(batch_size=4)).load_state_dict(state)


def test_ranks_share_the_segments(path: Path) -> None:
    batches = [copies(RingLoader(Segments(path), BatchOrder(batch_size=2, rank=rank, world_size=2))) for rank in (0, 1)]
    assert len(batches[0]) == len(batches[1]) == 3
    ids = [identity for rank in batches for batch in rank for identity in batch["id"]]
    assert len(ids) == 10
    assert len(set(ids)) == 9


def test_loop_that_is_left_stops_its_threads(path: Path) -> None:
    loader = RingLoader(Segments(path), ORDER, threads=2)
    for _ in loader:
        break
    batches = iter(loader)
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("trimodal-loader")]


def test_error_while_reading_reaches_the_caller(tmp_path: Path) -> None:
    path = write_store(tmp_path / "s.store")
    segments = Segments(path, augment=[TimeStepDropout(outputs=["txt"], probability=0.5)])
    with pytest.raises(StoreError, match="no output to augment is called 'txt'"):
        list(RingLoader(segments, ORDER))


def test_refusals(path: Path) -> None:
    with pytest.raises(ParameterError, match="threads: -1; expected a whole number from 0"):
        RingLoader(Segments(path), threads=-1)
    with pytest.raises(ParameterError, match="ahead: 0; expected a whole number from 1"):
        RingLoader(Segments(path), ahead=0)


@pytest.mark.parametrize("threads", [0, 2])
def test_tensors_are_those_arrays_with_halves_widened(path: Path, threads: int) -> None:
    loader = TorchLoader(Segments(path), ORDER, threads=threads)
    expected = [to_device(as_tensors(batch), "cpu") for batch in RingLoader(Segments(path), ORDER, threads=0)]
    found = list(loader)
    assert found[0]["video"]["values"].dtype == torch.float32
    assert_equal(copies(found), copies(expected))
    half = copies(RingLoader(Segments(path), ORDER, threads=0))[0]["video"]["values"]
    assert half.dtype == np.float16
    np.testing.assert_array_equal(found[0]["video"]["values"], half.astype(np.float32))


@pytest.mark.parametrize("side", ["left", "right"])
def test_halves_of_long_segments_are_widened(tmp_path: Path, side: Any) -> None:
    """Of more numbers than are widened at a time."""
    with store_writer(tmp_path / "s.store", shard_bytes=2**20) as writer:
        append(writer, "long", recording("long", (20_000, 3)))
        writer.commit()
    order, padding = BatchOrder(batch_size=2, shuffle=False), Padding(side=side)
    (found,) = TorchLoader(Segments(tmp_path / "s.store"), order, padding, threads=0)
    (half,) = RingLoader(Segments(tmp_path / "s.store"), order, padding, threads=0)
    assert found["video"]["values"].dtype == torch.float32
    np.testing.assert_array_equal(found["video"]["values"], half["video"]["values"].astype(np.float32))


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is there")
def test_device_that_is_not_there(path: Path) -> None:
    with pytest.raises(ParameterError, match="device: 'cuda'; no CUDA device is there, expected 'cpu'"):
        TorchLoader(Segments(path), device="cuda")


def test_devices_that_are_none(path: Path) -> None:
    with pytest.raises(ParameterError, match="device: 'xyz' is none; expected 'cpu' or 'cuda'"):
        TorchLoader(Segments(path), device="xyz")
    with pytest.raises(ParameterError, match=r"device: 'meta' cannot be used .*; expected 'cpu' or 'cuda'"):
        TorchLoader(Segments(path), device="meta")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_batches_on_a_device(path: Path) -> None:
    on_cpu = list(TorchLoader(Segments(path), ORDER))
    on_device = list(TorchLoader(Segments(path), ORDER, device="cuda"))
    assert on_device[0]["text"]["values"].is_cuda
    assert_equal([_on_cpu(batch) for batch in on_device], copies(on_cpu))


def _on_cpu(batch: dict[str, Any]) -> dict[str, Any]:
    return copies([to_device(batch, "cpu")])[0]


def test_numpy_alone_reads_batches(path: Path) -> None:
    script = f"""
import sys
from trimodal.store.loading import BatchOrder, RingLoader, Segments
loader = RingLoader(Segments({str(path)!r}, "train"), BatchOrder(batch_size=4))
print([batch["text"]["values"].shape for batch in loader], "torch" in sys.modules)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout == "[(4, 5, 3)] False\n"
