import struct
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from clips import Clip, beep, beep_onset, make_clip

from trimodal.media import Audio, AudioSelection, MediaError, MediaInfo, probe, read_audio

SOUND = Clip(frame_times=())
MS = 1e-3


def read(path: Path, rate: int = 16_000) -> Audio:
    audio = read_audio(path, probe(path), AudioSelection(sample_rate=rate))
    assert audio is not None
    return audio


def onset(audio: Audio) -> float:
    return beep_onset(audio.samples, audio.rate, audio.start_seconds)


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3", "a.m4a", "a.mkv"])
def test_a_beep_stays_where_it_is(name: str, rate: int, tmp_path: Path) -> None:
    codec = {"wav": "pcm_s16le", "flac": "flac", "mp3": "libmp3lame", "m4a": "aac", "mkv": "flac"}[name[2:]]
    audio = read(make_clip(tmp_path / name, replace(SOUND, sample_rate=rate, audio_codec=codec)))
    assert audio.rate == 16_000 and audio.samples.dtype == np.float32
    assert audio.start_seconds == 0.0
    assert onset(audio) == pytest.approx(1.0, abs=MS)
    assert audio.end_seconds == pytest.approx(2.0, abs=1025 / rate)
    assert audio.gaps == ()


@pytest.mark.parametrize("wanted", [8_000, 16_000, 22_050, 48_000])
def test_resampling_keeps_length_and_time(wanted: int, tmp_path: Path) -> None:
    audio = read(make_clip(tmp_path / "a.wav", replace(SOUND, sample_rate=44_100)), wanted)
    assert len(audio.samples) == pytest.approx(2 * wanted, abs=1)
    assert onset(audio) == pytest.approx(1.0, abs=MS)
    assert np.abs(audio.samples).max() == pytest.approx(0.5, abs=0.07)


@pytest.mark.parametrize(
    ("name", "clip", "start", "beep_at"),
    [
        ("a.mkv", Clip(audio_start_seconds=0.75), 0.75, 1.0),
        ("a.mp4", Clip(audio_start_seconds=0.75, audio_codec="aac"), 0.75 - 1024 / 16_000, 1.0),
        ("b.mkv", Clip(frame_times=tuple(0.5 + n / 25 for n in range(30))), 0.0, 1.0),
        ("c.mkv", Clip(frame_times=tuple(0.5 + n / 25 for n in range(30)), audio_start_seconds=0.75), 0.25, 0.5),
        ("d.mkv", Clip(frame_times=(), audio_start_seconds=0.75), 0.0, 0.25),
        ("e.avi", Clip(video_codec="mpeg4", ticks_per_second=25), 0.0, 1.0),
        ("f.webm", Clip(video_codec="libvpx", audio_codec="libopus", sample_rate=48_000), 0.0, 1.0),
    ],
)
def test_the_clock_starts_with_the_first_of_audio_and_video(
    name: str, clip: Clip, start: float, beep_at: float, tmp_path: Path
) -> None:
    audio = read(make_clip(tmp_path / name, clip))
    assert audio.start_seconds == pytest.approx(start, abs=MS)
    assert onset(audio) == pytest.approx(beep_at, abs=MS)


@pytest.mark.parametrize(("name", "codec"), [("a.ts", "aac"), ("a.mpg", "mp2")])
def test_sound_and_picture_stay_together_where_the_encoder_primes(name: str, codec: str, tmp_path: Path) -> None:
    video = {"video_codec": "mpeg1video", "ticks_per_second": 25} if name == "a.mpg" else {}
    path = make_clip(tmp_path / name, Clip(audio_codec=codec, sample_rate=44_100, **video))  # type: ignore[arg-type]
    video_start = probe(path).video_start_seconds
    assert video_start is not None and video_start > 0.005
    assert onset(read(path)) == pytest.approx(video_start + 1.0, abs=MS)


@pytest.mark.parametrize("codec", ["pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le"])
def test_every_sample_format_has_the_same_scale(codec: str, tmp_path: Path) -> None:
    clip = replace(SOUND, audio_codec=codec)
    audio = read(make_clip(tmp_path / "a.wav", clip))
    np.testing.assert_allclose(audio.samples, beep(clip), atol=1 / 100)
    assert audio.samples[:1000] == pytest.approx(0, abs=1e-6)


def write_wav(path: Path, channels: np.ndarray, rate: int = 16_000) -> Path:
    """Write 32-bit float samples of shape (n, channels)."""
    data = channels.astype("<f4").tobytes()
    count = channels.shape[1]
    header = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, count, rate, rate * count * 4, count * 4, 32)
    body = b"WAVE" + header + struct.pack("<4sI", b"data", len(data)) + data
    path.write_bytes(struct.pack("<4sI", b"RIFF", len(body)) + body)
    return path


@pytest.mark.parametrize("channels", [2, 6])
def test_channels_are_averaged(channels: int, tmp_path: Path) -> None:
    samples = np.random.default_rng(0).uniform(-1, 1, (16_000, channels)).astype(np.float32)
    audio = read(write_wav(tmp_path / "a.wav", samples))
    np.testing.assert_allclose(audio.samples, samples.mean(axis=1), atol=1e-4)


def test_samples_that_are_not_finite_become_silence_and_a_gap(tmp_path: Path) -> None:
    samples = np.full((32_000, 1), 0.25, np.float32)
    samples[16_000:16_010] = [[np.nan], [np.inf], [-np.inf], [np.nan], [np.nan], *[[np.nan]] * 5]
    audio = read(write_wav(tmp_path / "a.wav", samples))
    assert np.isfinite(audio.samples).all()
    assert (audio.samples[16_000:16_010] == 0).all() and (audio.samples == 0).sum() == 10
    (gap,) = audio.gaps
    assert gap.reason == "10 samples are not finite"
    assert gap.start_seconds <= 1.0 and gap.end_seconds >= 1.0 + 10 / 16_000


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
def test_a_hole_is_silence_of_its_length(name: str, tmp_path: Path) -> None:
    clip = replace(SOUND, lost_audio=(0.256, 0.64), audio_codec="pcm_s16le" if name == "a.mkv" else "aac")
    audio = read(make_clip(tmp_path / name, clip))
    assert onset(audio) == pytest.approx(1.0, abs=MS)
    (gap,) = audio.gaps
    assert gap.reason == "no audio that decodes"
    assert gap.end_seconds - gap.start_seconds == pytest.approx(0.384, abs=MS)
    assert gap.start_seconds == pytest.approx(0.256, abs=MS if name == "a.mkv" else 0.065)
    assert (audio.samples[round(0.26 * 16_000) : round(0.63 * 16_000)] == 0).all()


def write_blocks(path: Path, starts: list[float]) -> Path:
    """Write blocks of 0.1 s of a constant 0.25 that start at the given times."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", 16_000, layout="mono")
        for start in starts:
            packet = av.Packet(np.full(1_600, 8_192, "<i2").tobytes())
            packet.stream, packet.time_base = stream, Fraction(1, 16_000)
            packet.pts = packet.dts = round(start * 16_000)
            container.mux(packet)
    return path


def test_overlapping_packets_do_not_push_what_follows(tmp_path: Path) -> None:
    audio = read(write_blocks(tmp_path / "a.mkv", [0.0, 0.1, 0.16, 0.26]))
    assert audio.end_seconds == pytest.approx(0.36)
    (gap,) = audio.gaps
    assert "overlapping audio" in gap.reason
    assert (gap.start_seconds, gap.end_seconds) == pytest.approx((0.16, 0.2))


def test_jitter_of_the_clock_is_no_hole(tmp_path: Path) -> None:
    audio = read(write_blocks(tmp_path / "a.mkv", [0.0, 0.104, 0.196, 0.3]))
    assert len(audio.samples) == 6_400 and audio.gaps == ()


def test_a_timestamp_far_beyond_the_end_fills_no_memory(tmp_path: Path) -> None:
    path = write_blocks(tmp_path / "a.mkv", [0.0, 0.1, 90_000.0])
    raw = path.read_bytes()
    position = raw.index(b"\x44\x89\x88") + 3  # the duration in milliseconds
    path.write_bytes(raw[:position] + struct.pack(">d", 300.0) + raw[position + 8 :])
    audio = read(path)
    assert len(audio.samples) == 3_200
    (gap,) = audio.gaps
    assert gap.reason == "a timestamp jumps to 90000 s, past the end"
    assert (gap.start_seconds, gap.end_seconds) == pytest.approx((0.2, 0.3))


def test_a_sample_rate_that_changes_on_the_way(tmp_path: Path) -> None:
    parts = [
        make_clip(tmp_path / f"{rate}.aac", replace(SOUND, sample_rate=rate, audio_codec="aac"))
        for rate in (16_000, 44_100)
    ]
    path = tmp_path / "both.aac"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    with pytest.raises(MediaError, match="the sample rate changes from 16000 to 44100 Hz"):
        read_audio(path, probe(path))


def test_a_file_without_audio(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", Clip(audio_start_seconds=None))
    assert read_audio(path, probe(path)) is None


def test_a_missing_file(tmp_path: Path) -> None:
    info = MediaInfo(
        zero_seconds=0.0,
        duration_seconds=0.0,
        video_start_seconds=None,
        audio_start_seconds=None,
        video_end_seconds=None,
        audio_end_seconds=None,
        frames_per_second=None,
    )
    with pytest.raises(MediaError, match="no such file or directory"):
        read_audio(tmp_path / "a.wav", info)


@pytest.mark.parametrize(
    ("name", "end", "gap_start", "gap_end"),
    [("truncated_moov_first.mp4", 3.243, 3.243, 8.713), ("header_only_4k.mp4", 0.023, 0.023, 6.153)],
)
def test_real_truncated_audio(name: str, end: float, gap_start: float, gap_end: float, media: Path) -> None:
    audio = read(media / "odd" / name)
    assert audio.end_seconds == pytest.approx(end, abs=MS)
    (gap,) = audio.gaps
    assert gap.reason == "no audio that decodes up to the end that the header gives"
    assert (gap.start_seconds, gap.end_seconds) == pytest.approx((gap_start, gap_end), abs=MS)


def test_real_flipped_bits_leave_the_rest_in_place(media: Path) -> None:
    broken, whole = read(media / "odd/bitflips.mp4"), read(media / "odd/audio_only.mp4")
    assert len(broken.samples) == len(whole.samples)
    assert broken.gaps and {gap.reason for gap in broken.gaps} == {"no audio that decodes"}
    for gap in broken.gaps:
        inside = slice(round(gap.start_seconds * 16_000) + 160, round(gap.end_seconds * 16_000) - 160)
        assert np.abs(broken.samples[inside]).max() < 1e-3
    intact = np.abs(broken.samples - whole.samples) < 1e-3
    assert intact.mean() > 0.5


@pytest.mark.parametrize(
    ("name", "start", "end", "loudest"),
    [
        ("odd/audio_late_1500ms.mp4", 1.5, 10.247, 0.293),
        ("odd/video_late_1500ms.mp4", 0.0, 8.747, 0.293),
        ("odd/silent_audio.mp4", 0.0, 8.789, 0.0),
        ("odd/speech_8k_mulaw.wav", 0.0, 2.978, 0.989),
        ("odd/speech_50ms.wav", 0.0, 0.05, 0.009),
        ("odd/speech_antiphase_stereo.wav", 0.0, 2.978, 1.005),
        ("speech/jfk.flac", 0.0, 11.0, 0.783),
        ("talking/grid-bbaf2n.mpg", 0.0, 2.978, 1.005),
    ],
)
def test_real_audio(name: str, start: float, end: float, loudest: float, media: Path) -> None:
    audio = read(media / name)
    assert (audio.start_seconds, audio.end_seconds) == pytest.approx((start, end), abs=MS)
    assert np.abs(audio.samples).max() == pytest.approx(loudest, abs=0.01)
    assert audio.gaps == ()


def test_of_two_audio_streams_the_first_counts(media: Path) -> None:
    first, alone = read(media / "odd/two_audio_tracks.mp4"), read(media / "odd/black_video_speech.mp4")
    np.testing.assert_allclose(first.samples, alone.samples, atol=1e-4)
