"""What a store holds: the types that writer and reader share."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FORMAT = "trimodal-store"
VERSION = 1


@dataclass(frozen=True, kw_only=True)
class OutputSchema:
    """What one output holds, the same in every shard."""

    dtype: str
    shape: tuple[int, ...]
    """Shape of one row."""
    names: tuple[str, ...]
    """Names of the columns (the last axis of a row), each ``track.column``; empty where they have none."""
    unit: str
    timeline: str
    """What the rows stand for, in words."""
    pool: str
    gaps: str
    """What stands in rows whose mask is False."""
    has_text: bool
    """Whether every row has a word."""


@dataclass(frozen=True, kw_only=True)
class SegmentRow:
    """One row of the segment table."""

    id: str
    recording: str
    start: float
    """Seconds on the recording's clock."""
    end: float
    split: str
    speaker: str
    text: str
    labels: Mapping[str, float | str]


@dataclass(frozen=True, kw_only=True)
class GapRow:
    """A stretch of a recording that a track could not observe, and why."""

    recording: str
    track: str
    start: float
    """Seconds on the recording's clock."""
    end: float
    reason: str


@dataclass(frozen=True, kw_only=True)
class OutputArrays:
    """One output of several segments, as it lies in a shard: all rows of the segments, one segment after the other."""

    values: NDArray[np.generic]
    """Shape (R, ...)."""
    times: NDArray[np.float64]
    """Shape (R, 2): seconds on the recording's clock."""
    mask: NDArray[np.bool_]
    """Shape (R,): whether anything was observed."""
    coverage: NDArray[np.float32]
    """Shape (R,): seconds observed of seconds asked, in [0, 1]."""
    offsets: NDArray[np.int64]
    """Shape (segments + 1,): segment i has the rows ``offsets[i]:offsets[i + 1]``."""
    text: NDArray[np.generic] | None = None
    """Shape (R,): the word of every row, where rows are words."""

    @property
    def nbytes(self) -> int:
        """Bytes that the numbers take."""
        return self.values.nbytes + self.times.nbytes + self.mask.nbytes + self.coverage.nbytes
