from pathlib import Path
from typing import Any

import numpy as np
import parselmouth
import pytest
from parselmouth.praat import call

from trimodal.errors import ParameterError
from trimodal.extract.audio.voice_quality import VoiceQuality
from trimodal.media import Audio, AudioSelection, probe, read_audio
from trimodal.track import Track, concatenate
from trimodal.windows import Windows

RATE = 16_000


def _extract(audio: Audio, spans: Any, **parameters: Any) -> Track:
    extractor = VoiceQuality(intervals="words", **parameters)
    return concatenate(extractor.schema, list(extractor.extract(audio, np.asarray(spans, np.float64))))


def _pulses(jitter: float, shimmer: float) -> np.ndarray:
    """Return a second of voice at 100 Hz whose periods alternate in length, and in amplitude, around their mean."""
    seconds = np.arange(RATE) / RATE
    sound = np.zeros(RATE)
    at, number = 0.01, 0
    while at < 0.98:
        sign = 1 if number % 2 else -1
        since = np.maximum(seconds - at, 0)
        sound += np.where(seconds >= at, (1 + sign * shimmer / 2) * np.exp(-since * 600) * np.sin(since * 6000), 0)
        at += 0.01 * (1 + sign * jitter / 2)
        number += 1
    return 0.3 * sound


@pytest.fixture(scope="module")
def speech(media: Path) -> Audio:
    path = media / "speech" / "had_that_curiosity.wav"
    audio = read_audio(path, probe(path), AudioSelection())
    assert audio is not None
    return Audio(samples=audio.samples, rate=RATE, start_seconds=1.5)


def test_equals_praat(speech: Audio) -> None:
    track = _extract(speech, [[2.0, 4.0]])
    sound = parselmouth.Sound(speech.samples[RATE // 2 : 5 * RATE // 2].astype(np.float64), RATE)
    report = call(
        [sound, sound.to_pitch_ac(), call(sound, "To PointProcess (periodic, cc)", 75.0, 600.0)],
        "Voice report",
        *(0.0, 0.0, 75.0, 600.0, 1.3, 1.6, 0.03, 0.45),
    )
    told = dict(line.strip().split(": ") for line in report.splitlines() if ": " in line)
    pitch, jitter, shimmer, harmonicity = track.values[0]
    assert pitch == pytest.approx(float(told["Mean pitch"].split()[0]), rel=1e-3)
    assert jitter == pytest.approx(float(told["Jitter (local)"].rstrip("%")) / 100, rel=1e-3)
    assert shimmer == pytest.approx(float(told["Shimmer (local)"].rstrip("%")) / 100, rel=1e-3)
    assert harmonicity == pytest.approx(call(sound.to_harmonicity_cc(), "Get mean", 0.0, 0.0), rel=1e-6)


@pytest.mark.parametrize(("jitter", "shimmer"), [(0.0, 0.0), (0.02, 0.0), (0.0, 0.1)])
def test_measures_the_jitter_and_shimmer_that_are_there(jitter: float, shimmer: float) -> None:
    audio = Audio(samples=_pulses(jitter, shimmer).astype(np.float32), rate=RATE, start_seconds=0.0)
    pitch, found_jitter, found_shimmer, _ = _extract(audio, [[0.0, 1.0]], pitch_floor=60.0).values[0]
    assert pitch == pytest.approx(100, rel=0.02)
    assert found_jitter == pytest.approx(jitter, abs=0.003)
    assert found_shimmer == pytest.approx(shimmer, abs=0.02)


def test_stretches_with_too_little_voice_are_gaps(speech: Audio) -> None:
    spans = [[0.0, 1.0], [1.0, 3.5], [2.0, 2.01], [2.0, 3.5], [3.9, 30.0], [40.0, 41.0]]
    track = _extract(speech, spans)
    np.testing.assert_array_equal(track.fields["row"], [1, 3, 4])
    np.testing.assert_allclose(track.times, [[1.5, 3.5], [2.0, 3.5], [3.9, speech.end_seconds]])
    assert [(gap.start_seconds, gap.end_seconds) for gap in track.gaps] == [(0.0, 1.0), (2.0, 2.01), (40.0, 41.0)]
    assert {gap.reason for gap in track.gaps} == {"too little voice"}


@pytest.mark.parametrize(
    "samples", [np.zeros(RATE), np.full(RATE, 0.5), np.zeros(0), np.ones(1), np.ones(800)], ids=len
)
def test_sound_without_voice(samples: np.ndarray) -> None:
    audio = Audio(samples=samples.astype(np.float32), rate=RATE, start_seconds=0.0)
    track = _extract(audio, [[0.0, 1.0]])
    assert (len(track), len(track.gaps)) == (0, 1)


def test_what_lies_outside_a_window_does_not_change_it(speech: Audio) -> None:
    struck = np.array(speech.samples)
    struck[round(1.1 * RATE)] += 0.9
    extractor = VoiceQuality(windows=Windows(length_seconds=0.5, hop_seconds=0.5))
    spans = Windows(length_seconds=0.5, hop_seconds=0.5).times(speech.start_seconds, speech.end_seconds)
    one, other = (
        {int(piece.fields["row"][0]): piece.values[0] for piece in extractor.extract(audio, spans) if len(piece)}
        for audio in (speech, Audio(samples=struck, rate=RATE, start_seconds=1.5))
    )
    changed = {row for row in one | other if row not in one or row not in other or (one[row] != other[row]).any()}
    assert changed == {2}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"pitch_floor": 0.0}, "pitch_floor must be from 10 to 2000, found 0"),
        ({"pitch_ceiling": float("inf")}, "pitch_ceiling must be from 75 to 8000, found inf"),
    ],
)
def test_refuses_parameters_outside_their_range(parameters: dict[str, float], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        VoiceQuality(intervals="words", **parameters)
