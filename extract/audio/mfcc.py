"""Mel-frequency cepstral coefficients with their deltas (librosa)."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...errors import ParameterError
from ...media import Audio
from ...track import Field, Gap, Schema, Track, empty_track
from ..base import CPU, AudioExtractor, Execution


@dataclass(frozen=True, kw_only=True)
class Mfcc(AudioExtractor):
    """MFCC, delta and delta-delta of Hann-windowed frames, as librosa computes them.

    Frames are not centred: row k saw the samples ``[k * hop, k * hop + window)`` and that is its interval; no row
    reaches past the end of the sound, so up to one hop at the end has no row. The deltas (slopes of a line through
    nine frames, edges repeated) also saw four hops on either side, which the interval leaves out.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    name: ClassVar[str] = "mfcc"
    packages: ClassVar[tuple[str, ...]] = ("librosa",)

    n_mfcc: int = 40
    """Number of coefficients, from 1 to ``n_mels``."""
    n_mels: int = 64
    """Number of mel bands."""
    window_seconds: float = 0.025
    """Length of the window."""
    hop_seconds: float = 0.010
    """Time between the starts of two windows."""
    n_fft: int = 512
    """Length of the transform in samples, at least the window's."""
    deltas: int = 2
    """0: the coefficients alone, 1: with their deltas, 2: with deltas and delta-deltas."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.n_mfcc <= self.n_mels:
            raise ParameterError(f"n_mfcc must be from 1 to n_mels ({self.n_mels}), found {self.n_mfcc}")
        if self.hop_samples < 1:
            raise ParameterError(f"hop_seconds must be at least one sample, found {self.hop_seconds}")
        if not 1 <= self.window_samples <= self.n_fft:
            raise ParameterError(
                f"window_seconds must be from 1 to n_fft ({self.n_fft}) samples, found {self.window_samples} samples"
            )
        if self.deltas not in (0, 1, 2):
            raise ParameterError(f"deltas must be 0, 1 or 2, found {self.deltas}")

    @property
    def window_samples(self) -> int:
        """Length of the window in samples."""
        return round(self.window_seconds * self.sample_rate)

    @property
    def hop_samples(self) -> int:
        """Time between two windows in samples."""
        return round(self.hop_seconds * self.sample_rate)

    @property
    def schema(self) -> Schema:
        """``values``: the coefficients, then their deltas, then their delta-deltas."""
        columns = tuple(
            f"{prefix}mfcc{number}"
            for prefix in ("", "delta_", "delta2_")[: self.deltas + 1]
            for number in range(self.n_mfcc)
        )
        return {"values": Field(shape=(len(columns),), columns=columns)}

    def extract(self, audio: Audio, execution: Execution = CPU) -> Track:
        """Compute the track; sound shorter than one window gives no row and a gap."""
        import librosa

        if len(audio.samples) < self.window_samples:
            reason = f"sound shorter than one window of {self.window_seconds} s"
            gap = Gap(start_seconds=audio.start_seconds, end_seconds=audio.end_seconds, reason=reason)
            return empty_track(self.schema, (*audio.gaps, gap))
        # librosa puts the window in the middle of n_fft samples: this padding makes the first window start at sample 0.
        before = (self.n_fft - self.window_samples) // 2
        padded = np.pad(audio.samples, (before, self.n_fft - self.window_samples - before))
        coefficients = librosa.feature.mfcc(
            y=padded,
            sr=self.sample_rate,
            n_mfcc=self.n_mfcc,
            n_mels=self.n_mels,
            n_fft=self.n_fft,
            win_length=self.window_samples,
            hop_length=self.hop_samples,
            center=False,
        )
        orders = [coefficients] + [
            librosa.feature.delta(coefficients, order=order, mode="nearest") for order in range(1, self.deltas + 1)
        ]
        values = np.ascontiguousarray(np.concatenate(orders).T, dtype=np.float32)
        starts = audio.start_seconds + np.arange(len(values)) * (self.hop_samples / self.sample_rate)
        times = np.stack([starts, starts + self.window_samples / self.sample_rate], axis=1)
        return Track(schema=self.schema, times=times, fields={"values": values}, gaps=audio.gaps)
