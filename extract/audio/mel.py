"""Mel spectrograms, in power and in decibels (librosa)."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from ...media import Audio
from ...track import Field, Schema
from .decibels import above_floor
from .framing import check_range
from .librosa_import import import_librosa
from .stft import StftExtractor

_MOST_BANDS = 512


@dataclass(frozen=True, kw_only=True)
class MelExtractor(StftExtractor):
    """Base of those that read mel bands, which have the same area (Slaney) whatever the scale.

    Bands narrower than the distance of two bins may hold none; they are silent.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    n_mels: int = 64
    """Number of mel bands, at most the transform's bins."""
    fmin: float = 0.0
    """Lowest frequency in Hz."""
    fmax: float | None = None
    """Highest frequency in Hz; None: half the sample rate."""
    htk: bool = False
    """Whether the mel scale is HTK's formula; False: Slaney's."""
    power: float = 2.0
    """Exponent of the magnitudes that are added up in a band: 2 is power, 1 magnitude."""
    pre_emphasis: float = 0.0
    """Share of the sample before that is taken off each sample, as by `librosa.effects.preemphasis`; 0: none."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("n_mels", self.n_mels, 1, min(_MOST_BANDS, self.framing.n_fft // 2 + 1))
        highest = self.sample_rate / 2 if self.fmax is None else self.fmax
        check_range("fmax", highest, 0, self.sample_rate / 2)
        if not 0 <= self.fmin < highest:
            raise ParameterError(f"fmin must be from 0 to below fmax ({highest}), found {self.fmin}")
        check_range("power", self.power, 0.1, 4)
        check_range("pre_emphasis", self.pre_emphasis, 0, 1)

    def bands(self, audio: Audio) -> Callable[[range], NDArray[np.floating]]:
        """Return what computes the mel bands of rows, shape (n_mels, rows)."""
        librosa = import_librosa()

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # it warns of bands without a bin; the docstring says so
            basis: NDArray[np.float32] = librosa.filters.mel(
                sr=self.sample_rate,
                n_fft=self.framing.n_fft,
                n_mels=self.n_mels,
                fmin=self.fmin,
                fmax=self.fmax,
                htk=self.htk,
            )

        def bands(rows: range) -> NDArray[np.floating]:
            energies = np.abs(self.spectrum(audio, rows)) ** self.power
            return (energies.T @ basis.T).T  # the memory layout of a track, which saves a copy

        return bands

    def decibels(self, audio: Audio) -> Callable[[range], NDArray[np.floating]]:
        """Return what computes the mel bands of rows in dB, from -100 up (1 is 0 dB), shape (n_mels, rows)."""
        librosa = import_librosa()

        bands = self.bands(audio)

        def decibels(rows: range) -> NDArray[np.floating]:
            found: NDArray[np.floating] = librosa.power_to_db(bands(rows), top_db=None)
            return found

        return decibels

    def _heard(self, samples: NDArray[np.float32], first: int, last: int) -> NDArray[np.float32]:
        if not self.pre_emphasis:
            return samples[first:last]
        librosa = import_librosa()

        if first:
            state = -np.float32(self.pre_emphasis) * samples[first - 1 : first]
        else:
            state = 2 * samples[:1] - samples[min(1, len(samples) - 1)]
        filtered: NDArray[np.float32] = librosa.effects.preemphasis(
            samples[first:last], coef=self.pre_emphasis, zi=state
        )
        return filtered


@dataclass(frozen=True, kw_only=True)
class MelSpectrogram(MelExtractor):
    """Mel bands of windowed frames, as `librosa.feature.melspectrogram` computes them."""

    name: ClassVar[str] = "mel_spectrogram"

    @property
    def schema(self) -> Schema:
        """``values``: the bands from the lowest to the highest."""
        return {"values": Field(shape=(self.n_mels,), columns=_columns(self.n_mels))}

    def values(self, audio: Audio, blocks: Sequence[range]) -> Iterator[NDArray[Any]]:
        """Yield the bands of each block."""
        yield from map(self.bands(audio), blocks)


@dataclass(frozen=True, kw_only=True)
class LogMel(MelExtractor):
    """Mel bands in decibels, as `librosa.power_to_db` makes them of a mel spectrogram.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    name: ClassVar[str] = "log_mel"

    top_db: float | None = 80.0
    """No value is further below the loudest one of the whole sound, which the interval leaves out; None: down to
    -100 dB."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_top_db(self.top_db)

    @property
    def schema(self) -> Schema:
        """``values``: the bands from the lowest to the highest in dB."""
        return {"values": Field(shape=(self.n_mels,), columns=_columns(self.n_mels), unit="dB")}

    def values(self, audio: Audio, blocks: Sequence[range]) -> Iterator[NDArray[Any]]:
        """Yield the bands of each block."""
        return above_floor(self.decibels(audio), blocks, self.top_db)


def check_top_db(top_db: float | None) -> None:
    """Check the depth of a floor.

    Raises
    ------
    ParameterError
        If it is negative or not finite.
    """
    if top_db is not None:
        check_range("top_db", top_db, 0, 1000)


def _columns(n_mels: int) -> tuple[str, ...]:
    return tuple(f"mel{number}" for number in range(n_mels))
