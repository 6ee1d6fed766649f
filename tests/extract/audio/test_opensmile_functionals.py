from pathlib import Path
from typing import Any

import numpy as np
import opensmile
import pytest

from trimodal.errors import ParameterError, TrackError
from trimodal.extract.audio.opensmile_functionals import OpenSmileFunctionals
from trimodal.extract.audio.opensmile_setup import FEATURE_SETS
from trimodal.media import Audio, AudioSelection, probe, read_audio
from trimodal.track import Track, concatenate
from trimodal.windows import Tail, Windows

RATE = 16_000
SECOND = Windows(length_seconds=1.0, hop_seconds=0.5)
SINK = r"\{\cm[sink{?}:include external sink]}"
MEAN = """
[componentInstances:cComponentManager]
instance[mean].type=cFunctionals
[mean:cFunctionals]
reader.dmLevel=energy
writer.dmLevel=mean
frameMode=full
functionalsEnabled=Means
Means.amean=1
Means.absmean=0
Means.qmean=0
Means.nzamean=0
Means.nzabsmean=0
Means.nzqmean=0
Means.nzgmean=0
Means.nnz=0
"""
CONFIG = r"""
[componentInstances:cComponentManager]
instance[dataMemory].type=cDataMemory
\{\cm[source{?}:include external source]}
[componentInstances:cComponentManager]
instance[framer].type=cFramer
instance[energy].type=cEnergy
[framer:cFramer]
reader.dmLevel=wave
writer.dmLevel=frames
frameSize=0.025
frameStep=0.010
[energy:cEnergy]
reader.dmLevel=frames
writer.dmLevel=energy
writer.levelconf.growDyn=1
writer.levelconf.isRb=0
log=0
\{\cm[sink{?}:include external sink]}
"""


def _extract(extractor: OpenSmileFunctionals, audio: Audio, spans: np.ndarray | None = None) -> Track:
    if spans is None:
        assert extractor.windows is not None
        spans = extractor.windows.times(audio.start_seconds, audio.end_seconds)
    return concatenate(extractor.schema, list(extractor.extract(audio, spans)))


def _library(feature_set: str, samples: np.ndarray) -> np.ndarray:
    smile = opensmile.Smile(opensmile.FeatureSet[feature_set], opensmile.FeatureLevel.Functionals)
    return np.asarray(smile.process_signal(samples, RATE).to_numpy(np.float32)[0])


def _noise(seconds: float, start: float = 0.0) -> Audio:
    samples = np.random.default_rng(0).normal(size=round(seconds * RATE)) * 0.1
    return Audio(samples=samples.astype(np.float32), rate=RATE, start_seconds=start)


@pytest.fixture(scope="module")
def speech(media: Path) -> Audio:
    path = media / "speech" / "acoustic_corpus.wav"
    audio = read_audio(path, probe(path), AudioSelection())
    assert audio is not None
    return Audio(samples=audio.samples[: 9 * RATE], rate=RATE, start_seconds=1.5)


@pytest.mark.filterwarnings("ignore:Feature set")
@pytest.mark.parametrize("feature_set", FEATURE_SETS)
def test_a_stretch_alone_equals_the_library(feature_set: str, speech: Audio) -> None:
    extractor = OpenSmileFunctionals(feature_set=feature_set, intervals="words")
    track = _extract(extractor, speech, np.array([[1.5, 2.75], [2.5, 4.0]]))
    np.testing.assert_array_equal(track.values[0], _library(feature_set, speech.samples[: 5 * RATE // 4]))
    np.testing.assert_array_equal(track.values[1], _library(feature_set, speech.samples[RATE : 5 * RATE // 2]))
    np.testing.assert_array_equal(track.fields["row"], [0, 1])
    np.testing.assert_allclose(track.times, [[1.5, 2.75], [2.5, 4.0]])
    names = opensmile.Smile(opensmile.FeatureSet[feature_set], opensmile.FeatureLevel.Functionals).feature_names
    assert track.schema["values"].columns == tuple(names)


def test_stretches_that_overlap_reach_beyond_the_sound_or_hold_too_little(speech: Audio) -> None:
    spans = np.array(
        [[0.0, 1.0], [0.5, 2.5], [1.5, 2.5], [2.0, 2.05], [2.0, 3.0], [3.0, 3.0], [9.5, 12.0], [20.0, 21.0]]
    )
    track = _extract(OpenSmileFunctionals(intervals="words"), speech, spans)
    np.testing.assert_array_equal(track.fields["row"], [1, 2, 4, 6])
    np.testing.assert_allclose(track.times, [[1.5, 2.5], [1.5, 2.5], [2.0, 3.0], [9.5, 10.5]])
    np.testing.assert_array_equal(track.values[0], track.values[1])
    assert [(gap.start_seconds, gap.end_seconds) for gap in track.gaps] == [tuple(spans[row]) for row in (0, 3, 5, 7)]
    assert {gap.reason for gap in track.gaps} == {"too little sound for openSMILE's windows"}


def test_functionals_in_passing_are_close_to_those_of_each_window_alone(speech: Audio) -> None:
    windows = Windows(length_seconds=4.0, hop_seconds=0.2)
    alone, passing = (
        _extract(OpenSmileFunctionals(windows=windows, each=each), speech) for each in ("alone", "in_passing")
    )
    np.testing.assert_array_equal(passing.times, alone.times)
    np.testing.assert_array_equal(passing.fields["row"], np.arange(26))
    correlation = np.array(
        [np.corrcoef(a, b)[0, 1] for a, b in zip(alone.values.T, passing.values.T, strict=True)]  # type: ignore[arg-type]
    )
    assert np.median(correlation) > 0.995
    assert (correlation > 0.9).mean() > 0.85
    loudness = [name.startswith("loudness_sma3_percentile") for name in alone.schema["values"].columns]
    np.testing.assert_allclose(passing.values[:, loudness], alone.values[:, loudness], rtol=0.05)


@pytest.mark.parametrize("feature_set", ["IS12", "IS10", "emobase", "ComParE_2016"])
def test_every_set_has_functionals_in_passing(feature_set: str, speech: Audio) -> None:
    """Among them those whose configuration knows only functionals of the whole sound."""
    extractor = OpenSmileFunctionals(feature_set=feature_set, windows=SECOND, each="in_passing")
    track = _extract(extractor, speech)
    alone = _extract(OpenSmileFunctionals(feature_set=feature_set, windows=SECOND), speech)
    np.testing.assert_array_equal(track.times, alone.times)
    means = [name.startswith("pcm_") and name.endswith("sma_amean") for name in track.schema["values"].columns]
    assert any(means)
    a, b = alone.values[:, means].astype(np.float64), track.values[:, means].astype(np.float64)
    assert np.median(np.abs(a - b).mean(axis=0) / a.std(axis=0)) < 0.1


@pytest.mark.parametrize("tail", ["drop", "anchor", "pad", "partial"])
def test_the_last_window_in_passing_is_that_of_its_tail_rule(tail: Tail) -> None:
    """3.25 s: five whole windows; the rest is computed alone and equals the library."""
    audio = _noise(3.25, 0.844)
    windows = Windows(length_seconds=1.0, hop_seconds=0.5, tail=tail)
    track = _extract(OpenSmileFunctionals(windows=windows, each="in_passing"), audio)
    last = {
        "drop": None,
        "anchor": audio.samples[-RATE:],
        "pad": np.pad(audio.samples[5 * RATE // 2 :], (0, RATE // 4)),
        "partial": audio.samples[5 * RATE // 2 :],
    }[tail]
    np.testing.assert_array_equal(track.fields["row"], np.arange(5 if last is None else 6))
    assert track.times[:, 1].max() <= audio.end_seconds
    if last is not None:
        np.testing.assert_array_equal(track.values[5], _library("eGeMAPSv02", last))


@pytest.mark.parametrize("each", ["alone", "in_passing"])
@pytest.mark.parametrize("start", [0.0, 1.5])
def test_an_impulse_changes_only_windows_that_hold_it(each: Any, start: float) -> None:
    """In passing, what windows next to it saw of it is within 40 ms, but for pitch and what hangs on it."""
    audio = _noise(4.0, start)
    samples = audio.samples.copy()
    samples[round(2.1 * RATE)] += 0.9
    struck = Audio(samples=samples, rate=RATE, start_seconds=start)
    extractor = OpenSmileFunctionals(windows=Windows(length_seconds=0.5, hop_seconds=0.25), each=each)
    before, after = (_extract(extractor, sound) for sound in (audio, struck))
    loudness = [name.startswith(("loudness_sma3_amean", "mfcc")) for name in before.schema["values"].columns]
    columns = slice(None) if each == "alone" else np.flatnonzero(loudness)[:1]
    changed = (before.values[:, columns] != after.values[:, columns]).any(axis=1)
    moment = start + 2.1
    holds = (before.times[:, 0] <= moment) & (moment < before.times[:, 1])
    np.testing.assert_array_equal(changed, holds)
    assert holds.sum() == 2


def test_long_stretches_and_many_of_them_come_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trimodal.extract.audio.opensmile_functionals._SPANS_A_PIECE", 2)
    monkeypatch.setattr("trimodal.extract.audio.opensmile_process._BLOCK_BYTES", 800)
    audio = _noise(3.0)
    for each in ("alone", "in_passing"):
        extractor = OpenSmileFunctionals(feature_set="IS09", windows=SECOND, each=each)
        pieces = list(extractor.extract(audio, SECOND.times(0.0, 3.0)))
        assert len(pieces) >= 3
        np.testing.assert_array_equal(np.concatenate([piece.fields["row"] for piece in pieces]), np.arange(5))


@pytest.mark.parametrize("each", ["alone", "in_passing"])
@pytest.mark.parametrize("samples", [0, 1, 800])
def test_sound_shorter_than_a_window(samples: int, each: Any) -> None:
    audio = Audio(samples=np.full(samples, 0.5, np.float32), rate=RATE, start_seconds=2.0)
    extractor = OpenSmileFunctionals(windows=Windows(length_seconds=1.0, hop_seconds=0.5, tail="partial"), each=each)
    track = _extract(extractor, audio)
    assert len(track) == 0
    assert len(track.gaps) == (samples > 0)


def test_silence_has_rows() -> None:
    audio = Audio(samples=np.zeros(2 * RATE, np.float32), rate=RATE, start_seconds=0.0)
    for each in ("alone", "in_passing"):
        track = _extract(OpenSmileFunctionals(windows=SECOND, each=each), audio)
        assert len(track) == 3
        assert np.isfinite(track.values).all()


def test_a_configuration_of_ones_own_must_have_one_row(tmp_path: Path) -> None:
    path = tmp_path / "energy.conf"
    path.write_text(CONFIG)
    extractor = OpenSmileFunctionals(feature_set=str(path), level="energy", intervals="words")
    assert list(extractor.weights().values()) == [path]
    with pytest.raises(TrackError, match="the level 'energy' has 98 rows for one stretch; expected one"):
        _extract(extractor, _noise(1.0), np.array([[0.0, 1.0]]))
    path.write_text(CONFIG.replace(SINK, MEAN + SINK))
    extractor = OpenSmileFunctionals(feature_set=str(path), level="mean", intervals="words")
    track = _extract(extractor, _noise(2.0), np.array([[0.0, 1.0], [0.5, 2.0]]))
    assert track.values.shape == (2, 1)
    np.testing.assert_allclose(track.values, 0.1, rtol=0.05)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "expected either 'windows' or 'intervals'"),
        ({"intervals": "words", "feature_set": "IS14"}, "no feature set 'IS14'; did you mean"),
        ({"intervals": "words", "level": "low_level_descriptors"}, "no level 'low_level_descriptors' here"),
        ({"intervals": "words", "each": "in_passing"}, "each: in_passing is for windows"),
        ({"windows": SECOND, "each": "in_passing", "feature_set": "my.conf"}, "is for openSMILE's own sets, found my"),
        ({"windows": SECOND, "each": "in_passing", "sample_rate": 22_050}, "whole samples in 10 ms, found 22050"),
        (
            {"windows": Windows(length_seconds=0.05, hop_seconds=0.01), "each": "in_passing"},
            r"windows of at least 0\.06 s, found 0\.05",
        ),
        (
            {"windows": Windows(length_seconds=1.0, hop_seconds=0.033), "each": "in_passing"},
            r"a window's hop_seconds to be a multiple of 0\.01, found 0\.033",
        ),
    ],
)
def test_refuses_parameters_outside_their_range(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        OpenSmileFunctionals(**parameters)
