from pathlib import Path

import librosa
import numpy as np
import pytest
from sounds import extracted, make_audio, noise, speech

from trimodal.errors import ParameterError
from trimodal.extract.audio.mel import LogMel, MelSpectrogram


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_mel_spectrogram_equals_librosa_on_speech(media: Path, power: float) -> None:
    audio = speech(media, rate=22_050)
    extractor = MelSpectrogram(
        sample_rate=22_050,
        window_seconds=2048 / 22_050,
        hop_seconds=512 / 22_050,
        n_mels=128,
        power=power,
        centred=True,
    )
    expected = librosa.feature.melspectrogram(y=np.array(audio.samples), sr=22_050, power=power)
    track = extracted(extractor, audio)
    np.testing.assert_allclose(track.values, expected.T, rtol=1e-4, atol=1e-6 * expected.max())
    assert track.schema["values"].columns[::127] == ("mel0", "mel127")


@pytest.mark.parametrize("top_db", [80.0, 30.0, None])
def test_log_mel_equals_librosa_on_speech(media: Path, top_db: float | None) -> None:
    audio = speech(media)
    track = extracted(LogMel(fmin=60.0, fmax=7600.0, top_db=top_db, window_seconds=0.032), audio)
    bands = librosa.feature.melspectrogram(
        y=np.array(audio.samples), sr=16_000, n_fft=512, hop_length=160, center=False, n_mels=64, fmin=60, fmax=7600
    )
    np.testing.assert_allclose(track.values, librosa.power_to_db(bands, top_db=top_db).T, atol=1e-3)
    assert track.schema["values"].unit == "dB"
    if top_db is not None:
        assert np.ptp(track.values) == pytest.approx(top_db, abs=1e-3)


def test_silence_is_at_the_bottom() -> None:
    track = extracted(LogMel(), make_audio(np.zeros(1600)))
    np.testing.assert_allclose(track.values, -100.0)


def test_a_tone_is_in_its_band() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(8000) / 16_000)
    band = extracted(MelSpectrogram(n_mels=40), make_audio(tone)).values.mean(axis=0).argmax()
    edges = librosa.mel_frequencies(n_mels=42, fmin=0, fmax=8000)
    assert edges[band] < 1000 < edges[band + 2]


def test_pre_emphasis_takes_off_the_low_bands() -> None:
    plain, raised = (
        extracted(LogMel(pre_emphasis=share, top_db=None), make_audio(noise(0.5))).values.mean(axis=0)
        for share in (0.0, 0.97)
    )
    assert raised[0] < plain[0] - 20
    assert raised[-1] > plain[-1] + 5


def test_refuses_a_floor_that_is_none() -> None:
    with pytest.raises(ParameterError, match="top_db must be from 0 to 1000, found nan"):
        LogMel(top_db=float("nan"))
