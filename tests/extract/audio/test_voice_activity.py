from pathlib import Path

import numpy as np
import pytest
import torch
from silero_vad import load_silero_vad

from trimodal.errors import ParameterError
from trimodal.extract.audio import voice_activity
from trimodal.extract.audio.voice_activity import VoiceActivity
from trimodal.media import Audio, AudioSelection, probe, read_audio
from trimodal.track import Track, concatenate


def _audio(samples: np.ndarray, start: float = 0.0, rate: int = 16_000) -> Audio:
    return Audio(samples=samples.astype(np.float32), rate=rate, start_seconds=start)


def _read(path: Path) -> Audio:
    audio = read_audio(path, probe(path), AudioSelection())
    assert audio is not None
    return audio


def _extract(audio: Audio) -> Track:
    extractor = VoiceActivity(sample_rate=audio.rate)
    return concatenate(extractor.schema, list(extractor.extract(audio)))


def test_speech_is_found_where_it_is(sample: Path) -> None:
    audio = _read(sample / "sad.mp4")
    track = _extract(audio)
    speech, level = track.values.T
    starts = track.times[:, 0]
    assert starts[0] == audio.start_seconds
    assert speech[(starts > 1.3) & (starts < 2.0)].mean() > 0.8
    assert speech[starts < 1.0].max() < 0.5
    assert level[(starts > 1.3) & (starts < 2.0)].mean() > 10 * level[starts < 1.0].mean()


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_equals_the_library_in_blocks_of_any_size(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audio = _read(media / "speech" / "had_that_curiosity.wav")
    expected = load_silero_vad().audio_forward(torch.from_numpy(np.array(audio.samples)), 16_000)[0].numpy()
    whole = _extract(audio)
    np.testing.assert_allclose(whole.values[:, 0], expected, atol=1e-6)
    monkeypatch.setattr(voice_activity, "_WINDOWS_A_PIECE", 7)
    assert len(list(VoiceActivity().extract(audio))) == -(-len(expected) // 7)
    in_blocks = _extract(audio)
    np.testing.assert_array_equal(in_blocks.values, whole.values)
    np.testing.assert_array_equal(in_blocks.times, whole.times)


def test_windows_follow_each_other_and_end_with_the_sound() -> None:
    track = _extract(_audio(np.zeros(1000), start=0.844))
    np.testing.assert_allclose(track.times, [[0.844, 0.876], [0.876, 0.844 + 1000 / 16_000]])
    np.testing.assert_array_equal(track.values[:, 1], 0)


@pytest.mark.parametrize("rate", [8_000, 16_000])
@pytest.mark.parametrize("start", [0.0, 1.5])
def test_an_impulse_changes_the_row_that_holds_it_and_none_before(rate: int, start: float) -> None:
    """The network remembers, so later rows of ``speech`` may change; ``level`` is of its row alone."""
    noise = np.random.default_rng(0).normal(size=rate) * 0.1
    struck = noise.copy()
    struck[round(0.7 * rate)] += 0.8
    before, after = (_extract(_audio(samples, start, rate)) for samples in (noise, struck))
    moment = start + 0.7
    holds = (before.times[:, 0] <= moment) & (moment < before.times[:, 1])
    np.testing.assert_array_equal(before.values[:, 1] != after.values[:, 1], holds)
    changed = before.values[:, 0] != after.values[:, 0]
    assert changed[holds].all()
    assert not changed[: int(np.argmax(holds))].any()


@pytest.mark.parametrize("clip", ["audio_late_1500ms.mp4", "video_late_1500ms.mp4"])
def test_sound_that_starts_late_or_early_in_its_container(clip: str, media: Path) -> None:
    audio = _read(media / "odd" / clip)
    track = _extract(audio)
    assert track.times[0, 0] == audio.start_seconds
    assert track.times[-1, 1] == pytest.approx(audio.end_seconds)


def test_what_came_before_another_recording_is_forgotten(sample: Path) -> None:
    audio = _read(sample / "happy.mp4")
    once = _extract(audio)
    _extract(_audio(np.random.default_rng(0).normal(size=9_000)))
    np.testing.assert_array_equal(_extract(audio).values, once.values)


def test_level_is_the_root_mean_square() -> None:
    tone = 0.5 * np.sin(2 * np.pi * 500 * np.arange(512 * 4) / 16_000)
    np.testing.assert_allclose(_extract(_audio(tone)).values[:, 1], 0.5 / np.sqrt(2), rtol=1e-3)


@pytest.mark.parametrize(
    "samples",
    [np.full(1, 0.5), np.full(800, 0.5), np.zeros(16_000), np.where(np.arange(16_000) // 40 % 2, 1.0, -1.0)],
    ids=["one sample", "50 ms", "silence", "clipped"],
)
def test_odd_sound_has_finite_rows(samples: np.ndarray) -> None:
    track = _extract(_audio(samples))
    assert len(track) == -(-len(samples) // 512)
    assert np.isfinite(track.values).all()
    assert track.times[-1, 1] == len(samples) / 16_000


def test_no_sound_is_a_gap() -> None:
    track = _extract(_audio(np.zeros(0)))
    assert (len(track), [gap.reason for gap in track.gaps]) == (0, ["no sound"])


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        (44_100, "voice activity needs a sample_rate of 16000 or 8000, found 44100"),
        (0, "sample_rate must be from 1 to 384000, found 0"),
    ],
)
def test_refuses_other_rates(rate: int, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        VoiceActivity(sample_rate=rate)
