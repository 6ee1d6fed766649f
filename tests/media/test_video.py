from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from clips import Clip, frame_number, make_clip

from trimodal.media import Frames, MediaError, Sampling, probe, read_frames, read_samplings

CFR = tuple(n / 25 for n in range(50))
LATE = tuple(0.5 + n / 25 for n in range(30))
GAPPED = (*(n / 25 for n in range(10)), *(0.96 + n / 25 + 0.007 * (n % 3) for n in range(20)))
"""Variable frame rate: nothing between 0.36 s and 0.96 s, then jitter."""

CLIPS = {
    "cfr.mkv": Clip(),
    "cfr.mp4": Clip(audio_codec="aac"),
    "no_b_frames.mp4": Clip(audio_codec="aac", options={"bf": "0"}),
    "many_b_frames.mp4": Clip(audio_codec="aac", options={"bf": "8"}),
    "vfr.mkv": Clip(frame_times=GAPPED),
    "vfr.mp4": Clip(frame_times=GAPPED, audio_codec="aac"),
    "audio_late.mkv": Clip(audio_start_seconds=0.75),
    "audio_late.mp4": Clip(audio_start_seconds=0.75, audio_codec="aac"),
    "video_late.mkv": Clip(frame_times=LATE),
    "video_late.mp4": Clip(frame_times=LATE, audio_codec="aac"),
    "both_late.mkv": Clip(frame_times=LATE, audio_start_seconds=0.75),
    "alone_late.mkv": Clip(frame_times=LATE, audio_start_seconds=None),
    "ntsc.mkv": Clip(frame_times=tuple(n * 1001 / 30000 for n in range(60))),
    "mpeg1.mpg": Clip(video_codec="mpeg1video", audio_start_seconds=None, ticks_per_second=25),
    "mpeg1_b_frames.mpg": Clip(
        video_codec="mpeg1video", audio_start_seconds=None, ticks_per_second=25, options={"bf": "2"}
    ),
    "mpeg4.avi": Clip(video_codec="mpeg4", ticks_per_second=25),
    "mpeg4_b_frames.avi": Clip(video_codec="mpeg4", ticks_per_second=25, options={"bf": "2"}),
    "h264_b_frames.avi": Clip(ticks_per_second=25),
    "vp8.webm": Clip(video_codec="libvpx", audio_codec="libopus", sample_rate=48_000),
}


def zero(clip: Clip) -> float:
    return min(time for time in (clip.frame_times[0], clip.audio_start_seconds) if time is not None)


def batches(path: Path, sampling: Sampling | None = None, only: list[float] | None = None) -> Iterator[Frames]:
    return read_frames(path, probe(path), sampling or Sampling(), None if only is None else np.array(only))


def numbers_and_times(found: Iterator[Frames]) -> tuple[list[int], np.ndarray]:
    all_batches = list(found)
    numbers = [frame_number(pixels) for batch in all_batches for pixels in batch.pixels]
    return numbers, np.concatenate([np.zeros((0, 2)), *(batch.times for batch in all_batches)])


@pytest.mark.parametrize("name", CLIPS)
def test_every_frame_has_its_true_time(name: str, tmp_path: Path) -> None:
    clip = CLIPS[name]
    found = list(batches(make_clip(tmp_path / name, clip)))
    numbers, times = numbers_and_times(iter(found))
    assert numbers == list(range(len(clip.frame_times)))
    np.testing.assert_allclose(times[:, 0], np.array(clip.frame_times) - zero(clip), atol=1e-3)
    np.testing.assert_array_equal(times[:-1, 1], times[1:, 0])
    assert times[-1, 1] - times[-1, 0] == pytest.approx(0.04, abs=1.1e-3)
    assert [batch.gaps for batch in found] == [()] * len(found)


@pytest.mark.parametrize("codec", ["mp2", "aac"])
def test_sound_that_the_encoder_primes_starts_the_clock(codec: str, tmp_path: Path) -> None:
    clip = Clip(audio_codec=codec, sample_rate=44_100)
    path = make_clip(tmp_path / "a.ts", clip)
    _, times = numbers_and_times(batches(path))
    video_start = probe(path).video_start_seconds
    assert video_start is not None and 0 < video_start < 0.03
    np.testing.assert_allclose(times[:, 0], np.array(clip.frame_times) + video_start, atol=1e-9)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_rotation_metadata_gives_upright_pictures(degrees: int, tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", Clip(rotation=degrees, audio_start_seconds=None))
    found = list(batches(path))
    assert {batch.pixels.shape[1:] for batch in found} == {(48, 64, 3)}
    assert numbers_and_times(iter(found))[0] == list(range(50))


@pytest.mark.parametrize(("given", "turns"), [(0, 1), (90, 2), (180, 3), (270, 0)])
def test_a_given_rotation_goes_before_what_the_file_says(given: int, turns: int, tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", Clip(rotation=270, audio_start_seconds=None))
    as_said, given_one = (
        next(read_frames(path, probe(path, rotation_degrees=degrees), Sampling())) for degrees in (None, given)
    )
    np.testing.assert_array_equal(given_one.pixels[0], np.rot90(as_said.pixels[0], turns))


def test_real_rotation(media: Path) -> None:
    """The clip's pixels are upright and its metadata ask players to turn them on their side."""
    path = media / "odd/rot90_meta.mp4"
    stored = next(read_frames(path, probe(path, rotation_degrees=0), Sampling())).pixels[0].astype(float)
    upright = next(batches(path)).pixels[0].astype(float)
    sideways = next(batches(media / "odd/rot90_pixels.mp4")).pixels[0].astype(float)
    assert upright.shape == sideways.shape == (640, 480, 3)
    original = next(batches(media / "talking/friday.mp4")).pixels[0].astype(float)
    turned = min((np.abs(upright - np.rot90(original, turns)).mean(), turns) for turns in (1, 3))
    assert turned[0] < 3
    assert np.abs(stored - original).mean() < 3


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        (Sampling(), list(range(50))),
        (Sampling(every=1), list(range(50))),
        (Sampling(every=3), list(range(0, 50, 3))),
        (Sampling(every=100), [0]),
        (Sampling(fps=5), list(range(0, 50, 5))),
        (Sampling(fps=12.5), list(range(0, 50, 2))),
        (Sampling(fps=25), list(range(50))),
        (Sampling(fps=60), list(range(50))),
        (Sampling(fps=0.1), [0]),
    ],
)
def test_sampling_of_a_steady_video(sampling: Sampling, expected: list[int], tmp_path: Path) -> None:
    numbers, times = numbers_and_times(batches(make_clip(tmp_path / "a.mkv", Clip()), sampling))
    assert numbers == expected
    starts = np.array(expected) / 25
    period = 0.04 * sampling.every if sampling.every else max(0.04, 1 / sampling.fps) if sampling.fps else 0.04
    ends = np.minimum([*starts[1:], 2.0], starts + 1.5 * period)
    np.testing.assert_allclose(times, np.stack([starts, ends], axis=1), atol=1e-9)


@pytest.mark.parametrize(
    ("sampling", "end_of_frame_9"),
    [
        (Sampling(), 0.96),
        (Sampling(every=1), 0.36 + 1.5 / 25),
        (Sampling(every=9), 0.36 + 1.5 * 9 / 25),
        (Sampling(fps=25), 0.36 + 1.5 / 25),
        (Sampling(fps=100), 0.36 + 1.5 / 25),
    ],
)
def test_sampled_frames_leave_a_hole_where_the_video_has_one(
    sampling: Sampling, end_of_frame_9: float, tmp_path: Path
) -> None:
    path = make_clip(tmp_path / "a.mkv", Clip(frame_times=GAPPED))
    numbers, times = numbers_and_times(batches(path, sampling))
    assert times[numbers.index(9), 1] == pytest.approx(end_of_frame_9, abs=1e-9)


@pytest.mark.parametrize("fps", [30, 60])
def test_a_rate_that_no_stretch_exceeds_keeps_all_frames(fps: float, media: Path) -> None:
    everything = numbers_and_times(batches(media / "odd/vfr.mp4"))[1]
    sampled = numbers_and_times(batches(media / "odd/vfr.mp4", Sampling(fps=fps)))[1]
    assert np.diff(everything[:, 0]).max() == pytest.approx(0.6, abs=1e-3)
    np.testing.assert_array_equal(sampled[:, 0], everything[:, 0])


@pytest.mark.parametrize(
    ("sampling", "only", "expected"),
    [
        (Sampling(), [0.12, 0.28, 1.96], [3, 7, 49]),
        (Sampling(every=2), [0.12, 0.16], [4]),
        (Sampling(), [0.12 + 5e-7, 0.2 - 5e-7, 0.3], [3, 5]),
        (Sampling(), [0.121, 5.0], []),
        (Sampling(), [], []),
    ],
)
def test_only_the_frames_that_are_asked_for(
    sampling: Sampling, only: list[float], expected: list[int], tmp_path: Path
) -> None:
    numbers, times = numbers_and_times(batches(make_clip(tmp_path / "a.mkv", Clip()), sampling, only))
    assert numbers == expected
    np.testing.assert_allclose(times[:, 0], np.array(expected) / 25, atol=1e-9)


def test_batches_are_small(tmp_path: Path) -> None:
    found = list(batches(make_clip(tmp_path / "a.mkv", Clip())))
    assert [len(batch.pixels) for batch in found] == [16, 16, 16, 2]
    assert all(len(batch.times) == len(batch.pixels) for batch in found)


def test_batches_of_large_frames_hold_at_most_64_mib(tmp_path: Path) -> None:
    path = tmp_path / "large.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", 25)
        stream.width, stream.height, stream.pix_fmt = 3840, 2160, "yuv420p"
        for _ in range(4):
            frame = av.VideoFrame.from_ndarray(np.zeros((2160, 3840, 3), np.uint8), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert [len(batch.pixels) for batch in batches(path)] == [2, 2]


def test_a_batch_has_frames_of_one_size(tmp_path: Path) -> None:
    wide = Clip(frame_times=CFR[:20], audio_start_seconds=None, options={"bf": "0"})
    high = replace(wide, frame_times=tuple(0.8 + time for time in CFR[:20]), rotation=90)
    raw = [make_clip(tmp_path / f"{clip.rotation}.ts", clip).read_bytes() for clip in (wide, high)]
    path = tmp_path / "both.ts"
    path.write_bytes(b"".join(raw))  # a transport stream keeps no rotation
    shapes = [batch.pixels.shape for batch in batches(path)]
    assert [shape[1:3] for shape in shapes] == [(48, 64), (48, 64), (64, 48), (64, 48)]
    assert sum(shape[0] for shape in shapes) == 40


def test_frames_whose_time_runs_back_are_dropped_and_counted(tmp_path: Path) -> None:
    raw = make_clip(tmp_path / "a.ts", Clip(frame_times=CFR[:20], audio_start_seconds=None)).read_bytes()
    path = tmp_path / "twice.ts"
    path.write_bytes(raw + raw)
    found = list(batches(path))
    assert numbers_and_times(iter(found))[0] == list(range(20))
    assert [gap.reason[:23] for batch in found for gap in batch.gaps] == ["20 video frames dropped"]


def test_a_file_without_video_has_no_frames(tmp_path: Path) -> None:
    assert list(batches(make_clip(tmp_path / "a.wav", Clip(frame_times=())))) == []


def test_a_missing_file(tmp_path: Path) -> None:
    info = probe(make_clip(tmp_path / "b.mp4", Clip()))
    with pytest.raises(MediaError, match="no such file or directory; expected video or audio"):
        list(read_frames(tmp_path / "a.mp4", info, Sampling()))


def test_several_samplings_share_one_reading(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mkv", Clip(frame_times=GAPPED))
    samplings = [Sampling(), Sampling(fps=5), Sampling(every=7)]
    shared: dict[Sampling, list[Frames]] = {sampling: [] for sampling in samplings}
    for sampling, frames in read_samplings(path, probe(path), samplings):
        shared[sampling].append(frames)
    for sampling, found in shared.items():
        alone = list(batches(path, sampling))
        assert [one.gaps for one in found] == [one.gaps for one in alone]
        assert [one.is_last for one in found] == [False] * (len(alone) - 1) + [True]
        for one, other in zip(found, alone, strict=True):
            np.testing.assert_array_equal(one.times, other.times)
            np.testing.assert_array_equal(one.pixels, other.pixels)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.avi", {"bf": "0", "g": "1"}),
        ("a.mkv", {"bf": "0", "g": "1"}),
        ("a.mp4", {"bf": "0", "g": "4"}),
        ("a.mkv", {"bf": "2", "g": "4"}),
    ],
)
def test_lost_packets_are_a_gap_and_the_frames_after_them_keep_their_times(
    name: str, options: dict[str, str], tmp_path: Path
) -> None:
    clip = Clip(video_codec="mpeg4", ticks_per_second=25, audio_start_seconds=None, options=options)
    found = list(batches(make_clip(tmp_path / name, replace(clip, lost_video=(0.2, 0.32)))))
    numbers, times = numbers_and_times(iter(found))
    gaps = [gap for batch in found for gap in batch.gaps]
    assert len(gaps) == 1 and "video packets could not be decoded" in gaps[0].reason
    assert gaps[0].start_seconds == pytest.approx(0.2) and gaps[0].end_seconds >= 0.32 - 1e-9
    assert times[times[:, 0] < 0.199][-1, 1] == pytest.approx(0.2)
    later = [(number, start) for number, start in zip(numbers, times[:, 0], strict=True) if start > 0.6]
    assert later == [(number, pytest.approx(number / 25)) for number in range(16, 50)]


def test_packets_lost_at_the_end_are_a_gap(tmp_path: Path) -> None:
    clip = Clip(video_codec="mpeg4", ticks_per_second=25, audio_start_seconds=None, lost_video=(1.9, 9.0))
    found = list(batches(make_clip(tmp_path / "a.mkv", clip)))
    assert numbers_and_times(iter(found))[0] == list(range(48))
    (gap,) = (gap for batch in found for gap in batch.gaps)
    assert gap.reason == "2 video packets could not be decoded"
    assert (gap.start_seconds, gap.end_seconds) == pytest.approx((1.92, 2.0), abs=1e-3)


@pytest.mark.parametrize(
    ("name", "count", "gap", "reason"),
    [
        ("truncated_moov_first.mp4", 40, (3.417, 8.75), "up to the end that the header gives"),
        ("header_only_4k.mp4", 0, (0.0, 6.166), "up to the end that the header gives"),
        ("bitflips.mp4", 103, (6.0, 6.167), "2 video packets could not be decoded"),
    ],
)
def test_real_broken_video(name: str, count: int, gap: tuple[float, float], reason: str, media: Path) -> None:
    found = list(batches(media / "odd" / name))
    assert sum(len(batch.pixels) for batch in found) == count
    (recorded,) = (gap for batch in found for gap in batch.gaps)
    assert (recorded.start_seconds, recorded.end_seconds) == pytest.approx(gap, abs=1e-3)
    assert reason in recorded.reason
    times = np.concatenate([batch.times for batch in found])
    overlap = np.minimum(times[:, 1], gap[1] - 1e-3) - np.maximum(times[:, 0], gap[0] + 1e-3)
    assert (overlap <= 0).all()


@pytest.mark.parametrize(
    ("name", "count", "shape"),
    [("one_frame.mp4", 1, None), ("odd_size_359x287.mp4", 75, (287, 359, 3)), ("../talking/grid-bbaf2n.mpg", 75, None)],
)
def test_real_odd_video(name: str, count: int, shape: tuple[int, ...] | None, media: Path) -> None:
    found = list(batches(media / "odd" / name))
    times = np.concatenate([batch.times for batch in found])
    np.testing.assert_allclose(times[:, 0], np.arange(count) / 25, atol=1e-6)
    assert times[-1, 1] == pytest.approx(count / 25, abs=1e-6)
    assert shape in (None, found[0].pixels.shape[1:])
