"""Computational sequences of the CMU Multimodal SDK (.csd): HDF5 files of others, of which nothing is believed."""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import TrimodalError, one_line
from ..packed_rows import read_rows

_KINDS = {"numbers": "fiub", "words as bytes": "S"}
"""Kinds of NumPy's types."""
_PART = re.compile(r"(.+)\[(\d{1,9})\]", re.DOTALL)


class CsdFile:
    """An open sequence, ``/<root>/data/<entry>/{features, intervals}``, without what lies in other files."""

    def __init__(self, path: Path, file: Any, error: type[TrimodalError], most_bytes: int) -> None:
        """Find the groups in an `h5py.File`; see `open_csd`."""
        self._path, self._error, self._most_bytes = path, error, most_bytes
        if len(file) != 1:
            raise error(f"{path}: has {len(file)} groups; expected one computational sequence")
        self._root = self._member(file, next(iter(file)), "group")
        self._data = self._member(self._root, "data", "group")

    def entries(self) -> list[str]:
        """Return the names of all entries."""
        names = list(self._data)
        for name in names:
            if not isinstance(name, str) or not name.strip():  # bytes where it is not UTF-8
                raise self._error(f"{self._path}: has an entry {name!r}; expected names of recordings")
        return names

    def dataset(self, entry: str, name: str) -> Any:
        """Return a dataset of an entry, whose data are in the file and not yet read."""
        return self._checked(self._member(self._member(self._data, entry, "group"), name, "dataset"))

    def rows(
        self,
        entry: str,
        name: str,
        kind: Literal["numbers", "words as bytes"] = "numbers",
        columns: int | None = None,
    ) -> NDArray[Any]:
        """Read a dataset of an entry, shape (T, columns); any number of columns where none is given."""
        dataset = self.dataset(entry, name)
        is_table = dataset.ndim == 2 and columns in (None, dataset.shape[1])
        if not is_table or dataset.dtype.kind not in _KINDS[kind]:
            raise self._error(
                f"{self._path}: '{dataset.name}' is {dataset.dtype} of shape {dataset.shape}; "
                f"expected {'rows' if columns is None else f'{columns} columns'} of {kind}"
            )
        return read_rows(dataset)

    def last_row(self, entry: str, name: str) -> NDArray[Any]:
        """Read the last row of a dataset of an entry; none where it has none."""
        dataset = self.dataset(entry, name)
        return read_rows(dataset, slice(-1, None)) if dataset.ndim else np.zeros(0)

    def metadata(self, name: str) -> Any:
        """Return a dataset of the metadata, which is not yet read."""
        found = self._checked(self._member(self._member(self._root, "metadata", "group"), name, "dataset"))
        if found.chunks is not None:
            raise self._error(f"{self._path}: '{found.name}' lies in chunks; expected metadata as the SDK writes them")
        return found

    def _member(self, parent: Any, name: str, kind: Literal["group", "dataset"]) -> Any:
        """Return a group or dataset that lies in the file itself: the name of a link, and no path along others."""
        import h5py

        is_own = "/" not in str(name) and isinstance(parent.get(name, getlink=True), h5py.HardLink)
        member = parent[name] if is_own else None
        if not isinstance(member, h5py.Group if kind == "group" else h5py.Dataset):
            raise self._error(
                f"{self._path}: '{parent.name}' has no {kind} '{name}'; expected a computational sequence without links"
            )
        return member

    def _checked(self, dataset: Any) -> Any:
        chunk_bytes = dataset.dtype.itemsize * math.prod(dataset.chunks or ())  # of which one is read as a whole
        if max(dataset.nbytes, chunk_bytes) > self._most_bytes or dataset.external or dataset.is_virtual:
            most = f"{self._most_bytes >> 30} GiB" if self._most_bytes >> 30 else f"{self._most_bytes >> 20} MiB"
            raise self._error(f"{self._path}: '{dataset.name}' is not in the file, or larger than {most}")
        if dataset.size and not dataset.id.get_storage_size():  # HDF5 makes up what was never written
            raise self._error(
                f"{self._path}: '{dataset.name}' has a shape {dataset.shape} and no data; expected a whole file"
            )
        return dataset


@contextmanager
def open_csd(path: Path, error: type[TrimodalError], most_bytes: int = 64 * 2**20) -> Iterator[CsdFile]:
    """Open a sequence.

    Parameters
    ----------
    path
        The file.
    error
        What is raised where it is no such sequence, or damaged.
    most_bytes
        No larger dataset is read.

    Raises
    ------
    TrimodalError
        That ``error``, here and in every method of the open file.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            yield CsdFile(path, file, error, most_bytes)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, IndexError) as damage:  # what h5py raises of bytes
        raise error(f"{path}: not a whole HDF5 file ({one_line(damage)})") from None


def recording_and_part(entry: str) -> tuple[str, int | None]:
    """Return the recording that an entry is of, and which part of it: the SDK's ``align`` parts it into ``id[0]``, ...

    Examples
    --------
    >>> recording_and_part("03bSnISJMiM[12]"), recording_and_part("03bSnISJMiM")
    (('03bSnISJMiM', 12), ('03bSnISJMiM', None))
    """
    match = _PART.fullmatch(entry)
    return (match[1], int(match[2])) if match else (entry, None)
