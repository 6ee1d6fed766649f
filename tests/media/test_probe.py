from pathlib import Path

import av
import pytest
from clips import Clip, make_clip

from trimodal.media import MediaError, probe

LATE = tuple(0.5 + n / 25 for n in range(30))


@pytest.mark.parametrize(
    ("name", "clip", "zero", "duration", "video_start", "audio_start", "video_end", "audio_end"),
    [
        ("a.mp4", Clip(audio_codec="aac"), 0.0, 2.0, 0.0, 0.0, 2.0, 2.0),
        ("b.mp4", Clip(audio_start_seconds=None), 0.0, 2.0, 0.0, None, 2.0, None),
        ("c.wav", Clip(frame_times=()), 0.0, 2.0, None, 0.0, None, 2.0),
        ("d.mkv", Clip(), 0.0, 2.0, 0.0, 0.0, None, None),
        ("e.mkv", Clip(frame_times=LATE), 0.0, 2.0, 0.5, 0.0, None, None),
        ("f.mkv", Clip(frame_times=LATE, audio_start_seconds=0.75), 0.5, 2.25, 0.0, 0.25, None, None),
        ("g.mkv", Clip(frame_times=LATE, audio_start_seconds=None), 0.5, 1.2, 0.0, None, None, None),
        ("h.mp4", Clip(audio_codec="aac", audio_start_seconds=1.5), 0.0, 3.5, 0.0, 1.436, 2.0, 3.5),
        ("i.avi", Clip(video_codec="mpeg4", ticks_per_second=25), 0.0, 2.0, 0.0, 0.0, 2.0, None),
    ],
)
def test_clock_and_extent(
    name: str,
    clip: Clip,
    zero: float,
    duration: float,
    video_start: float | None,
    audio_start: float | None,
    video_end: float | None,
    audio_end: float | None,
    tmp_path: Path,
) -> None:
    info = probe(make_clip(tmp_path / name, clip))
    assert (info.zero_seconds, info.duration_seconds) == pytest.approx((zero, duration), abs=1e-3)
    assert info.video_start_seconds == pytest.approx(video_start, abs=1e-3)
    assert info.audio_start_seconds == pytest.approx(audio_start, abs=1e-3)
    assert info.video_end_seconds == pytest.approx(video_end, abs=1e-3)
    assert info.audio_end_seconds == pytest.approx(audio_end, abs=1e-3)
    assert info.frames_per_second == (pytest.approx(25) if clip.frame_times else None)


def test_a_recording_that_was_never_closed_ends_with_its_last_packet(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mkv", Clip())
    raw = path.read_bytes()
    position = raw.index(b"\x44\x89\x88")
    void = raw[:position] + b"\xec\x89" + b"\0" * 9 + raw[position + 11 :]  # the duration becomes padding
    path.write_bytes(void)
    with av.open(str(path)) as container:
        assert not container.duration
    assert probe(path).duration_seconds == pytest.approx(2.0, abs=1e-3)


def test_neither_audio_nor_video(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n")
    with pytest.raises(MediaError, match=r"a\.mp4: holds neither audio nor video"):
        probe(path)


def test_nothing_decodes(tmp_path: Path) -> None:
    clip = Clip(audio_start_seconds=None, lost_video=(-1.0, 9.0))
    with pytest.raises(MediaError, match="the header promises media and no frame of it can be decoded"):
        probe(make_clip(tmp_path / "a.mkv", clip))


@pytest.mark.parametrize(
    ("name", "zero", "duration", "video_start", "audio_start"),
    [
        ("odd/audio_late_1500ms.mp4", 0.0, 10.213, 0.0, 1.5),
        ("odd/video_late_1500ms.mp4", 0.0, 10.25, 1.5, 0.0),
        ("odd/video_only.mp4", 0.0, 8.75, 0.0, None),
        ("odd/audio_only.mp4", 0.0, 8.713, None, 0.0),
        ("odd/one_frame.mp4", 0.0, 0.04, 0.0, None),
        ("odd/header_only_4k.mp4", 0.0, 6.166, None, 0.0),
        ("odd/truncated_moov_first.mp4", 0.0, 8.75, 0.0, 0.0),
        ("talking/signing-no-audio.mkv", 0.033, 2.167, 0.0, None),
    ],
)
def test_real_clock_and_extent(
    name: str, zero: float, duration: float, video_start: float | None, audio_start: float | None, media: Path
) -> None:
    info = probe(media / name)
    assert (info.zero_seconds, info.duration_seconds) == pytest.approx((zero, duration), abs=1e-3)
    assert info.video_start_seconds == pytest.approx(video_start, abs=1e-3)
    assert info.audio_start_seconds == pytest.approx(audio_start, abs=1e-3)
