from pathlib import Path

import av
import numpy as np
import pytest

from trimodal.errors import MediaError, ParameterError
from trimodal.media import Audio, AudioSelection, Channel, probe, read_audio

RATE = 16_000
TONE = 0.25 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
OTHER = 0.5 * np.sin(2 * np.pi * 660 * np.arange(RATE) / RATE)
SILENCE = np.zeros(RATE)


def write(path: Path, layout: str, *channels: np.ndarray, sample_format: str = "flt") -> Path:
    samples = np.stack(channels, axis=1).astype(np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_f32le", RATE, layout=layout)
        for first in range(0, len(samples), 1000):
            block = samples[first : first + 1000]
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block).reshape(1, -1), sample_format, layout)
            frame.sample_rate, frame.pts = RATE, first
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def read(path: Path, channel: Channel = "mean", stream: int = 0) -> Audio:
    audio = read_audio(path, probe(path), AudioSelection(channel=channel, stream=stream))
    assert audio is not None
    return audio


@pytest.mark.parametrize(
    ("channel", "expected"),
    [("mean", (TONE + OTHER) / 2), ("left", TONE), ("right", OTHER), ("loudest", OTHER), (0, TONE), (1, OTHER)],
)
def test_the_rules_on_stereo(channel: Channel, expected: np.ndarray, tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", "stereo", TONE, OTHER)
    np.testing.assert_allclose(read(path, channel).samples, expected, atol=1e-6)


def test_channels_that_cancel_do_not_become_silence(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", "stereo", TONE, -TONE * 0.99)
    np.testing.assert_allclose(read(path).samples, TONE, atol=1e-6)


def test_silent_channels_take_no_part_in_the_mean(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", "5.1", SILENCE, SILENCE, OTHER, SILENCE, 1e-5 * TONE, SILENCE)
    np.testing.assert_allclose(read(path).samples, OTHER, atol=1e-6)
    assert not read(path, "left").samples.any()


def test_silence_in_all_channels_stays_silence(tmp_path: Path) -> None:
    assert not read(write(tmp_path / "a.wav", "stereo", SILENCE, SILENCE)).samples.any()


def test_samples_that_are_not_finite_do_not_decide_which_channel_is_loudest(tmp_path: Path) -> None:
    broken = np.where(np.arange(RATE) == 100, np.nan, 0.1 * TONE)
    audio = read(write(tmp_path / "a.wav", "stereo", broken, OTHER), "loudest")
    np.testing.assert_allclose(audio.samples, OTHER, atol=1e-6)


@pytest.mark.parametrize(
    ("channel", "message"),
    [
        ("left", "has the audio channels FC; expected a left one"),
        (1, "has the audio channels FC; expected number 1, counted from 0"),
    ],
)
def test_a_channel_that_is_not_there(channel: Channel, message: str, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=message):
        read(write(tmp_path / "a.wav", "mono", TONE), channel)


def test_streams_by_number(media: Path) -> None:
    path = media / "odd" / "two_audio_tracks.mp4"
    assert read(path, stream=1).samples.std() != pytest.approx(read(path).samples.std(), rel=0.01)
    with pytest.raises(MediaError, match="has 2 audio streams; expected a stream number below that"):
        read(path, stream=2)


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ({"sample_rate": 0}, "sample_rate must be from 1 to 384000, found 0"),
        ({"stream": -1}, "stream must be at least 0, found -1"),
        ({"channel": -1}, "channel must be a rule or at least 0, found -1"),
    ],
)
def test_wrong_selections(selection: dict[str, int], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        AudioSelection(**selection)
