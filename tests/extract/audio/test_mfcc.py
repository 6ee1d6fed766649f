from pathlib import Path

import librosa
import numpy as np
import pytest
from sounds import extracted, make_audio, noise, speech

from trimodal.errors import ParameterError
from trimodal.extract.audio import decibels, framing
from trimodal.extract.audio.mfcc import Mfcc
from trimodal.media import Audio

RATE = 16_000


def _reference(audio: Audio, extractor: Mfcc, top_db: float | None = 80.0) -> np.ndarray:
    """MFCC and deltas by librosa alone, of the whole sound at once, shape (rows, columns)."""
    sound = np.array(audio.samples)
    if extractor.pre_emphasis:
        sound = librosa.effects.preemphasis(sound, coef=extractor.pre_emphasis)
    frames = extractor.framing
    bands = librosa.feature.melspectrogram(
        y=sound,
        sr=audio.rate,
        n_fft=frames.n_fft,
        hop_length=frames.hop_samples,
        win_length=frames.window_samples,
        window=extractor.window,
        center=extractor.centred,
        n_mels=extractor.n_mels,
        fmin=extractor.fmin,
        fmax=extractor.fmax,
        htk=extractor.htk,
    )
    coefficients = librosa.feature.mfcc(
        S=librosa.power_to_db(bands, top_db=top_db), n_mfcc=extractor.n_mfcc, lifter=extractor.lifter
    )
    orders = [coefficients] + [
        librosa.feature.delta(coefficients, width=extractor.delta_width, order=order, mode="nearest")
        for order in range(1, extractor.deltas + 1)
    ]
    return np.concatenate(orders).T


@pytest.mark.parametrize(
    "extractor",
    [
        Mfcc(window_seconds=0.032, deltas=0),
        Mfcc(centred=True),
        Mfcc(centred=True, n_fft=1000, n_mels=80, window="blackman", delta_width=5),
        Mfcc(centred=True, n_mfcc=13, n_mels=26, fmax=8000, htk=True, lifter=22, pre_emphasis=0.97, window="hamming"),
    ],
    ids=["not centred", "defaults centred", "odd", "HTK"],
)
def test_equals_librosa_on_speech(media: Path, extractor: Mfcc) -> None:
    audio = speech(media)
    track, expected = extracted(extractor, audio), _reference(audio, extractor)
    assert track.values.shape == expected.shape
    np.testing.assert_allclose(track.values, expected, rtol=1e-4, atol=2e-3)


def test_a_published_configuration_equals_its_librosa_call(media: Path) -> None:
    """MMSA-FET's librosa example: 13 coefficients on HTK's scale at 22050 Hz, n_fft 512, hop 128."""
    audio = speech(media, rate=22_050)
    extractor = Mfcc(
        sample_rate=22_050, window_seconds=0.02322, hop_seconds=0.0058, n_fft=512, n_mels=128, n_mfcc=13, htk=True,
        deltas=0, centred=True,
    )  # fmt: skip
    with pytest.warns(UserWarning, match="Empty filters"):
        expected = librosa.feature.mfcc(
            y=np.array(audio.samples), sr=22_050, n_mfcc=13, htk=True, n_fft=512, hop_length=128
        )
    np.testing.assert_allclose(extracted(extractor, audio).values, expected.T, rtol=1e-4, atol=2e-3)


def test_windows_shorter_than_the_transform_start_at_their_hop() -> None:
    samples = noise(0.5)
    inner = np.zeros_like(samples)
    inner[160 * 10 : 160 * 10 + 400] = samples[160 * 10 : 160 * 10 + 400]
    whole, alone = (extracted(Mfcc(top_db=None, deltas=0), make_audio(sound)) for sound in (samples, inner))
    np.testing.assert_allclose(alone.values[10], whole.values[10], rtol=1e-4, atol=1e-3)


def test_columns_and_rows() -> None:
    track = extracted(Mfcc(), make_audio(noise(1.0)))
    assert track.values.shape == ((16_000 - 400) // 160 + 1, 120)
    assert track.schema["values"].columns[::40] == ("mfcc0", "delta_mfcc0", "delta2_mfcc0")
    np.testing.assert_allclose(track.times[0], [0.0, 0.025])
    np.testing.assert_allclose(np.diff(track.times[:, 0]), 0.01)


@pytest.mark.parametrize("held", [32, 1], ids=["kept", "computed again"])
@pytest.mark.parametrize("deltas", [0, 2])
def test_the_floor_hangs_on_the_loudest_of_the_whole_sound(
    held: int, deltas: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first half is far quieter than the second, so that a floor of its own would be another."""
    samples = np.concatenate([noise(1.0) * 1e-6, noise(1.0)])
    audio, extractor = make_audio(samples), Mfcc(centred=True, deltas=deltas)
    expected = _reference(audio, extractor)
    assert np.abs(expected - _reference(audio, extractor, top_db=None)).max() > 50
    monkeypatch.setattr(framing, "_BLOCK_SAMPLES", 2**13)
    monkeypatch.setattr(decibels, "_HELD_BLOCKS", held)
    pieces = list(extractor.extract(audio))
    assert len(pieces) > 10
    np.testing.assert_allclose(np.concatenate([p.values for p in pieces]), expected, rtol=1e-4, atol=2e-3)


def test_pre_emphasis_of_one_sample_is_defined() -> None:
    track = extracted(Mfcc(pre_emphasis=0.97, centred=True), make_audio(np.ones(1)))
    assert track.values.shape == (1, 120)


def test_sound_shorter_than_a_window_is_a_gap() -> None:
    track = extracted(Mfcc(), make_audio(np.zeros(399), start_seconds=2.0))
    assert len(track) == 0
    assert [gap.reason for gap in track.gaps] == ["sound shorter than one window of 0.025 s"]
    assert track.gaps[0].start_seconds == 2.0


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_mfcc": 0}, r"n_mfcc must be from 1 to n_mels \(64\), found 0"),
        ({"n_mfcc": 65}, "n_mfcc must be from 1 to n_mels"),
        ({"hop_seconds": 0.0}, "hop_seconds must be from 1 to 262144 samples at 16000 Hz, found 0.0 seconds"),
        ({"window_seconds": 1.0, "n_fft": 512}, "n_fft must be from 16000 to 262144, found 512"),
        ({"n_fft": 2**20}, "n_fft must be from 400 to 262144, found 1048576"),
        ({"window": "han"}, "no window is called 'han'; did you mean 'hann'?"),
        ({"n_mels": 258}, "n_mels must be from 1 to 257, found 258"),
        ({"n_mels": 600, "n_fft": 4096}, "n_mels must be from 1 to 512, found 600"),
        ({"fmin": -1.0}, r"fmin must be from 0 to below fmax \(8000.0\), found -1.0"),
        ({"fmin": float("nan")}, r"fmin must be from 0 to below fmax \(8000.0\), found nan"),
        ({"fmax": 9000.0}, "fmax must be from 0 to 8000, found 9000.0"),
        ({"fmax": float("nan")}, "fmax must be from 0 to 8000, found nan"),
        ({"fmin": 300.0, "fmax": 200.0}, r"fmin must be from 0 to below fmax \(200.0\), found 300.0"),
        ({"fmin": 8000.0}, r"fmin must be from 0 to below fmax \(8000.0\), found 8000.0"),
        ({"power": 0.0}, "power must be from 0.1 to 4, found 0.0"),
        ({"pre_emphasis": 1.5}, "pre_emphasis must be from 0 to 1, found 1.5"),
        ({"top_db": -1.0}, "top_db must be from 0 to 1000, found -1.0"),
        ({"top_db": float("inf")}, "top_db must be from 0 to 1000, found inf"),
        ({"lifter": -1.0}, "lifter must be from 0 to 1e"),
        ({"deltas": 3}, "deltas must be 0, 1 or 2, found 3"),
        ({"delta_width": 4}, "delta_width must be odd, from 3 to 999, found 4"),
        ({"sample_rate": 0}, "sample_rate must be from 1 to 384000, found 0"),
    ],
)
def test_refuses_parameters_outside_their_range(parameters: dict[str, float], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Mfcc(**parameters)  # type: ignore[arg-type]
