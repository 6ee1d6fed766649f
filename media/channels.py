"""Bringing several channels of sound down to one."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import MediaError
from .container import Decoding, audio_stream, open_container

if TYPE_CHECKING:
    from av import AudioLayout
    from av.audio.frame import AudioFrame

Channel = Literal["mean", "left", "right", "loudest"] | int
"""Which channels of a stream are heard."""

Levels = Mapping[tuple[str, ...], NDArray[np.float64]]
"""For every channel layout that occurs, by the names of its channels: the sums of the products of every two channels,
shape (channels, channels)."""

_SILENT = 1e-6
"""A channel with less power than this part of the strongest one's (-60 dB) carries no sound."""
_CANCELLED = 1e-2
"""A mean with less power than this part of its channels' (-20 dB) has lost what they carry."""
_SIDES = {"left": ("FL", "DL", "SL"), "right": ("FR", "DR", "SR")}


def planes(frame: "AudioFrame") -> NDArray[np.float64]:
    """Return a frame's samples, shape (channels, n), scaled to [-1, 1] by the sample format's full scale."""
    samples = frame.to_ndarray()
    if frame.format.is_packed:
        samples = samples.reshape(-1, len(frame.layout.channels)).T
    scaled = samples.astype(np.float64)
    if samples.dtype == np.uint8:
        return np.asarray((scaled - 128) / 128, np.float64)
    return scaled / 2.0 ** (8 * samples.dtype.itemsize - 1) if samples.dtype.kind == "i" else scaled


def read_levels(path: Path, stream_number: int) -> Levels:
    """Decode a stream once and measure its channels; nothing is decoded where the header gives one channel.

    Raises
    ------
    MediaError
        If the file cannot be opened or has no such stream.
    """
    levels: dict[tuple[str, ...], NDArray[np.float64]] = {}
    with open_container(path) as container:
        stream = audio_stream(container, stream_number)
        if stream is None or stream.codec_context.channels == 1:
            return levels
        for _, frame in Decoding(container, stream).audio():
            samples = np.nan_to_num(planes(frame), nan=0.0, posinf=0.0, neginf=0.0)
            names = _names(frame.layout)
            levels[names] = levels.get(names, 0.0) + samples @ samples.T
    return levels


class Mix:
    """The rule by which the channels of a stream become one.

    Parameters
    ----------
    path
        The file, for messages.
    channel
        The rule.
    levels
        What `read_levels` measured; the rules ``left``, ``right`` and a number need none.
    """

    def __init__(self, path: Path, channel: Channel, levels: Levels) -> None:
        self._path = path
        self._channel = channel
        self._levels = levels

    def down(self, samples: NDArray[np.float64], layout: "AudioLayout") -> NDArray[np.float32]:
        """Return one channel of samples, shape (n,), from those of shape (channels, n).

        Raises
        ------
        MediaError
            If there is no such channel.
        """
        if self._channel in ("mean", "loudest"):
            weights = _weights(self._levels.get(_names(layout)), self._channel == "loudest", len(samples))
            used = weights > 0  # what is not finite in the other channels must not come through
            return np.asarray(weights[used] @ samples[used], np.float32)
        return np.asarray(samples[self._index(_names(layout))], np.float32)

    def _index(self, names: tuple[str, ...]) -> int:
        if isinstance(self._channel, int):
            if self._channel < len(names):
                return self._channel
        elif found := [index for index, name in enumerate(names) if name in _SIDES[self._channel]]:
            return found[0]
        wanted = (
            f"number {self._channel}, counted from 0" if isinstance(self._channel, int) else f"a {self._channel} one"
        )
        raise MediaError(f"{self._path}: has the audio channels {', '.join(names)}; expected {wanted}")


def _weights(products: NDArray[np.float64] | None, loudest: bool, channels: int) -> NDArray[np.float64]:
    """Return the share of every channel in the mix."""
    if products is None or not (power := np.diag(products)).max() > 0:
        return np.full(channels, 1 / channels)
    alone = (np.arange(channels) == np.argmax(power)).astype(np.float64)
    heard = power > _SILENT * power.max()
    mean = np.asarray(heard / heard.sum(), np.float64)
    cancels = mean @ products @ mean < _CANCELLED * power[heard].mean()
    return alone if loudest or cancels else mean


def _names(layout: "AudioLayout") -> tuple[str, ...]:
    """Return the names of the channels; where the file does not say, the first two are taken for left and right."""
    names = tuple(channel.name for channel in layout.channels)
    if set(names) != {"NONE"}:
        return names
    return ("FC",) if len(names) == 1 else ("FL", "FR", *(f"#{number}" for number in range(2, len(names))))
