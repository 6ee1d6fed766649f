"""Shards as HDF5 files: opened only if they are what was written, and no dataset larger than what the file holds.

HDF5 checks the metadata of a file by their checksums, where it has such: with a superblock of version 2 or later. It
has none for the heap that holds text of variable length, and loops forever over some damage of it; so a shard has no
such text.
"""

import hashlib
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import h5py
import numpy as np
from numpy.typing import NDArray

from ..errors import StoreError, require_packages, what_the_system_said
from ..packed_rows import BLOSC2, filters_of, read_rows
from .manifest import check_is_file

HEAD_BYTES = 4096
"""A shard is known by its size and the hash of so many bytes."""
SUPERBLOCK_VERSIONS = (b"\x02", b"\x03")
MOST_CHUNK_BYTES = 64 * 2**20
"""What a chunk may unpack to; more only where one row is larger."""
MOST_UNPACKED_BYTES = 2**30
"""What may come of any packed dataset; of more only as much as `MOST_RATIO` allows."""
MOST_RATIO = 1000
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
# What HDF5 and h5py stumble over in a damaged file.
DAMAGE = (OSError, ValueError, KeyError, TypeError, IndexError, RuntimeError)


@dataclass(frozen=True, kw_only=True)
class Located:
    """Where a dataset lies."""

    name: str
    """HDF5 path, with the ``/`` in front."""
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int | None
    """Where it starts in the file; None: it does not lie in one piece."""

    @property
    def nbytes(self) -> int:
        """Bytes that the rows take, uncompressed."""
        return self.dtype.itemsize * math.prod(self.shape)


def head_sha256(path: Path) -> str:
    """Return the SHA-256 of the first `HEAD_BYTES` of a file in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read(HEAD_BYTES)).hexdigest()


def check_head(path: Path, size: int, sha256: str) -> None:
    """Check what can be checked without reading a shard: its size, its first bytes and the version of its superblock.

    Raises
    ------
    StoreError
        If the file is missing, or not the one that was written.
    """
    try:
        check_is_file(path)
        found = path.stat().st_size
        with open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError:
        raise StoreError(f"{path}: shard missing") from None
    except OSError as error:
        raise StoreError(f"{path}: shard cannot be read ({error.strerror})") from None
    if found != size:
        raise StoreError(f"{path}: {found} bytes; the manifest says {size}")
    if hashlib.sha256(head).hexdigest() != sha256:
        raise StoreError(f"{path}: its first bytes are not those that were written; another store's shard, or damaged")
    check_superblock(path, head)


def check_superblock(path: Path, head: bytes) -> None:
    """Check that HDF5 metadata have checksums; raises `StoreError`."""
    if not head.startswith(_SIGNATURE):
        raise StoreError(f"{path}: shard not a readable HDF5 file (no signature)")
    if head[8:9] not in SUPERBLOCK_VERSIONS:
        raise StoreError(
            f"{path}: superblock version {int.from_bytes(head[8:9])}; expected 2 or 3, whose metadata have checksums"
        )


@contextmanager
def open_shard(path: Path) -> Iterator[h5py.File]:
    """Open a shard to read; whatever HDF5 stumbles over is a `StoreError`."""
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise StoreError(f"{path}: shard not a readable HDF5 file ({error})") from None
    with file:
        try:
            yield file
        except DAMAGE as error:
            raise StoreError(f"{path}: cannot be read ({error})") from None


def text_attribute(path: Path, node: h5py.Group | h5py.Dataset, name: str) -> str:
    """Return a text attribute of fixed length. Raises `StoreError` if there is none."""
    try:
        attribute = h5py.h5a.open(node.id, name.encode())
    except KeyError:
        raise StoreError(f"{path}:{node.name}: no attribute '{name}'") from None
    if attribute.dtype.kind != "S" or attribute.shape:
        raise StoreError(f"{path}:{node.name}: attribute '{name}' is {attribute.dtype}; expected text of fixed length")
    text = np.empty((), attribute.dtype)
    attribute.read(text)
    return bytes(text[()]).decode()


def locate(path: Path, dataset: h5py.Dataset) -> Located:
    """Return where a dataset of numbers lies, all of it in this file, at least one-dimensional.

    Raises
    ------
    StoreError
        If it cannot be read, or would take more memory than what is in the file can fill.
    """
    # h5py's objects ask HDF5 again for every property, and a store has thousands of datasets.
    node, name = dataset.id, str(dataset.name)
    where = f"{path}:{name}"
    try:
        shape, dtype, creation = node.shape, node.dtype, node.get_create_plist()
        layout, offset, stored = creation.get_layout(), node.get_offset(), node.get_storage_size()
        if not shape:
            raise StoreError(f"{where}: has no rows; expected at least one dimension")
        if dtype.kind not in "fiub":
            raise StoreError(f"{where}: {dtype}; expected numbers")
        if layout == h5py.h5d.VIRTUAL or creation.get_external_count():
            raise StoreError(f"{where}: lies in another file; expected a shard that is whole")
        located = Located(name=name, dtype=dtype, shape=shape, offset=offset)
        # A size that the file does not have would take all memory, or end the process when it is mapped.
        is_there = _has_chunks(dataset) if layout == h5py.h5d.CHUNKED else stored > 0
        end = 0 if offset is None else offset + max(stored, located.nbytes)
        if (located.nbytes and not is_there) or end > path.stat().st_size:
            raise StoreError(f"{where}: {shape} reaches past the end of the file, which is cut short")
        if layout == h5py.h5d.CHUNKED:
            _check_chunks(where, dataset)
        return located
    except DAMAGE as error:
        raise StoreError(f"{where}: cannot be read ({error})") from None


def in_one_piece(path: Path, located: Located) -> Located:
    """Return a dataset that lies in one piece, so that it is no larger than the file; raises `StoreError` otherwise."""
    if located.offset is None and 0 not in located.shape:
        raise StoreError(
            f"{path}:{located.name}: lies in pieces; expected one, as only values of outputs may be packed"
        )
    return located


class Rows(Protocol):
    """The rows of a dataset; of a slice they are read-only: a view of the file, or a copy of what is compressed."""

    def __getitem__(self, rows: slice, /) -> NDArray[Any]: ...


@dataclass(frozen=True)
class _PackedRows:
    """Rows that are unpacked when they are asked for, no others with them than those of their chunks."""

    path: Path
    located: Located
    remedy: str

    def __getitem__(self, rows: slice, /) -> NDArray[Any]:
        with open_shard(self.path) as file:
            try:
                copy = read_rows(file[self.located.name], rows)
            except DAMAGE as error:
                raise StoreError(f"{self.path}:{self.located.name}: cannot be read ({error}){self.remedy}") from None
        copy.flags.writeable = False
        return copy


class ShardData:
    """The rows of a shard: from one map of the file where they lie in one piece, else through HDF5.

    No HDF5 handle stays open, so that it is safe wherever the process forks. ``remedy`` ends the errors of what is
    damaged.
    """

    def __init__(self, path: Path, remedy: str = "") -> None:
        self._path = path
        self._remedy = remedy
        # One map for the whole shard: every map holds a file descriptor, and a store can have thousands of datasets.
        self._map: NDArray[np.uint8] | None = None
        self._found: dict[str, Rows] = {}

    def dataset(self, located: Located) -> Rows:
        """Return all rows of a dataset, of which nothing is read yet."""
        if located.name not in self._found:
            is_mapped = located.offset is not None or 0 in located.shape
            self._found[located.name] = (
                self._view(located) if is_mapped else _PackedRows(self._path, located, self._remedy)
            )
        return self._found[located.name]

    def rows(self, located: Located, rows: slice = slice(None)) -> NDArray[Any]:
        """Return rows of a dataset, read-only: a view of the file, or a copy of those alone that are compressed."""
        return self.dataset(located)[rows]

    def _view(self, located: Located) -> NDArray[Any]:
        if located.offset is None or 0 in located.shape:
            view: NDArray[Any] = np.zeros(located.shape, located.dtype)
            view.flags.writeable = False
            return view
        if self._map is None:
            # A plain array: slices of a memmap are memmaps, which take ten times as long to make.
            try:
                self._map = np.asarray(np.memmap(self._path, np.uint8, "r"))
            except OSError as error:
                raise StoreError(
                    f"{self._path}: cannot be mapped ({what_the_system_said(error)}); "
                    "shards that were read from stay open: where there are many, raise 'ulimit -n'"
                ) from None
        bytes_ = self._map[located.offset : located.offset + located.nbytes]
        return bytes_.view(located.dtype).reshape(located.shape)


def _has_chunks(dataset: h5py.Dataset) -> bool:
    """Return whether all chunks of a dataset have a place in the file; HDF5 makes up those that were never written."""
    chunks = math.prod(math.ceil(size / chunk) for size, chunk in zip(dataset.shape, dataset.chunks, strict=True))
    return bool(dataset.id.get_num_chunks() == chunks)


def _check_chunks(where: str, dataset: h5py.Dataset) -> None:
    row_bytes = dataset.dtype.itemsize * math.prod(dataset.shape[1:])
    if dataset.chunks[1:] != dataset.shape[1:]:
        raise StoreError(f"{where}: lies in chunks of {dataset.chunks}; expected chunks of whole rows")
    chunk_bytes = row_bytes * dataset.chunks[0]
    stored = dataset.id.get_storage_size()
    if chunk_bytes > max(MOST_CHUNK_BYTES, row_bytes) or (
        dataset.nbytes > MOST_UNPACKED_BYTES and dataset.nbytes > MOST_RATIO * stored
    ):
        raise StoreError(
            f"{where}: {stored} bytes in the file unpack to {dataset.nbytes} in chunks of {chunk_bytes}; "
            "expected features, not a bomb"
        )
    if BLOSC2 in filters_of(dataset) and not h5py.h5z.filter_avail(BLOSC2):
        require_packages(where, ["hdf5plugin"], "compression")
        import hdf5plugin  # noqa: F401 (makes its filters known to HDF5)
