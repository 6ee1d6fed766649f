"""The elements of a shard: what is written of each, and the reader for every version that there ever was.

Every element says what it is by the attributes `TYPE` and `ELEMENT_VERSION`, as those of anndata do. A change of an
element's layout is a new version with a reader of its own; the old reader stays, and so old stores stay readable.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ..errors import NewerStoreError, StoreError
from .hdf5 import DAMAGE, Located, ShardData, in_one_piece, locate, text_attribute

TYPE, ELEMENT_VERSION = "encoding-type", "encoding-version"
OUTPUT_DATASETS = ("values", "times", "mask", "coverage", "offsets")
OBSERVED = "observed"
"""Another dataset, where the rows of an output have parts."""
OUTPUT_ATTRIBUTES = ("unit", "timeline", "pool", "gaps")


@dataclass(frozen=True, kw_only=True)
class LocatedText:
    """Where texts lie: UTF-8, one text after the other, text i being the bytes ``offsets[i]:offsets[i + 1]``."""

    name: str
    bytes: Located
    offsets: Located

    @property
    def shape(self) -> tuple[int, ...]:
        """How many texts, as the shape of an array."""
        return (self.offsets.shape[0] - 1,)


Column = Located | LocatedText


@dataclass(frozen=True, kw_only=True)
class LocatedOutput:
    """Where an output lies."""

    datasets: Mapping[str, Located]
    """By the names `OUTPUT_DATASETS`, and `OBSERVED` where it is there."""
    names: LocatedText
    text: LocatedText | None
    attributes: Mapping[str, str]
    """By the names `OUTPUT_ATTRIBUTES`."""


def write_numbers(group: h5py.Group, name: str, numbers: NDArray[Any], **storage: Any) -> None:
    """Write numbers; ``storage`` is how h5py is to store them."""
    _mark(group.create_dataset(name, data=numbers, **storage), "numbers", 1)


def write_text(group: h5py.Group, name: str, texts: Sequence[str]) -> None:
    """Write texts. Raises `StoreError` for one that UTF-8 does not have: half a surrogate pair, which JSON can hold."""
    try:
        cells = [text.encode() for text in texts]
    except UnicodeEncodeError as error:
        raise StoreError(f"{group.name}/{name}: a text cannot be stored as UTF-8 ({error})") from None
    element = group.create_group(name)
    _mark(element, "text", 1)
    element.create_dataset("bytes", data=np.frombuffer(b"".join(cells), np.uint8))
    element.create_dataset("offsets", data=np.cumsum([0, *map(len, cells)], dtype=np.int64))


def write_table(group: h5py.Group, name: str, columns: Mapping[str, NDArray[np.float64] | Sequence[str]]) -> h5py.Group:
    """Write columns of numbers or texts."""
    table = group.create_group(name)
    _mark(table, "table", 1)
    for column, cells in columns.items():
        if isinstance(cells, np.ndarray):
            write_numbers(table, column, cells)
        else:
            write_text(table, column, cells)
    return table


def create_outputs(file: h5py.File) -> h5py.Group:
    """Make the group that outputs are created in."""
    outputs = file.create_group("outputs")
    _mark(outputs, "outputs", 1)
    return outputs


def create_output(group: h5py.Group, name: str, attributes: Mapping[str, str]) -> h5py.Group:
    """Make the group of an output, whose datasets are to be written."""
    output = group.create_group(name)
    _mark(output, "output", 1)
    for attribute, text in attributes.items():
        write_text_attribute(output, attribute, text)
    return output


def write_text_attribute(node: h5py.Group | h5py.Dataset, name: str, text: str) -> None:
    """Write a text attribute of fixed length: one of variable length would lie in the heap, which has no checksum."""
    data = text.encode()
    node.attrs.create(name, np.bytes_(data), dtype=h5py.string_dtype("utf-8", max(1, len(data))))


def _mark(node: h5py.Group | h5py.Dataset, kind: str, version: int) -> None:
    write_text_attribute(node, TYPE, kind)
    node.attrs[ELEMENT_VERSION] = version


def _read_numbers_1(path: Path, node: h5py.Group | h5py.Dataset) -> Located:
    return locate(path, node)


def _read_text_1(path: Path, node: h5py.Group | h5py.Dataset) -> LocatedText:
    parts = {name: _located(path, node, name) for name in ("bytes", "offsets")}
    for name, dtype in (("bytes", np.uint8), ("offsets", np.int64)):
        if parts[name].dtype != dtype or len(parts[name].shape) != 1:
            found = f"{parts[name].dtype} {parts[name].shape}"
            raise StoreError(f"{path}:{parts[name].name}: {found}; expected one dimension of {np.dtype(dtype)}")
    if not parts["offsets"].shape[0]:
        raise StoreError(f"{path}:{parts['offsets'].name}: is empty; expected one more than there are texts")
    return LocatedText(name=str(node.name), **parts)


def _read_names_1(path: Path, node: h5py.Group | h5py.Dataset) -> frozenset[str]:
    """Return the names of columns or outputs, each an element."""
    return frozenset(node)


def _read_output_1(path: Path, node: h5py.Group | h5py.Dataset) -> LocatedOutput:
    names = [*OUTPUT_DATASETS, *([OBSERVED] if OBSERVED in node else [])]
    datasets = {name: element(path, node, name, ("numbers",)) for name in names}
    return LocatedOutput(
        datasets={name: one if name == "values" else in_one_piece(path, one) for name, one in datasets.items()},
        names=element(path, node, "names", ("text",)),
        text=element(path, node, "text", ("text",)) if "text" in node else None,
        attributes={name: text_attribute(path, node, name) for name in OUTPUT_ATTRIBUTES},
    )


READERS: Mapping[tuple[str, int], Callable[[Path, h5py.Group | h5py.Dataset], Any]] = {
    ("numbers", 1): _read_numbers_1,
    ("text", 1): _read_text_1,
    ("table", 1): _read_names_1,
    ("outputs", 1): _read_names_1,
    ("output", 1): _read_output_1,
}
"""What finds an element in a shard, by its type and version."""
_DATASETS = ("numbers",)


def element(path: Path, group: h5py.Group, name: str, types: Sequence[str]) -> Any:
    """Find an element of one of some types.

    Raises
    ------
    StoreError
        Names the file and the HDF5 path of what is missing, damaged, or of a type or version that is not known.
    """
    where = f"{path}:{group.name.rstrip('/')}/{name}"
    node = _node(where, group, name)
    kind, version = marks(path, node)
    if kind not in types or isinstance(node, h5py.Dataset) != (kind in _DATASETS):
        raise StoreError(f"{where}: a {type(node).__name__.lower()} of type '{kind}'; expected {' or '.join(types)}")
    if (kind, version) not in READERS:
        known = [number for one, number in READERS if one == kind]
        error, what = (NewerStoreError, ", update it") if version > max(known) else (StoreError, "")
        listed = ", ".join(map(str, known))
        raise error(f"{where}: '{kind}' of version {version}; this trimodal reads version {listed}{what}")
    return READERS[kind, version](path, node)


def marks(path: Path, node: h5py.Group | h5py.Dataset) -> tuple[str, int]:
    """Return type and version of an element; raises `StoreError` for what does not say them."""
    kind = text_attribute(path, node, TYPE)
    try:
        attribute = h5py.h5a.open(node.id, ELEMENT_VERSION.encode())
    except KeyError:
        attribute = None
    if attribute is None or attribute.dtype.kind not in "iu" or attribute.shape:
        raise StoreError(f"{path}:{node.name}: no attribute '{ELEMENT_VERSION}' with one whole number")
    version = np.empty((), attribute.dtype)
    attribute.read(version)
    return kind, int(version)


def _node(where: str, group: h5py.Group, name: str) -> h5py.Group | h5py.Dataset:
    try:
        links = group.id.links
        if not links.exists(name.encode()):
            raise StoreError(f"{where}: missing")
        if links.get_info(name.encode()).type != h5py.h5l.TYPE_HARD:
            raise StoreError(f"{where}: is a link; expected a shard that is whole")
        node = group[name]
    except DAMAGE as error:
        raise StoreError(f"{where}: cannot be read ({error})") from None
    if not isinstance(node, h5py.Group | h5py.Dataset):
        raise StoreError(f"{where}: missing")
    return node


def _located(path: Path, group: h5py.Group, name: str) -> Located:
    where = f"{path}:{group.name}/{name}"
    node = _node(where, group, name)
    if not isinstance(node, h5py.Dataset):
        raise StoreError(f"{where}: a group; expected a dataset")
    return in_one_piece(path, locate(path, node))


def read_column(data: ShardData, column: Column, path: Path, rows: slice = slice(None)) -> NDArray[Any]:
    """Return rows of a column: float64, or texts as an object array. Raises `StoreError` if it is damaged."""
    if isinstance(column, Located):
        return data.rows(column, rows)
    first, last, _ = rows.indices(column.shape[0])
    offsets = data.rows(column.offsets, slice(first, max(first, last) + 1))
    if offsets[0] < 0 or offsets[-1] > column.bytes.shape[0] or (offsets[1:] < offsets[:-1]).any():
        raise StoreError(f"{path}:{column.offsets.name}: do not run up from 0 to {column.bytes.shape[0]}")
    cells = data.rows(column.bytes, slice(int(offsets[0]), int(offsets[-1]))).tobytes()
    ends = (offsets - offsets[0]).tolist()
    texts = np.empty(len(offsets) - 1, object)
    try:
        if cells.isascii():  # a slice of a text is made faster than one of bytes is decoded
            whole = cells.decode()
            texts[:] = [whole[one:other] for one, other in pairwise(ends)]
        else:
            texts[:] = [cells[one:other].decode() for one, other in pairwise(ends)]
    except UnicodeDecodeError as error:
        raise StoreError(f"{path}:{column.name}: a text is not UTF-8 ({error})") from None
    return texts
