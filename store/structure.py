"""Checking that everything in a shard is an element, and lies in the file itself."""

from collections.abc import Iterator
from pathlib import Path

import h5py

from ..errors import StoreError
from .elements import marks
from .hdf5 import open_shard


def structure_problems(path: Path) -> Iterator[str]:
    """Yield what breaks the rules for elements in a shard, also in those that no reader asks for.

    Raises
    ------
    StoreError
        If it cannot be read.
    """
    with open_shard(path) as file:
        yield from _attributes(path, file)
        yield from _members(path, file, set())


def _members(path: Path, group: h5py.Group, seen: set[h5py.h5g.GroupID | h5py.h5d.DatasetID]) -> Iterator[str]:
    """Check what is in a group that is no text, and in what is in it."""
    for name in group:
        where = f"{path}:{group.name.rstrip('/')}/{name}".encode(errors="backslashreplace").decode()
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            yield f"{where}: is a link; expected a shard that is whole"
            continue
        node = group[name]
        if node.id in seen:  # a group can have itself for a member
            continue
        seen.add(node.id)
        yield from _attributes(path, node)
        try:
            kind, _ = marks(path, node)
        except StoreError as error:
            yield str(error)
            continue
        if isinstance(node, h5py.Dataset):
            is_values = name == "values" and group.name.startswith("/outputs/")
            yield from _dataset(where, node, may_lie_in_chunks=is_values)
        elif kind == "text":
            for part in ("bytes", "offsets"):
                if isinstance(node.get(part), h5py.Dataset):
                    yield from _dataset(f"{where}/{part}", node[part], may_lie_in_chunks=False)
        else:
            yield from _members(path, node, seen)


def _dataset(where: str, dataset: h5py.Dataset, *, may_lie_in_chunks: bool) -> Iterator[str]:
    if dataset.dtype.hasobject:
        yield f"{where}: is of variable length; expected numbers"
    if dataset.external or dataset.is_virtual:
        yield f"{where}: lies in another file; expected a shard that is whole"
    if dataset.chunks is not None and not may_lie_in_chunks:
        yield f"{where}: lies in pieces; expected one, as only values of outputs may be packed"


def _attributes(path: Path, node: h5py.Group | h5py.Dataset) -> Iterator[str]:
    for name in node.attrs:
        if node.attrs.get_id(name).dtype.hasobject:
            yield f"{path}:{node.name}: attribute '{name}' is of variable length; expected text of fixed length"
