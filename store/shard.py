"""Reading one shard. `docs/store-format.md` says what must be in it."""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ..errors import NewerStoreError, StoreError, did_you_mean
from .elements import OBSERVED, OUTPUT_ATTRIBUTES, Column, LocatedOutput, element, read_column
from .hdf5 import Located, Rows, ShardData, check_head, in_one_piece, open_shard, text_attribute
from .manifest import Manifest, check_version
from .schema import OutputSchema, SegmentRow

SEGMENT_COLUMNS = ("id", "recording", "start", "end", "split", "speaker", "text")
NUMBER_COLUMNS = ("start", "end")
REMEDY = "; 'trimodal subset STORE --without-damaged' saves the other shards"
GAP_COLUMNS = ("recording", "track", "start", "end", "reason")


@dataclass(frozen=True, kw_only=True, eq=False)
class OutputViews:
    """All rows of one output of one shard: those of segment i are ``offsets[i]:offsets[i + 1]``."""

    offsets: list[int]
    """A list, because single numbers come out of an array ten times as slowly."""
    values: Rows
    times: Rows
    mask: Rows
    coverage: Rows
    observed: Rows
    """Of every part of a row; the mask, where rows have no parts."""


class ShardReader:
    """Reads one shard; HDF5 says once where an element lies, when it is asked for, and reads only what is packed.

    Parameters
    ----------
    path
        The file.
    outputs, labels
        What the manifest says is in it.
    remedy
        What ends the errors of what is damaged.

    Raises
    ------
    StoreError
        Names the file and the HDF5 path of what is wrong.
    """

    def __init__(
        self, path: Path, outputs: Mapping[str, OutputSchema], labels: Mapping[str, str], remedy: str = ""
    ) -> None:
        self._path = path
        self._remedy = remedy
        self._schemas = outputs
        self._kinds = labels
        self._data = ShardData(path, remedy)
        self._outputs: dict[str, LocatedOutput] = {}
        self._views: dict[str, OutputViews] = {}
        self._columns: dict[tuple[str, str], NDArray[Any]] = {}
        with open_shard(path) as file:
            _check_version(path, file)
            self.segments = _columns(path, file, "segments", {"id": True})["id"].shape[0]
            """Number of segments."""

    @classmethod
    def of(cls, folder: Path, manifest: Manifest, number: int) -> "ShardReader":
        """Open a shard of a store, if it is what was written as far as its size and first bytes tell."""
        entry = manifest.shards[number]
        path = folder / entry.file
        remedy = REMEDY if len(manifest.shards) > 1 else ""
        with _with_remedy(remedy):
            check_head(path, entry.bytes, entry.head_sha256)
            shard = cls(path, manifest.outputs, manifest.labels, remedy)
            if shard.segments != entry.segments:
                raise StoreError(f"{path}: {shard.segments} segments; the manifest says {entry.segments}")
        return shard

    def array(self, output: str, dataset: str) -> NDArray[Any]:
        """Return one of `OUTPUT_DATASETS` or `OBSERVED`, read-only: a view of the file, or a copy if compressed."""
        return self._data.rows(self._output(output).datasets[dataset])

    def rows(self, output: str, dataset: str, rows: slice) -> NDArray[Any]:
        """Return some rows of such a dataset, read-only; of what is compressed, no others are unpacked."""
        return self._data.rows(self._output(output).datasets[dataset], rows)

    def views(self, output: str) -> OutputViews:
        """Return the rows of an output, to be cut by segment; what is compressed is unpacked when it is."""
        if output not in self._views:
            datasets = self._output(output).datasets
            self._views[output] = OutputViews(
                offsets=self._data.rows(datasets["offsets"]).tolist(),
                **{name: self._data.dataset(datasets[name]) for name in ("values", "times", "mask", "coverage")},
                observed=self._data.dataset(datasets[OBSERVED if self._schemas[output].parts else "mask"]),
            )
        return self._views[output]

    def column(self, name: str) -> NDArray[Any]:
        """Return a column of the segment table, kept for the next time."""
        return self._cells("segments", [name])[name]

    def label(self, name: str) -> NDArray[Any]:
        """Return a label of all segments, kept for the next time."""
        return self._cells("labels", [name])[name]

    def segment_table(self) -> dict[str, NDArray[Any]]:
        """Return the columns of the segment table, then the labels."""
        self.load({"segments": SEGMENT_COLUMNS, "labels": self._kinds})
        return self._cells("segments", SEGMENT_COLUMNS) | self._cells("labels", self._kinds)

    def load(self, tables: Mapping[str, Collection[str]]) -> None:
        """Find and read columns of tables at once, to be kept: to open a file and find a column takes longest."""
        wanted = {
            table: {name: self._is_text(table, name) for name in names if (table, name) not in self._columns}
            for table, names in tables.items()
        }
        if any(wanted.values()):
            with _with_remedy(self._remedy):
                self._columns |= self._read(wanted)

    def segment_rows(self) -> list[SegmentRow]:
        """Return the segment table by rows."""
        labels = {name: self.label(name).tolist() for name in self._kinds}
        columns = (self.column(name).tolist() for name in SEGMENT_COLUMNS)
        return [
            SegmentRow(
                **dict(zip(SEGMENT_COLUMNS, cells, strict=True)),
                labels={name: values[row] for name, values in labels.items()},
            )
            for row, cells in enumerate(zip(*columns, strict=True))
        ]

    def gap_table(self) -> dict[str, NDArray[Any]]:
        """Return the columns of the table of gaps."""
        table = self._cells("gaps", GAP_COLUMNS)
        for name, cells in table.items():
            if len(cells) != len(table["recording"]):
                raise StoreError(f"{self._path}:/gaps/{name}: {len(cells)} rows; expected {len(table['recording'])}")
        return table

    def texts(self, output: str, rows: slice) -> list[str]:
        """Return the words of some rows of an output."""
        text = self._output(output).text
        if text is None:
            raise StoreError(f"{self._path}:/outputs/{output}/text: missing; the rows of this output are no words")
        return list(read_column(self._data, text, self._path, rows))

    def column_names(self, output: str) -> list[str]:
        """Return the column names of an output."""
        return list(read_column(self._data, self._output(output).names, self._path))

    def attributes(self, output: str) -> Mapping[str, str]:
        """Return the `OUTPUT_ATTRIBUTES` of an output."""
        return self._output(output).attributes

    def document(self, name: str) -> str:
        """Return the text of the ``recipe`` (YAML) or the ``provenance`` (JSON)."""
        with _with_remedy(self._remedy):
            with open_shard(self._path) as file:
                located = element(self._path, file, name, ("text",))
            texts = read_column(self._data, located, self._path)
            if len(texts) != 1:
                raise StoreError(f"{self._path}:/{name}: {len(texts)} texts; expected 1")
            return str(texts[0])

    def provenance(self) -> dict[str, Any]:
        """Return what is known of software, weights and sources."""
        text = self.document("provenance")
        with _with_remedy(self._remedy):
            try:
                provenance = json.loads(text)
            except (ValueError, RecursionError) as error:
                raise StoreError(f"{self._path}:/provenance: not JSON ({error})") from None
            _check_provenance(self._path, provenance)
        return dict(provenance)

    def observed(self, output: str) -> NDArray[np.bool_]:
        """Return whether anything was observed of an output in every segment."""
        before = np.concatenate([[0], np.cumsum(self.array(output, "mask"))])
        offsets = self.array(output, "offsets")
        return np.asarray(before[offsets[1:]] > before[offsets[:-1]], bool)

    def _cells(self, table: str, names: Collection[str]) -> dict[str, NDArray[Any]]:
        self.load({table: names})
        return {name: self._columns[table, name] for name in names}

    def _read(self, wanted: Mapping[str, Mapping[str, bool]]) -> dict[tuple[str, str], NDArray[Any]]:
        """Return columns by table and name; of those that are wanted it is known whether they are text."""
        with open_shard(self._path) as file:
            columns = {
                (table, name): column
                for table, are_text in wanted.items()
                for name, column in _columns(self._path, file, table, are_text).items()
            }
        for (table, _), column in columns.items():
            if table != "gaps" and column.shape[0] != self.segments:
                raise StoreError(f"{self._path}:{column.name}: {column.shape[0]} rows; expected {self.segments}")
        return {place: read_column(self._data, column, self._path) for place, column in columns.items()}

    def _is_text(self, table: str, name: str) -> bool:
        return self._kinds[name] == "text" if table == "labels" else name not in NUMBER_COLUMNS

    def _output(self, name: str) -> LocatedOutput:
        """Return where an output lies, found once."""
        if name not in self._outputs:
            if name not in self._schemas:
                raise StoreError(f"{self._path}: no output is called '{name}'; {did_you_mean(name, self._schemas)}")
            with _with_remedy(self._remedy):
                with open_shard(self._path) as file:
                    element(self._path, file, "outputs", ("outputs",))
                    output: LocatedOutput = element(self._path, file["outputs"], name, ("output",))
                self._check_output(f"{self._path}:/outputs/{name}", output, self._schemas[name])
            self._outputs[name] = output
        return self._outputs[name]

    def _check_output(self, where: str, output: LocatedOutput, schema: OutputSchema) -> None:
        mask = output.datasets["mask"].shape
        expected = {
            "values": (schema.dtype, (mask[0], *schema.shape)),
            "times": ("float64", (mask[0], 2)),
            "mask": ("bool", mask[:1]),
            "coverage": ("float32", mask[:1]),
            "offsets": ("int64", (self.segments + 1,)),
            **({OBSERVED: ("bool", (mask[0], *schema.parts))} if schema.parts else {}),
        }
        for key, (dtype, shape) in expected.items():
            if key not in output.datasets:
                raise StoreError(f"{where}/{key}: missing; expected {dtype} {shape}")
            found = output.datasets[key]
            if found.dtype != np.dtype(dtype) or found.shape != shape:
                raise StoreError(f"{where}/{key}: {found.dtype} {found.shape}; expected {dtype} {shape}")
        offsets = self._data.rows(output.datasets["offsets"])
        if offsets[0] != 0 or offsets[-1] != mask[0] or (offsets[1:] < offsets[:-1]).any():
            raise StoreError(f"{where}/offsets: do not run from 0 to {mask[0]} in order")
        if schema.has_text and (output.text is None or output.text.shape[0] != mask[0]):
            found_texts = "missing" if output.text is None else f"{output.text.shape[0]} rows"
            raise StoreError(f"{where}/text: {found_texts}; expected {mask[0]} rows")
        for key in OUTPUT_ATTRIBUTES:
            if output.attributes[key] != getattr(schema, key):
                raise StoreError(f"{where}: attribute '{key}' is not that of the manifest")


def _check_version(path: Path, file: h5py.File) -> None:
    found = file.attrs.get_id("version") if "version" in file.attrs else None
    version = int(file.attrs["version"]) if found is not None and found.dtype.kind in "iu" and not found.shape else None
    check_version(path, text_attribute(path, file, "format"), version)


def _check_provenance(path: Path, provenance: object) -> None:
    """Check what others rely on; raises `StoreError`."""
    if not isinstance(provenance, dict):
        raise StoreError(f"{path}:/provenance: {type(provenance).__name__}; expected a JSON object")
    for part, kind, what in (("tracks", list, "lists"), ("sources", dict, "JSON objects")):
        if not isinstance(found := provenance.get(part), dict):
            raise StoreError(f"{path}:/provenance: no '{part}'; expected a JSON object of that name")
        if not all(isinstance(one, kind) for one in found.values()):
            raise StoreError(f"{path}:/provenance: '{part}' holds something else than {what}")


@contextmanager
def _with_remedy(remedy: str) -> Iterator[None]:
    """End the errors of what is damaged with what can be done, once; what is only newer is not damaged."""
    try:
        yield
    except NewerStoreError:
        raise
    except StoreError as error:
        raise StoreError(str(error).removesuffix(remedy) + remedy) from None


def _columns(path: Path, file: h5py.File, table: str, are_text: Mapping[str, bool]) -> dict[str, Column]:
    """Return where columns lie that a table must have; it may have others."""
    there = element(path, file, table, ("table",))
    group = file[table]
    columns: dict[str, Column] = {}
    for name, is_text in are_text.items():
        if name not in there:
            raise StoreError(f"{path}:/{table}/{name}: missing; expected a column")
        column: Column = element(path, group, name, ("text",) if is_text else ("numbers",))
        if isinstance(column, Located) and (column.dtype != np.float64 or len(column.shape) != 1):
            raise StoreError(f"{path}:{column.name}: {column.dtype} {column.shape}; expected one dimension of float64")
        columns[name] = in_one_piece(path, column) if isinstance(column, Located) else column
    return columns
