import importlib.util
import json
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import pytest
from recognition_models import save_whisper

from trimodal.errors import MissingPackageError, ParameterError, WeightsError
from trimodal.extract.text.recognition.recognise import (
    ENGINES,
    recognise,
    recognition_engine,
    recognition_files,
    speech_stretches,
)
from trimodal.media import Audio, AudioSelection, Utterance, probe, read_audio

pytestmark = pytest.mark.usefixtures("one_thread")


def _audio(path: Path) -> Audio:
    audio = read_audio(path, probe(path), AudioSelection())
    assert audio is not None
    return audio


def _check_times(utterances: list[Utterance], audio: Audio) -> None:
    edges = [audio.start_seconds]
    for utterance in utterances:
        assert utterance.text == " ".join(word.text for word in utterance.words)
        assert utterance.start_seconds == utterance.words[0].start_seconds
        assert utterance.end_seconds == utterance.words[-1].end_seconds
        for word in utterance.words:
            assert word.start_seconds is not None
            assert word.end_seconds is not None
            assert 0 <= word.confidence <= 1
            edges += [word.start_seconds, word.end_seconds]
    assert [*edges, audio.end_seconds] == sorted([*edges, audio.end_seconds])


def test_pocketsphinx_hears_a_sentence_where_it_is_said(media: Path) -> None:
    audio = _audio(media / "speech" / "had_that_curiosity.wav")
    truth = json.loads((media / "speech" / "had_that_curiosity.words.json").read_text())
    truth = truth["words"] if isinstance(truth, dict) else truth
    (utterance,) = recognise(audio, "pocketsphinx", "", "cpu")
    _check_times([utterance], audio)
    said = [str(word["word"]).lower().strip(",.") for word in truth]
    heard = [word.text for word in utterance.words]
    same = SequenceMatcher(a=said, b=heard).get_matching_blocks()
    pairs = [(truth[m.a + k], utterance.words[m.b + k]) for m in same for k in range(m.size)]
    assert len(pairs) >= 8
    starts = np.array([(one["start"], other.start_seconds) for one, other in pairs], float)
    assert np.median(np.abs(starts[:, 0] - starts[:, 1])) < 0.1


def test_pauses_separate_utterances(media: Path) -> None:
    audio = _audio(media / "speech" / "jfk.flac")
    utterances = recognise(audio, "pocketsphinx", "", "cpu")
    assert len(utterances) == 2
    _check_times(utterances, audio)
    assert {"my", "fellow", "you", "do"} <= {word.text for utterance in utterances for word in utterance.words}


def test_times_are_on_the_recordings_clock(media: Path) -> None:
    audio = _audio(media / "speech" / "had_that_curiosity.wav")
    later = Audio(samples=audio.samples, rate=16_000, start_seconds=100.0)
    (one,), (other,) = (recognise(sound, "pocketsphinx", "", "cpu") for sound in (audio, later))
    assert one.start_seconds is not None
    assert (other.text, other.start_seconds) == (one.text, pytest.approx(one.start_seconds + 100 - audio.start_seconds))


def test_long_speech_is_cut_into_half_minutes(media: Path) -> None:
    speech = _audio(media / "speech" / "had_that_curiosity.wav").samples[8_000:-4_000]
    stretches = speech_stretches(Audio(samples=np.tile(speech, 25), rate=16_000, start_seconds=0.0))
    assert len(stretches) >= 2
    assert all(0 < last - first <= 30 * 16_000 for first, last in stretches)
    edges = [edge for stretch in stretches for edge in stretch]
    assert edges == sorted(edges)


@pytest.mark.parametrize("engine", ["transformers", "faster-whisper"])
def test_whisper_gives_words_with_times(engine: str, media: Path, tmp_path: Path) -> None:
    model = save_whisper(tmp_path / "whisper")
    if engine == "faster-whisper":
        converters = pytest.importorskip("ctranslate2.converters")
        files = ["tokenizer.json", "preprocessor_config.json"]
        converter = converters.TransformersConverter(str(model), copy_files=files)
        model = Path(converter.convert(str(tmp_path / "converted")))
    audio = _audio(media / "speech" / "had_that_curiosity.wav")
    utterances = recognise(audio, engine, str(model), "cpu")
    assert sum(len(utterance.words) for utterance in utterances) >= 1  # random weights: any words
    _check_times(utterances, audio)
    assert recognise(audio, engine, str(model), "cpu") == utterances
    assert {"config.json", "network"} <= recognition_files(engine, str(model)).keys()


@pytest.mark.parametrize("samples", [0, 100, 32_000])
def test_no_speech_no_utterances(samples: int) -> None:
    silence = Audio(samples=np.zeros(samples, np.float32), rate=16_000, start_seconds=0.0)
    assert recognise(silence, "pocketsphinx", "", "cpu") == []


def test_refuses_what_it_does_not_know() -> None:
    audio = Audio(samples=np.zeros(10, np.float32), rate=8_000, start_seconds=0.0)
    with pytest.raises(
        ParameterError, match="no speech recognition is called 'whisper'; did you mean 'faster-whisper'"
    ):
        recognise(audio, "whisper", "", "cpu")
    with pytest.raises(ParameterError, match="speech recognition needs 16000 samples per second, found 8000"):
        recognise(audio, "pocketsphinx", "", "cpu")


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "faster_whisper" else find(name))
    message = r"recognition with faster-whisper needs the package 'faster_whisper', .* pip install 'trimodal\[asr\]'"
    with pytest.raises(MissingPackageError, match=message):
        recognition_engine("faster-whisper")


@pytest.mark.parametrize(
    ("engine", "model", "message"),
    [
        ("pocketsphinx", "large", "pocketsphinx has one model, inside its package; found 'large'; leave it out"),
        ("transformers", "", "recognition with transformers needs a model; give a hub name or a folder"),
        ("transformers", "/none", "/none: no such folder; expected a transformers model"),
    ],
)
def test_models_that_are_not_there(engine: str, model: str, message: str) -> None:
    with pytest.raises(WeightsError, match=message):
        ENGINES[engine].make(model, "cpu")
    with pytest.raises(WeightsError, match=message):
        ENGINES[engine].files(model)
