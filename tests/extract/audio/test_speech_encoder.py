from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from speech_models import DEPTH, FIELD, HOP, KINDS, RATE, save_model
from transformers import AutoFeatureExtractor, AutoModel

from trimodal.errors import ParameterError, WeightsError
from trimodal.extract.audio.speech_description import describe
from trimodal.extract.audio.speech_encoder import SpeechEncoder, SpeechSetting, load_encoder
from trimodal.extract.threads import one_thread
from trimodal.extract.torch_precision import Precision


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """As the runner does: more only get into each other's way."""
    with one_thread({"torch"}):
        yield


EACH = pytest.mark.parametrize("kind", KINDS)


def _encoder(
    folder: Path,
    layers: tuple[int, ...] = (DEPTH,),
    chunk_seconds: float = 20.0,
    context_seconds: float = 0.5,
    precision: Precision = "float32",
) -> SpeechEncoder:
    setting = SpeechSetting(
        layers=layers,
        weights=None,
        chunk_seconds=chunk_seconds,
        context_seconds=context_seconds,
        precision=precision,
    )
    return load_encoder(describe(folder), setting, "cpu")


def _sounds(count: int = 5, samples: int = RATE) -> list[np.ndarray]:
    levels = np.geomspace(0.01, 0.3, count)
    noise = np.random.default_rng(0).normal(size=(count, samples))
    return list((noise * levels[:, None]).astype(np.float32))


@EACH
def test_many_sounds_at_once_give_what_each_alone_gives_in_transformers(kind: str, tmp_path: Path) -> None:
    folder = save_model(tmp_path, kind)
    features, network = AutoFeatureExtractor.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    network = network.get_encoder() if kind == "whisper" else network
    sounds = _sounds()
    together = _encoder(folder).whole(sounds)
    for sound, found in zip(sounds, together, strict=True):
        with torch.inference_mode():
            values = next(iter(features(sound, sampling_rate=RATE, return_tensors="pt").values()))
            expected = network(values).last_hidden_state[0].numpy()
        np.testing.assert_allclose(found, expected[: len(found)], atol=1e-5)
    assert together.shape[1] == (50 if kind == "whisper" else (RATE - FIELD) // HOP + 1)


def test_padding_would_have_changed_the_numbers_of_group_normalisation(tmp_path: Path) -> None:
    folder = save_model(tmp_path, "wav2vec2-group")
    short, long = _sounds(1)[0], _sounds(1, 2 * RATE)[0]
    features, network = AutoFeatureExtractor.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    padded = features([short, long], sampling_rate=RATE, padding=True, return_tensors="pt").input_values
    with torch.inference_mode():
        states = network(padded).last_hidden_state[0].numpy()
    alone = _encoder(folder).whole([short])[0]
    assert np.abs(states[: len(alone)] - alone).max() > 0.1


@EACH
def test_layers_below_the_highest_are_not_run_and_those_kept_are_the_same(kind: str, tmp_path: Path) -> None:
    folder = save_model(tmp_path, kind)
    every = _encoder(folder, tuple(range(DEPTH + 1))).whole(_sounds(1))
    for layer, expected in enumerate(np.split(every, DEPTH + 1, axis=2)):
        encoder = _encoder(folder, (layer,))
        np.testing.assert_array_equal(encoder.whole(_sounds(1)), expected)
        assert len(encoder._network.layers if kind == "whisper" else encoder._network.encoder.layers) == max(1, layer)


@pytest.mark.parametrize("kind", KINDS[:-1])
@pytest.mark.parametrize("context_seconds", [0.2, 0.5])
def test_chunks_have_the_first_hidden_state_of_the_whole(kind: str, context_seconds: float, tmp_path: Path) -> None:
    # The positional convolution of these models sees 16 frames, 0.32 s, or 10 in data2vec: half of it on either side.
    folder = save_model(tmp_path, kind)
    (sound,) = _sounds(1, 5 * RATE)
    sound[: 2 * RATE] *= 0.01  # a whisper, which normalisation of the chunk alone would make loud
    whole = _encoder(folder, (0,)).whole([sound])[0]
    encoder = _encoder(folder, (0,), 1.3, context_seconds)
    pieces = list(encoder.pieces(sound))
    assert len(pieces) >= 6
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS[:-1])
def test_frames_of_chunks_come_nearer_to_those_of_the_whole_with_more_context(kind: str, tmp_path: Path) -> None:
    folder = save_model(tmp_path, kind)
    (sound,) = _sounds(1, 8 * RATE)
    whole = _encoder(folder).whole([sound])[0]
    off = []
    for chunk_seconds, context_seconds in ((1.1, 0.0), (1.1, 0.3), (4.1, 1.0)):
        found = np.concatenate(list(_encoder(folder, (DEPTH,), chunk_seconds, context_seconds).pieces(sound)))
        off.append(np.linalg.norm(found - whole, axis=1).max() / np.linalg.norm(whole, axis=1).mean())
    assert off[0] > off[1] > off[2]
    assert off[2] < 0.02


@EACH
def test_a_sound_that_fits_is_run_whole(kind: str, tmp_path: Path) -> None:
    encoder = _encoder(save_model(tmp_path, kind), chunk_seconds=1.0, context_seconds=0.1)
    (sound,) = _sounds(1, RATE)
    (piece,) = encoder.pieces(sound)
    assert encoder.fits(RATE)
    assert not encoder.fits(RATE + HOP)
    np.testing.assert_allclose(piece, encoder.whole([sound])[0], atol=1e-5)


@EACH
@pytest.mark.parametrize("level", [0.0, 0.25, 1.0])
def test_silence_and_constant_sounds_have_states(kind: str, level: float, tmp_path: Path) -> None:
    encoder = _encoder(save_model(tmp_path, kind), chunk_seconds=1.0, context_seconds=0.1)
    sound = np.full(2 * RATE, level, np.float32)
    for states in (encoder.whole([sound[:RATE]])[0], *encoder.pieces(sound)):
        assert np.isfinite(states).all()


@EACH
def test_bfloat16_is_off_by_its_rounding(kind: str, tmp_path: Path) -> None:
    folder = save_model(tmp_path, kind)
    (sound,) = _sounds(1)
    exact, rounded = (_encoder(folder, precision=precision).whole([sound]) for precision in ("float32", "bfloat16"))
    off = np.linalg.norm(rounded - exact, axis=2) / np.linalg.norm(exact, axis=2)
    assert 0 < off.mean() < 0.03
    assert rounded.dtype == np.float32


def test_float16_needs_a_gpu(tmp_path: Path) -> None:
    encoder = _encoder(save_model(tmp_path, "wav2vec2-group"), precision="float16")
    with pytest.raises(ParameterError, match="float16 needs a GPU, found the device 'cpu'"):
        encoder.whole(_sounds(1))


def test_says_that_the_numbers_are_not_finite(tmp_path: Path) -> None:
    folder = save_model(tmp_path, "wav2vec2-group")
    state = load_file(folder / "model.safetensors")
    state["encoder.layers.1.final_layer_norm.weight"][0] = torch.nan
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(WeightsError, match="gives numbers that are not finite"):
        _encoder(folder).whole(_sounds(1))


def test_short_sounds_go_through_together_and_long_ones_alone(tmp_path: Path) -> None:
    encoder = _encoder(save_model(tmp_path / "a", "wav2vec2-group"))
    assert [encoder.at_once(samples) for samples in (RATE // 2, 2 * RATE, 60 * RATE)] == [4, 1, 1]
    assert _encoder(save_model(tmp_path / "b", "whisper")).at_once(RATE // 2) == 1
