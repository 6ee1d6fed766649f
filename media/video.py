"""Video frames with their true times, in small batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..track import Gap
from .container import Decoding, open_container, video_stream
from .images import image_sequence, read_picture
from .probe import EARLY_END_SECONDS, MediaInfo
from .sampling import Sampler, Sampling, Shown

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_BATCH_FRAMES = 16
_BATCH_BYTES = 64 * 2**20
SAME_TIME_SECONDS = 1e-6
"""Times that differ by less are of one frame: no video has frames as close."""


@dataclass(frozen=True, kw_only=True)
class Frames:
    """A batch of consecutive sampled frames."""

    times: NDArray[np.float64]
    """Shape (n, 2): ``[PTS, until when the frame stands)`` in seconds on the recording's clock."""
    pixels: NDArray[np.uint8]
    """Shape (n, height, width, 3), RGB, upright."""
    gaps: tuple[Gap, ...] = ()
    """Stretches since the batch before that could not be decoded."""
    is_last: bool = False
    """Whether no other batch follows."""


def read_frames(
    path: Path, info: MediaInfo, sampling: Sampling, only: NDArray[np.float64] | None = None
) -> Iterator[Frames]:
    """Decode the sampled frames of a video, or of a folder of pictures, once, from front to back.

    A frame's interval is ``[its PTS, the next frame's PTS)``. The last one ends after its own duration (in MP4 at most
    with the video as the header has it), and one after which packets were lost where the first of them was. A sampled
    frame stands until the next sampled one, but at most for one and a half sampling periods: what is longer is a hole.
    Numbers missing among pictures, and sampled pictures that cannot be read, are gaps.

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
    for _, frames in read_samplings(path, info, [sampling], only):
        yield frames


def read_samplings(
    path: Path, info: MediaInfo, samplings: Sequence[Sampling], only: NDArray[np.float64] | None = None
) -> Iterator[tuple[Sampling, Frames]]:
    """Decode once what several samplings take; yield each one's batches as they fill. See `read_frames`."""
    gaps: list[Gap] = []
    batchers = [_Batcher(sampling, info, only) for sampling in samplings]
    if path.is_dir():
        yield from _batches(_shown_pictures(path, info, gaps), batchers, gaps)
        return
    with open_container(path) as container:
        stream = video_stream(container)
        if stream is not None:
            yield from _batches(_shown(Decoding(container, stream), info, gaps), batchers, gaps)


def _batches(
    frames: Iterator[Shown], batchers: Sequence["_Batcher"], gaps: list[Gap]
) -> Iterator[tuple[Sampling, Frames]]:
    """Give every frame, and the ``gaps`` found on the way to it, to every batcher; yield what they have filled."""
    for shown in frames:
        for batcher in batchers:
            batcher.gaps += gaps
        gaps.clear()
        for batcher in batchers:
            if (full := batcher.take(shown)) is not None:
                yield batcher.sampling, full
    for batcher in batchers:
        batcher.gaps += gaps
        for rest in batcher.rest():
            yield batcher.sampling, rest


class _Batcher:
    """Samples frames and puts them together into batches."""

    def __init__(self, sampling: Sampling, info: MediaInfo, only: NDArray[np.float64] | None) -> None:
        self.sampling = sampling
        self.gaps: list[Gap] = []
        """Found since the batch before."""
        self._sampler = Sampler(sampling, _nominal_seconds(info))
        self._rotation = info.rotation_degrees
        self._only = only
        self._times: list[tuple[float, float]] = []
        self._images: list[NDArray[np.uint8]] = []

    def take(self, shown: Shown) -> Frames | None:
        """Look at the next frame of the video; return a batch that became full."""
        sampled = self._sampler.take(shown)
        return None if sampled is None else self._add(sampled)

    def rest(self) -> Iterator[Frames]:
        """Yield what is left when the video ends."""
        sampled = self._sampler.last()
        if sampled is not None and (full := self._add(sampled)) is not None:
            yield full
        if self._images or self.gaps:
            yield self._batch(is_last=True)

    def _add(self, shown: Shown) -> Frames | None:
        if self._only is not None and not _contains(self._only, shown.start):
            return None
        image = _image(shown.frame, self._rotation)
        if image is None:
            self.gaps.append(_unreadable(shown))
            return None
        full = self._batch(is_last=False) if self._images and _is_full(self._images, image) else None
        self._times.append((shown.start, shown.end))
        self._images.append(image)
        return full

    def _batch(self, is_last: bool) -> Frames:
        batch = Frames(
            times=np.array(self._times, np.float64).reshape(-1, 2),
            pixels=np.stack(self._images) if self._images else np.zeros((0, 0, 0, 3), np.uint8),
            gaps=tuple(self.gaps),
            is_last=is_last,
        )
        self._times, self._images, self.gaps = [], [], []
        return batch


def _shown_pictures(folder: Path, info: MediaInfo, gaps: list[Gap]) -> Iterator[Shown]:
    """Yield every picture with the interval in which it is shown; missing numbers go to ``gaps``."""
    sequence = image_sequence(folder, info.frames_per_second)
    for at, picture in enumerate(sequence.pictures):
        end = sequence.end_seconds(at)
        yield Shown(sequence.start_seconds(at), end, picture)
        if missing := sequence.missing_after(at):
            reason = f"{missing} pictures are missing in the numbering"
            gaps.append(Gap(start_seconds=end, end_seconds=sequence.start_seconds(at + 1), reason=reason))


def _unreadable(shown: Shown) -> Gap:
    name = shown.frame.name if isinstance(shown.frame, Path) else "frame"
    return Gap(start_seconds=shown.start, end_seconds=shown.end, reason=f"the picture {name} cannot be read")


def _shown(decoding: Decoding, info: MediaInfo, gaps: list[Gap]) -> Iterator[Shown]:
    """Yield every decoded frame with the interval in which it is shown; what could not be decoded goes to ``gaps``."""
    held: Shown | None = None
    end = 0.0
    for container_seconds, frame in decoding.video():
        start = container_seconds - info.zero_seconds
        lost = [seconds - info.zero_seconds for seconds in decoding.lost_before(container_seconds)]
        if lost:
            gaps.append(_undecodable(len(lost), max(lost[0], held.start if held else 0.0), start))
        if held is not None:
            yield replace(held, end=gaps[-1].start_seconds if lost else start)
        held = Shown(start, start, frame)
        own = frame.duration * frame.time_base if frame.duration and frame.time_base else _nominal_seconds(info)
        end = start + float(own)
    if held is not None:
        if decoding.is_mp4 and info.video_end_seconds is not None and held.start < info.video_end_seconds:
            end = min(end, info.video_end_seconds)
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


def _nominal_seconds(info: MediaInfo) -> float:
    return 1 / info.frames_per_second if info.frames_per_second else 0.0


def _image(frame: "VideoFrame | Path", rotation_degrees: int | None) -> NDArray[np.uint8] | None:
    """Return the pixels upright, None for a picture that cannot be read."""
    if isinstance(frame, Path):
        pixels, degrees = read_picture(frame), 0  # which has turned it as its EXIF data say
    else:
        pixels, degrees = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8), frame.rotation
    # The display matrix turns counter-clockwise, as numpy does.
    turns = round((degrees if rotation_degrees is None else rotation_degrees) / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, turns)) if turns and pixels is not None else pixels


def _contains(times: NDArray[np.float64], start: float) -> bool:
    near = int(np.searchsorted(times, start - SAME_TIME_SECONDS))
    return near < len(times) and bool(times[near] <= start + SAME_TIME_SECONDS)


def _is_full(images: list[NDArray[np.uint8]], following: NDArray[np.uint8]) -> bool:
    size = (len(images) + 1) * following.nbytes
    return len(images) == _BATCH_FRAMES or size > _BATCH_BYTES or images[-1].shape != following.shape
