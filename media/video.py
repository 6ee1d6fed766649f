"""Video frames with their true times, in small batches."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError
from ..track import Gap
from .container import Decoding, open_container, video_stream
from .images import image_sequence, read_picture
from .probe import EARLY_END_SECONDS, MediaInfo

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_BATCH_FRAMES = 16
_BATCH_BYTES = 64 * 2**20
_MAX_HOLE_PERIODS = 1.5
SAME_TIME_SECONDS = 1e-6
"""Times that differ by less are of one frame: no video has frames as close."""


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """Which frames of a video to take: all of them, every n-th, or a rate.

    Raises
    ------
    ParameterError
        If both are given, or one is not positive.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid", "strict": True}

    every: int | None = None
    """Take the first frame and every n-th after it."""
    fps: float | None = None
    """Take at most this many frames per second: the first frame, and from then on in every bin of ``1 / fps`` seconds
    the first one. A video with fewer frames per second keeps them all."""

    def __post_init__(self) -> None:
        if self.every is not None and self.fps is not None:
            raise ParameterError("sampling takes 'every' or 'fps', found both")
        if self.every is not None and self.every < 1:
            raise ParameterError(f"sampling 'every' must be at least 1, found {self.every}")
        if self.fps is not None and not 0 < self.fps < float("inf"):
            raise ParameterError(f"sampling 'fps' must be positive, found {self.fps}")


@dataclass(frozen=True, kw_only=True)
class Frames:
    """A batch of consecutive sampled frames."""

    times: NDArray[np.float64]
    """Shape (n, 2): ``[PTS, until when the frame stands)`` in seconds on the recording's clock."""
    pixels: NDArray[np.uint8]
    """Shape (n, height, width, 3), RGB, upright."""
    gaps: tuple[Gap, ...] = ()
    """Stretches since the batch before that could not be decoded."""


@dataclass(frozen=True)
class _Shown:
    """A frame and the interval in which it is shown, in seconds on the recording's clock."""

    start: float
    end: float
    frame: "VideoFrame | Path"
    """Decoded, or the picture's file: of an image sequence nothing is decoded that is not taken."""


def read_frames(
    path: Path, info: MediaInfo, sampling: Sampling, only: NDArray[np.float64] | None = None
) -> Iterator[Frames]:
    """Decode the sampled frames of a video, or of a folder of pictures, once, from front to back.

    A frame's interval is ``[its PTS, the next frame's PTS)``; the last one, and one after which packets were lost, end
    after their own duration. A sampled frame stands until the next sampled one, but at most for one and a half sampling
    periods: what is longer is a hole. Numbers missing among pictures, and sampled pictures that cannot be read, are
    gaps.

    Parameters
    ----------
    path
        The media file, or the folder of pictures.
    info
        What `probe` found; it has the zero of the clock, and the rate of pictures.
    sampling
        Which frames to take.
    only
        Sorted start times in seconds: of the sampled frames, yield those that start at one of them.

    Yields
    ------
    Frames
        At most 16 frames and 64 MiB at a time; all frames of a batch have one size. Nothing for media without video.

    Raises
    ------
    MediaError
        If the file cannot be opened.
    """
    gaps: list[Gap] = []
    if path.is_dir():
        yield from _batches(_sample(_shown_pictures(path, info, gaps), sampling, info), only, gaps)
        return
    with open_container(path) as container:
        stream = video_stream(container)
        if stream is not None:
            shown = _shown(Decoding(container, stream), info, gaps)
            yield from _batches(_sample(shown, sampling, info), only, gaps)


def _batches(sampled: Iterator[_Shown], only: NDArray[np.float64] | None, gaps: list[Gap]) -> Iterator[Frames]:
    """Yield the frames that are asked for in batches, each with the ``gaps`` that were found until then."""
    batch: list[tuple[float, float]] = []
    images: list[NDArray[np.uint8]] = []
    for shown in sampled:
        if only is not None and not _contains(only, shown.start):
            continue
        image = read_picture(shown.frame) if isinstance(shown.frame, Path) else _upright(shown.frame)
        if image is None:
            gaps.append(_unreadable(shown))
            continue
        if images and _is_full(images, image):
            yield _batch(batch, images, gaps)
            batch, images = [], []
            gaps.clear()
        batch.append((shown.start, shown.end))
        images.append(image)
    if images or gaps:
        yield _batch(batch, images, gaps)


def _shown_pictures(folder: Path, info: MediaInfo, gaps: list[Gap]) -> Iterator[_Shown]:
    """Yield every picture with the interval in which it is shown; missing numbers go to ``gaps``."""
    sequence = image_sequence(folder, info.frames_per_second)
    for at, picture in enumerate(sequence.pictures):
        end = sequence.end_seconds(at)
        yield _Shown(sequence.start_seconds(at), end, picture)
        if missing := sequence.missing_after(at):
            reason = f"{missing} pictures are missing in the numbering"
            gaps.append(Gap(start_seconds=end, end_seconds=sequence.start_seconds(at + 1), reason=reason))


def _unreadable(shown: _Shown) -> Gap:
    name = shown.frame.name if isinstance(shown.frame, Path) else "frame"
    return Gap(start_seconds=shown.start, end_seconds=shown.end, reason=f"the picture {name} cannot be read")


def _shown(decoding: Decoding, info: MediaInfo, gaps: list[Gap]) -> Iterator[_Shown]:
    """Yield every decoded frame with the interval in which it is shown; what could not be decoded goes to ``gaps``."""
    held: _Shown | None = None
    end = 0.0
    for container_seconds, frame in decoding.video():
        start = container_seconds - info.zero_seconds
        lost = [seconds - info.zero_seconds for seconds in decoding.lost_before(container_seconds)]
        if lost:
            gaps.append(_undecodable(len(lost), max(lost[0], held.start if held else 0.0), start))
        if held is not None:
            yield replace(held, end=gaps[-1].start_seconds if lost else start)
        held = _Shown(start, start, frame)
        own = frame.duration * frame.time_base if frame.duration and frame.time_base else _nominal_seconds(info)
        end = start + float(own)
    if held is not None:
        yield replace(held, end=end)
    lost = [seconds - info.zero_seconds for seconds in decoding.lost_before(float("inf"))]
    if info.video_end_seconds is not None and end < info.video_end_seconds - EARLY_END_SECONDS:
        reason = "no video that decodes up to the end that the header gives"
        gaps.append(Gap(start_seconds=end, end_seconds=info.video_end_seconds, reason=reason))
    elif lost:
        gaps.append(_undecodable(len(lost), end, max(end, lost[-1] + _nominal_seconds(info))))
    if decoding.reversed:
        reason = f"{decoding.reversed} video frames dropped, whose time was not after that of the frame before"
        gaps.append(Gap(start_seconds=0.0, end_seconds=end, reason=reason))


def _undecodable(packets: int, start: float, end: float) -> Gap:
    return Gap(start_seconds=start, end_seconds=end, reason=f"{packets} video packets could not be decoded")


def _sample(shown: Iterator[_Shown], sampling: Sampling, info: MediaInfo) -> Iterator[_Shown]:
    """Yield the frames that ``sampling`` takes, each standing until the next one or the longest it may."""
    if sampling == Sampling():
        yield from shown
        return
    nominal = _nominal_seconds(info)
    period = nominal * sampling.every if sampling.every else 1 / (sampling.fps or 1)
    longest = _MAX_HOLE_PERIODS * max(nominal, period) if period else float("inf")
    held: _Shown | None = None
    first_start, held_bin, end = 0.0, -1, 0.0
    for number, frame in enumerate(shown):
        first_start = frame.start if number == 0 else first_start
        if sampling.every:
            current = number // sampling.every
        else:
            # Half a frame early is on time: jitter around a rate must neither drop nor double a frame.
            current = int((frame.start - first_start + min(nominal, period) / 2) / period)
        if current > held_bin:
            if held is not None:
                yield replace(held, end=min(frame.start, held.start + longest))
            held, held_bin = frame, current
        end = frame.end
    if held is not None:
        yield replace(held, end=min(end, held.start + longest))


def _nominal_seconds(info: MediaInfo) -> float:
    return 1 / info.frames_per_second if info.frames_per_second else 0.0


def _upright(frame: "VideoFrame") -> NDArray[np.uint8]:
    pixels = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    turns = round(frame.rotation / 90) % 4  # the display matrix turns counter-clockwise, as numpy does
    return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels


def _contains(times: NDArray[np.float64], start: float) -> bool:
    near = int(np.searchsorted(times, start - SAME_TIME_SECONDS))
    return near < len(times) and bool(times[near] <= start + SAME_TIME_SECONDS)


def _is_full(images: list[NDArray[np.uint8]], following: NDArray[np.uint8]) -> bool:
    size = (len(images) + 1) * following.nbytes
    return len(images) == _BATCH_FRAMES or size > _BATCH_BYTES or images[-1].shape != following.shape


def _batch(times: list[tuple[float, float]], images: list[NDArray[np.uint8]], gaps: list[Gap]) -> Frames:
    pixels = np.stack(images) if images else np.zeros((0, 0, 0, 3), np.uint8)
    return Frames(times=np.array(times, np.float64).reshape(-1, 2), pixels=pixels, gaps=tuple(gaps))
