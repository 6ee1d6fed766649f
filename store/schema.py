"""What a store holds: the types that writer and reader share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FORMAT = "trimodal-store"
VERSION = 1

Compression = Literal["none", "gzip", "blosc2"]
"""How the values of outputs are packed; ``none``: they can be mapped."""


@dataclass(frozen=True, kw_only=True)
class JoinedTrack:
    """One of several tracks that stand side by side along the last axis of an output's rows."""

    name: str
    columns: int
    unit: str


@dataclass(frozen=True, kw_only=True)
class OutputSchema:
    """What one output holds, the same in every shard."""

    dtype: str
    shape: tuple[int, ...]
    """Shape of one row."""
    names: tuple[str, ...]
    """Names of the columns (the last axis of a row), each ``track.column``; empty where they have none."""
    unit: str
    """That of all columns; empty where they have none, or tracks of several."""
    timeline: str
    """What the rows stand for, in words."""
    pool: str
    gaps: str
    """What stands where nothing was observed."""
    has_text: bool
    """Whether every row has a word."""
    tracks: tuple[JoinedTrack, ...] = ()
    """The tracks in the order of their columns, where there are several."""
    is_group: bool = False
    """Whether a row is a group, which has places along its first axis."""

    @property
    def columns(self) -> int:
        """Numbers along the last axis of a row, or of a place of a group; 1 where it is a single number."""
        shape = self.shape[int(self.is_group) :]
        return shape[-1] if shape else 1

    @property
    def parts(self) -> tuple[int, ...]:
        """Shape of the parts of a row that are observed or not each on its own: places, tracks; (): it is whole."""
        return (*self.shape[: int(self.is_group)], *([len(self.tracks)] if self.tracks else []))


@dataclass(frozen=True, kw_only=True)
class StoreDescription:
    """What a store is to hold and how it is written: the same for all that write shards of it."""

    outputs: Mapping[str, OutputSchema]
    labels: Mapping[str, str]
    """``number`` or ``text`` for every label."""
    recipe_name: str
    recipe_text: str
    """The recipe's YAML."""
    version: str
    """Version of the package that writes."""
    key: str
    """Hash of everything that decides what is in the store."""
    shard_bytes: int
    """A shard is closed before its arrays get larger than this; one recording is only split where it alone is."""
    compression: Compression = "none"
    layout: str = ""
    """Name of the layout by which the corpus was read; empty: not known."""
    dry_weights: bool = False
    """Whether models were tiny and random, so that its numbers mean nothing."""


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
    observed: NDArray[np.bool_] | None = None
    """Shape (R, *parts): which `OutputSchema.parts` of every row were observed; None: rows have none."""

    @property
    def nbytes(self) -> int:
        """Bytes that the numbers take."""
        parts = 0 if self.observed is None else self.observed.nbytes
        return self.values.nbytes + self.times.nbytes + self.mask.nbytes + self.coverage.nbytes + parts

    def of_segments(self, first: int, last: int) -> "OutputArrays":
        """Return the part of the segments ``first:last``."""
        rows = slice(int(self.offsets[first]), int(self.offsets[last]))
        return OutputArrays(
            values=self.values[rows],
            times=self.times[rows],
            mask=self.mask[rows],
            coverage=self.coverage[rows],
            offsets=self.offsets[first : last + 1] - self.offsets[first],
            text=None if self.text is None else self.text[rows],
            observed=None if self.observed is None else self.observed[rows],
        )


def joined(parts: Sequence[OutputArrays]) -> OutputArrays:
    """Put parts of an output, at least one, one after the other."""
    texts = [part.text for part in parts if part.text is not None]
    observed = [part.observed for part in parts if part.observed is not None]
    return OutputArrays(
        values=np.concatenate([part.values for part in parts]),
        times=np.concatenate([part.times for part in parts]),
        mask=np.concatenate([part.mask for part in parts]),
        coverage=np.concatenate([part.coverage for part in parts]),
        offsets=joined_offsets(parts),
        text=np.concatenate(texts) if texts else None,
        observed=np.concatenate(observed) if observed else None,
    )


def joined_offsets(parts: Sequence[OutputArrays]) -> NDArray[np.int64]:
    """Return the offsets of parts that are put one after the other."""
    counts = [np.diff(part.offsets) for part in parts]
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(counts), dtype=np.int64)])
