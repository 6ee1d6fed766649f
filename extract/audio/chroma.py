"""Chroma: how strong every pitch class is, from a constant-Q transform (librosa)."""

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from ...media import Audio
from ...track import Field, Schema, Track, empty_track
from ..base import CPU, AudioExtractor, Execution
from .framing import Framing, blocks_of, check_range, nothing_heard, whole_samples
from .librosa_import import import_librosa

_BLOCK_VALUES = 2**22
"""Of the largest transform of a block, and samples between its rows."""
_LONGEST_TRANSFORM = 2**18
_TUNING_SAMPLES = 2**21
"""Samples from which the tuning is estimated at a time."""
_TUNING_STEPS = 100
"""Within one bin."""
_WINDOW_BANDWIDTH = 1.50018310546875
"""Of a filter's Hann window, in bins (`librosa.filters.window_bandwidth`)."""
_RESAMPLING_PERIODS = 30.0
"""Periods of the lowest frequency that halving the sample rate again and again reaches beyond the filters."""


@dataclass(frozen=True, kw_only=True)
class ChromaCqt(AudioExtractor):
    """Chroma of a constant-Q transform, as `librosa.feature.chroma_cqt` computes it; the largest of a row is 1.

    Row k is around ``k * hop``, for every hop up to and including the end, and its interval is that hop:
    ``[(k - 1/2) hop, (k + 1/2) hop)``, cut off at the ends of the sound, beyond which there is silence. What it saw is
    wider and hangs on the frequency: ``Q / frequency`` seconds around the same moment, with ``Q`` = 52 at 36 bins per
    octave, so 1.6 s at 32.7 Hz and 13 ms at 4 kHz. Traces remain up to `reach_seconds` away, as librosa makes the
    filters sparse and resamples the sound.

    A block is computed at a time, with `reach_seconds` on either side; 2^22 samples at most.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    name: ClassVar[str] = "chroma_cqt"
    packages: ClassVar[tuple[str, ...]] = ("librosa", "numba")

    hop_seconds: float = 0.032
    """Time between two rows, rounded to samples. A number of samples with many factors of two is faster."""
    n_chroma: int = 12
    """Number of pitch classes."""
    bins_per_octave: int = 36
    """Bins of the transform, a multiple of ``n_chroma``."""
    n_octaves: int = 7
    """Octaves of the transform."""
    fmin: float = 32.70319566257483
    """Lowest frequency in Hz; C1."""
    threshold: float = 1e-6
    """Strength below which a pitch class is 0, before a row is scaled. librosa's is 0, which turns the rounding errors
    of digital silence into chroma of full strength. The noise of 16-bit sound has 4e-4."""
    tuning: float | None = None
    """By how much of a bin the music is tuned away from A = 440 Hz, from -0.5 to 0.5; None: estimated from the whole
    sound as librosa does. Of more than 2^21 samples, every so many are judged by the loudness of their own peaks."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("n_chroma", self.n_chroma, 1, 120)
        check_range("bins_per_octave", self.bins_per_octave, 2, 120)
        check_range("n_octaves", self.n_octaves, 1, 12)
        check_range("fmin", self.fmin, 10, self.sample_rate / 2)
        check_range("threshold", self.threshold, 0, 1)
        if self.tuning is not None:
            check_range("tuning", self.tuning, -0.5, 0.5)
        if self.bins_per_octave % self.n_chroma:
            raise ParameterError(
                f"bins_per_octave must be a multiple of n_chroma ({self.n_chroma}), found {self.bins_per_octave}"
            )
        if self._highest_frequency > self.sample_rate / 2:
            raise ParameterError(
                f"{self.n_octaves} octaves above fmin {self.fmin:g} Hz reach {self._highest_frequency:.0f} Hz, more "
                f"than half the sample rate ({self.sample_rate / 2:g}); lower n_octaves"
            )
        if self._longest_transform > _LONGEST_TRANSFORM:
            raise ParameterError(
                f"the filter of fmin {self.fmin:g} Hz needs a transform of {self._longest_transform} samples, at most "
                f"{_LONGEST_TRANSFORM} are done; raise fmin, or take a hop of more factors of two than "
                f"{self._framing.hop_samples} samples has"
            )

    @property
    def reach_seconds(self) -> float:
        """How far from the middle of a row something may still change it."""
        return (self._q + _RESAMPLING_PERIODS) / self.fmin

    @property
    def expected_rate(self) -> float:
        """One row every hop."""
        return 1 / self.hop_seconds

    @property
    def schema(self) -> Schema:
        """``values``: the pitch classes, the first one that of C."""
        return {"values": Field(shape=(self.n_chroma,), columns=tuple(f"chroma{i}" for i in range(self.n_chroma)))}

    def extract(self, audio: Audio, execution: Execution = CPU) -> Iterator[Track]:
        """Compute the rows, a block at a time; no sound gives no row and a gap."""
        framing = self._framing
        most = max(1, _BLOCK_VALUES // max(self._longest_transform, framing.hop_samples))
        blocks = blocks_of(framing.count(len(audio.samples)), most)
        if not blocks:
            yield empty_track(self.schema, [nothing_heard(audio, "one sample")])
            return
        tuning = self._tuning(audio) if self.tuning is None else self.tuning
        for rows in blocks:
            values = np.ascontiguousarray(self._chroma(audio, rows, tuning).T, np.float32)
            yield Track(schema=self.schema, times=framing.times(audio, rows), fields={"values": values})

    def _chroma(self, audio: Audio, rows: range, tuning: float) -> NDArray[np.floating]:
        """Return the chroma of rows, shape (n_chroma, rows)."""
        librosa = import_librosa()

        hop = self._framing.hop_samples
        reach = math.ceil(self.reach_seconds * audio.rate)
        first = max(0, rows.start - math.ceil(reach / hop))  # whole hops, so that halved rates keep their samples
        samples = audio.samples[first * hop : (rows.stop - 1) * hop + reach]
        samples = np.pad(samples, (0, max(0, (hop & -hop) - len(samples))))  # librosa refuses sound of a few samples
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # it warns of sound shorter than a filter
            chroma: NDArray[np.floating] = librosa.feature.chroma_cqt(
                y=samples,
                sr=audio.rate,
                hop_length=hop,
                fmin=self.fmin,
                threshold=self.threshold,
                tuning=tuning,
                n_chroma=self.n_chroma,
                n_octaves=self.n_octaves,
                bins_per_octave=self.bins_per_octave,
            )
        return chroma[:, rows.start - first : rows.stop - first]

    def _tuning(self, audio: Audio) -> float:
        """Estimate the tuning as `librosa.estimate_tuning` does, stretch by stretch."""
        librosa = import_librosa()

        edges = np.linspace(-0.5, 0.5, _TUNING_STEPS + 1)
        votes = np.zeros(_TUNING_STEPS, np.int64)
        for first in range(0, len(audio.samples), _TUNING_SAMPLES):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # it warns of sound shorter than its window
                pitch, magnitude = librosa.piptrack(
                    y=audio.samples[first : first + _TUNING_SAMPLES], sr=audio.rate, n_fft=2048
                )
            found = pitch > 0
            if found.any():
                loud = found & (magnitude >= np.median(magnitude[found]))
                off = np.mod(self.bins_per_octave * librosa.hz_to_octs(pitch[loud]), 1.0)
                votes += np.histogram(np.where(off >= 0.5, off - 1.0, off), edges)[0]
        return float(edges[np.argmax(votes)]) if votes.any() else 0.0

    @property
    def _framing(self) -> Framing:
        hop = whole_samples("hop_seconds", self.hop_seconds, self.sample_rate, fewest=2)
        return Framing(window_samples=hop, hop_samples=hop, n_fft=2 * hop, centred=True)

    @property
    def _q(self) -> float:
        """Frequency by bandwidth of a filter: its length in periods."""
        ratio = 2 ** (2 / self.bins_per_octave)
        return (ratio + 1) / (ratio - 1)

    @property
    def _highest_frequency(self) -> float:
        """Upper end of the highest filter, in Hz."""
        bins = self.n_octaves * self.bins_per_octave - 1 + (0.5 if self.tuning is None else self.tuning)
        return self.fmin * 2 ** (bins / self.bins_per_octave) * (1 + 0.5 * _WINDOW_BANDWIDTH / self._q)

    @property
    def _longest_transform(self) -> int:
        """Samples of the lowest octave's transform; the rate is halved for every octave while the hop stays whole."""
        hop = self._framing.hop_samples
        halvings = min((hop & -hop).bit_length() - 1, self.n_octaves - 1)
        return 1 << math.ceil(math.log2(self._q / self.fmin * self.sample_rate / 2**halvings) + 1e-9)
