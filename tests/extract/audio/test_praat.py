from pathlib import Path
from typing import Any

import numpy as np
import parselmouth
import pytest

from trimodal.errors import ParameterError
from trimodal.extract.audio import praat
from trimodal.extract.audio.praat import Measure, Praat
from trimodal.media import Audio, AudioSelection, probe, read_audio
from trimodal.track import Track, concatenate

RATE = 11_000
MEASURES: tuple[Measure, ...] = ("pitch", "intensity", "harmonicity", "formants")


def _audio(samples: np.ndarray, start: float = 0.0, rate: int = RATE) -> Audio:
    return Audio(samples=samples.astype(np.float32), rate=rate, start_seconds=start)


def _extract(audio: Audio, **parameters: Any) -> Track:
    extractor = Praat(sample_rate=audio.rate, **parameters)
    return concatenate(extractor.schema, list(extractor.extract(audio)))


@pytest.fixture(scope="module")
def speech(media: Path) -> Audio:
    path = media / "speech" / "acoustic_corpus.wav"
    audio = read_audio(path, probe(path), AudioSelection(sample_rate=RATE))
    assert audio is not None
    return Audio(samples=audio.samples[: 8 * RATE], rate=RATE, start_seconds=0.0)


def _by_praat(sound: parselmouth.Sound, measure: str) -> tuple[np.ndarray, np.ndarray]:
    """Return Praat's frames and their values, NaN where not defined."""
    if measure == "pitch":
        pitch = sound.to_pitch_ac(time_step=0.01, pitch_floor=75.0, pitch_ceiling=600.0)
        values = pitch.selected_array["frequency"]
        return pitch.xs(), np.where(values > 0, values, np.nan)
    if measure == "formants":
        formants = sound.to_formant_burg(time_step=0.01, maximum_formant=RATE / 2)
        return formants.xs(), np.array([formants.get_value_at_time(1, at) for at in formants.xs()])
    found = (
        sound.to_intensity(minimum_pitch=75.0, time_step=0.01)
        if measure == "intensity"
        else sound.to_harmonicity_cc(time_step=0.01, minimum_pitch=75.0)
    )
    return found.xs(), np.where(found.values[0] > -199, found.values[0], np.nan)


@pytest.mark.parametrize("measure", MEASURES)
def test_equals_praat_on_its_frames(measure: Measure, speech: Audio) -> None:
    """Praat puts its frames in the middle of the sound; of sound of whole windows and hops they are ours."""
    window = Praat(sample_rate=RATE, measure=measure)._window
    cut = _audio(speech.samples[: window + 110 * 600])
    track = _extract(cut, measure=measure)
    at, expected = _by_praat(parselmouth.Sound(cut.samples.astype(np.float64), RATE), measure)
    defined = np.isfinite(expected)
    assert 100 < defined.sum() <= 601
    np.testing.assert_allclose(track.times.mean(axis=1), at[defined], atol=1e-9)
    np.testing.assert_allclose(track.values[:, 0], expected[defined], rtol=1e-6)


@pytest.mark.parametrize("measure", MEASURES)
def test_blocks_make_no_difference(measure: Measure, speech: Audio, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first block is silent and all differ in loudness, by which Praat decides what is silence."""
    quiet = _audio(np.concatenate([np.zeros(RATE), speech.samples * np.linspace(0.01, 1, len(speech.samples))]), 1.5)
    whole = _extract(quiet, measure=measure)
    monkeypatch.setattr(praat, "_ROWS_A_BLOCK", 50)
    monkeypatch.setattr(praat, "_CONTEXT_ROWS", 100)
    monkeypatch.setattr(praat, "_SCAN_SAMPLES", 1000)
    extractor = Praat(sample_rate=RATE, measure=measure)
    assert len(list(extractor.extract(quiet))) > 15
    in_blocks = _extract(quiet, measure=measure)
    np.testing.assert_array_equal(in_blocks.times, whole.times)
    np.testing.assert_array_equal(in_blocks.values, whole.values)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100])
@pytest.mark.parametrize("hop", [0.005, 0.0133, 0.1])
@pytest.mark.parametrize("measure", ["pitch", "intensity", "harmonicity"])
def test_every_rate_and_hop_has_the_frames_that_are_expected(measure: Measure, hop: float, rate: int) -> None:
    tone = 0.3 * np.sign(np.sin(2 * np.pi * 200 * np.arange(rate) / rate + 0.1))
    track = _extract(_audio(tone, 0.844, rate), measure=measure, hop_seconds=hop)
    samples = round(hop * rate)
    np.testing.assert_allclose(track.times[:, 0], 0.844 + np.arange(len(track)) * samples / rate, atol=1e-9)
    assert 0 <= 1.844 - track.times[-1, 1] < samples / rate
    if measure == "pitch":
        np.testing.assert_allclose(track.values, 200, rtol=0.01)


@pytest.mark.parametrize("measure", ["intensity", "formants"])
@pytest.mark.parametrize("start", [0.0, 1.5])
def test_an_impulse_changes_only_rows_whose_interval_holds_it(measure: Measure, start: float) -> None:
    """Praat's windows come to nothing at their ends. Pre-emphasis also sees the sample before."""
    sound = np.random.default_rng(0).normal(size=RATE) * 0.1
    struck = sound.copy()
    struck[round(0.5 * RATE)] += 0.5
    before, after = (_extract(_audio(samples, start), measure=measure) for samples in (sound, struck))
    moment = start + round(0.5 * RATE) / RATE
    rows = {round(time * RATE): value for time, value in zip(before.times[:, 0], before.values, strict=True)}
    changed = [
        interval
        for interval, value in zip(after.times, after.values, strict=True)
        if not np.array_equal(rows.get(round(interval[0] * RATE)), value)
    ]
    assert len(changed) >= 4
    assert all(low - 1.01 / RATE <= moment < high for low, high in changed)


@pytest.mark.parametrize("clip", ["audio_late_1500ms.mp4", "video_late_1500ms.mp4"])
def test_sound_that_starts_late_or_early_in_its_container(clip: str, media: Path) -> None:
    path = media / "odd" / clip
    audio = read_audio(path, probe(path), AudioSelection(sample_rate=RATE))
    assert audio is not None
    track = _extract(audio, measure="intensity")
    assert audio.start_seconds <= track.times[0, 0] < audio.start_seconds + 0.1
    assert audio.end_seconds - 0.02 < track.times[-1, 1] <= audio.end_seconds


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("samples", [0, 1, 100, 276])
def test_sound_shorter_than_a_window_is_a_gap(measure: Measure, samples: int) -> None:
    track = _extract(_audio(np.full(samples, 0.5), 2.0), measure=measure)
    assert len(track) == 0
    assert [gap.reason[:33] for gap in track.gaps] == ["sound shorter than one window of " if samples else "no sound"]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("level", [0.0, 0.5])
def test_silent_and_constant_sound_has_only_rows_that_are_defined(measure: Measure, level: float) -> None:
    track = _extract(_audio(np.full(RATE, level)), measure=measure)
    assert np.isfinite(track.values).all()
    assert not len(track) or measure == "formants"


@pytest.mark.parametrize("measure", MEASURES)
def test_clipped_sound(measure: Measure) -> None:
    track = _extract(_audio(np.where(np.arange(RATE) // 50 % 2, 1.0, -1.0)), measure=measure)
    assert len(track) > 50
    assert np.isfinite(track.values).all()


def test_columns() -> None:
    field = Praat(measure="formants", formants=2, sample_rate=10_000).schema["values"]
    assert (field.columns, field.unit) == (("formant1", "formant2", "bandwidth1", "bandwidth2"), "Hz")
    assert Praat(measure="intensity").schema["values"].unit == "dB"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"hop_seconds": 0.0}, "hop_seconds must be from 0.001 to 0.1, found 0"),
        ({"hop_seconds": float("inf")}, "hop_seconds must be from 0.001 to 0.1, found inf"),
        ({"hop_seconds": 1.0}, "hop_seconds must be from 0.001 to 0.1, found 1"),
        ({"pitch_floor": float("nan")}, "pitch_floor must be from 10 to 2000, found nan"),
        ({"pitch_ceiling": 50.0}, "pitch_ceiling must be from 75 to 8000, found 50"),
        ({"formants": 6}, "formants must be from 1 to 5, found 6"),
        ({"measure": "formants"}, "formants are sought below half the sample_rate: expected .*, found 16000"),
        ({"measure": "loudness"}, "measure must be pitch, intensity, harmonicity or formants, found 'loudness'"),
        ({"sample_rate": 500, "pitch_ceiling": 200.0, "hop_seconds": 0.001}, "hop_seconds must be from 1 to"),
    ],
)
def test_refuses_parameters_outside_their_range(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Praat(**parameters)
