import math
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sounds import extracted, make_audio, noise, speech

from trimodal.errors import ParameterError
from trimodal.extract.audio import AudioExtractor, chroma, framing
from trimodal.extract.audio.chroma import ChromaCqt
from trimodal.extract.audio.f0 import F0
from trimodal.extract.audio.framing import Framing, blocks_of
from trimodal.extract.audio.mel import LogMel, MelSpectrogram
from trimodal.extract.audio.mfcc import Mfcc
from trimodal.extract.audio.rms import Rms
from trimodal.extract.audio.spectral import Spectral
from trimodal.extract.audio.zero_crossing_rate import ZeroCrossingRate
from trimodal.media import AudioSelection, probe, read_audio

MAKERS: dict[str, Callable[..., AudioExtractor]] = {
    "mfcc": lambda **given: Mfcc(deltas=0, top_db=None, **given),
    "mfcc deltas": lambda **given: Mfcc(top_db=None, pre_emphasis=0.97, **given),
    "mel": lambda **given: MelSpectrogram(**given),
    "log mel": lambda **given: LogMel(top_db=None, window="hamming", **given),
    "spectral": lambda **given: Spectral(top_db=None, contrast_octaves=4, **given),
    "rms": lambda **given: Rms(**given),
    "zcr": lambda **given: ZeroCrossingRate(**given),
    "yin": lambda **given: F0(method="yin", unvoiced="zero", **given),
    "pyin": lambda **given: F0(fmin=200, unvoiced="zero", **given),
    "chroma": lambda **given: ChromaCqt(n_octaves=2, fmin=200, tuning=0.0, **given),
}
FRAMED = [name for name in MAKERS if name != "chroma"]
EACH = pytest.mark.parametrize("name", MAKERS)
BOTH = pytest.mark.parametrize("centred", [False, True])


def _make(name: str, centred: bool = False, **given: object) -> AudioExtractor:
    """Chroma is always centred."""
    return MAKERS[name](**given) if name == "chroma" else MAKERS[name](centred=centred, **given)


def _context_seconds(extractor: AudioExtractor) -> float:
    """What the documentation says that a row saw beside its interval."""
    if isinstance(extractor, Mfcc):
        return extractor.delta_width // 2 * extractor.hop_seconds * (extractor.deltas > 0) + 1 / extractor.sample_rate
    if isinstance(extractor, F0) and extractor.method == "pyin":
        return 200 * extractor.hop_seconds
    return extractor.reach_seconds if isinstance(extractor, ChromaCqt) else 0.0


@given(
    samples=st.integers(0, 200),
    window=st.integers(2, 40),
    more=st.integers(0, 20),
    hop=st.integers(1, 50),
    centred=st.booleans(),
    split=st.integers(1, 9),
)
def test_frames_times_and_blocks_are_those_of_a_slow_reference(
    samples: int, window: int, more: int, hop: int, centred: bool, split: int
) -> None:
    frames = Framing(window_samples=window, hop_samples=hop, n_fft=window + more, centred=centred)
    side = frames.n_fft // 2
    sound = np.arange(1, samples + 1)
    if centred:
        padded = np.pad(sound, side)
        starts = range(0, len(padded) - frames.n_fft + 1, hop) if samples else range(0)
        offset = side
    else:
        starts = range(0, samples - window + 1, hop)
        offset = more // 2
        padded = np.pad(sound, (offset, frames.n_fft))
    count = frames.count(samples)
    assert count == len(starts)
    audio = make_audio(sound, start_seconds=3.0)
    assert [row for rows in blocks_of(count, split) for row in rows] == list(range(count))
    for rows in blocks_of(count, split):
        first, stop = (edge + offset for edge in frames.stretch(rows))
        assert stop - first == (len(rows) - 1) * hop + frames.n_fft
        for row, (begin, end) in zip(rows, (frames.times(audio, rows) - 3.0) * audio.rate, strict=True):
            frame = padded[starts[row] :][: frames.n_fft]
            assert starts[row] == first + (row - rows.start) * hop
            heard = frame[more // 2 :][:window]
            heard = heard[heard > 0] - 1  # positions in the sound
            assert (round(begin), round(end)) == (heard[0], heard[-1] + 1)


@EACH
@BOTH
@pytest.mark.parametrize(("rate", "start"), [(8_000, 0.0), (16_000, 0.844), (44_100, 1.5)])
def test_an_impulse_changes_just_the_rows_that_hold_it(name: str, centred: bool, rate: int, start: float) -> None:
    extractor = _make(name, centred, sample_rate=rate)
    seconds = 6.0 if name == "pyin" else 1.0
    tone = 0.07 * np.sin(2 * np.pi * 250 * np.arange(round(seconds * rate)) / rate)
    samples = 0.2 + tone + np.random.default_rng(0).uniform(-0.02, 0.02, len(tone))
    struck = samples.copy()
    moment = round(0.3333 * seconds * rate)
    struck[moment] = -1.0
    quiet, loud = (extracted(extractor, make_audio(sound, rate, start)) for sound in (samples, struck))
    times = quiet.times - start
    np.testing.assert_array_equal(quiet.times, loud.times)
    changed = (np.abs(quiet.values - loud.values) > 1e-5).any(axis=1)
    reach = _context_seconds(extractor)
    seen = (times[:, 0] - reach - 1e-9 <= moment / rate) & (moment / rate < times[:, 1] + reach + 1e-9)
    assert not (changed & ~seen).any()
    holds = (times[:, 0] - 1e-9 <= moment / rate) & (moment / rate < times[:, 1] - 1e-9)
    assert changed[holds].sum() >= max(1, holds.sum() - 3)  # windows are next to nothing at their ends


@EACH
@BOTH
def test_blocks_give_what_the_whole_gives(name: str, centred: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.concatenate([noise(0.7), 0.3 * np.sin(2 * np.pi * 220 * np.arange(8_000) / 16_000)])
    extractor = _make(name, centred)
    whole = extracted(extractor, make_audio(samples, start_seconds=1.5))
    monkeypatch.setattr(framing, "_BLOCK_SAMPLES", 2**13)
    monkeypatch.setattr(chroma, "_BLOCK_VALUES", 2**13)
    pieces = list(extractor.extract(make_audio(samples, start_seconds=1.5)))
    assert len(pieces) > 3
    np.testing.assert_array_equal(np.concatenate([piece.times for piece in pieces]), whole.times)
    values = np.concatenate([piece.values for piece in pieces])
    np.testing.assert_allclose(values, whole.values, rtol=1e-5, atol=1e-5 * np.abs(whole.values).max())


@EACH
@BOTH
@pytest.mark.parametrize(
    "samples",
    [np.zeros(8_000), np.full(8_000, 0.5), np.sign(np.sin(np.arange(8_000) / 9)), np.ones(1), noise(0.05), noise(0.1)],
    ids=["silence", "constant", "clipped", "one sample", "50 ms", "100 ms"],
)
def test_odd_sound_gives_finite_rows_inside_it_or_a_gap(name: str, centred: bool, samples: np.ndarray) -> None:
    audio = make_audio(samples, start_seconds=2.0)
    track = extracted(_make(name, centred), audio)  # a track refuses what is not finite
    if len(track):
        assert not track.gaps
        assert track.times.min() >= 2.0
        assert track.times.max() <= audio.end_seconds
        assert (track.times[:, 0] < track.times[:, 1]).all()
    else:
        (gap,) = track.gaps
        assert (gap.start_seconds, gap.end_seconds) == (2.0, audio.end_seconds)
        assert gap.reason.startswith("sound shorter than one window of 0.0")
        assert len(samples) < 1024
        assert not centred


@EACH
@BOTH
def test_no_sound_is_a_gap(name: str, centred: bool) -> None:
    track = extracted(_make(name, centred), make_audio(np.zeros(0), start_seconds=2.0))
    assert len(track) == 0
    assert [(gap.start_seconds, gap.end_seconds, gap.reason) for gap in track.gaps] == [(2.0, 2.0, "no sound")]


@EACH
@pytest.mark.parametrize(
    ("clip", "start"), [("audio_late_1500ms.mp4", 1.5), ("video_late_1500ms.mp4", 0.0), ("speech_8k_mulaw.wav", 0.0)]
)
def test_rows_are_on_the_clock_of_the_recording(media: Path, name: str, clip: str, start: float) -> None:
    path = media / "odd" / clip
    extractor = _make(name)
    audio = read_audio(path, probe(path), AudioSelection(sample_rate=extractor.sample_rate))
    assert audio is not None
    audio = audio.between(start, start + 1.0)
    times = extracted(extractor, audio).times
    assert times[0, 0] == audio.start_seconds == pytest.approx(start, abs=0.03)
    assert audio.end_seconds - 0.08 < times[-1, 1] <= audio.end_seconds


def test_sound_of_50_ms_has_a_row_or_says_why_not(media: Path) -> None:
    path = media / "odd" / "speech_50ms.wav"
    audio = read_audio(path, probe(path), AudioSelection())
    assert audio is not None
    assert len(extracted(_make("rms"), audio)) == 3
    assert extracted(_make("yin"), audio).gaps[0].reason == "sound shorter than one window of 0.064 s"


@pytest.mark.parametrize("name", FRAMED)
@pytest.mark.parametrize("parameter", ["window_seconds", "hop_seconds"])
@pytest.mark.parametrize("seconds", [0.0, -0.01, math.inf, -math.inf, math.nan, 1e300, 1e-9])
def test_refuses_windows_and_hops_that_are_no_stretch_of_time(name: str, parameter: str, seconds: float) -> None:
    with pytest.raises(ParameterError, match=f"{parameter} must be from [12] to 262144 samples at 16000 Hz, found "):
        MAKERS[name](**{parameter: seconds})


def test_rows_of_one_length_equal_librosa_at_every_rate() -> None:
    for rate in (8_000, 22_050, 48_000):
        samples = noise(0.5, rate).astype(np.float32)
        extractor = Rms(sample_rate=rate, window_seconds=0.0333, hop_seconds=0.0111, centred=True)
        window, hop = round(0.0333 * rate), round(0.0111 * rate)
        expected = librosa.feature.rms(y=samples, frame_length=window, hop_length=hop)[0]
        np.testing.assert_allclose(extracted(extractor, make_audio(samples, rate)).values[:, 0], expected, rtol=1e-5)


def test_published_features_of_one_hop_have_the_same_rows(media: Path) -> None:
    """CH-SIMS: log-F0, 20 MFCC and 12 chroma, 33 numbers of every 512 samples at 22050 Hz."""
    audio = speech(media, rate=22_050)
    shared = {"sample_rate": 22_050, "hop_seconds": 0.02322}
    framed = {**shared, "window_seconds": 0.09288, "centred": True}
    tracks = [
        extracted(F0(scale="log", unvoiced="zero", **framed), audio),
        extracted(Mfcc(n_mfcc=20, n_mels=128, deltas=0, **framed), audio),
        extracted(ChromaCqt(**shared), audio),
    ]
    assert [len(track) for track in tracks] == [1 + len(audio.samples) // 512] * 3
    assert 1 + tracks[1].values.shape[1] + tracks[2].values.shape[1] == 33
    middles = [track.times.mean(axis=1)[3:-3] for track in tracks]
    np.testing.assert_allclose(middles[1], middles[0])
    np.testing.assert_allclose(middles[2], middles[0])
