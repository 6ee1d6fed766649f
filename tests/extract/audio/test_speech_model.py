from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from speech_models import DEPTH, KINDS, RATE, WIDTH, save_model
from transformers import AutoFeatureExtractor, AutoModel

from trimodal.errors import ParameterError, WeightsError
from trimodal.extract.audio.speech_model import SpeechModel
from trimodal.extract.threads import one_thread
from trimodal.media import Audio, AudioSelection, probe, read_audio
from trimodal.track import Track, concatenate

EACH = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """As the runner does: more only get into each other's way."""
    with one_thread({"torch"}):
        yield


def _audio(samples: np.ndarray, start: float = 0.0, rate: int = RATE) -> Audio:
    return Audio(samples=samples.astype(np.float32), rate=rate, start_seconds=start)


def _noise(seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    return np.random.default_rng(0).normal(size=round(seconds * rate)) * 0.1


def _extract(extractor: SpeechModel, audio: Audio) -> Track:
    return concatenate(extractor.schema, list(extractor.extract(audio)))


def _hidden(folder: Path, samples: np.ndarray) -> list[np.ndarray]:
    """Return what transformers gives of a sound, layer by layer, with its output as the last one."""
    features, network = AutoFeatureExtractor.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    network = network.get_encoder() if hasattr(network, "decoder") else network
    values = next(iter(features(samples, sampling_rate=RATE, return_tensors="pt").values()))
    with torch.inference_mode():
        output = network(values, output_hidden_states=True)
    return [states[0].numpy() for states in (*output.hidden_states[:-1], output.last_hidden_state)]


@EACH
def test_equals_transformers_on_speech(kind: str, tmp_path: Path, media: Path) -> None:
    path = media / "speech" / "had_that_curiosity.wav"
    audio = read_audio(path, probe(path), AudioSelection())
    assert audio is not None
    folder = save_model(tmp_path, kind)
    expected = _hidden(folder, np.array(audio.samples))
    for layer in (0, 1, -1):
        track = _extract(SpeechModel(model=str(folder), layers=layer), audio)
        np.testing.assert_allclose(track.values, expected[layer][: len(track)], atol=2e-5)
        assert track.schema["values"].columns == tuple(f"hidden{i}" for i in range(WIDTH))
    if kind != "whisper":
        assert len(track) == len(expected[0])


def test_layers_side_by_side_and_their_means(tmp_path: Path) -> None:
    model = str(save_model(tmp_path, "wav2vec2-layer"))
    audio = _audio(_noise())
    first, last = (_extract(SpeechModel(model=model, layers=layer), audio).values for layer in (1, DEPTH))
    both = _extract(SpeechModel(model=model, layers=(1, -1)), audio)
    np.testing.assert_allclose(both.values, np.concatenate([first, last], axis=1), atol=1e-6)
    assert both.schema["values"].columns[:: WIDTH + 1] == ("layer1_hidden0", f"layer{DEPTH}_hidden1")
    mean = _extract(SpeechModel(model=model, layers=(1, -1), combine="mean"), audio)
    np.testing.assert_allclose(mean.values, (first + last) / 2, atol=1e-6)
    weighted = SpeechModel(model=model, layers=(1, -1), combine="mean", layer_weights=(6.0, 2.0))
    np.testing.assert_allclose(_extract(weighted, audio).values, 0.75 * first + 0.25 * last, atol=1e-6)
    assert weighted.schema["values"].columns == tuple(f"hidden{i}" for i in range(WIDTH))


@pytest.mark.parametrize("do_normalize", [True, False])
def test_samples_are_normalised_where_the_model_asks_for_it(do_normalize: bool, tmp_path: Path) -> None:
    folder = save_model(tmp_path, "wav2vec2-layer", do_normalize)
    quiet, loud = (_extract(SpeechModel(model=str(folder)), _audio(_noise() * level)) for level in (0.5, 1.0))
    assert np.allclose(quiet.values, loud.values, atol=1e-3) == do_normalize


# Positions that look at a frame alone leave the convolutions as all that hidden state 0 sees.
_LOOKING_AT_ONE_FRAME: dict[str, dict[str, Any]] = {
    "wav2vec2-layer": {"num_conv_pos_embeddings": 1},
    "hubert": {"num_conv_pos_embeddings": 1, "feat_extract_norm": "layer"},
    "wavlm": {"num_conv_pos_embeddings": 1},
    "data2vec-audio": {"num_conv_pos_embeddings": 1, "conv_pos_kernel_size": 1},
    "whisper": {},
}


@pytest.mark.parametrize("kind", _LOOKING_AT_ONE_FRAME)
def test_an_impulse_changes_just_the_rows_whose_interval_holds_it(kind: str, tmp_path: Path) -> None:
    folder = save_model(tmp_path, kind, do_normalize=False, **_LOOKING_AT_ONE_FRAME[kind])
    # What is loudest in a chunk sets Whisper's floor, so there is one chunk of it.
    cut = {} if kind == "whisper" else {"chunk_seconds": 0.5, "context_seconds": 0.1}
    extractor = SpeechModel(model=str(folder), layers=0, **cut)
    samples = _noise()
    before = _extract(extractor, _audio(samples))
    for at, start in ((0, 0.0), (1234, 1.5), (9000, 0.0), (15_700, 1.5)):
        struck = samples.copy()
        struck[at] += 0.2
        after = _extract(extractor, _audio(struck, start))
        changed = (np.abs(before.values - after.values) > 1e-6).any(axis=1)
        moment = start + at / RATE
        holds = (after.times[:, 0] <= moment + 1e-9) & (moment < after.times[:, 1] - 1e-9)
        assert changed.any()
        if kind == "whisper":  # its window is next to nothing at its ends
            assert not (changed & ~holds).any()
            assert changed.sum() >= holds.sum() - 1
        else:
            np.testing.assert_array_equal(changed, holds)


def test_an_impulse_at_another_sample_rate(tmp_path: Path) -> None:
    from transformers import Wav2Vec2FeatureExtractor

    folder = save_model(tmp_path, "wav2vec2-layer", num_conv_pos_embeddings=1)
    Wav2Vec2FeatureExtractor(sampling_rate=8_000, do_normalize=False).save_pretrained(folder)
    extractor = SpeechModel(model=str(folder), layers=0, sample_rate=8_000)
    samples = _noise(1.0, 8_000)
    struck = samples.copy()
    struck[4_000] += 1.0
    before, after = (_extract(extractor, _audio(sound, 0.844, 8_000)) for sound in (samples, struck))
    np.testing.assert_allclose(before.times[:2], 0.844 + np.array([[0, 0.05], [0.04, 0.09]]))
    changed = (before.values != after.values).any(axis=1)
    holds = (before.times[:, 0] <= 1.344 + 1e-9) & (before.times[:, 1] > 1.344 + 1e-9)
    np.testing.assert_array_equal(changed, holds)


def test_times_keep_the_late_start_of_a_stream(tmp_path: Path, media: Path) -> None:
    path = media / "odd" / "audio_late_1500ms.mp4"
    audio = read_audio(path, probe(path), AudioSelection())
    assert audio is not None
    track = _extract(SpeechModel(model=str(save_model(tmp_path, "hubert"))), audio)
    assert track.times[0, 0] == pytest.approx(audio.start_seconds)
    assert audio.start_seconds == pytest.approx(1.5, abs=0.05)
    np.testing.assert_allclose(np.diff(track.times, axis=1), 0.025)


@EACH
def test_times_of_chunks_are_those_of_the_whole(kind: str, tmp_path: Path) -> None:
    model = str(save_model(tmp_path, kind))
    audio = _audio(_noise(3.3), 2.0)
    whole = _extract(SpeechModel(model=model), audio)
    pieces = list(SpeechModel(model=model, chunk_seconds=1.0, context_seconds=0.2).extract(audio))
    assert len(pieces) > 4
    np.testing.assert_array_equal(np.concatenate([piece.times for piece in pieces]), whole.times)
    assert whole.times[-1, 1] <= audio.end_seconds


@EACH
@pytest.mark.parametrize("samples", [0, 1, 399])
def test_sound_shorter_than_a_frame_is_a_gap(kind: str, samples: int, tmp_path: Path) -> None:
    track = _extract(SpeechModel(model=str(save_model(tmp_path, kind))), _audio(np.zeros(samples), 2.0))
    if kind == "whisper" and samples:
        assert len(track) == -(-samples // 320)
        return
    assert len(track) == 0
    ((start, end, reason),) = [(gap.start_seconds, gap.end_seconds, gap.reason) for gap in track.gaps]
    assert (start, end) == (2.0, 2.0 + samples / RATE)
    assert reason == f"sound shorter than the {0.065 if kind == 'whisper' else 0.025} s that a frame of the model sees"


@EACH
@pytest.mark.parametrize(
    "samples", [np.zeros(800), np.ones(8_000), np.clip(_noise() * 100, -1, 1)], ids=["50 ms", "constant", "clipped"]
)
def test_odd_sounds_have_rows(kind: str, samples: np.ndarray, tmp_path: Path) -> None:
    track = _extract(SpeechModel(model=str(save_model(tmp_path, kind))), _audio(samples))
    assert len(track) == (-(-len(samples) // 320) if kind == "whisper" else (len(samples) - 400) // 320 + 1)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"model": ""}, "model is empty; expected a hub name, a folder or package:NAME"),
        ({"layers": ()}, "layers is empty; expected the number of a hidden state"),
        ({"layer_weights": (1.0,)}, "layer_weights need combine: mean, found concatenate"),
        ({"layer_weights": (1.0,), "combine": "mean", "layers": (0, 1)}, r"as many as layers \(2\), found 1"),
        ({"layer_weights": (-1.0, 2.0), "combine": "mean", "layers": (0, 1)}, "must not be negative"),
        ({"layer_weights": (0.0,), "combine": "mean"}, "not all be 0"),
        ({"layer_weights": (float("nan"),), "combine": "mean"}, "must not be negative"),
        ({"layer_weights": (float("inf"),), "combine": "mean"}, "must not be negative"),
        ({"chunk_seconds": 0.0}, "chunk_seconds must be above 0 and at most 300, found 0.0"),
        ({"chunk_seconds": float("inf")}, "chunk_seconds must be above 0 and at most 300, found inf"),
        ({"chunk_seconds": float("nan")}, "chunk_seconds must be above 0 and at most 300, found nan"),
        ({"context_seconds": -1.0}, "context_seconds must be from 0 to 300, found -1.0"),
        ({"context_seconds": float("nan")}, "context_seconds must be from 0 to 300, found nan"),
        ({"sample_rate": 0}, "sample_rate must be from 1"),
    ],
)
def test_refuses_parameters_outside_their_range(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        SpeechModel(**parameters)


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        ("hubert", {"layers": 4}, "layers must be from -4 to 3, found 4"),
        ("hubert", {"layers": (0, -5)}, "layers must be from -4 to 3, found -5"),
        ("hubert", {"layers": (3, -1)}, r"layers names a hidden state twice, found \(3, -1\), which is \(3, 3\)"),
        ("hubert", {"sample_rate": 8_000}, "needs a sample_rate of 16000, found 8000"),
        ("hubert", {"context_seconds": 10.0}, "must leave something of a chunk of 20 s, found 10.0"),
        ("hubert", {"chunk_seconds": 0.03, "context_seconds": 0.0}, "must leave something of a chunk of 0.03 s"),
        ("whisper", {"chunk_seconds": 31.0}, "chunk_seconds must be at most 30 for this model, found 31.0"),
    ],
)
def test_refuses_parameters_that_do_not_go_with_the_model(
    kind: str, parameters: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ParameterError, match=message):
        _ = SpeechModel(model=str(save_model(tmp_path, kind)), **parameters).schema


def test_weights_are_files_of_the_folder(tmp_path: Path) -> None:
    folder = save_model(tmp_path, "wav2vec2-group")
    assert SpeechModel(model=str(folder)).weights()["preprocessor_config.json"].parent == folder
    (folder / "model.safetensors").unlink()
    with pytest.raises(WeightsError, match="holds no weights; expected"):
        SpeechModel(model=str(folder)).weights()
