from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trimodal.errors import ParameterError
from trimodal.extract.audio.waveform import Waveform
from trimodal.media import Audio, AudioSelection, probe, read_audio
from trimodal.track import Track, concatenate
from trimodal.windows import Windows

RATE = 8_000


def _audio(samples: np.ndarray, start: float = 0.0) -> Audio:
    return Audio(samples=samples.astype(np.float32), rate=RATE, start_seconds=start)


def _extract(extractor: Waveform, audio: Audio, spans: Any = None) -> Track:
    if extractor.windows is not None:
        spans = extractor.windows.times(audio.start_seconds, audio.end_seconds)
    return concatenate(extractor.schema, list(extractor.extract(audio, np.asarray(spans, np.float64))))


def _words(**parameters: Any) -> Waveform:
    return Waveform(intervals="words", sample_rate=RATE, **parameters)


def test_rows_are_the_samples_of_their_stretches_cut_off_or_filled_up() -> None:
    sound = np.random.default_rng(0).normal(size=2 * RATE) * 0.1
    spans = [[1.0, 1.25], [1.5, 1.6], [2.9, 3.5], [3.0, 4.0], [8.0, 9.0]]
    track = _extract(_words(length_seconds=0.25), _audio(sound, 1.5), spans)
    samples = sound.astype(np.float32)
    np.testing.assert_array_equal(track.fields["row"], [1, 2, 3])
    np.testing.assert_array_equal(track.values[0, :800], samples[:800])
    np.testing.assert_array_equal(track.values[0, 800:], 0)
    np.testing.assert_array_equal(track.values[1], samples[round(1.4 * RATE) : round(1.65 * RATE)])
    np.testing.assert_array_equal(track.values[2], samples[round(1.5 * RATE) : round(1.75 * RATE)])
    np.testing.assert_allclose(track.times, [[1.5, 1.6], [2.9, 3.15], [3.0, 3.25]])
    np.testing.assert_allclose(track.fields["seconds"], [0.1, 0.25, 0.25])
    assert [(gap.start_seconds, gap.end_seconds, gap.reason) for gap in track.gaps] == [
        (1.0, 1.25, "no sound"),
        (8.0, 9.0, "no sound"),
    ]


@pytest.mark.parametrize("clip", ["audio_late_1500ms.mp4", "video_late_1500ms.mp4"])
def test_windows_of_sound_that_starts_late_or_early_in_its_container(clip: str, media: Path) -> None:
    path = media / "odd" / clip
    audio = read_audio(path, probe(path), AudioSelection(sample_rate=RATE))
    assert audio is not None
    windows = Windows(length_seconds=0.5, hop_seconds=0.5, tail="pad")
    track = _extract(Waveform(windows=windows, length_seconds=0.5, sample_rate=RATE), audio)
    assert track.times[0, 0] == audio.start_seconds
    assert track.times[-1, 1] == pytest.approx(audio.end_seconds)
    np.testing.assert_array_equal(track.values.reshape(-1)[: len(audio.samples)], audio.samples)


@pytest.mark.parametrize("at", [0, 1, 3999, 4000, 7999])
def test_an_impulse_is_in_the_row_whose_interval_holds_it(at: int) -> None:
    sound = np.zeros(RATE)
    sound[at] = 1.0
    windows = Windows(length_seconds=0.125, hop_seconds=0.125)
    track = _extract(Waveform(windows=windows, length_seconds=0.125, sample_rate=RATE), _audio(sound, 0.3))
    moment = 0.3 + (at + 0.5) / RATE
    holds = (track.times[:, 0] <= moment) & (moment < track.times[:, 1])
    np.testing.assert_array_equal(track.values.any(axis=1), holds)


def test_every_row_is_scaled_to_the_root_mean_square_that_is_asked_for() -> None:
    """As for ConflictNET: clips of 30 s at 8 kHz, 240,000 samples, root mean square 1."""
    tone = 0.01 * np.sin(np.arange(25 * RATE) / 5)
    tone[10 * RATE : 11 * RATE] = 0
    track = _extract(_words(length_seconds=30.0, rms=1.0), _audio(tone), [[0.0, 30.0], [10.0, 11.0]])
    assert track.values.shape == (2, 240_000)
    sound = track.values[0, : 25 * RATE].astype(np.float64)
    assert np.sqrt((sound**2).mean()) == pytest.approx(1.0, rel=1e-6)
    np.testing.assert_allclose(sound / np.abs(sound).max(), tone / np.abs(tone).max(), atol=1e-6)
    np.testing.assert_array_equal(track.values[1], 0)
    np.testing.assert_allclose(track.fields["seconds"], [25.0, 1.0])


def test_the_root_mean_square_of_a_row_counts_what_fills_it_up() -> None:
    tone = np.full(RATE, 0.25)
    track = _extract(_words(length_seconds=4.0, rms=1.0, rms_of="row"), _audio(tone), [[0.0, 4.0]])
    np.testing.assert_allclose(track.values[0, :RATE], 2.0, rtol=1e-6)  # the square of a quarter of the row is 4
    assert np.sqrt((track.values[0].astype(np.float64) ** 2).mean()) == pytest.approx(1.0, rel=1e-6)
    silence = _extract(_words(length_seconds=4.0, rms=1.0, rms_of="row"), _audio(0 * tone), [[0.0, 4.0]])
    np.testing.assert_array_equal(silence.values, 0)


def test_the_faintest_sound_stays_finite() -> None:
    tiny = np.full(RATE, np.finfo(np.float32).smallest_subnormal)
    track = _extract(_words(length_seconds=1.0, rms=1.0), _audio(tiny), [[0.0, 1.0]])
    np.testing.assert_allclose(track.values, 1.0, rtol=1e-6)


@pytest.mark.parametrize("samples", [0, 1])
def test_hardly_any_sound(samples: int) -> None:
    track = _extract(_words(length_seconds=0.5), _audio(np.ones(samples)), [[0.0, 1.0]])
    assert len(track) == samples
    assert len(track.gaps) == 1 - samples


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"length_seconds": 0.0}, "length_seconds must be from one sample to 600, found 0"),
        ({"length_seconds": 1e-5}, "length_seconds must be from one sample to 600, found 1e-05"),
        ({"length_seconds": float("nan")}, "length_seconds must be from one sample to 600, found nan"),
        ({"length_seconds": float("inf")}, "length_seconds must be from one sample to 600, found inf"),
        ({"length_seconds": 601.0}, "length_seconds must be from one sample to 600, found 601"),
        ({"length_seconds": 1.0, "rms": 0.0}, "rms must be more than 0 and at most 1000, found 0"),
        ({"length_seconds": 1.0, "rms_of": "row"}, "rms_of goes with rms, which is not given"),
        ({"length_seconds": 1.0, "rms": float("nan")}, "rms must be more than 0 and at most 1000, found nan"),
    ],
)
def test_refuses_parameters_outside_their_range(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        _words(**parameters)
