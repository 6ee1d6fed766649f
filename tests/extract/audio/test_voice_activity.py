from pathlib import Path

import numpy as np
import pytest

from trimodal.errors import ParameterError
from trimodal.extract.audio.voice_activity import VoiceActivity
from trimodal.media import Audio, probe, read_audio


def _audio(samples: np.ndarray, start: float = 0.0, rate: int = 16_000) -> Audio:
    return Audio(samples=samples.astype(np.float32), rate=rate, start_seconds=start)


def test_speech_is_found_where_it_is(sample: Path) -> None:
    clip = sample / "sad.mp4"
    audio = read_audio(clip, probe(clip), 16_000)
    assert audio is not None
    track = VoiceActivity().extract(audio)
    speech, level = track.values.T
    starts = track.times[:, 0]
    assert starts[0] == audio.start_seconds
    assert speech[(starts > 1.3) & (starts < 2.0)].mean() > 0.8
    assert speech[starts < 1.0].max() < 0.5
    assert level[(starts > 1.3) & (starts < 2.0)].mean() > 10 * level[starts < 1.0].mean()


def test_windows_follow_each_other_and_end_with_the_sound() -> None:
    track = VoiceActivity().extract(_audio(np.zeros(1000), start=0.844))
    np.testing.assert_allclose(track.times, [[0.844, 0.876], [0.876, 0.844 + 1000 / 16_000]])
    np.testing.assert_array_equal(track.values[:, 1], 0)


def test_what_came_before_another_recording_is_forgotten(sample: Path) -> None:
    clip = sample / "happy.mp4"
    audio = read_audio(clip, probe(clip), 16_000)
    assert audio is not None
    once = VoiceActivity().extract(audio)
    VoiceActivity().extract(_audio(np.random.default_rng(0).normal(size=9_000)))
    np.testing.assert_array_equal(VoiceActivity().extract(audio).values, once.values)


def test_level_is_the_root_mean_square() -> None:
    tone = 0.5 * np.sin(2 * np.pi * 500 * np.arange(512 * 4) / 16_000)
    np.testing.assert_allclose(VoiceActivity().extract(_audio(tone)).values[:, 1], 0.5 / np.sqrt(2), rtol=1e-3)


def test_no_sound_is_a_gap() -> None:
    track = VoiceActivity().extract(_audio(np.zeros(0)))
    assert (len(track), [gap.reason for gap in track.gaps]) == (0, ["no sound"])


def test_refuses_other_rates() -> None:
    with pytest.raises(ParameterError, match="voice activity needs a sample_rate of 16000 or 8000, found 44100"):
        VoiceActivity(sample_rate=44_100)
