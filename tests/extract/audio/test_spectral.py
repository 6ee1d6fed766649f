from pathlib import Path

import librosa
import numpy as np
import pytest
from sounds import extracted, make_audio, noise, speech

from trimodal.errors import ParameterError
from trimodal.extract.audio import decibels, framing
from trimodal.extract.audio.spectral import Spectral
from trimodal.media import Audio


def _reference(audio: Audio, contrast: dict[str, float], **frames: object) -> np.ndarray:
    """All measures by librosa alone, of the whole sound at once, shape (rows, columns)."""
    sound, rate = np.array(audio.samples), audio.rate
    measured = [
        librosa.feature.spectral_centroid(y=sound, sr=rate, **frames),
        librosa.feature.spectral_bandwidth(y=sound, sr=rate, **frames),
        librosa.feature.spectral_contrast(y=sound, sr=rate, **contrast, **frames),
        librosa.feature.spectral_flatness(y=sound, **frames),
        librosa.feature.spectral_rolloff(y=sound, sr=rate, **frames),
    ]
    return np.concatenate(measured).T


@pytest.mark.parametrize("centred", [False, True])
def test_equals_librosa_on_speech(media: Path, centred: bool) -> None:
    audio = speech(media)
    track = extracted(Spectral(window_seconds=0.032, centred=centred), audio)
    expected = _reference(audio, {}, n_fft=512, hop_length=160, center=centred)
    assert track.values.shape == expected.shape
    np.testing.assert_allclose(track.values, expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("rate", "n_fft", "octaves", "fmin", "quantile"),
    [
        (22_050, 2048, 6, 200.0, 0.02),
        (16_000, 1001, 4, 50.0, 0.1),
        (8_000, 256, 1, 31.25, 0.5),
        (44_100, 512, 7, 90.0, 0.02),
    ],
)
def test_contrast_equals_librosa_with_other_bands(
    rate: int, n_fft: int, octaves: int, fmin: float, quantile: float
) -> None:
    audio = make_audio(noise(0.5, rate), rate)
    extractor = Spectral(
        sample_rate=rate, window_seconds=n_fft / rate, n_fft=n_fft, centred=True, measures=("contrast",),
        contrast_octaves=octaves, contrast_fmin=fmin, contrast_quantile=quantile,
    )  # fmt: skip
    expected = librosa.feature.spectral_contrast(
        y=np.array(audio.samples), sr=rate, n_fft=n_fft, hop_length=round(0.01 * rate), n_bands=octaves, fmin=fmin,
        quantile=quantile,
    )  # fmt: skip
    np.testing.assert_allclose(extracted(extractor, audio).values, expected.T, rtol=1e-4, atol=1e-3)


def test_the_floor_of_contrast_is_that_of_the_whole_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    audio = make_audio(np.concatenate([noise(1.0) * 1e-6, noise(1.0)]))
    extractor = Spectral(window_seconds=0.032, centred=True)
    expected = _reference(audio, {}, n_fft=512, hop_length=160)
    monkeypatch.setattr(framing, "_BLOCK_SAMPLES", 2**13)
    monkeypatch.setattr(decibels, "_HELD_BLOCKS", 2)
    pieces = list(extractor.extract(audio))
    assert len(pieces) > 10
    np.testing.assert_allclose(np.concatenate([p.values for p in pieces]), expected, rtol=1e-4, atol=2e-3)


def test_measures_are_columns_in_the_order_that_is_asked_for() -> None:
    extractor = Spectral(measures=("rolloff", "contrast", "centroid"), contrast_octaves=2)
    assert extractor.schema["values"].columns == (
        "rolloff_hz", "contrast0_db", "contrast1_db", "contrast2_db", "centroid_hz",
    )  # fmt: skip
    tone = np.sin(2 * np.pi * 2000 * np.arange(8000) / 16_000)
    rolloff, *_, centroid = extracted(extractor, make_audio(tone)).values.mean(axis=0)
    assert rolloff == pytest.approx(2000, abs=50)
    assert centroid == pytest.approx(2000, abs=50)


def test_silence() -> None:
    track = extracted(Spectral(), make_audio(np.zeros(1600)))
    flat = track.schema["values"].columns.index("flatness")
    expected = np.zeros_like(track.values)
    expected[:, flat] = 1
    np.testing.assert_allclose(track.values, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"measures": ("slope",)}, "there is no measure 'slope'; known: bandwidth, centroid, contrast"),
        ({"measures": ()}, r"measures must be one or more, each once, found \[\]"),
        ({"measures": ("flatness", "flatness")}, "measures must be one or more, each once"),
        ({"rolloff": 1.0}, "rolloff must be from 0.01 to 0.99, found 1.0"),
        ({"top_db": -3.0}, "top_db must be from 0 to 1000, found -3.0"),
        ({"contrast_octaves": 0}, "contrast_octaves must be from 1 to 16, found 0"),
        ({"contrast_quantile": 0.0}, "contrast_quantile must be from 0.001 to 0.5, found 0.0"),
        ({"contrast_fmin": 250.0}, "contrast_fmin must be from the distance of two bins .31.25 Hz. to below 250 Hz"),
        (
            {"sample_rate": 8000},
            "to below 125 Hz, where the last of 6 octaves would start at half the sample rate; found 200",
        ),
        ({"window_seconds": 0.004}, "contrast_fmin must be from the distance of two bins .250 Hz."),
        ({"contrast_fmin": float("nan")}, "contrast_fmin must be from the distance of two bins"),
    ],
)
def test_refuses_parameters_outside_their_range(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Spectral(**parameters)  # type: ignore[arg-type]


def test_without_contrast_its_bands_need_not_fit() -> None:
    values = extracted(Spectral(sample_rate=8000, measures=("centroid",)), make_audio(noise(0.5, 8000), 8000)).values
    assert values.shape == (48, 1)
