"""Arrays that are larger than memory: shape and type are known, the numbers come block by block."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..store import FeatureStore
from .selection import row_counts


@dataclass(frozen=True, kw_only=True)
class ArrayStream:
    """An array whose bytes are made when they are written, in C order."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    blocks: Callable[[], Iterable[NDArray[Any]]]
    """Makes the array's parts along the first axis, in order."""

    @property
    def nbytes(self) -> int:
        """Bytes of the whole array."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize

    def write(self, file: BinaryIO) -> None:
        """Write the numbers, little-endian."""
        for block in self.blocks():
            file.write(np.ascontiguousarray(block, self.dtype.newbyteorder("<")).data)


def stream_of(array: NDArray[Any]) -> ArrayStream:
    """Return an array that is in memory as a stream."""
    return ArrayStream(dtype=array.dtype, shape=array.shape, blocks=lambda: [array])


def text_array(texts: Iterable[str]) -> NDArray[np.str_]:
    """Return texts as an array of characters of a fixed width, which needs no pickle."""
    return np.array(list(texts), np.str_)


def all_words(store: FeatureStore, output: str) -> list[str]:
    """Return the words of all rows of an output that has them."""
    return [word for segment in range(len(store)) for word in store.text(output, segment)]


def whole_output(store: FeatureStore, output: str) -> dict[str, ArrayStream]:
    """Return an output of all segments: ``values``, ``times``, ``mask``, ``coverage`` (R, ...) and ``offsets``.

    Where rows have parts, also ``observed`` (R, *parts).
    """
    offsets = np.concatenate([[0], np.cumsum(row_counts(store, output), dtype=np.int64)])
    schema = store.outputs[output]
    rows = {
        "values": (schema.dtype, schema.shape),
        "times": ("float64", (2,)),
        "mask": ("bool", ()),
        "coverage": ("float32", ()),
        **({"observed": ("bool", schema.parts)} if schema.parts else {}),
    }

    def joined(dataset: str, dtype: str, shape: tuple[int, ...]) -> ArrayStream:
        return ArrayStream(
            dtype=np.dtype(dtype),
            shape=(int(offsets[-1]), *shape),
            blocks=lambda: (shard.array(output, dataset) for shard in store.shards()),
        )

    return {name: joined(name, *kind) for name, kind in rows.items()} | {"offsets": stream_of(offsets)}
