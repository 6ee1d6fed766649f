from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from speech_models import save_model

from trimodal.errors import WeightsError
from trimodal.extract.audio.speech_network import load_network

_State = Mapping[str, torch.Tensor]


def _rewrite(folder: Path, change: Callable[[_State], _State]) -> None:
    path = folder / "model.safetensors"
    save_file(dict(change(load_file(path))), path, metadata={"format": "pt"})


def _renamed(rename: Callable[[str], str]) -> Callable[[_State], _State]:
    return lambda state: {rename(name): value for name, value in state.items()}


def _without(part: str) -> Callable[[_State], _State]:
    return lambda state: {name: value for name, value in state.items() if part not in name}


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("wav2vec2-group", _without("masked_spec_embed")),
        ("wav2vec2-group", _renamed(lambda name: f"wav2vec2.{name}")),
        ("wav2vec2-group", lambda state: {**state, "lm_head.weight": torch.ones(3, 16)}),
        ("hubert", _renamed(lambda name: name.replace("parametrizations.weight.original0", "weight_g"))),
        ("whisper", _without("decoder.layers")),
    ],
    ids=["no training mask", "with a CTC head's prefix", "with a head", "old weight norm", "no decoder"],
)
def test_takes_checkpoints_of_models_with_heads(
    kind: str, change: Callable[[_State], _State], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = save_model(tmp_path, kind)
    expected = load_network(folder).encoder.state_dict()
    _rewrite(folder, change)
    capfd.readouterr()
    found = load_network(folder).encoder.state_dict()
    assert capfd.readouterr().err == ""  # no table of weights
    assert all(torch.equal(found[name], value) for name, value in expected.items())


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        ("wav2vec2-group", _without("q_proj"), r"lacks the weights 'encoder\.layers\.0\..*q_proj\.bias' and 5 more"),
        ("whisper", _without("encoder.conv1.bias"), r"lacks the weights 'encoder\.conv1\.bias'; expected all"),
        (
            "wavlm",
            lambda state: {name: value[:1].clone() for name, value in state.items()},
            r"not a model that transformers can load \(its weights have other sizes than its configuration says\)",
        ),
    ],
)
def test_weights_that_are_missing_are_never_random(
    kind: str, change: Callable[[_State], _State], message: str, tmp_path: Path
) -> None:
    folder = save_model(tmp_path, kind)
    _rewrite(folder, change)
    with pytest.raises(WeightsError, match=message) as error:
        load_network(folder)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"not safetensors at all", b"\xff" * 100])
def test_says_that_a_file_is_damaged(content: bytes, tmp_path: Path) -> None:
    folder = save_model(tmp_path, "wav2vec2-group")
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(WeightsError, match="not a model that transformers can load"):
        load_network(folder)
