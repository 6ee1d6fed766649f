"""Audio samples with the true time of the first one, down-mixed and resampled."""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import MediaError, ParameterError
from ..track import Gap
from .channels import Channel, Mix, planes, read_levels
from .container import Decoding, audio_stream, open_container
from .probe import EARLY_END_SECONDS, MediaInfo, header_end

_HOLE_SECONDS = 0.01
"""Timestamps that jump by more are a hole; less is the rounding of containers that count in milliseconds."""
_BEYOND_END_SECONDS = 60.0
_HIGHEST_RATE = 384_000


@dataclass(frozen=True, kw_only=True)
class AudioSelection:
    """Which sound of a file to read, and at what rate.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid", "strict": True}

    sample_rate: int = 16_000
    """Samples per second to which the sound is resampled."""
    stream: int = 0
    """Which of the file's audio streams, counted from 0."""
    channel: Channel = "mean"
    """``mean`` of the channels that carry sound (the loudest alone where they cancel each other), ``left``, ``right``,
    ``loudest``, or a number counted from 0."""

    def __post_init__(self) -> None:
        if not 1 <= self.sample_rate <= _HIGHEST_RATE:
            raise ParameterError(f"sample_rate must be from 1 to {_HIGHEST_RATE}, found {self.sample_rate}")
        if self.stream < 0:
            raise ParameterError(f"stream must be at least 0, found {self.stream}")
        if isinstance(self.channel, int) and self.channel < 0:
            raise ParameterError(f"channel must be a rule or at least 0, found {self.channel}")


_DEFAULT = AudioSelection()


@dataclass(frozen=True, kw_only=True)
class Audio:
    """One channel of sound; sample n is at ``start_seconds + n / rate``."""

    samples: NDArray[np.float32]
    """Shape (n,), full scale is [-1, 1]; finite. Of a file it is mapped from disk: take slices, it may be hours."""
    rate: int
    """Samples per second."""
    start_seconds: float
    """Time of the first sample on the recording's clock."""
    gaps: tuple[Gap, ...] = ()
    """Stretches that are silence here because the file has nothing for them."""

    @property
    def end_seconds(self) -> float:
        """End of the last sample on the recording's clock."""
        return self.start_seconds + len(self.samples) / self.rate

    def between(self, start_seconds: float, end_seconds: float) -> "Audio":
        """Return the samples from the first at or after ``start_seconds`` to the last before ``end_seconds``."""
        first, last = (
            min(max(0, int(np.ceil((at - self.start_seconds) * self.rate - 1e-6))), len(self.samples))
            for at in (start_seconds, end_seconds)
        )
        samples = self.samples[first : max(first, last)]
        return Audio(samples=samples, rate=self.rate, start_seconds=self.start_seconds + first / self.rate)


def read_audio(
    path: Path, info: MediaInfo, selection: AudioSelection = _DEFAULT, folder: Path | None = None
) -> Audio | None:
    """Decode one audio stream to one channel.

    Holes between packets and packets that cannot be decoded become silence of the same length and are listed in
    ``gaps``; nothing is closed up. Resampling (soxr, high quality) has no delay. The samples lie in a file without a
    name that is gone with the last reference to them, so memory holds only what is being read, whatever the length.

    Parameters
    ----------
    path
        The media file.
    info
        What `probe` found; it has the zero of the clock.
    selection
        Which stream, which channels of it, and the rate wanted.
    folder
        Where the nameless file lies; None: the system's folder for temporary files.

    Returns
    -------
    Audio or None
        None where the file has no audio that decodes, and of a folder of pictures.

    Raises
    ------
    MediaError
        If the file cannot be opened, has no such stream or channel, or changes its sample rate on the way.
    """
    if path.is_dir():
        return None
    levels = read_levels(path, selection.stream) if selection.channel in ("mean", "loudest") else {}
    mix = Mix(path, selection.channel, levels)
    with open_container(path) as container:
        stream = audio_stream(container, selection.stream)
        if stream is None:
            return None
        end = header_end(stream)
        source = _Mono(path, Decoding(container, stream), info, mix, None if end is None else end - info.zero_seconds)
        samples = on_disk(_resampled(source, selection.sample_rate), folder)
    if source.rate == 0:  # nothing was decoded
        return None
    return Audio(
        samples=samples,
        rate=selection.sample_rate,
        start_seconds=source.start_seconds,
        gaps=tuple(source.gaps),
    )


def on_disk(blocks: Iterable[NDArray[np.float32]], folder: Path | None) -> NDArray[np.float32]:
    """Write blocks of samples one after the other into a nameless file, and return all of them mapped from there."""
    with tempfile.TemporaryFile(dir=folder) as file:
        for samples in blocks:
            file.write(samples.tobytes())
        file.flush()
        return np.asarray(np.memmap(file, np.float32, "r") if file.tell() else np.zeros(0, np.float32))


def _resampled(source: "_Mono", rate: int) -> Iterator[NDArray[np.float32]]:
    import soxr

    resampler = None
    for samples in source:
        if resampler is None:
            resampler = soxr.ResampleStream(source.rate, rate, 1, dtype="float32", quality="HQ")
        yield resampler.resample_chunk(samples)
    if resampler is not None:
        yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)


class _Mono:
    """The samples of a stream as one channel at the stream's own rate, with holes filled. Iterate over it once."""

    def __init__(self, path: Path, decoding: Decoding, info: MediaInfo, mix: Mix, end_seconds: float | None) -> None:
        self._path = path
        self._decoding = decoding
        self._info = info
        self._mix = mix
        self._end_seconds = end_seconds
        self.rate = 0
        self.start_seconds = 0.0
        self.gaps: list[Gap] = []

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        position = 0  # samples given out so far, at the stream's rate
        for container_seconds, frame in self._decoding.audio():
            seconds = container_seconds - self._info.zero_seconds
            if self.rate == 0:
                self.rate, self.start_seconds = frame.sample_rate, seconds
            if frame.sample_rate != self.rate:
                raise MediaError(f"{self._path}: the sample rate changes from {self.rate} to {frame.sample_rate} Hz")
            if seconds > self._info.duration_seconds + _BEYOND_END_SECONDS:
                self._gap(position, self._info.duration_seconds, f"a timestamp jumps to {seconds:.0f} s, past the end")
                return
            samples = self._finite(self._mix.down(planes(frame), frame.layout), position)
            late = round((seconds - self.start_seconds) * self.rate) - position
            if late > _HOLE_SECONDS * self.rate:
                self._gap(position, seconds, "no audio that decodes")
                yield np.zeros(late, np.float32)
                position += late
            elif late < -_HOLE_SECONDS * self.rate:
                self._gap(position + late, self._seconds(position), "overlapping audio, the later part dropped")
                samples = samples[-late:]
            yield samples
            position += len(samples)
        if self.rate and self._end_seconds is not None and self._is_early(position):
            self._gap(position, self._end_seconds, "no audio that decodes up to the end that the header gives")

    def _is_early(self, position: int) -> bool:
        return self._end_seconds is not None and self._seconds(position) < self._end_seconds - EARLY_END_SECONDS

    def _finite(self, samples: NDArray[np.float32], position: int) -> NDArray[np.float32]:
        finite = np.isfinite(samples)
        if finite.all():
            return samples
        self._gap(position, self._seconds(position + len(samples)), f"{(~finite).sum()} samples are not finite")
        return np.where(finite, samples, np.float32(0))

    def _seconds(self, position: int) -> float:
        return self.start_seconds + position / self.rate

    def _gap(self, position: int, end_seconds: float, reason: str) -> None:
        start = self._seconds(position)
        self.gaps.append(Gap(start_seconds=start, end_seconds=max(start, end_seconds), reason=reason))
