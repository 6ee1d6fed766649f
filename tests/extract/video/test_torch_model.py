import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from trimodal.errors import ParameterError, WeightsError
from trimodal.extract.video.torch_model import Embedder, load_strictly, weight_file


def _network() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Flatten())


class _Code:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return Path.touch, (Path("ran"),)  # type: ignore[return-value]


def _state(**changes: object) -> dict[str, object]:
    state: dict[str, object] = {**_network().state_dict(), **changes}
    return {name: value for name, value in state.items() if value is not None}


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".safetensors"])
def test_reads_what_was_saved(tmp_path: Path, suffix: str) -> None:
    saved, network = _network(), _network()
    path = tmp_path / f"weights{suffix}"
    (save_file if suffix == ".safetensors" else torch.save)(saved.state_dict(), path)
    load_strictly(network, path)
    for name, value in saved.state_dict().items():
        assert torch.equal(network.state_dict()[name], value)


def test_counters_of_training_and_what_is_ignored_may_come_or_not(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    torch.save(_state(**{"1.num_batches_tracked": None, "classifier.weight": torch.ones(2)}), path)
    load_strictly(_network(), path, ignored=("classifier.weight", "classifier.bias"))


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (_state(**{"0.bias": None}), r"lacks weights '0\.bias'; expected exactly those of Sequential"),
        (_state(**{"0.bias": None, "1.bias": None}), r"lacks weights '0\.bias' and 1 more"),
        (_state(**{"9.bias": torch.ones(1)}), r"has the unknown weights '9\.bias'; expected exactly those"),
        (_state(**{"0.bias": torch.ones(5)}), r"'0\.bias' has the shape \(5,\), expected \(4,\)"),
        (_state(**{"0.bias": torch.ones(4, dtype=torch.int64)}), r"'0\.bias' has the type torch\.int64"),
        (_state(**{"0.bias": torch.full((4,), torch.nan)}), r"'0\.bias' has values that are no finite numbers"),
        (_state(**{"0.bias": torch.ones(4).to_sparse()}), r"'0\.bias' is Tensor; expected a state dict alone"),
        ({"epoch": 3, "state_dict": _state()}, "'epoch' is int; expected a state dict alone"),
        ({}, "holds dict; expected a state dict, names with tensors"),
        ([torch.ones(1)], "holds list; expected a state dict, names with tensors"),
        (_Code(), r"holds pickled code or objects, which are never run, or is no checkpoint; expected torch\.save"),
        (_network(), "holds pickled code or objects, which are never run"),
    ],
    ids=range(12),
)
def test_says_what_is_wrong_with_a_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: object, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "weights.pt"
    torch.save(state, path)
    with pytest.raises(WeightsError, match=message) as error:
        load_strictly(_network(), path)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(f"{path}: ")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("weights.pt", b"", "not a checkpoint|no checkpoint"),
        ("weights.pth", b"<html>not found</html>", "no checkpoint"),
        ("weights.pt", pickle.dumps({"a": 1}), "not a checkpoint|no checkpoint|expected a state dict"),
        ("weights.pt", b"PK\x03\x04" + bytes(100), "not a checkpoint"),
        ("weights.safetensors", b"garbage that is no header", "not safetensors"),
    ],
)
def test_refuses_files_of_another_kind(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=message) as error:
        load_strictly(_network(), path)
    assert "\n" not in str(error.value)


def test_refuses_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    torch.save(_state(), path)
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(WeightsError, match="not a checkpoint"):
        load_strictly(_network(), path)


def test_a_path_is_checked_before_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="model is not given; get a thing and give its path as model"):
        weight_file("", "model", "a thing")
    with pytest.raises(WeightsError, match=r"no\.pt: no such file; get a thing and give its path as model"):
        weight_file(str(tmp_path / "no.pt"), "model", "a thing")
    other = tmp_path / "weights.onnx"
    other.touch()
    with pytest.raises(WeightsError, match=r"expected a state dict as \.pth, \.pt or \.safetensors"):
        weight_file(str(other), "model", "a thing")


def test_pictures_are_scaled_and_come_out_in_order() -> None:
    network = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    embedder = Embedder(network, (1.0, 2.0, 3.0), (2.0, 2.0, 4.0), "cpu")
    levels = np.arange(35, dtype=np.uint8)
    found = embedder.embed(np.broadcast_to(levels[:, None, None, None], (35, 5, 5, 3)))
    expected = (levels[:, None] - np.array([1, 2, 3])) / [2, 2, 4]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert found.dtype == np.float32


def test_half_precision_needs_a_gpu() -> None:
    with pytest.raises(ParameterError, match="half_precision needs a GPU, found the device 'cpu'"):
        Embedder(_network(), (0.0,) * 3, (1.0,) * 3, "cpu", half_precision=True)
