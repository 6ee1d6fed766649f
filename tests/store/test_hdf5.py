import struct
from pathlib import Path

import h5py
import hdf5plugin
import numpy as np
import pytest

from trimodal.errors import MissingPackageError, StoreError
from trimodal.store.hdf5 import ShardData, locate, open_shard


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file as h5py writes it by default; its headers have no checksums, so that they can be patched."""
    with h5py.File(tmp_path / "x.h5", "w", libver="earliest") as file:
        file["values"] = np.arange(18, dtype="f4").reshape(6, 3)  # the last in the file
    return tmp_path / "x.h5"


def _locate(path: Path) -> np.ndarray:
    with open_shard(path) as file:
        located = locate(path, file["values"])
    return ShardData(path).rows(located)


def _patch(path: Path, old: tuple[int, int], new: tuple[int, int]) -> None:
    """Replace two neighbouring numbers of the header, wherever they are."""
    one, other = (struct.pack("<QQ", *pair) for pair in (old, new))
    data = path.read_bytes()
    assert one in data
    path.write_bytes(data.replace(one, other))


def test_rows(path: Path) -> None:
    np.testing.assert_array_equal(_locate(path), np.arange(18, dtype="f4").reshape(6, 3))


def test_rows_past_the_end_of_the_file(path: Path) -> None:
    # Reading a map past the end of its file would end the process.
    with h5py.File(path) as file:
        place = file["values"].id.get_offset()
    _patch(path, (place, 72), (path.stat().st_size - 40, 72))
    # Some versions of HDF5 see it themselves.
    with pytest.raises(StoreError, match=r"x\.h5.*(cannot be read|\(6, 3\) reaches past the end)"):
        _locate(path)


def test_more_rows_than_the_file_has(path: Path) -> None:
    _patch(path, (6, 3), (2**50, 3))
    with pytest.raises(StoreError, match=r"x\.h5.*(cannot be read|reaches past the end)"):
        _locate(path)


def test_filter_that_is_not_installed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with h5py.File(path, "a") as file:
        del file["values"]
        file.create_dataset("values", data=np.zeros((6, 3)), chunks=(6, 3), **hdf5plugin.Blosc2())
    monkeypatch.setattr("h5py.h5z.filter_avail", lambda number: False)
    monkeypatch.setattr("trimodal.errors._is_installed", lambda module: False)
    with pytest.raises(MissingPackageError, match=r"/values needs the package 'hdf5plugin'.*'trimodal\[compression\]'"):
        _locate(path)
