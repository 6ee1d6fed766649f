"""Audio samples with the true time of the first one, down-mixed and resampled."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import MediaError
from ..track import Gap
from .container import Decoding, audio_stream, open_container
from .probe import EARLY_END_SECONDS, MediaInfo

_HOLE_SECONDS = 0.01
"""Timestamps that jump by more are a hole; less is the rounding of containers that count in milliseconds."""
_BEYOND_END_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Audio:
    """One channel of sound; sample n is at ``start_seconds + n / rate``."""

    samples: NDArray[np.float32]
    """Shape (n,), full scale is [-1, 1]; finite."""
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


def read_audio(path: Path, info: MediaInfo, rate: int) -> Audio | None:
    """Decode the first audio stream to one channel (the mean of all) at ``rate`` samples per second.

    Holes between packets and packets that cannot be decoded become silence of the same length and are listed in
    ``gaps``; nothing is closed up. Resampling (soxr, high quality) has no delay. The memory used is that of the result.

    Parameters
    ----------
    path
        The media file.
    info
        What `probe` found; it has the zero of the clock.
    rate
        Samples per second wanted.

    Returns
    -------
    Audio or None
        None where the file has no audio that decodes, and of a folder of pictures.

    Raises
    ------
    MediaError
        If the file cannot be opened, or the stream changes its sample rate on the way.
    """
    import soxr

    if path.is_dir():
        return None
    with open_container(path) as container:
        stream = audio_stream(container)
        if stream is None:
            return None
        source = _Mono(path, Decoding(container, stream), info)
        pieces = []
        resampler = None
        for samples in source:
            if resampler is None:
                resampler = soxr.ResampleStream(source.rate, rate, 1, dtype="float32", quality="HQ")
            pieces.append(resampler.resample_chunk(samples))
        if resampler is None:
            return None
        pieces.append(resampler.resample_chunk(np.zeros(0, np.float32), last=True))
    return Audio(samples=np.concatenate(pieces), rate=rate, start_seconds=source.start_seconds, gaps=tuple(source.gaps))


class _Mono:
    """The samples of a stream as one channel at the stream's own rate, with holes filled. Iterate over it once."""

    def __init__(self, path: Path, decoding: Decoding, info: MediaInfo) -> None:
        self._path = path
        self._decoding = decoding
        self._info = info
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
            samples = self._finite(_mono(frame.to_ndarray(), frame.format.name, len(frame.layout.channels)), position)
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
        end = self._info.audio_end_seconds
        if self.rate and end is not None and self._seconds(position) < end - EARLY_END_SECONDS:
            self._gap(position, end, "no audio that decodes up to the end that the header gives")

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


def _mono(samples: NDArray[np.generic], sample_format: str, channels: int) -> NDArray[np.float32]:
    """Return the mean of the channels, scaled to [-1, 1] by the sample format's full scale."""
    planes = samples if sample_format.endswith("p") else samples.reshape(-1, channels).T
    mono = planes.mean(axis=0, dtype=np.float64)
    if samples.dtype == np.uint8:
        mono = (mono - 128) / 128
    elif samples.dtype.kind == "i":
        mono /= 2.0 ** (8 * samples.dtype.itemsize - 1)
    return np.asarray(mono, np.float32)
