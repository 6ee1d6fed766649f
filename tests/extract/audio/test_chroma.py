from pathlib import Path

import librosa
import numpy as np
import pytest
from sounds import extracted, make_audio, noise, speech

from trimodal.errors import ParameterError
from trimodal.extract.audio import chroma
from trimodal.extract.audio.chroma import ChromaCqt

HOP = 512 / 22_050


def _tone(hertz: float, seconds: float = 3.0, rate: int = 22_050) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


@pytest.mark.parametrize("tuning", [None, 0.0])
def test_equals_librosa_on_speech(media: Path, tuning: float | None) -> None:
    audio = speech(media, rate=22_050)
    track = extracted(ChromaCqt(sample_rate=22_050, hop_seconds=HOP, tuning=tuning), audio)
    expected = librosa.feature.chroma_cqt(y=np.array(audio.samples), sr=22_050, tuning=tuning)
    np.testing.assert_allclose(track.values, expected.T, atol=1e-5)


@pytest.mark.parametrize("hop", [160, 225, 512])
def test_equals_librosa_with_other_parameters(hop: int) -> None:
    samples = noise(1.5).astype(np.float32)
    extractor = ChromaCqt(
        hop_seconds=hop / 16_000, n_chroma=24, bins_per_octave=48, n_octaves=4, fmin=110.0, tuning=0.2
    )
    expected = librosa.feature.chroma_cqt(
        y=samples, sr=16_000, hop_length=hop, n_chroma=24, bins_per_octave=48, n_octaves=4, fmin=110.0, tuning=0.2
    )
    np.testing.assert_allclose(extracted(extractor, make_audio(samples)).values, expected.T, atol=1e-5)


def test_blocks_of_speech_give_what_the_whole_gives(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audio = speech(media, rate=22_050, name="jfk.flac")
    extractor = ChromaCqt(sample_rate=22_050, hop_seconds=HOP)
    whole = extracted(extractor, audio)
    monkeypatch.setattr(chroma, "_BLOCK_VALUES", 2**16)
    pieces = list(extractor.extract(audio))
    assert len(pieces) == 8
    np.testing.assert_array_equal(np.concatenate([piece.times for piece in pieces]), whole.times)
    np.testing.assert_allclose(np.concatenate([piece.values for piece in pieces]), whole.values, atol=1e-5)


def test_intervals_are_the_hops_around_each_row() -> None:
    audio = make_audio(noise(0.1), start_seconds=1.0)
    times = extracted(ChromaCqt(tuning=0.0), audio).times - 1.0
    np.testing.assert_allclose(times, [[0, 0.016], [0.016, 0.048], [0.048, 0.08], [0.08, 0.1]])


@pytest.mark.parametrize(("hertz", "pitch_class"), [(261.63, 0), (440.0, 9), (1318.51, 4)])
def test_a_note_is_in_its_class(hertz: float, pitch_class: int) -> None:
    track = extracted(ChromaCqt(sample_rate=22_050, hop_seconds=HOP), make_audio(_tone(hertz), 22_050))
    assert (track.values[20:-20].argmax(axis=1) == pitch_class).all()


@pytest.mark.parametrize("stretch", [2**21, 2**14], ids=["whole", "in stretches"])
def test_a_known_tuning_is_found(stretch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A third of a semitone is a bin: a fifth of a bin up is 440 Hz * 2 ** (0.2 / 36)."""
    monkeypatch.setattr(chroma, "_TUNING_SAMPLES", stretch)
    audio = make_audio(_tone(440 * 2 ** (0.2 / 36)), 22_050)
    found, told, untuned = (
        extracted(ChromaCqt(sample_rate=22_050, hop_seconds=HOP, tuning=tuning), audio).values
        for tuning in (None, 0.2, -0.2)
    )
    np.testing.assert_allclose(found, told, atol=0.02)
    assert np.abs(found - untuned).max() > 0.05


def test_tuning_of_speech_is_what_librosa_estimates(media: Path) -> None:
    audio = speech(media, rate=22_050)
    estimate = librosa.estimate_tuning(y=np.array(audio.samples), sr=22_050, bins_per_octave=36)
    extractor, told = (ChromaCqt(sample_rate=22_050, hop_seconds=HOP, tuning=tuning) for tuning in (None, estimate))
    np.testing.assert_array_equal(extracted(extractor, audio).values, extracted(told, audio).values)


def test_digital_silence_is_zero_where_rounding_would_be_scaled_up() -> None:
    samples = np.concatenate([noise(2.0), np.zeros(5 * 16_000)]).astype(np.float32)
    silent = slice(round(5 / 0.032), None)
    assert librosa.feature.chroma_cqt(y=samples, sr=16_000, tuning=0.0)[:, silent].max() == 1.0
    values = extracted(ChromaCqt(tuning=0.0), make_audio(samples)).values
    assert values[: round(2 / 0.032)].max(axis=1).min() == 1.0
    np.testing.assert_array_equal(values[silent], 0)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_chroma": 0}, "n_chroma must be from 1 to 120, found 0"),
        ({"n_chroma": 7}, r"bins_per_octave must be a multiple of n_chroma \(7\), found 36"),
        ({"bins_per_octave": 1200}, "bins_per_octave must be from 2 to 120, found 1200"),
        ({"n_octaves": 0}, "n_octaves must be from 1 to 12, found 0"),
        (
            {"sample_rate": 8000},
            "7 octaves above fmin 32.7032 Hz reach 4.* Hz, more than half the sample rate .4000.",
        ),
        ({"fmin": 1.0}, "fmin must be from 10 to 8000, found 1.0"),
        ({"fmin": float("nan")}, "fmin must be from 10 to 8000, found nan"),
        ({"threshold": -1.0}, "threshold must be from 0 to 1, found -1.0"),
        ({"tuning": 0.7}, "tuning must be from -0.5 to 0.5, found 0.7"),
        ({"hop_seconds": 0.0}, "hop_seconds must be from 2 to 262144 samples at 16000 Hz, found 0.0 seconds"),
        ({"hop_seconds": float("inf")}, "hop_seconds must be from 2 to 262144 samples at 16000 Hz, found inf seconds"),
        (
            {"sample_rate": 192_000, "hop_seconds": 1001 / 192_000},
            "the filter of fmin 32.7032 Hz needs a transform of 524288 samples, at most 262144 are done",
        ),
    ],
)
def test_refuses_parameters_outside_their_range(parameters: dict[str, float], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        ChromaCqt(**parameters)  # type: ignore[arg-type]
