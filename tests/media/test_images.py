"""Folders of numbered pictures as video."""

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import frame_number, numbered_frame

from trimodal.errors import MediaError
from trimodal.media import Frames, Sampling, probe, read_audio, read_frames
from trimodal.track import Gap


def folder_of(path: Path, numbers: Iterable[int], suffix: str = ".png") -> Path:
    """Write pictures that carry their numbers."""
    path.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        cv2.imwrite(str(path / f"{number:05d}{suffix}"), numbered_frame(number)[..., ::-1])
    return path


def batches(path: Path, rate: float, sampling: Sampling | None = None, only: list[float] | None = None) -> list[Frames]:
    info = probe(path, rate)
    return list(read_frames(path, info, sampling or Sampling(), None if only is None else np.array(only)))


def numbers(found: list[Frames]) -> list[int]:
    return [frame_number(pixels) for batch in found for pixels in batch.pixels]


def times(found: list[Frames]) -> np.ndarray:
    return np.concatenate([np.zeros((0, 2)), *(batch.times for batch in found)])


def gaps(found: Iterable[Frames]) -> list[Gap]:
    return [gap for batch in found for gap in batch.gaps]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".JPEG", ".bmp"])
def test_times_follow_from_numbers(suffix: str, tmp_path: Path) -> None:
    path = folder_of(tmp_path / "001", range(7, 47), suffix)
    found = batches(path, 25.0)
    assert numbers(found) == list(range(7, 47))
    np.testing.assert_array_equal(times(found), np.stack([np.arange(40) / 25, np.arange(1, 41) / 25], axis=1))
    assert [len(batch.pixels) for batch in found] == [16, 16, 8] and gaps(found) == []
    info = probe(path, 25.0)
    assert (info.zero_seconds, info.duration_seconds, info.video_start_seconds) == (0.0, 1.6, 0.0)
    assert (info.video_end_seconds, info.audio_start_seconds, info.frames_per_second) == (1.6, None, 25.0)
    assert read_audio(path, info) is None


def test_colours_are_rgb(tmp_path: Path) -> None:
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 2] = 255
    cv2.imwrite(str(tmp_path / "0.png"), red)
    assert batches(tmp_path, 1.0)[0].pixels[0, 0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("picture", [np.full((8, 9), 40, np.uint8), np.full((8, 9, 4), 40, np.uint8)])
def test_grey_and_transparent_pictures_become_rgb(picture: np.ndarray, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "0.png"), picture)
    pixels = batches(tmp_path, 1.0)[0].pixels
    assert pixels.shape == (1, 8, 9, 3) and (pixels == 40).all()


def test_a_photo_that_says_it_lies_on_its_side_is_turned(tmp_path: Path) -> None:
    raw = cv2.imencode(".jpg", np.rot90(numbered_frame(5)))[1].tobytes()
    entry = struct.pack("<HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 0)  # orientation 6: turn by 90 degrees clockwise
    exif = b"Exif\0\0II*\0" + struct.pack("<I", 8) + entry
    (tmp_path / "5.jpg").write_bytes(raw[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + raw[2:])
    assert numbers(batches(tmp_path, 1.0)) == [5]


def test_order_is_by_number_and_not_by_name(tmp_path: Path) -> None:
    for name, number in [("s2_f10.png", 10), ("s2_f9.png", 9), ("s2_f011.jpg", 11)]:
        cv2.imwrite(str(tmp_path / name), numbered_frame(number)[..., ::-1])
    (tmp_path / "001.json").write_text("{}")
    (tmp_path / "._s2_f9.png").write_text("not a picture")
    (tmp_path / "12.png").mkdir()
    assert numbers(batches(tmp_path, 10.0)) == [9, 10, 11]


def test_missing_numbers_are_a_hole(tmp_path: Path) -> None:
    path = folder_of(tmp_path, [0, 1, 2, 5, 6, 9])
    found = batches(path, 10.0)
    np.testing.assert_allclose(times(found)[:, 0], [0, 0.1, 0.2, 0.5, 0.6, 0.9])
    np.testing.assert_allclose(times(found)[:, 1], [0.1, 0.2, 0.3, 0.6, 0.7, 1.0])
    reason = "2 pictures are missing in the numbering"
    assert gaps(found) == [
        Gap(start_seconds=0.3, end_seconds=0.5, reason=reason),
        Gap(start_seconds=0.7, end_seconds=0.9, reason=reason),
    ]


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        (Sampling(every=3), list(range(0, 50, 3))),
        (Sampling(fps=5), list(range(0, 50, 5))),
        (Sampling(fps=12.5), list(range(0, 50, 2))),
        (Sampling(fps=60), list(range(50))),
    ],
)
def test_sampling_is_that_of_video(sampling: Sampling, expected: list[int], tmp_path: Path) -> None:
    found = batches(folder_of(tmp_path, range(50)), 25.0, sampling)
    assert numbers(found) == expected
    starts = np.array(expected) / 25
    np.testing.assert_allclose(times(found)[:, 0], starts)
    period = 0.04 * sampling.every if sampling.every else max(0.04, 1 / (sampling.fps or 25))
    np.testing.assert_allclose(times(found)[:, 1], np.minimum([*starts[1:], 2.0], starts + 1.5 * period))


def test_a_sampled_picture_stands_for_one_and_a_half_periods_at_most(tmp_path: Path) -> None:
    found = batches(folder_of(tmp_path, [0, 2, 20, 22]), 10.0, Sampling(fps=5))
    np.testing.assert_allclose(times(found), [[0, 0.2], [0.2, 0.5], [2.0, 2.2], [2.2, 2.3]])


def test_only_what_is_asked_for_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder_of(tmp_path, range(30))
    info, read = probe(path, 10.0), []
    real = cv2.imdecode
    monkeypatch.setattr(cv2, "imdecode", lambda *given: read.append(1) or real(*given))
    found = list(read_frames(path, info, Sampling(every=2), np.array([0.3, 0.4, 2.8])))
    assert numbers(found) == [4, 28]
    assert len(read) == 2


def test_a_batch_has_pictures_of_one_size(tmp_path: Path) -> None:
    path = folder_of(tmp_path, range(4))
    for number in (2, 3):
        cv2.imwrite(str(path / f"{number:05d}.png"), np.zeros((10, 20, 3), np.uint8))
    assert [batch.pixels.shape for batch in batches(path, 1.0)] == [(2, 48, 64, 3), (2, 10, 20, 3)]


def test_batches_of_large_pictures_hold_at_most_64_mib(tmp_path: Path) -> None:
    large = np.zeros((2160, 3840, 3), np.uint8)
    for number in range(4):
        cv2.imwrite(str(tmp_path / f"{number}.bmp"), large)

    def sizes() -> Iterator[int]:
        for batch in read_frames(tmp_path, probe(tmp_path, 1.0), Sampling()):
            yield len(batch.pixels)

    assert list(sizes()) == [2, 2]


@pytest.mark.parametrize("broken", [b"", b"this is no picture", "truncated"])
def test_a_picture_that_cannot_be_read_is_a_gap(broken: bytes | str, tmp_path: Path) -> None:
    path = folder_of(tmp_path, range(5))
    for number in (0, 3):
        picture = path / f"{number:05d}.png"
        picture.write_bytes(picture.read_bytes()[:40] if isinstance(broken, str) else broken)
    found = batches(path, 10.0)
    assert numbers(found) == [1, 2, 4]
    np.testing.assert_allclose(times(found)[:, 0], [0.1, 0.2, 0.4])
    assert [(gap.start_seconds, gap.end_seconds, gap.reason) for gap in gaps(found)] == [
        (0.0, 0.1, "the picture 00000.png cannot be read"),
        (0.3, 0.4, "the picture 00003.png cannot be read"),
    ]
    assert probe(path, 10.0).video_start_seconds == 0.1
    sampled = batches(path, 10.0, Sampling(every=3))
    assert numbers(sampled) == [] and len(gaps(sampled)) == 2


def test_a_picture_with_too_many_pixels_is_a_gap(tmp_path: Path) -> None:
    path = folder_of(tmp_path, range(2))
    raw = bytearray((path / "00001.png").read_bytes())
    raw[16:24] = struct.pack(">II", 900_000, 900_000)
    (path / "00001.png").write_bytes(raw)
    found = batches(path, 1.0)
    assert numbers(found) == [0] and len(gaps(found)) == 1


def test_no_picture_that_can_be_read(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.png").touch()
    with pytest.raises(MediaError, match="none of its 3 pictures can be read"):
        probe(tmp_path, 25.0)


def test_no_pictures(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    with pytest.raises(MediaError, match=r"the folder holds no picture; expected \.bmp \.jpeg \.jpg \.png"):
        probe(tmp_path, 25.0)


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        (None, "a folder of pictures needs a frame rate; give it in the column 'fps' of a manifest"),
        (0.0, "the frame rate must be positive, found 0.0"),
        (-1.0, "must be positive, found -1.0"),
        (float("nan"), "must be positive, found nan"),
        (float("inf"), "must be positive, found inf"),
    ],
)
def test_the_rate_must_be_there_and_positive(rate: float | None, message: str, tmp_path: Path) -> None:
    folder_of(tmp_path, range(2))
    with pytest.raises(MediaError, match=message):
        probe(tmp_path, rate)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["1.png", "cover.jpg"], r"cover\.jpg: has no number in its name; expected pictures numbered like 00001\.png"),
        (["1.png", "01.jpg"], r"1\.png: has the same number as 01\.jpg; expected every number once"),
    ],
)
def test_numbers_must_say_when(names: list[str], message: str, tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(MediaError, match=message):
        probe(tmp_path, 25.0)


def test_a_file_has_no_rate(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"x")
    with pytest.raises(MediaError, match="has a frame rate and is a file, which has its own times; leave the rate out"):
        probe(tmp_path / "a.mp4", 25.0)
    with pytest.raises(MediaError, match="no such file or directory"):
        probe(tmp_path / "gone", 25.0)


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> Iterator[Path]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(MediaError, match="permission denied; expected pictures"):
        probe(tmp_path, 25.0)
