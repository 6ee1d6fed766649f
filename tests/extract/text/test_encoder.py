import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from text_models import POSITIONS, tiny_bert, tiny_roberta, tiny_t5

from trimodal.errors import WeightsError
from trimodal.extract.text.encoder import (
    Encoder,
    EncoderModel,
    EncoderSizes,
    Window,
    batches,
    encoder_config,
    encoder_sizes,
    window_spans,
)

LAST = (-1,)


def _states(folder: Path, texts: list[list[str]], layers: tuple[int, ...] = LAST, **given: object) -> list[np.ndarray]:
    encoder = Encoder(EncoderModel(folder=folder, layers=layers, **given), "cpu")
    return [states for _, states in encoder.states(texts)]


def _reference(folder: Path, text: str, layer: int) -> np.ndarray:
    from transformers import AutoModel, AutoTokenizer

    model = AutoModel.from_pretrained(folder)
    model = (model.get_encoder() if model.config.is_encoder_decoder else model).eval()
    with torch.inference_mode():
        encoded = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")
        return (
            model(input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"], output_hidden_states=True)
            .hidden_states[layer][0]
            .numpy()
        )


@pytest.mark.parametrize("make", [tiny_bert, tiny_roberta, tiny_t5])
def test_equals_transformers_with_special_tokens(make: object, tmp_path: Path) -> None:
    folder = make(tmp_path / "model")  # type: ignore[operator]
    for layer in (-1, 0, 1):
        short, found = _states(folder, [["hello"], ["hello", "world"]], (layer,))
        np.testing.assert_allclose(found, _reference(folder, "hello world", layer), atol=1e-5)
        np.testing.assert_allclose(short, _reference(folder, "hello", layer), atol=1e-5)


def test_layers_are_averaged(tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path)
    (both,), (first,), (last,) = (_states(folder, [["ab"]], layers) for layers in ((1, -1), (1,), (-1,)))
    np.testing.assert_allclose(both, (first + last) / 2, atol=1e-6)
    assert np.abs(first - last).max() > 0.01


def test_batches_of_any_make_up_give_the_same(tmp_path: Path) -> None:
    encoder = Encoder(EncoderModel(folder=tiny_bert(tmp_path), layers=LAST), "cpu")
    texts = [["abcdefg"[: 1 + number % 7]] * (1 + number * number % 23) for number in range(40)]
    together = encoder.states(texts)
    assert len(together) == len(texts)
    for text, (_, found) in zip(texts, together, strict=True):
        np.testing.assert_allclose(found, encoder.states([text])[0][1], atol=1e-5)


@pytest.mark.parametrize("make", [tiny_bert, tiny_roberta])
def test_every_position_is_used_and_no_more(make: object, tmp_path: Path) -> None:
    encoder = Encoder(EncoderModel(folder=make(tmp_path / "model"), layers=LAST), "cpu")  # type: ignore[operator]
    letters = [chr(ord("a") + number % 26) for number in range(100)]
    ((subwords, states),) = encoder.states([letters])
    assert len(subwords.ids) > 2 * POSITIONS
    assert np.abs(states).sum(axis=1).min() > 0  # every token was in a window
    words = next(count for count in range(100) if len(encoder.tokenizer.subwords(letters[: count + 1]).ids) > POSITIONS)
    ((_, fitting),) = encoder.states([letters[:words]])
    np.testing.assert_allclose(states[:10], fitting[:10], atol=0.1)


def test_special_tokens_of_a_long_text_come_from_its_ends(tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path)
    room = POSITIONS - 2
    letters = [chr(ord("a") + number % 26) for number in range(2 * room)]
    (whole,), (start,), (end,) = (_states(folder, [text]) for text in (letters, letters[:room], letters[-room:]))
    np.testing.assert_allclose(whole[0], start[0], atol=1e-5)
    np.testing.assert_allclose(whole[-1], end[-1], atol=1e-5)


@given(st.integers(0, 200), st.integers(1, 40))
def test_windows_take_each_token_where_it_is_farthest_from_an_edge(length: int, room: int) -> None:
    spans = window_spans(length, room)
    taken = [place for _, low, high in spans for place in range(low, high)]
    assert taken == list(range(length))

    def distance(start: int, place: int) -> int:
        stop = min(start + room, length)
        if not start <= place < stop:
            return -1
        return min(place - start if start else length, stop - 1 - place if stop < length else length)

    for start, low, high in spans:
        for place in range(low, high):
            assert distance(start, place) == max(distance(other, place) for other, _, _ in spans)


def test_windows_overlap_by_half() -> None:
    assert [start for start, _, _ in window_spans(9, 4)] == [0, 2, 4, 5]
    assert window_spans(0, 4) == []


@given(st.lists(st.integers(1, 30)), st.integers(1, 100))
def test_batches_keep_to_the_budget_and_lose_nothing(lengths: list[int], budget: int) -> None:
    windows = [
        Window(text=number, ids=np.zeros(length, np.int32), kept=slice(0), places=slice(0))
        for number, length in enumerate(lengths)
    ]
    found = batches(windows, budget)
    assert sorted(window.text for batch in found for window in batch) == list(range(len(lengths)))
    for batch in found:
        assert len(batch) == 1 or len(batch) * max(len(window.ids) for window in batch) <= budget


def test_half_a_checkpoints_precision_is_not_kept(tmp_path: Path) -> None:
    from transformers import AutoModel

    folder = tiny_bert(tmp_path)
    AutoModel.from_pretrained(folder, dtype=torch.float16).save_pretrained(folder)
    assert json.loads((folder / "config.json").read_text())["dtype"] == "float16"
    (found,) = _states(folder, [["ab"]])
    assert np.abs(found - found.astype(np.float16)).max() > 1e-5


def test_bfloat16_is_near(tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path)
    (exact,), (near,) = (_states(folder, [["ab"]], precision=kind) for kind in ("float32", "bfloat16"))
    assert 1e-5 < np.abs(exact - near).max() < 0.1


def test_added_tokens_have_states_that_are_always_the_same(tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path)
    once, again, without = (
        _states(folder, [["a", "<sil>"]], (0,), added_tokens=added)[0] for added in (("<sil>",), ("<sil>",), ())
    )
    np.testing.assert_array_equal(once, again)
    np.testing.assert_array_equal(once[1], without[1])  # the rest of the vocabulary is as it was
    assert once.shape == (4, 16)


def test_refuses_a_model_with_weights_missing(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = tiny_bert(tmp_path)
    weights = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in weights.items() if "layer.1.attention" not in name}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(WeightsError, match=r"lacks the weights 'encoder.layer.1.attention.* and \d+ more"):
        _states(folder, [["a"]])


def test_reads_a_model_without_a_pooler(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = tiny_bert(tmp_path)
    expected = _states(folder, [["ab"]])[0]
    kept = {k: v for k, v in load_file(folder / "model.safetensors").items() if not k.startswith("pooler")}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    np.testing.assert_array_equal(_states(folder, [["ab"]])[0], expected)


def test_refuses_the_tokenizer_of_another_model(tmp_path: Path) -> None:
    tiny_t5(tmp_path / "t5")
    folder = tiny_bert(tmp_path / "bert")
    for file in ("config.json", "model.safetensors"):
        (folder / file).write_bytes((tmp_path / "t5" / file).read_bytes())
    with pytest.raises(WeightsError, match="its tokenizer has 63 tokens, its model 7; they do not fit"):
        _states(folder, [["a"]])


def test_refuses_a_model_without_room(tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path)
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"model_max_length": 2}))
    with pytest.raises(WeightsError, match="no room for a token between its special ones"):
        _states(folder, [["a"]])


def test_refuses_what_is_no_encoder_of_text(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "no-such-type"}')
    with pytest.raises(WeightsError, match="not a model that transformers can load"):
        encoder_config(tmp_path)
    pictures = tmp_path / "vit"
    pictures.mkdir()
    (pictures / "config.json").write_text('{"model_type": "vit"}')
    with pytest.raises(WeightsError, match="a model of the type 'vit' has no vocab_size; expected a text encoder"):
        encoder_config(pictures)


@pytest.mark.parametrize("make", [tiny_bert, tiny_roberta])
def test_sizes_are_those_of_the_configuration(make: object, tmp_path: Path) -> None:
    folder = make(tmp_path)  # type: ignore[operator]
    config = encoder_config(folder)
    assert encoder_sizes(folder) == EncoderSizes(hidden=config.hidden_size, layers=config.num_hidden_layers)


def test_sizes_under_other_names(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "distilbert", "dim": 48, "n_layers": 3}')
    assert encoder_sizes(tmp_path) == EncoderSizes(hidden=48, layers=3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"model_type": "no-such-type", "hidden_size": 8, "num_hidden_layers": 2, "vocab_size": 9}',
        '{"model_type": "../bert", "hidden_size": 8, "num_hidden_layers": 2, "vocab_size": 9}',
    ],
)
def test_sizes_of_what_is_no_configuration(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(WeightsError, match="not a model that transformers can load"):
        encoder_sizes(tmp_path)


def test_sizes_are_known_without_torch(tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path)
    code = (
        "import sys; from pathlib import Path; from trimodal.extract.text.encoder import encoder_sizes; "
        f"encoder_sizes(Path({str(folder)!r})); sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_refuses_broken_weights(tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path)
    (folder / "model.safetensors").write_bytes(b"\x00" * 64)
    with pytest.raises(WeightsError, match="not a model that transformers can load"):
        _states(folder, [["a"]])
