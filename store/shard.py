"""One shard: a whole, readable HDF5 file. `docs/store-format.md` says what must be in it."""

from collections.abc import Mapping, Sequence
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
_ALIGNMENT_BYTES = 64


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
        If the disk is full or the file cannot be written.
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
        path.unlink(missing_ok=True)
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
    group.create_dataset(name, data=np.array(cells, h5py.string_dtype()), dtype=h5py.string_dtype())


@dataclass(frozen=True)
class MappedDataset:
    """A dataset that is read from a memory map where it lies in one piece, and through h5py where it does not."""

    file: Path
    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int | None
    """Where it starts in the file; None: it does not lie in one piece."""

    def open(self) -> NDArray[Any]:
        """Return the rows: a read-only view of the file, or a copy of what is compressed."""
        if 0 in self.shape:
            return np.zeros(self.shape, self.dtype)
        if self.offset is not None:
            return np.memmap(self.file, self.dtype, "r", self.offset, self.shape)
        with h5py.File(self.file, "r") as file:
            return np.asarray(file[self.name][...])


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
            self.segments = self._dataset(file, "segments/id").shape[0]
            self._outputs = {name: self._output(file, name, schema) for name, schema in outputs.items()}
            self._maps: dict[tuple[str, str], NDArray[Any]] = {}

    def array(self, output: str, dataset: str) -> NDArray[Any]:
        """Return one of `OUTPUT_DATASETS` of an output, mapped."""
        key = (output, dataset)
        if key not in self._maps:
            try:
                self._maps[key] = self._outputs[output][dataset].open()
            except (OSError, ValueError) as error:
                raise StoreError(f"{self._path}:/outputs/{output}/{dataset}: cannot be read ({error})") from None
        return self._maps[key]

    def segment_table(self) -> dict[str, NDArray[Any]]:
        """Return the columns of the segment table, labels included under ``labels/<name>``."""
        columns = {name: name not in NUMBER_COLUMNS for name in SEGMENT_COLUMNS}
        columns |= {f"labels/{name}": kind == "text" for name, kind in self._labels.items()}
        with self._open() as file:
            return {name: self._column(file, f"segments/{name}", is_text) for name, is_text in columns.items()}

    def gap_table(self) -> dict[str, NDArray[Any]]:
        """Return the columns of the table of gaps."""
        with self._open() as file:
            return {
                name: self._column(file, f"gaps/{name}", name not in NUMBER_COLUMNS)
                for name in ("recording", "track", "start", "end", "reason")
            }

    def texts(self, output: str, rows: slice) -> list[str]:
        """Return the words of some rows of an output."""
        with self._open() as file:
            return [str(text) for text in self._dataset(file, f"outputs/{output}/text").asstr()[rows]]

    def column_names(self, output: str) -> list[str]:
        """Return the column names of an output."""
        with self._open() as file:
            return [str(name) for name in self._dataset(file, f"outputs/{output}/names").asstr()[...]]

    def document(self, name: str) -> str:
        """Return the ``recipe`` (YAML) or the ``provenance`` (JSON)."""
        with self._open() as file:
            return str(self._dataset(file, name).asstr()[0])

    def _open(self) -> h5py.File:
        try:
            return h5py.File(self._path, "r")
        except OSError as error:
            reason = "missing" if not self._path.exists() else f"not a readable HDF5 file ({error})"
            raise StoreError(f"{self._path}: shard {reason}") from None

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
        offset = dataset.id.get_offset()
        size = dataset.dtype.itemsize * int(np.prod(dataset.shape, dtype=object))
        # An offset or a size that the file does not have would end the process when it is read.
        if offset is not None and offset + size > self._path.stat().st_size:
            raise StoreError(f"{self._path}:{dataset.name}: reaches past the end of the file, which is cut short")
        return MappedDataset(self._path, str(dataset.name), dataset.dtype, dataset.shape, offset)

    def _dataset(self, file: h5py.File, name: str) -> h5py.Dataset:
        dataset = file.get(name)
        if not isinstance(dataset, h5py.Dataset):
            raise StoreError(f"{self._path}:/{name}: missing; expected a dataset")
        return dataset

    def _column(self, file: h5py.File, name: str, is_text: bool) -> NDArray[Any]:
        dataset = self._dataset(file, name)
        if is_text:
            return np.asarray(dataset.asstr()[...], object)
        return np.asarray(dataset[...], np.float64)
