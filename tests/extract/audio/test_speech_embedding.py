from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from speech_models import KINDS, RATE, WIDTH, save_model
from transformers import AutoFeatureExtractor, AutoModel

from trimodal.errors import ParameterError
from trimodal.extract.audio import speech_embedding
from trimodal.extract.audio.speech_embedding import SpeechEmbedding
from trimodal.extract.audio.speech_model import SpeechModel
from trimodal.extract.threads import one_thread
from trimodal.media import Audio, AudioSelection, probe, read_audio
from trimodal.track import Track, concatenate
from trimodal.windows import Windows

EACH = pytest.mark.parametrize("kind", KINDS)
WINDOWS = Windows(length_seconds=0.5, hop_seconds=0.25, tail="partial")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """As the runner does: more only get into each other's way."""
    with one_thread({"torch"}):
        yield


def _audio(seconds: float = 3.3, start: float = 1.5) -> Audio:
    samples = np.random.default_rng(0).normal(size=round(seconds * RATE)) * 0.1
    return Audio(samples=samples.astype(np.float32), rate=RATE, start_seconds=start)


def _extract(extractor: SpeechEmbedding, audio: Audio, spans: np.ndarray | None = None) -> Track:
    if spans is None:
        spans = WINDOWS.times(audio.start_seconds, audio.end_seconds)
    return concatenate(extractor.schema, list(extractor.extract(audio, spans)))


def _embedding(folder: Path, **parameters: Any) -> SpeechEmbedding:
    return SpeechEmbedding(model=str(folder), windows=WINDOWS, **parameters)


def _frames(folder: Path, audio: Audio, **parameters: Any) -> Track:
    extractor = SpeechModel(model=str(folder), **parameters)
    return concatenate(extractor.schema, list(extractor.extract(audio)))


@EACH
def test_windows_equal_those_that_transformers_makes_of_each(kind: str, tmp_path: Path, media: Path) -> None:
    path = media / "speech" / "had_that_curiosity.wav"
    audio = read_audio(path, probe(path), AudioSelection())
    assert audio is not None
    folder = save_model(tmp_path, kind)
    windows = Windows(length_seconds=1.0, hop_seconds=0.5)
    spans = windows.times(audio.start_seconds, audio.end_seconds)
    track = _extract(SpeechEmbedding(model=str(folder), windows=windows), audio, spans)
    features, network = AutoFeatureExtractor.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    network = network.get_encoder() if kind == "whisper" else network
    for row, start in enumerate(range(0, len(audio.samples) - RATE + 1, RATE // 2)):
        window = np.array(audio.samples[start : start + RATE])
        with torch.inference_mode():
            values = next(iter(features(window, sampling_rate=RATE, return_tensors="pt").values()))
            states = network(values).last_hidden_state[0].numpy()
        frames = 50 if kind == "whisper" else len(states)
        np.testing.assert_allclose(track.values[row], states[:frames].mean(axis=0), atol=1e-5)
    assert track.fields["row"].tolist() == list(range(len(spans))) == list(range(row + 1))
    np.testing.assert_array_equal(track.times, spans)


@EACH
@pytest.mark.parametrize("pool", ["mean", "max", "mean_std"])
def test_windows_of_the_recording_pool_its_frames(kind: str, pool: str, tmp_path: Path) -> None:
    folder, audio = save_model(tmp_path, kind), _audio()
    cut: dict[str, Any] = {"chunk_seconds": 1.2, "context_seconds": 0.2}
    track = _extract(_embedding(folder, context="recording", pool=pool, **cut), audio)
    frames = _frames(folder, audio, **cut)
    first, hop, field = (-520, 320, 1040) if kind == "whisper" else (0, 320, 400)
    middles = audio.start_seconds + (np.arange(len(frames)) * hop + first + field / 2) / RATE
    for row, (start, end) in enumerate(WINDOWS.times(audio.start_seconds, audio.end_seconds)):
        inside = frames.values[(middles > start - 1e-6) & (middles < end - 1e-6)]
        parts = {"mean": [inside.mean(axis=0)], "max": [inside.max(axis=0)]}
        parts["mean_std"] = [inside.mean(axis=0), inside.std(axis=0)]
        np.testing.assert_allclose(track.values[row], np.concatenate(parts[pool]), atol=1e-5)
    assert len(track.schema["values"].columns) == WIDTH * (2 if pool == "mean_std" else 1)


def test_names_of_what_is_pooled(tmp_path: Path) -> None:
    folder = save_model(tmp_path, "wav2vec2-group")
    columns = _embedding(folder, pool="mean_std", layers=(0, 2)).schema["values"].columns
    assert columns[::WIDTH] == (
        "mean_layer0_hidden0",
        "mean_layer2_hidden0",
        "std_layer0_hidden0",
        "std_layer2_hidden0",
    )
    assert _embedding(folder, pool="max").schema["values"].columns[0] == "hidden0"


@pytest.mark.parametrize("context", ["alone", "recording"])
def test_stretches_of_all_lengths_overlapping_and_beyond_the_sound(context: str, tmp_path: Path) -> None:
    folder, audio = save_model(tmp_path, "wav2vec2-group"), _audio(3.0, 1.5)
    spans = np.array(
        [
            [-3.0, 1.0],  # before the sound
            [1.0, 2.0],  # half in it
            [1.5, 9.0],  # all of it and more: longer than a chunk
            [1.6, 1.6],  # nothing
            [1.615, 1.62],  # shorter than a frame, and no middle of one in it
            [2.0, 2.5],
            [2.0, 2.1234],
            [2.2, 2.7],
            [4.4, 4.6],
            [4.5, 5.5],  # behind it
        ]
    )
    parameters: dict[str, Any] = {"context": context, "chunk_seconds": 1.0, "context_seconds": 0.2}
    track = _extract(_embedding(folder, **parameters), audio, spans)
    assert track.fields["row"].tolist() == [1, 2, 5, 6, 7, 8]
    np.testing.assert_allclose(track.times[:2], [[1.5, 2.0], [1.5, 4.5]])
    missing = [(gap.start_seconds, gap.end_seconds) for gap in track.gaps]
    assert missing == [(-3.0, 1.0), (1.6, 1.6), (1.615, 1.62), (4.5, 5.5)]
    assert {gap.reason for gap in track.gaps} == {"too little sound for a frame of the model, which sees 0.025 s"}
    if context == "alone":
        cut = {"chunk_seconds": 1.0, "context_seconds": 0.2}
        for vector, row in zip(track.values, track.fields["row"], strict=True):
            frames = _frames(folder, audio.between(*spans[row]), **cut)
            np.testing.assert_allclose(vector, frames.values.mean(axis=0), atol=1e-5)


@pytest.mark.parametrize("context", ["alone", "recording"])
def test_pieces_do_not_change_the_rows(context: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    extractor, audio = _embedding(save_model(tmp_path, "wav2vec2-group"), context=context), _audio()
    at_once = _extract(extractor, audio)
    monkeypatch.setattr(speech_embedding, "_SPANS_AT_ONCE", 3)
    pieces = list(extractor.extract(audio, WINDOWS.times(audio.start_seconds, audio.end_seconds)))
    together = concatenate(extractor.schema, pieces)
    np.testing.assert_allclose(together.values, at_once.values, atol=1e-5)
    np.testing.assert_array_equal(together.fields["row"], at_once.fields["row"])
    assert len(pieces) > 3 or context == "recording"


def test_an_impulse_changes_just_the_windows_that_hold_it(tmp_path: Path) -> None:
    extractor, audio = _embedding(save_model(tmp_path, "wav2vec2-group")), _audio(3.0, 1.5)
    struck = audio.samples.copy()
    struck[20_000] += 1.0
    found = [
        _extract(extractor, Audio(samples=samples, rate=RATE, start_seconds=1.5)) for samples in (audio.samples, struck)
    ]
    changed = (np.abs(found[0].values - found[1].values) > 1e-5).any(axis=1)
    moment = 1.5 + 20_000 / RATE
    np.testing.assert_array_equal(changed, (found[0].times[:, 0] <= moment) & (moment < found[0].times[:, 1]))


def test_alone_a_window_does_not_depend_on_its_surroundings_and_in_the_recording_it_does(tmp_path: Path) -> None:
    folder, audio = save_model(tmp_path, "wav2vec2-group"), _audio(3.0, 0.0)
    louder = audio.samples.copy()
    louder[2 * RATE :] *= 5
    spans = np.array([[0.5, 1.0]])
    for context, same in (("alone", True), ("recording", False)):
        extractor = _embedding(folder, context=context)
        before, after = (
            _extract(extractor, Audio(samples=samples, rate=RATE, start_seconds=0.0), spans).values
            for samples in (audio.samples, louder)
        )
        assert np.allclose(before, after, atol=1e-6) == same


@pytest.mark.parametrize("context", ["alone", "recording"])
@pytest.mark.parametrize("samples", [0, 1])
def test_no_sound_is_gaps(context: str, samples: int, tmp_path: Path) -> None:
    audio = Audio(samples=np.zeros(samples, np.float32), rate=RATE, start_seconds=1.0)
    extractor = _embedding(save_model(tmp_path, "wav2vec2-group"), context=context)
    assert len(_extract(extractor, audio)) == 0
    track = _extract(extractor, audio, np.array([[1.0, 2.0], [1.5, 2.0]]))
    assert (len(track), len(track.gaps)) == (0, 2)


@pytest.mark.parametrize("context", ["alone", "recording"])
def test_silence_has_vectors(context: str, tmp_path: Path) -> None:
    audio = Audio(samples=np.zeros(2 * RATE, np.float32), rate=RATE, start_seconds=0.0)
    track = _extract(_embedding(save_model(tmp_path, "wav2vec2-group"), context=context, pool="mean_std"), audio)
    assert len(track) == len(WINDOWS.times(0.0, 2.0))


def test_needs_windows_or_intervals(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="expected either 'windows' or 'intervals'"):
        SpeechEmbedding(model=str(tmp_path))
    assert SpeechEmbedding(model=str(tmp_path), intervals="words").needed_tracks() == ("words",)
