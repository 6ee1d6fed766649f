from pathlib import Path

import librosa
import numpy as np
import pytest
from sounds import extracted, make_audio, noise, speech

from trimodal.errors import ParameterError
from trimodal.extract.audio import f0, framing
from trimodal.extract.audio.f0 import F0

FRAMES = {"fmin": 65, "fmax": 500, "sr": 16_000, "frame_length": 1024, "hop_length": 160}


def _tone(hertz: float, seconds: float = 0.5) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * 16_000)) / 16_000)


@pytest.mark.parametrize("centred", [False, True])
def test_pyin_equals_librosa_on_speech(media: Path, centred: bool) -> None:
    audio = speech(media)
    track = extracted(F0(centred=centred, unvoiced="zero"), audio)
    frequency, voiced, probability = librosa.pyin(np.array(audio.samples), center=centred, fill_na=0.0, **FRAMES)
    assert track.schema["values"].columns == ("f0_hz", "voiced", "voiced_probability")
    np.testing.assert_allclose(track.values, np.stack([frequency, voiced, probability], axis=1), rtol=1e-5, atol=1e-6)
    assert 0.2 < voiced.mean() < 0.95


@pytest.mark.parametrize("centred", [False, True])
def test_yin_equals_librosa_on_speech(media: Path, centred: bool) -> None:
    audio = speech(media)
    expected = librosa.yin(np.array(audio.samples), center=centred, **FRAMES)
    np.testing.assert_allclose(extracted(F0(method="yin", centred=centred), audio).values[:, 0], expected, rtol=1e-5)


def test_blocks_of_speech_are_decoded_as_one(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audio, extractor = speech(media), F0(fmin=80, fmax=320, unvoiced="zero")
    whole = extracted(extractor, audio)
    monkeypatch.setattr(framing, "_BLOCK_SAMPLES", 70 * 1024)
    pieces = list(extractor.extract(audio))
    assert len(pieces) == 5
    np.testing.assert_allclose(np.concatenate([p.values for p in pieces]), whole.values, rtol=1e-5, atol=1e-6)
    monkeypatch.setattr(f0, "_CONTEXT_ROWS", 0)
    alone = np.concatenate([p.values for p in extractor.extract(audio)])
    assert (alone[:, 1] != whole.values[:, 1]).any()  # so that the rows beside a block are what makes them equal


@pytest.mark.parametrize("method", ["pyin", "yin"])
@pytest.mark.parametrize("hertz", [90.0, 220.0, 430.0])
def test_a_tone_has_its_frequency_and_logarithm(method: str, hertz: float) -> None:
    audio = make_audio(_tone(hertz))
    linear, log = (extracted(F0(method=method, scale=scale), audio) for scale in ("hertz", "log"))
    np.testing.assert_allclose(linear.values[5:-5, 0], hertz, rtol=0.01)
    np.testing.assert_allclose(log.values[:, 0], np.log(linear.values[:, 0]), rtol=1e-6)
    assert log.schema["values"].columns[0] == "log_f0"


def test_unvoiced_windows_have_no_row_or_a_zero() -> None:
    audio = make_audio(np.concatenate([_tone(220.0), np.zeros(8_000), _tone(220.0)]), start_seconds=1.0)
    absent, zero = (extracted(F0(unvoiced=unvoiced), audio) for unvoiced in ("absent", "zero"))
    frequency, voiced, _ = zero.values.T
    assert not ((absent.times[:, 0] > 1.55) & (absent.times[:, 1] < 1.95)).any()
    assert not absent.gaps
    np.testing.assert_array_equal(absent.times, zero.times[voiced > 0])
    np.testing.assert_array_equal(absent.values[:, 0], frequency[voiced > 0])
    np.testing.assert_array_equal(frequency[voiced == 0], 0)
    assert absent.schema["values"].columns == ("f0_hz", "voiced_probability")


@pytest.mark.parametrize("method", ["pyin", "yin"])
@pytest.mark.parametrize("level", [0.0, 0.5])
def test_what_never_changes_has_no_pitch(method: str, level: float) -> None:
    audio = make_audio(np.full(4_000, level), start_seconds=1.5)
    absent = extracted(F0(method=method), audio)
    assert len(absent) == 0
    assert [(gap.start_seconds, gap.end_seconds, gap.reason) for gap in absent.gaps] == [
        (1.5, 1.75, "no window is voiced")
    ]
    zero = extracted(F0(method=method, unvoiced="zero"), audio)
    assert len(zero) == (4_000 - 1024) // 160 + 1
    np.testing.assert_array_equal(zero.values, 0)


def test_noise_is_hardly_voiced() -> None:
    assert len(extracted(F0(fmin=100), make_audio(noise(0.5)))) <= 2


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"method": "swipe"}, "method must be pyin or yin, found 'swipe'"),
        ({"scale": "mel"}, "scale must be hertz or log, found 'mel'"),
        ({"unvoiced": "drop"}, "unvoiced must be absent or zero, found 'drop'"),
        ({"fmin": 500.0}, "expected 10 <= fmin < fmax <= 8000 Hz, found fmin 500.0 and fmax 500.0"),
        ({"fmin": 0.0}, "found fmin 0.0"),
        ({"fmin": float("nan")}, "found fmin nan"),
        ({"fmax": float("inf")}, "fmax inf"),
        ({"fmax": 9000.0}, "fmax <= 8000 Hz, found fmin 65.0 and fmax 9000.0"),
        ({"window_seconds": 0.03}, r"window_seconds must be more than two periods of fmin \(0.0308 s\), found 0.03"),
        ({"fmin": 499.0}, "fmin 499.0 and fmax 500.0 are less than two samples of a period apart"),
        ({"hop_seconds": 0.5}, "hop_seconds is too long for pyin"),
    ],
)
def test_refuses_parameters_outside_their_range(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        F0(**parameters)  # type: ignore[arg-type]


def test_the_longest_hop_that_is_not_refused_works() -> None:
    """Pitch may then leap over the whole range: librosa's transitions are as wide as there are bins."""
    hop = max(hop for hop in np.arange(0.01, 0.5, 0.0025) if _accepted(hop))
    assert hop > 0.05
    assert len(extracted(F0(hop_seconds=hop), make_audio(_tone(220.0, 1.0)))) > 1


def _accepted(hop_seconds: float) -> bool:
    try:
        F0(hop_seconds=hop_seconds)
    except ParameterError:
        return False
    return True
