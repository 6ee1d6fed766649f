"""Fundamental frequency: YIN and probabilistic YIN (librosa)."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from ...media import Audio
from ...track import Field, Gap, Schema, Track, empty_track
from ..base import CPU, Execution
from .framing import FramedExtractor
from .librosa_import import import_librosa

_CONTEXT_ROWS = 200
"""Rows on either side of a block that pYIN also decodes; its best path forgets what is further away."""
_BINS_PER_OCTAVE = 120
"""librosa's resolution of a tenth of a semitone."""
_SEMITONES_PER_SECOND = 35.92 * 12
"""librosa's fastest change of pitch."""
_LOWEST_HERTZ = 10
_STATE_VALUES = 2**21
"""States of pYIN in one block, a row having two for every bin."""


@dataclass(frozen=True, kw_only=True)
class F0(FramedExtractor):
    """Fundamental frequency of every window, as `librosa.pyin` and `librosa.yin` find it.

    A window in which no sample differs from the others has no period: it is unvoiced, whatever librosa says of it.

    pYIN chooses the likeliest path through the candidates of all windows, so that a row hangs on those around it, which
    the interval leaves out. Blocks of rows are decoded with 200 rows on either side.

    References
    ----------
    De Cheveigné and Kawahara, YIN, a fundamental frequency estimator for speech and music, JASA 111(4), 2002. Mauch and
    Dixon, pYIN: a fundamental frequency estimator using probabilistic threshold distributions, ICASSP 2014.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    name: ClassVar[str] = "f0"

    window_seconds: float = 0.064
    """Length of the window: at least two periods of ``fmin``."""
    method: Literal["pyin", "yin"] = "pyin"
    """``pyin`` says which windows are voiced, ``yin`` finds a frequency in all of them, in noise too."""
    fmin: float = 65.0
    """Lowest frequency in Hz."""
    fmax: float = 500.0
    """Highest frequency in Hz."""
    scale: Literal["hertz", "log"] = "hertz"
    """``log``: the natural logarithm of the frequency in Hz."""
    unvoiced: Literal["absent", "zero"] = "absent"
    """What an unvoiced window becomes: no row, so that the mean over a word is that of its voiced part; or a row with
    frequency 0 (on both scales), told apart by a column ``voiced`` that is 0."""

    def __post_init__(self) -> None:
        super().__post_init__()
        allowed = {"method": ("pyin", "yin"), "scale": ("hertz", "log"), "unvoiced": ("absent", "zero")}
        for name, words in allowed.items():
            if getattr(self, name) not in words:
                raise ParameterError(f"{name} must be {words[0]} or {words[1]}, found '{getattr(self, name)}'")
        if not _LOWEST_HERTZ <= self.fmin < self.fmax <= self.sample_rate / 2:
            raise ParameterError(
                f"expected {_LOWEST_HERTZ} <= fmin < fmax <= {self.sample_rate / 2:g} Hz, "
                f"found fmin {self.fmin} and fmax {self.fmax}"
            )
        if self.sample_rate / self.fmin >= self.framing.window_samples // 2:
            raise ParameterError(
                f"window_seconds must be more than two periods of fmin ({2 / self.fmin:.4f} s), "
                f"found {self.window_seconds}; raise one of them"
            )
        if math.ceil(self.sample_rate / self.fmin) - math.floor(self.sample_rate / self.fmax) < 2:
            raise ParameterError(f"fmin {self.fmin} and fmax {self.fmax} are less than two samples of a period apart")
        if self.method == "pyin" and self._widest_step > self._pitch_bins:
            raise ParameterError(
                f"hop_seconds is too long for pyin: pitch may leave the range of fmin {self.fmin} to fmax {self.fmax} "
                f"in {self.hop_seconds} s; shorten it"
            )

    @property
    def schema(self) -> Schema:
        """``values``: the frequency, ``voiced`` where unvoiced windows have rows, and pYIN's ``voiced_probability``."""
        columns = ["f0_hz" if self.scale == "hertz" else "log_f0"]
        columns += ["voiced"] if self.unvoiced == "zero" else []
        columns += ["voiced_probability"] if self.method == "pyin" else []
        return {"values": Field(shape=(len(columns),), columns=tuple(columns))}

    @property
    def rows_at_once(self) -> int:
        """Rows of a block."""
        rows = super().rows_at_once
        return min(rows, max(1, _STATE_VALUES // (2 * self._pitch_bins))) if self.method == "pyin" else rows

    @property
    def _pitch_bins(self) -> int:
        return math.floor(_BINS_PER_OCTAVE * math.log2(self.fmax / self.fmin)) + 1

    @property
    def _widest_step(self) -> int:
        """Bins that pYIN's pitch may be apart in two rows."""
        return round(_SEMITONES_PER_SECOND * self.framing.hop_samples / self.sample_rate) * _BINS_PER_OCTAVE // 12 + 1

    def extract(self, audio: Audio, execution: Execution = CPU) -> Iterator[Track]:
        """Compute the rows, a block at a time; sound that is nowhere voiced is a gap where unvoiced rows are absent."""
        if self.unvoiced == "zero":
            yield from super().extract(audio, execution)
            return
        told = False
        for piece in super().extract(audio, execution):
            voiced = np.asarray(piece.values)[:, 0] > 0  # on both scales, as no frequency is below 1 Hz
            told = told or bool(voiced.any() or piece.gaps)
            yield piece.rows(voiced)
        if not told:
            gap = Gap(start_seconds=audio.start_seconds, end_seconds=audio.end_seconds, reason="no window is voiced")
            yield empty_track(self.schema, [gap])

    def values(self, audio: Audio, blocks: Sequence[range]) -> Iterator[NDArray[Any]]:
        """Yield the columns of each block, unvoiced windows included."""
        for rows in blocks:
            moves = self._moves(audio, rows)
            if self.method == "pyin":
                f0, probability = self._pyin(audio, rows, blocks[-1].stop)
            else:
                f0, probability = self._yin(audio, rows), None
            f0 = np.where(moves, f0, 0.0)
            voiced = f0 > 0
            columns = [f0 if self.scale == "hertz" else np.log(f0, out=np.zeros_like(f0), where=voiced)]
            columns += [voiced] if self.unvoiced == "zero" else []
            columns += [np.where(moves, probability, 0.0)] if probability is not None else []
            yield np.stack(columns)

    def _moves(self, audio: Audio, rows: range) -> NDArray[np.bool_]:
        """Return whether the samples of each window differ."""
        librosa = import_librosa()

        framing = self.framing
        frames = librosa.util.frame(
            self.frames(audio, rows), frame_length=framing.window_samples, hop_length=framing.hop_samples
        )
        moves: NDArray[np.bool_] = frames.max(axis=0) > frames.min(axis=0)
        return moves

    def _yin(self, audio: Audio, rows: range) -> NDArray[np.floating]:
        librosa = import_librosa()

        framing = self.framing
        f0: NDArray[np.floating] = librosa.yin(
            self.frames(audio, rows),
            fmin=self.fmin,
            fmax=self.fmax,
            sr=self.sample_rate,
            frame_length=framing.window_samples,
            hop_length=framing.hop_samples,
            center=False,
        )
        return f0

    def _pyin(self, audio: Audio, rows: range, count: int) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Return frequency, 0 where unvoiced, and probability of being voiced of some of ``count`` rows."""
        librosa = import_librosa()

        framing = self.framing
        seen = range(max(0, rows.start - _CONTEXT_ROWS), min(count, rows.stop + _CONTEXT_ROWS))
        f0, _, probability = librosa.pyin(
            self.frames(audio, seen),
            fmin=self.fmin,
            fmax=self.fmax,
            sr=self.sample_rate,
            frame_length=framing.window_samples,
            hop_length=framing.hop_samples,
            center=False,
            fill_na=0.0,
        )
        inner = slice(rows.start - seen.start, rows.stop - seen.start)
        return f0[inner], probability[inner]
