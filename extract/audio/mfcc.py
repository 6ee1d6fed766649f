"""Mel-frequency cepstral coefficients with their deltas (librosa)."""

from collections.abc import Iterator, Sequence
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
from .mel import MelExtractor, check_top_db

_WIDEST_DELTA = 999


@dataclass(frozen=True, kw_only=True)
class Mfcc(MelExtractor):
    """MFCC, delta and delta-delta of windowed frames, as librosa computes them.

    The deltas are slopes (and curvatures) of a polynomial through ``delta_width`` frames, the first and the last frame
    being repeated at the edges (``mode="nearest"`` of `librosa.feature.delta`): they also saw ``delta_width // 2`` hops
    on either side, which the interval leaves out.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    name: ClassVar[str] = "mfcc"
    version: ClassVar[int] = 2

    n_mfcc: int = 40
    """Number of coefficients, from 1 to ``n_mels``."""
    lifter: float = 0.0
    """Liftering as in HTK, ``1 + lifter / 2 * sin(pi * (n + 1) / lifter)`` times coefficient n; 0: none."""
    top_db: float | None = 80.0
    """No mel band is further below the loudest one of the whole sound, which the interval leaves out; None: down to
    -100 dB."""
    deltas: int = 2
    """0: the coefficients alone, 1: with their deltas, 2: with deltas and delta-deltas."""
    delta_width: int = 9
    """Number of frames that a delta is made of: odd."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_top_db(self.top_db)
        check_range("lifter", self.lifter, 0, 1e6)
        if not 1 <= self.n_mfcc <= self.n_mels:
            raise ParameterError(f"n_mfcc must be from 1 to n_mels ({self.n_mels}), found {self.n_mfcc}")
        if self.deltas not in (0, 1, 2):
            raise ParameterError(f"deltas must be 0, 1 or 2, found {self.deltas}")
        if self.delta_width not in range(3, _WIDEST_DELTA + 1, 2):
            raise ParameterError(f"delta_width must be odd, from 3 to {_WIDEST_DELTA}, found {self.delta_width}")

    @property
    def schema(self) -> Schema:
        """``values``: the coefficients, then their deltas, then their delta-deltas."""
        columns = tuple(
            f"{prefix}mfcc{number}"
            for prefix in ("", "delta_", "delta2_")[: self.deltas + 1]
            for number in range(self.n_mfcc)
        )
        return {"values": Field(shape=(len(columns),), columns=columns)}

    def values(self, audio: Audio, blocks: Sequence[range]) -> Iterator[NDArray[Any]]:
        """Yield the coefficients and deltas of each block."""
        librosa = import_librosa()

        beside = self.delta_width // 2 if self.deltas else 0
        wider = [range(max(0, rows.start - beside), min(blocks[-1].stop, rows.stop + beside)) for rows in blocks]
        for rows, seen, bands in zip(blocks, wider, above_floor(self.decibels(audio), wider, self.top_db), strict=True):
            coefficients = librosa.feature.mfcc(S=bands, n_mfcc=self.n_mfcc, lifter=self.lifter)
            orders = [coefficients] + [
                librosa.feature.delta(coefficients, width=self.delta_width, order=order, mode="nearest")
                for order in range(1, self.deltas + 1)
            ]
            yield np.concatenate(orders)[:, rows.start - seen.start : rows.stop - seen.start]
