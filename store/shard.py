"""One shard: a whole, readable HDF5 file. `docs/store-format.md` says what must be in it."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ..errors import StoreError
from .schema import FORMAT, VERSION, GapRow, OutputArrays, OutputSchema, SegmentRow

SEGMENT_COLUMNS = ("id", "recording", "start", "end", "split", "speaker", "text")
NUMBER_COLUMNS = ("start", "end")
OUTPUT_DATASETS = ("values", "times", "mask", "coverage", "offsets")
GAP_COLUMNS = ("recording", "track", "start", "end", "reason")
_ALIGNMENT_BYTES = 64
# What HDF5 and h5py stumble over in a damaged file.
_DAMAGE = (OSError, ValueError, KeyError, TypeError, IndexError, RuntimeError)


@dataclass(frozen=True, kw_only=True)
class ShardContent:
    """Everything that goes into one shard."""

    segments: Sequence[SegmentRow]
    outputs: Mapping[str, OutputArrays]
    gaps: Sequence[GapRow]
    recipe: str
    """The recipe's YAML."""
    provenance: str
    """JSON: software, weights, sources."""


def write_shard(
    path: Path, content: ShardContent, schemas: Mapping[str, OutputSchema], labels: Mapping[str, str]
) -> None:
    """Write a shard; the same content gives the same bytes.

    Raises
    ------
    StoreError
        If the disk is full or the file cannot be written, or a text cannot be stored as UTF-8 that ends with NUL.
    """
    try:
        with h5py.File(
            path,
            "w-",
            libver=("v110", "v110"),
            alignment_threshold=1,
            alignment_interval=_ALIGNMENT_BYTES,
            track_order=False,
        ) as file:
            file.attrs.update({"format": FORMAT, "version": VERSION})
            _write_text(file, "recipe", [content.recipe])
            _write_text(file, "provenance", [content.provenance])
            _write_segments(file, content.segments, labels)
            for name, schema in schemas.items():
                _write_output(file, name, content.outputs[name], schema)
            _write_gaps(file, content.gaps)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error})") from None


def _write_segments(file: h5py.File, segments: Sequence[SegmentRow], labels: Mapping[str, str]) -> None:
    for column in SEGMENT_COLUMNS:
        cells = [getattr(segment, column) for segment in segments]
        if column in NUMBER_COLUMNS:
            file.create_dataset(f"segments/{column}", data=np.array(cells, np.float64))
        else:
            _write_text(file, f"segments/{column}", cells)
    file.create_group("segments/labels")
    for label, kind in labels.items():
        cells = [segment.labels[label] for segment in segments]
        if kind == "number":
            file.create_dataset(f"segments/labels/{label}", data=np.array(cells, np.float64))
        else:
            _write_text(file, f"segments/labels/{label}", [str(cell) for cell in cells])


def _write_output(file: h5py.File, name: str, arrays: OutputArrays, schema: OutputSchema) -> None:
    group = file.create_group(f"outputs/{name}")
    for dataset in OUTPUT_DATASETS:
        group.create_dataset(dataset, data=getattr(arrays, dataset))
    attributes = {"unit": schema.unit, "timeline": schema.timeline, "pool": schema.pool, "gaps": schema.gaps}
    group["values"].attrs.update(attributes)
    _write_text(group, "names", schema.names)
    if arrays.text is not None:
        _write_text(group, "text", [str(text) for text in arrays.text])


def _write_gaps(file: h5py.File, gaps: Sequence[GapRow]) -> None:
    for column in ("recording", "track", "reason"):
        _write_text(file, f"gaps/{column}", [getattr(gap, column) for gap in gaps])
    for column in ("start", "end"):
        file.create_dataset(f"gaps/{column}", data=np.array([getattr(gap, column) for gap in gaps], np.float64))


def _write_text(group: h5py.Group, name: str, cells: Sequence[str]) -> None:
    try:
        group.create_dataset(name, data=np.array(cells, h5py.string_dtype()), dtype=h5py.string_dtype())
    except ValueError as error:  # a NUL or half a surrogate pair, which JSON can hold
        raise StoreError(f"{name}: a text cannot be stored in HDF5 ({error})") from None


@dataclass(frozen=True)
class MappedDataset:
    """Where a dataset lies: read from a memory map if in one piece, through h5py if not."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int | None
    """Where it starts in the file; None: it does not lie in one piece."""

    @property
    def nbytes(self) -> int:
        """Bytes that the rows take, uncompressed."""
        return self.dtype.itemsize * math.prod(self.shape)


class ShardReader:
    """Reads one shard; keeps no HDF5 handle open, so it is safe wherever the process forks.

    Parameters
    ----------
    path
        The file.
    outputs
        What the manifest says is in it.

    Raises
    ------
    StoreError
        Names the file and the HDF5 path of what is wrong.
    """

    def __init__(self, path: Path, outputs: Mapping[str, OutputSchema], labels: Mapping[str, str]) -> None:
        self._path = path
        self._labels = labels
        with self._open() as file:
            found = (file.attrs.get("format"), file.attrs.get("version"))
            if found != (FORMAT, VERSION):
                raise StoreError(f"{path}: format {found[0]} version {found[1]}; expected {FORMAT} version {VERSION}")
            self.segments = int(self._dataset(file, "segments/id").shape[0])
            self._outputs = {name: self._output(file, name, schema) for name, schema in outputs.items()}
        self._arrays: dict[tuple[str, str], NDArray[Any]] = {}
        self._map: NDArray[np.uint8] | None = None

    def array(self, output: str, dataset: str) -> NDArray[Any]:
        """Return one of `OUTPUT_DATASETS`, read-only: a view of the file, or a copy of what is compressed."""
        key = (output, dataset)
        if key not in self._arrays:
            array = self._rows(self._outputs[output][dataset])
            array.flags.writeable = False
            self._arrays[key] = array
        return self._arrays[key]

    def segment_table(self) -> dict[str, NDArray[Any]]:
        """Return the columns of the segment table, labels included under ``labels/<name>``."""
        columns = {name: name not in NUMBER_COLUMNS for name in SEGMENT_COLUMNS}
        columns |= {f"labels/{name}": kind == "text" for name, kind in self._labels.items()}
        with self._open() as file:
            return {name: self._column(file, f"segments/{name}", is_text) for name, is_text in columns.items()}

    def gap_table(self) -> dict[str, NDArray[Any]]:
        """Return the columns of the table of gaps."""
        with self._open() as file:
            return {name: self._column(file, f"gaps/{name}", name not in NUMBER_COLUMNS) for name in GAP_COLUMNS}

    def texts(self, output: str, rows: slice) -> list[str]:
        """Return the words of some rows of an output."""
        with self._open() as file:
            return [str(text) for text in self._column(file, f"outputs/{output}/text", True, rows)]

    def column_names(self, output: str) -> list[str]:
        """Return the column names of an output."""
        with self._open() as file:
            return [str(name) for name in self._column(file, f"outputs/{output}/names", True)]

    def document(self, name: str) -> str:
        """Return the text of the ``recipe`` (YAML) or the ``provenance`` (JSON)."""
        with self._open() as file:
            texts = self._column(file, name, True)
        if len(texts) != 1:
            raise StoreError(f"{self._path}:/{name}: {len(texts)} texts; expected 1")
        return str(texts[0])

    def provenance(self) -> dict[str, Any]:
        """Return what is known of software, weights and sources."""
        try:
            provenance = json.loads(self.document("provenance"))
        except (ValueError, RecursionError) as error:
            raise StoreError(f"{self._path}:/provenance: not JSON ({error})") from None
        if not isinstance(provenance, dict):
            raise StoreError(f"{self._path}:/provenance: {type(provenance).__name__}; expected a JSON object")
        return provenance

    @contextmanager
    def _open(self) -> Iterator[h5py.File]:
        try:
            file = h5py.File(self._path, "r")
        except OSError as error:
            reason = "missing" if not self._path.exists() else f"not a readable HDF5 file ({error})"
            raise StoreError(f"{self._path}: shard {reason}") from None
        with file:
            try:
                yield file
            except _DAMAGE as error:
                raise StoreError(f"{self._path}: cannot be read ({error})") from None

    def _rows(self, dataset: MappedDataset) -> NDArray[Any]:
        if 0 in dataset.shape:
            return np.zeros(dataset.shape, dataset.dtype)
        if dataset.offset is None:
            with self._open() as file:
                return self._read(self._dataset(file, dataset.name), dataset.dtype)
        # One map for the whole shard: every map holds a file descriptor, and a store can have thousands of datasets.
        if self._map is None:
            self._map = np.memmap(self._path, np.uint8, "r")
        return self._map[dataset.offset : dataset.offset + dataset.nbytes].view(dataset.dtype).reshape(dataset.shape)

    def _output(self, file: h5py.File, name: str, schema: OutputSchema) -> dict[str, MappedDataset]:
        datasets = {key: self._dataset(file, f"outputs/{name}/{key}") for key in OUTPUT_DATASETS}
        rows = datasets["mask"].shape[0] if datasets["mask"].shape else 0
        expected = {
            "values": (schema.dtype, (rows, *schema.shape)),
            "times": ("float64", (rows, 2)),
            "mask": ("bool", (rows,)),
            "coverage": ("float32", (rows,)),
            "offsets": ("int64", (self.segments + 1,)),
        }
        for key, (dtype, shape) in expected.items():
            dataset = datasets[key]
            if dataset.dtype != np.dtype(dtype) or dataset.shape != shape:
                raise StoreError(
                    f"{self._path}:{dataset.name}: {dataset.dtype} {dataset.shape}; expected {dtype} {shape}"
                )
        return {key: self._mapped(dataset) for key, dataset in datasets.items()}

    def _mapped(self, dataset: h5py.Dataset) -> MappedDataset:
        return MappedDataset(dataset.name.strip("/"), dataset.dtype, dataset.shape, dataset.id.get_offset())

    def _dataset(self, file: h5py.File, name: str) -> h5py.Dataset:
        """Return a dataset that can be read: all of it is in this file, at least one-dimensional."""
        where = f"{self._path}:/{name}"
        try:
            if name not in file or not isinstance(dataset := file[name], h5py.Dataset):
                raise StoreError(f"{where}: missing; expected a dataset")
            if not dataset.shape:
                raise StoreError(f"{where}: has no rows; expected at least one dimension")
            if dataset.file.id != file.id or dataset.external or dataset.is_virtual:
                raise StoreError(f"{where}: lies in another file; expected a shard that is whole")
            # A size that the file does not have would take all memory, or end the process when it is mapped.
            if _stored_rows(dataset) < len(dataset) or _end(dataset) > self._path.stat().st_size:
                raise StoreError(f"{where}: {dataset.shape} reaches past the end of the file, which is cut short")
        except _DAMAGE as error:
            raise StoreError(f"{where}: cannot be read ({error})") from None
        return dataset

    def _column(self, file: h5py.File, name: str, is_text: bool, rows: slice = slice(None)) -> NDArray[Any]:
        dataset = self._dataset(file, name)
        if dataset.ndim != 1:
            raise StoreError(f"{self._path}:/{name}: {dataset.ndim} dimensions; expected one")
        if not is_text:
            return self._read(dataset, np.dtype(np.float64))
        try:
            return np.asarray(dataset.asstr()[rows], object)
        except _DAMAGE as error:
            raise StoreError(f"{self._path}:/{name}: cannot be read ({error})") from None

    def _read(self, dataset: h5py.Dataset, dtype: np.dtype[Any]) -> NDArray[Any]:
        try:
            return np.asarray(dataset[...], dtype)
        except _DAMAGE as error:
            raise StoreError(f"{self._path}:{dataset.name}: cannot be read ({error})") from None


def _stored_rows(dataset: h5py.Dataset) -> int:
    """Return how many rows of a dataset have a place in the file; HDF5 makes up those that were never written."""
    rows = len(dataset)
    if dataset.size == 0:
        return rows
    if dataset.chunks is None:
        return rows if dataset.id.get_storage_size() else 0
    chunks = math.prod(math.ceil(size / chunk) for size, chunk in zip(dataset.shape, dataset.chunks, strict=True))
    return rows if dataset.id.get_num_chunks() == chunks else 0


def _end(dataset: h5py.Dataset) -> int:
    """Return where in the file a dataset in one piece ends; 0 for one that does not lie in one piece."""
    offset = dataset.id.get_offset()
    return 0 if offset is None else offset + max(dataset.id.get_storage_size(), dataset.nbytes)
