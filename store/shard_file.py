"""Writing one shard: a whole, readable HDF5 file, the same bytes for the same content."""

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ..errors import require_packages
from .elements import (
    OBSERVED,
    OUTPUT_ATTRIBUTES,
    OUTPUT_DATASETS,
    create_output,
    create_outputs,
    write_numbers,
    write_table,
    write_text,
    write_text_attribute,
)
from .schema import (
    FORMAT,
    VERSION,
    Compression,
    GapRow,
    OutputArrays,
    OutputSchema,
    SegmentRow,
    StoreDescription,
    joined_offsets,
)
from .shard import GAP_COLUMNS, NUMBER_COLUMNS, SEGMENT_COLUMNS

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

_ALIGNMENT_BYTES = 64
_CHUNK_BYTES = 2**18


@dataclass(frozen=True, kw_only=True)
class ShardContent:
    """Everything that goes into one shard."""

    segments: Sequence[SegmentRow]
    outputs: Mapping[str, Sequence[OutputArrays]]
    """Every output, as parts that follow each other."""
    gaps: Sequence[GapRow]
    provenance: str
    """JSON: software, weights, sources."""


class _Target(io.FileIO):
    """A new file that HDF5 can always write: of one that it cannot write it loses its handles, and ends the process.

    What could not be written is raised when the file is closed, after HDF5 has closed it.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, "x+")
        self._failure: OSError | None = None

    def write(self, data: "Buffer", /) -> int:
        rest = memoryview(data).cast("B")
        size = len(rest)
        while rest:
            try:
                written = super().write(rest) if self._failure is None else self._skip(len(rest))
            except OSError as error:
                self._failure, written = error, 0
            rest = rest[written or 0 :]
        return size

    def truncate(self, size: int | None = None, /) -> int:
        try:
            return super().truncate(size)
        except OSError as error:
            self._failure = self._failure or error
            return size or 0

    def close(self) -> None:
        super().close()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _skip(self, size: int) -> int:
        self.seek(size, io.SEEK_CUR)
        return size


def check_compression(compression: Compression) -> None:
    """Check that values can be packed. Raises `MissingPackageError`."""
    if compression == "blosc2":
        require_packages("'compression: blosc2'", ["hdf5plugin"], "compression")


def write_shard(path: Path, content: ShardContent, store: StoreDescription) -> None:
    """Write a shard.

    Raises
    ------
    StoreError
        If a text cannot be stored as UTF-8.
    OSError
        If the disk is full or the file cannot be written.
    """
    with (
        _Target(path) as target,
        h5py.File(
            target,
            "w",
            libver=("v110", "v110"),  # metadata with checksums
            alignment_threshold=1,
            alignment_interval=_ALIGNMENT_BYTES,
            track_order=False,
        ) as file,
    ):
        write_text_attribute(file, "format", FORMAT)
        file.attrs["version"] = VERSION
        # The ids come first, so that the first bytes tell the shard from others.
        write_table(file, "segments", {name: _column(content.segments, name) for name in SEGMENT_COLUMNS})
        write_table(file, "labels", {name: _label(content.segments, name, store.labels) for name in store.labels})
        outputs = create_outputs(file)
        for name, schema in store.outputs.items():
            _write_output(outputs, name, content.outputs[name], schema, store.compression)
        write_table(file, "gaps", {name: _column(content.gaps, name) for name in GAP_COLUMNS})
        write_text(file, "recipe", [store.recipe_text])
        write_text(file, "provenance", [content.provenance])


def _column(rows: Sequence[SegmentRow] | Sequence[GapRow], name: str) -> NDArray[np.float64] | list[str]:
    cells = [getattr(row, name) for row in rows]
    return np.array(cells, np.float64) if name in NUMBER_COLUMNS else cells


def _label(segments: Sequence[SegmentRow], name: str, kinds: Mapping[str, str]) -> NDArray[np.float64] | list[str]:
    cells = [segment.labels[name] for segment in segments]
    return np.array(cells, np.float64) if kinds[name] == "number" else [str(cell) for cell in cells]


def _write_output(
    outputs: h5py.Group, name: str, parts: Sequence[OutputArrays], schema: OutputSchema, compression: Compression
) -> None:
    group = create_output(outputs, name, {key: getattr(schema, key) for key in OUTPUT_ATTRIBUTES})
    for dataset in (*OUTPUT_DATASETS, *([OBSERVED] if schema.parts else [])):
        array = _joined(parts, dataset, schema)
        storage = _storage(array, compression) if dataset == "values" else {}
        write_numbers(group, dataset, array, **storage)
    write_text(group, "names", schema.names)
    if schema.has_text:
        write_text(group, "text", [str(word) for part in parts if part.text is not None for word in part.text])


def _joined(parts: Sequence[OutputArrays], dataset: str, schema: OutputSchema) -> NDArray[Any]:
    """Put one array of all parts one after the other: only one is held twice at a time."""
    if dataset == "offsets":
        return joined_offsets([_empty(schema), *parts])
    return np.concatenate([getattr(part, dataset) for part in (_empty(schema), *parts)])


def _empty(schema: OutputSchema) -> OutputArrays:
    """Return an output of no segments."""
    return OutputArrays(
        values=np.zeros((0, *schema.shape), schema.dtype),
        times=np.zeros((0, 2)),
        mask=np.zeros(0, bool),
        coverage=np.zeros(0, np.float32),
        offsets=np.zeros(1, np.int64),
        observed=np.zeros((0, *schema.parts), bool),
    )


def _storage(values: NDArray[Any], compression: Compression) -> dict[str, Any]:
    """Return how h5py is to store values."""
    if compression == "none" or not values.size:
        return {}
    row_bytes = values.itemsize * math.prod(values.shape[1:])
    chunks = (min(len(values), max(1, _CHUNK_BYTES // row_bytes)), *values.shape[1:])
    if compression == "gzip":
        return {"chunks": chunks, "compression": "gzip", "compression_opts": 4, "shuffle": True}
    if values.ndim == 1:  # of which hdf5plugin writes frames that do not say how large they are
        return {}
    import hdf5plugin

    return {"chunks": chunks, **hdf5plugin.Blosc2(cname="lz4", clevel=5, filters=hdf5plugin.Blosc2.BITSHUFFLE)}
