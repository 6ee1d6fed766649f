from pathlib import Path

import numpy as np
import opensmile
import pytest

from trimodal.extract.audio.opensmile import OpenSmile
from trimodal.media import Audio, probe, read_audio

RATE = 16_000


def _audio(samples: np.ndarray, start: float = 0.0) -> Audio:
    return Audio(samples=samples.astype(np.float32), rate=RATE, start_seconds=start)


def test_equals_the_library(sample: Path) -> None:
    path = sample / "happy.mp4"
    audio = read_audio(path, probe(path), RATE)
    assert audio is not None
    smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.LowLevelDescriptors)
    expected = smile.process_signal(audio.samples, RATE)
    track = OpenSmile().extract(audio)
    np.testing.assert_array_equal(track.values, expected.to_numpy(np.float32))
    assert track.schema["values"].columns == tuple(expected.columns)
    assert track.values.shape[1] == 25


def test_times_are_shifted_with_the_start_of_the_sound() -> None:
    noise = np.random.default_rng(0).normal(size=RATE) * 0.1
    at_zero, late = (OpenSmile().extract(_audio(noise, start)) for start in (0.0, 0.844))
    np.testing.assert_array_equal(at_zero.values, late.values)
    np.testing.assert_allclose(late.times, at_zero.times + 0.844)
    np.testing.assert_allclose(at_zero.times[1], [0.01, 0.03])


@pytest.mark.parametrize("at", [0.2, 0.5, 0.8033])
def test_loudness_of_a_click_is_highest_in_a_row_that_is_within_its_smoothing(at: float) -> None:
    sound = np.random.default_rng(0).normal(size=RATE) * 1e-4
    sound[round(at * RATE)] = 1.0
    track = OpenSmile().extract(_audio(sound))
    start, end = track.times[int(np.argmax(track.values[:, 0]))]
    assert start - 0.01 <= at < end + 0.01


@pytest.mark.parametrize("samples", [0, 10, 320, 800])
def test_sound_too_short_is_a_gap_and_not_a_row_of_nan(samples: int) -> None:
    track = OpenSmile().extract(_audio(np.zeros(samples), start=1.0))
    assert len(track) == 0
    assert [gap.reason for gap in track.gaps] == ["sound too short for openSMILE's windows"]
