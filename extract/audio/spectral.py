"""Measures of the shape of the spectrum (librosa)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError, did_you_mean
from ...media import Audio
from ...track import Field, Schema
from .decibels import above_floor
from .framing import check_range
from .librosa_import import import_librosa
from .mel import check_top_db
from .stft import StftExtractor

Measure = Literal["centroid", "bandwidth", "contrast", "flatness", "rolloff"]

_MOST_OCTAVES = 16


@dataclass(frozen=True, kw_only=True)
class Spectral(StftExtractor):
    """Centroid, bandwidth, contrast, flatness and rolloff of windowed frames, as `librosa.feature` computes them.

    Of silence, centroid, bandwidth, contrast and rolloff are 0 and flatness is 1.

    References
    ----------
    Jiang et al., Music type classification by spectral contrast feature, ICME 2002.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    name: ClassVar[str] = "spectral"

    measures: tuple[Measure, ...] = ("centroid", "bandwidth", "contrast", "flatness", "rolloff")
    """What to measure, in the order of the columns: the mean frequency of the magnitudes, the standard deviation around
    it, the distance of the loudest from the quietest bins of every octave, the geometric by the arithmetic mean of the
    power, and the frequency below which ``rolloff`` of the magnitudes lie."""
    rolloff: float = 0.85
    """Share of the magnitudes below the rolloff frequency."""
    contrast_octaves: int = 6
    """Octaves of the contrast; one more band lies below them."""
    contrast_fmin: float = 200.0
    """Lower end of the lowest octave in Hz."""
    contrast_quantile: float = 0.02
    """Share of a band's bins that count as its loudest and its quietest, at least one."""
    top_db: float | None = 80.0
    """Contrast alone: neither loudest nor quietest bins are further below their own highest value in the whole sound,
    which the interval leaves out; None: down to -100 dB."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for measure in self.measures:
            if measure not in (known := get_args(Measure)):
                raise ParameterError(f"there is no measure '{measure}'; {did_you_mean(measure, known)}")
        if not self.measures or len(set(self.measures)) < len(self.measures):
            raise ParameterError(f"measures must be one or more, each once, found {list(self.measures)}")
        check_range("rolloff", self.rolloff, 0.01, 0.99)
        check_top_db(self.top_db)
        if "contrast" in self.measures:
            self._check_contrast()

    def _check_contrast(self) -> None:
        check_range("contrast_octaves", self.contrast_octaves, 1, _MOST_OCTAVES)
        check_range("contrast_quantile", self.contrast_quantile, 0.001, 0.5)
        spacing, nyquist = self.sample_rate / self.framing.n_fft, self.sample_rate / 2
        highest = nyquist / 2 ** (self.contrast_octaves - 1)
        if not spacing <= self.contrast_fmin < highest:
            raise ParameterError(
                f"contrast_fmin must be from the distance of two bins ({spacing:g} Hz) to below {highest:g} Hz, where "
                f"the last of {self.contrast_octaves} octaves would start at half the sample rate; "
                f"found {self.contrast_fmin}"
            )

    @property
    def schema(self) -> Schema:
        """``values``: the measures in their order; frequencies in Hz, contrast in dB from the lowest band up."""
        contrasts = tuple(f"contrast{band}_db" for band in range(self.contrast_octaves + 1))
        columns: dict[Measure, tuple[str, ...]] = {
            "centroid": ("centroid_hz",),
            "bandwidth": ("bandwidth_hz",),
            "contrast": contrasts,
            "flatness": ("flatness",),
            "rolloff": ("rolloff_hz",),
        }
        chosen = tuple(column for measure in self.measures for column in columns[measure])
        return {"values": Field(shape=(len(chosen),), columns=chosen)}

    def values(self, audio: Audio, blocks: Sequence[range]) -> Iterator[NDArray[Any]]:
        """Yield the measures of each block."""

        @lru_cache(maxsize=1)
        def magnitudes(rows: range) -> NDArray[np.float32]:
            return np.abs(self.spectrum(audio, rows))

        contrasts = self._contrasts(magnitudes, blocks) if "contrast" in self.measures else iter(())
        for rows in blocks:
            measured = [
                next(contrasts) if measure == "contrast" else self._measure(measure, magnitudes(rows))
                for measure in self.measures
            ]
            yield np.concatenate(measured)

    def _measure(self, measure: Measure, magnitudes: NDArray[np.float32]) -> NDArray[np.floating]:
        """Return a measure of one column."""
        feature = import_librosa().feature

        rate, n_fft = self.sample_rate, self.framing.n_fft
        found: NDArray[np.floating]
        match measure:
            case "centroid":
                found = feature.spectral_centroid(S=magnitudes, sr=rate, n_fft=n_fft)
            case "bandwidth":
                found = feature.spectral_bandwidth(S=magnitudes, sr=rate, n_fft=n_fft)
            case "flatness":
                found = feature.spectral_flatness(S=magnitudes)
            case _:
                found = feature.spectral_rolloff(S=magnitudes, sr=rate, n_fft=n_fft, roll_percent=self.rolloff)
        return found

    def _contrasts(
        self, magnitudes: Callable[[range], NDArray[np.float32]], blocks: Sequence[range]
    ) -> Iterator[NDArray[np.floating]]:
        """Yield the contrast of blocks of rows, shape (contrast_octaves + 1, rows).

        `librosa.feature.spectral_contrast` has the floor of one call, not of the whole sound.
        """
        librosa = import_librosa()

        bands = self._contrast_bands()

        def levels(rows: range) -> NDArray[np.floating]:
            extremes = [_extremes(magnitudes(rows)[low:high], count) for low, high, count in bands]
            decibels: NDArray[np.floating] = librosa.power_to_db(np.stack(extremes, axis=1), top_db=None)
            return decibels

        for peaks, valleys in above_floor(levels, blocks, self.top_db):
            yield peaks - valleys

    def _contrast_bands(self) -> list[tuple[int, int, int]]:
        """Return for every band its bins ``[low, high)`` and how many of them count as loudest and as quietest.

        As in librosa, an octave also has the bin below it, all but the last one lack their highest bin, and that bin
        counts when the quantile is taken.
        """
        n_fft = self.framing.n_fft
        frequencies = np.arange(n_fft // 2 + 1) * (self.sample_rate / n_fft)
        edges = [0.0, *(self.contrast_fmin * 2.0**octave for octave in range(self.contrast_octaves + 1))]
        bands = []
        for number, (bottom, top) in enumerate(pairwise(edges)):
            last = number == self.contrast_octaves
            low = int(np.searchsorted(frequencies, bottom, side="left")) - (number > 0)
            high = len(frequencies) if last else int(np.searchsorted(frequencies, top, side="right"))
            count = max(1, int(np.rint(self.contrast_quantile * (high - low))))
            bands.append((low, high if last else high - 1, count))
        return bands


def _extremes(magnitudes: NDArray[np.float32], count: int) -> NDArray[np.floating]:
    """Return the means of the ``count`` largest and ``count`` smallest values of each column, shape (2, rows)."""
    ordered = np.sort(magnitudes, axis=0)
    return np.stack([ordered[-count:].mean(axis=0), ordered[:count].mean(axis=0)])
