"""Segments of different lengths as one array, made block by block."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..store import FeatureStore
from .stream import ArrayStream

_BLOCK_BYTES = 16 * 2**20


@dataclass(frozen=True, kw_only=True)
class Padding:
    """How segments become as long as each other: short ones get rows of zeros, long ones are cut."""

    length: int
    """Rows that all have."""
    side: Literal["left", "right"] = "right"
    """Where the zeros stand."""
    keep: Literal["first", "last"] = "first"
    """Which rows of a long segment stay."""

    def place(self, rows: NDArray[Any], target: NDArray[Any]) -> None:
        """Write the rows of a segment into an array of ``length`` rows of zeros."""
        kept = rows[: self.length] if self.keep == "first" else rows[max(0, len(rows) - self.length) :]
        target[slice(self.length - len(kept), None) if self.side == "left" else slice(len(kept))] = kept


def padded(
    store: FeatureStore, output: str, segments: NDArray[np.intp], padding: Padding, dtype: DTypeLike = np.float32
) -> ArrayStream:
    """Return an output of some segments as an array of shape (segments, length, columns)."""
    columns = store.outputs[output].shape
    shape = (padding.length, *columns)
    each = max(1, _BLOCK_BYTES // max(1, int(np.prod(shape)) * np.dtype(dtype).itemsize))

    def blocks() -> Iterator[NDArray[Any]]:
        for first in range(0, len(segments), each):
            chosen = segments[first : first + each]
            block = np.zeros((len(chosen), *shape), dtype)
            for target, segment in zip(block, chosen, strict=True):
                padding.place(store.rows(output, int(segment)).values, target)
            yield block

    return ArrayStream(dtype=np.dtype(dtype), shape=(len(segments), *shape), blocks=blocks)
