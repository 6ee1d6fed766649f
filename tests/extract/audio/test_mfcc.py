import librosa
import numpy as np
import pytest

from trimodal.errors import ParameterError
from trimodal.extract.audio.mfcc import Mfcc
from trimodal.media import Audio

RATE = 16_000


def _audio(samples: np.ndarray, start: float = 0.0) -> Audio:
    return Audio(samples=samples.astype(np.float32), rate=RATE, start_seconds=start)


def _noise(seconds: float = 1.0) -> np.ndarray:
    return np.random.default_rng(0).normal(size=round(seconds * RATE)) * 0.1


def test_equals_librosa_on_frames_that_are_not_centred() -> None:
    samples = _noise()
    track = Mfcc(n_fft=400, deltas=0).extract(_audio(samples))
    expected = librosa.feature.mfcc(
        y=samples.astype(np.float32), sr=RATE, n_mfcc=40, n_mels=64, n_fft=400, hop_length=160, center=False
    )
    np.testing.assert_allclose(track.values, expected.T, rtol=1e-4, atol=1e-3)


def test_columns_and_rows() -> None:
    track = Mfcc().extract(_audio(_noise(1.0)))
    assert track.values.shape == ((16_000 - 400) // 160 + 1, 120)
    assert track.schema["values"].columns[::40] == ("mfcc0", "delta_mfcc0", "delta2_mfcc0")
    np.testing.assert_allclose(track.times[0], [0.0, 0.025])
    np.testing.assert_allclose(np.diff(track.times[:, 0]), 0.01)


@pytest.mark.parametrize("start", [0.0, 0.844, 1.5])
@pytest.mark.parametrize("at", [0.1, 0.3333, 0.777])
def test_an_impulse_changes_just_the_rows_whose_interval_holds_it(at: float, start: float) -> None:
    samples = _noise()
    struck = samples.copy()
    struck[round(at * RATE)] += 1.0
    extractor = Mfcc(deltas=0)
    before, after = (extractor.extract(_audio(sound, start)) for sound in (samples, struck))
    changed = (before.values != after.values).any(axis=1)
    moment = start + round(at * RATE) / RATE
    holds = (before.times[:, 0] <= moment) & (moment < before.times[:, 1])
    # The window is zero at its first sample, so a row may hold the impulse there and not see it.
    assert not (changed & ~holds).any()
    assert changed.sum() >= holds.sum() - 1 > 0


def test_sound_shorter_than_a_window_is_a_gap() -> None:
    track = Mfcc().extract(_audio(np.zeros(399), start=2.0))
    assert len(track) == 0
    assert [gap.reason for gap in track.gaps] == ["sound shorter than one window of 0.025 s"]
    assert track.gaps[0].start_seconds == 2.0


def test_silence_is_finite() -> None:
    assert np.isfinite(Mfcc().extract(_audio(np.zeros(1600))).values).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_mfcc": 0}, "n_mfcc must be from 1 to n_mels \\(64\\), found 0"),
        ({"n_mfcc": 65}, "n_mfcc must be from 1 to n_mels"),
        ({"hop_seconds": 0.0}, "hop_seconds must be at least one sample, found 0.0"),
        ({"window_seconds": 1.0}, "window_seconds must be from 1 to n_fft \\(512\\) samples, found 16000"),
        ({"deltas": 3}, "deltas must be 0, 1 or 2, found 3"),
        ({"sample_rate": 0}, "sample_rate must be at least 1, found 0"),
    ],
)
def test_refuses_parameters_outside_their_range(parameters: dict[str, float], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Mfcc(**parameters)  # type: ignore[arg-type]
