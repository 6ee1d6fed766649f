import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import opensmile
import pytest

from trimodal.errors import ParameterError, TrackError, WeightsError
from trimodal.extract.audio import opensmile_columns, opensmile_process
from trimodal.extract.audio.opensmile import OpenSmile
from trimodal.extract.audio.opensmile_setup import FEATURE_SETS
from trimodal.extract.fingerprint import fingerprint
from trimodal.media import Audio, AudioSelection, probe, read_audio
from trimodal.track import Track, concatenate

RATE = 16_000
LEVELS = {
    "low_level_descriptors": opensmile.FeatureLevel.LowLevelDescriptors,
    "low_level_descriptors_deltas": opensmile.FeatureLevel.LowLevelDescriptors_Deltas,
}
CONFIG = r"""
[componentInstances:cComponentManager]
instance[dataMemory].type=cDataMemory
\{\cm[source{?}:include external source]}
\{frames.inc}
[componentInstances:cComponentManager]
instance[energy].type=cEnergy
[energy:cEnergy]
reader.dmLevel=frames
writer.dmLevel=energy
rms=1
log=0
\{\cm[sink{?}:include external sink]}
"""
FRAMES = """
[componentInstances:cComponentManager]
instance[framer].type=cFramer
[framer:cFramer]
reader.dmLevel=wave
writer.dmLevel=frames
frameSize=0.025
frameStep=0.010
frameCenterSpecial=left
"""


def _audio(samples: np.ndarray, start: float = 0.0, rate: int = RATE) -> Audio:
    return Audio(samples=samples.astype(np.float32), rate=rate, start_seconds=start)


def _noise(seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    return np.random.default_rng(0).normal(size=round(seconds * rate)) * 0.1


def _extract(audio: Audio, extractor: OpenSmile | None = None) -> Track:
    extractor = extractor or OpenSmile()
    return concatenate(extractor.schema, list(extractor.extract(audio)))


def _library(audio: Audio, feature_set: str, level: str = "low_level_descriptors") -> np.ndarray:
    smile = opensmile.Smile(opensmile.FeatureSet[feature_set], LEVELS[level])
    return np.asarray(smile.process_signal(audio.samples, audio.rate).to_numpy(np.float32))


@pytest.fixture(scope="module")
def speech(media: Path) -> Audio:
    path = media / "speech" / "had_that_curiosity.wav"
    audio = read_audio(path, probe(path), AudioSelection())
    assert audio is not None
    return audio


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "frames.inc").write_text(FRAMES)
    (tmp_path / "energy.conf").write_text(CONFIG)
    return tmp_path / "energy.conf"


def test_every_set_of_the_library_is_there() -> None:
    """GeMAPS and eGeMAPS are other names of their versions v01a, and so no members of their own."""
    sets = {member.value.rpartition("/")[2] for member in opensmile.FeatureSet}
    ours = {opensmile.FeatureSet[name].value.rpartition("/")[2] for name in FEATURE_SETS}
    assert ours == sets


@pytest.mark.filterwarnings("ignore:Feature set")
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("feature_set", FEATURE_SETS)
def test_equals_the_library(feature_set: str, level: str, speech: Audio) -> None:
    if "GeMAPS" in feature_set and level.endswith("deltas"):
        with pytest.raises(ParameterError, match=f"{feature_set} has no deltas; use low_level_descriptors"):
            OpenSmile(feature_set=feature_set, level=level)
        return
    track = _extract(speech, OpenSmile(feature_set=feature_set, level=level))
    np.testing.assert_array_equal(track.values, _library(speech, feature_set, level))
    names = opensmile.Smile(opensmile.FeatureSet[feature_set], LEVELS[level]).feature_names
    assert track.schema["values"].columns == tuple(names)


@pytest.mark.parametrize("feature_set", ["eGeMAPSv02", "ComParE_2016", "IS12"])
def test_what_is_held_at_once_makes_no_difference(feature_set: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sound is longer than what openSMILE holds of the descriptors, and is written and read in many blocks."""
    audio = _audio(_noise(12.0) * np.sin(np.arange(12 * RATE) / 4000))
    for name, value in [("_ROWS_KEPT", 200), ("_BLOCK_SAMPLES", 1000), ("_BLOCK_BYTES", 10_000)]:
        monkeypatch.setattr(opensmile_process, name, value)
    pieces = list(OpenSmile(feature_set=feature_set).extract(audio))
    assert len(pieces) > 10
    whole = _library(audio, feature_set)
    np.testing.assert_array_equal(np.concatenate([piece.values for piece in pieces]), whole)


def test_times_are_those_of_the_librarys_index_on_the_recordings_clock() -> None:
    at_zero, late = (_extract(_audio(_noise(), start)) for start in (0.0, 0.844))
    np.testing.assert_array_equal(at_zero.values, late.values)
    np.testing.assert_allclose(late.times, at_zero.times + 0.844, atol=1e-12)
    np.testing.assert_allclose(at_zero.times[1], [0.01, 0.03])
    compare = _extract(_audio(_noise()), OpenSmile(feature_set="ComParE_2016"))
    np.testing.assert_allclose(compare.times[[1, -2, -1]], [[0.01, 0.07], [0.94, 1.0], [0.94, 1.0]])


@pytest.mark.parametrize("clip", ["audio_late_1500ms.mp4", "video_late_1500ms.mp4"])
def test_sound_that_starts_late_or_early_in_its_container(clip: str, media: Path) -> None:
    path = media / "odd" / clip
    audio = read_audio(path, probe(path), AudioSelection())
    assert audio is not None
    track = _extract(audio)
    assert track.times[0, 0] == audio.start_seconds == pytest.approx(1.5 if clip.startswith("audio") else 0, abs=0.05)
    assert track.times[:, 1].max() <= audio.end_seconds < track.times[-1, 1] + 0.06


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100])
@pytest.mark.parametrize("start", [0.0, 1.5])
@pytest.mark.parametrize(
    ("feature_set", "before", "after"), [("eGeMAPSv02", 0.010, 0.010), ("IS09", 0.020, 0.020), ("emobase", 0.02, 0.02)]
)
def test_an_impulse_changes_only_rows_whose_interval_holds_it_but_for_the_smoothing(
    feature_set: str, before: float, after: float, start: float, rate: int
) -> None:
    """Loudness and MFCC, which know no more than their frame: pitch follows what came before."""
    sound = _noise(rate=rate)
    struck = sound.copy()
    struck[round(0.5033 * rate)] += 0.9
    one, other = (
        _extract(_audio(samples, start, rate), OpenSmile(feature_set=feature_set, sample_rate=rate))
        for samples in (sound, struck)
    )
    local = [
        name.startswith(("mfcc", "pcm_fftMag_mfcc", "Loudness", "pcm_loudness"))
        for name in one.schema["values"].columns
    ]
    changed = np.flatnonzero((one.values[:, local] != other.values[:, local]).any(axis=1))
    moment = start + round(0.5033 * rate) / rate
    assert len(changed)
    assert (one.times[changed, 0] - before - 0.0011 <= moment).all()
    assert (moment < one.times[changed, 1] + after + 0.0011).all()
    holds = (one.times[:, 0] + 0.002 <= moment) & (moment < one.times[:, 1] - 0.002)
    assert set(np.flatnonzero(holds)) <= set(changed)


@pytest.mark.parametrize("feature_set", FEATURE_SETS)
@pytest.mark.parametrize("samples", [0, 1, 300])
def test_sound_too_short_is_a_gap_and_not_a_row_of_nan(samples: int, feature_set: str) -> None:
    audio = _audio(np.full(samples, 0.5), start=1.0)
    track = _extract(audio, OpenSmile(feature_set=feature_set))
    assert len(track) == 0
    assert [(gap.start_seconds, gap.end_seconds, gap.reason) for gap in track.gaps] == [
        (1.0, audio.end_seconds, "sound too short for openSMILE's windows")
    ]


def test_50_ms_of_sound(media: Path) -> None:
    path = media / "odd" / "speech_50ms.wav"
    audio = read_audio(path, probe(path), AudioSelection())
    assert audio is not None
    assert [gap.reason for gap in _extract(audio).gaps] == ["sound too short for openSMILE's windows"]
    assert len(_extract(audio, OpenSmile(feature_set="emobase"))) == 3


@pytest.mark.parametrize("feature_set", FEATURE_SETS)
@pytest.mark.parametrize(
    "signal",
    [lambda n: np.zeros(n), lambda n: np.full(n, 0.5), lambda n: np.where(np.arange(n) // 40 % 2, 1.0, -1.0)],
    ids=["silence", "constant", "clipped"],
)
def test_silent_constant_and_clipped_sound_has_finite_rows(
    signal: Callable[[int], np.ndarray], feature_set: str
) -> None:
    track = _extract(_audio(signal(RATE)), OpenSmile(feature_set=feature_set))
    assert len(track) >= 95
    assert np.isfinite(track.values).all()


def test_full_scale_does_not_wrap_around() -> None:
    """opensmile-python makes -32768 of +1.0; a square wave of that has other loudness than one a bit below."""
    square = np.where(np.arange(RATE) // 40 % 2, 1.0, 0.0)
    full, below = (_extract(_audio(square * scale)).values for scale in (1.0, 32767 / 32768))
    np.testing.assert_array_equal(full, below)


def test_values_that_are_not_finite_are_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> list[opensmile_process.SmileRows]:
        values = np.zeros((3, 25), np.float32)
        values[1, 4] = np.nan
        times = np.array([[0.0, 0.02], [0.01, 0.03], [0.02, 0.04]])
        return [opensmile_process.SmileRows(times=times, values=values)]

    monkeypatch.setattr("trimodal.extract.audio.opensmile.run_smile", broken)
    track = _extract(_audio(_noise(), 2.0))
    np.testing.assert_allclose(track.times[:, 0], [2.0, 2.02])
    assert [(gap.start_seconds, gap.reason) for gap in track.gaps] == [
        (2.01, "openSMILE gives values that are not finite")
    ]


def test_a_full_disk_is_not_lost_in_the_native_code(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(opensmile_process, "open", lambda *_: Full(), raising=False)
    with pytest.raises(OSError, match="No space left"):
        _extract(_audio(_noise()))


def test_refuses_more_sound_than_a_wave_file_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opensmile_process, "_MOST_SAMPLES", 8000)
    with pytest.raises(TrackError, match=r"0\.0 h of sound at 16000 Hz; openSMILE reads at most 0\.0 h at this rate"):
        _extract(_audio(_noise()))


def test_a_configuration_of_ones_own(config: Path, speech: Audio) -> None:
    extractor = OpenSmile(feature_set=str(config), level="energy")
    track = _extract(speech, extractor)
    assert extractor.schema["values"].columns == ("pcm_RMSenergy",)
    frames = np.lib.stride_tricks.sliding_window_view(speech.samples, 400)[::160][: len(track)]
    np.testing.assert_allclose(track.values[:, 0], np.sqrt((frames.astype(np.float64) ** 2).mean(axis=1)), atol=3e-5)
    np.testing.assert_allclose(track.times[2], [0.02, 0.045])


def test_what_a_configuration_includes_is_in_the_fingerprint(config: Path) -> None:
    extractor = OpenSmile(feature_set=str(config), level="energy")
    assert list(extractor.weights().values()) == [config, config.parent / "frames.inc"]
    before = fingerprint(extractor, {})
    (config.parent / "frames.inc").write_text(FRAMES.replace("0.025", "0.030"))
    assert fingerprint(extractor, {}) != before
    (config.parent / "frames.inc").write_text("\\{energy.conf}\n")  # includes what includes it
    assert len(extractor.weights()) == 2


def test_an_edited_configuration_is_tried_again(config: Path) -> None:
    extractor = OpenSmile(feature_set=str(config), level="energy")
    assert len(extractor.schema["values"].columns) == 1
    config.write_text(CONFIG.replace("log=0", "log=1"))
    assert extractor.schema["values"].columns == ("pcm_RMSenergy", "pcm_LOGenergy")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", r"openSMILE fails \(Code: 7\); its last line: \(ERR\)"),
        (CONFIG.replace("cEnergy", "cEnergyy"), "its last line: .* error during addComponent"),
        (CONFIG.replace(r"\{frames.inc}", r"\{lost.inc}"), "its last line: .*cannot find input file"),
        (CONFIG.replace(r"\{\cm[sink{?}:include external sink]}", ""), "specified component does not exist"),
        ("\\{energy.conf}\n", "openSMILE crashes on a second of noise; its last line: "),
    ],
    ids=["text", "unknown component", "lost include", "no sink", "endless include"],
)
def test_a_bad_configuration_is_one_line_and_takes_nothing_with_it(config: Path, text: str, message: str) -> None:
    config.write_text(text)
    with pytest.raises(WeightsError, match=message) as found:
        _ = OpenSmile(feature_set=str(config), level="energy").schema
    assert str(found.value).startswith(f"{config}: ")
    assert "\n" not in str(found.value)


def test_a_configuration_that_hangs_is_ended(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opensmile_columns, "_DRY_RUN_SECONDS", 0.01)
    with pytest.raises(WeightsError, match=r"energy\.conf: openSMILE did not end in 0\.01 s on a second of noise"):
        _ = OpenSmile(feature_set=str(config), level="frames").schema


def test_configurations_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"lost\.conf: no such file; expected an openSMILE configuration"):
        OpenSmile(feature_set=str(tmp_path / "lost.conf")).weights()
    large = tmp_path / "large.conf"
    large.write_bytes(b";" * (2**20 + 1))
    with pytest.raises(WeightsError, match=r"large\.conf: 1048577 bytes; expected an openSMILE configuration"):
        OpenSmile(feature_set=str(large)).weights()
    foreign = tmp_path / "größe.conf"
    foreign.write_text(CONFIG)
    with pytest.raises(WeightsError, match="openSMILE reads only paths of ASCII letters"):
        OpenSmile(feature_set=str(foreign)).weights()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"feature_set": "eGeMAPSv2"}, "no feature set 'eGeMAPSv2'; did you mean 'eGeMAPSv02'"),
        ({"level": "functionals"}, "no level 'functionals' here; known: low_level_descriptors, low_level_desc"),
        ({"feature_set": "mine.conf", "level": ""}, "level is empty; expected the name"),
        ({"sample_rate": 0}, "sample_rate must be from 1 to 384000, found 0"),
    ],
)
def test_refuses_parameters_outside_their_range(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        OpenSmile(**parameters)  # type: ignore[arg-type]
