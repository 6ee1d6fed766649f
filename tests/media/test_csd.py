import multiprocessing
import resource
import zlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from csd_files import cut_off, hostile_sequences, no_sequences, spoil, write_csd
from hypothesis import given
from hypothesis import strategies as st

from trimodal.errors import MediaError
from trimodal.media.csd import open_csd, recording_and_part

ENTRIES: dict[str, tuple[Any, Any]] = {"v": ([[1, 2], [3, 4]], [[0.0, 0.5], [0.5, 1.0]]), "w": ([[b"so"]], [[0, 1]])}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_csd(tmp_path / "a.csd", "x", ENTRIES, ["f0", "vuv"])


def test_what_is_in_a_sequence(path: Path) -> None:
    with open_csd(path, MediaError) as file:
        assert file.entries() == ["v", "w"]
        assert file.rows("v", "features").tolist() == [[1, 2], [3, 4]]
        assert file.rows("v", "intervals", columns=2).dtype == np.float64
        assert file.rows("w", "features", "words as bytes", columns=1).tolist() == [[b"so"]]
        assert file.dataset("v", "intervals")[-1, 1] == 1.0
        assert file.metadata("dimension names").asstr()[0] == '["f0", "vuv"]'


def test_rows_of_another_form(path: Path) -> None:
    with open_csd(path, MediaError) as file:
        with pytest.raises(MediaError, match=r"is int64 of shape \(2, 2\); expected 3 columns of numbers"):
            file.rows("v", "features", columns=3)
        with pytest.raises(MediaError, match=r"is int64 of shape \(2, 2\); expected rows of words as bytes"):
            file.rows("v", "features", "words as bytes")
        with pytest.raises(MediaError, match=r"is \|S2 of shape \(1, 1\); expected rows of numbers"):
            file.rows("w", "features")


@hostile_sequences
def test_hostile_files(edit: Callable[[h5py.File], object], message: str, path: Path) -> None:
    spoil(path, edit)
    with pytest.raises(MediaError, match=message) as caught, open_csd(path, MediaError) as file:
        for entry in file.entries():
            file.rows(entry, "features")
    assert "\n" not in str(caught.value)


def test_a_name_is_no_path_along_links(path: Path) -> None:
    secret = write_csd(path.with_name("secret.csd"), "x", ENTRIES)
    spoil(path, lambda file: file["x/data"].__setitem__("link", h5py.ExternalLink(str(secret), "/x/data")))
    with open_csd(path, MediaError) as file, pytest.raises(MediaError, match="'/x/data' has no group 'link/v'"):
        file.rows("link/v", "features")


def test_links_to_metadata_are_not_followed(path: Path) -> None:
    spoil(path, lambda file: file["x/metadata"].__setitem__("units", h5py.SoftLink("/x/metadata/creator")))
    with open_csd(path, MediaError) as file, pytest.raises(MediaError, match="has no dataset 'units'"):
        file.metadata("units")


def _rows_in_little_memory(path: Path) -> str:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 256 * 2**20,) * 2)
    try:
        with open_csd(path, MediaError) as file:
            return str(file.rows("v", "features").shape)
    except MediaError as error:
        return str(error)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux")
def test_a_chunk_that_inflates_to_gigabytes(path: Path) -> None:
    deflate = zlib.compressobj(9)
    zeros = bytes(2**24)
    content = b"".join([*(deflate.compress(zeros) for _ in range(128)), deflate.flush()])

    def edit(file: h5py.File) -> None:
        packed = file.create_dataset("x/data/v/wide", (300_000, 1), "f8", chunks=(300_000, 1), compression="gzip")
        packed.id.write_direct_chunk((0, 0), content)
        file.move("x/data/v/wide", "x/data/v/features")

    spoil(path, lambda file: file.__delitem__("x/data/v/features"))
    spoil(path, edit)
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        found = pool.submit(_rows_in_little_memory, path).result()
    assert found.startswith(f"{path}: not a whole HDF5 file (the chunk (0, 0) of /x/data/v/features does not unpack to")


def test_metadata_in_chunks_are_not_read(path: Path) -> None:
    spoil(path, lambda file: file["x/metadata"].create_dataset("units", data=np.zeros(9), compression="gzip"))
    with open_csd(path, MediaError) as file, pytest.raises(MediaError, match="'/x/metadata/units' lies in chunks; exp"):
        file.metadata("units")


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("chunks", [(57, 11), (10, 3), (1, 11), (50, 4), (7, 1)])
def test_chunks_of_any_shape(path: Path, chunks: tuple[int, int], shuffle: bool) -> None:
    rows = np.random.default_rng(0).normal(size=(57, 11))
    packing = {"chunks": chunks, "compression": "gzip", "shuffle": shuffle}
    spoil(path, lambda file: file["x/data/v"].create_dataset("packed", data=rows, **packing))
    with open_csd(path, MediaError) as file:
        np.testing.assert_array_equal(file.rows("v", "packed"), rows)
        np.testing.assert_array_equal(file.last_row("v", "packed"), rows[-1:])


def test_no_more_is_read_than_asked_for(path: Path) -> None:
    spoil(path, lambda file: file["x/data/v"].create_dataset("wide", data=np.zeros((2**17 + 1, 1))))
    with open_csd(path, MediaError, 2**20) as file, pytest.raises(MediaError, match="or larger than 1 MiB"):
        file.rows("v", "wide")
    with open_csd(path, MediaError) as file:
        assert len(file.rows("v", "wide")) == 2**17 + 1


@no_sequences
def test_no_whole_file(content: bytes | None, path: Path) -> None:
    cut_off(path, content)
    with pytest.raises(MediaError, match=r"a\.csd: not a whole HDF5 file"), open_csd(path, MediaError):
        pass


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"a\.csd: not a whole HDF5 file"), open_csd(tmp_path / "a.csd", MediaError):
        pass


@given(recording=st.text(min_size=1), part=st.integers(0, 10**9 - 1))
def test_parts_of_recordings(recording: str, part: int) -> None:
    assert recording_and_part(f"{recording}[{part}]") == (recording, part)


@pytest.mark.parametrize("entry", ["v", "v[", "v[]", "v[x]", "v[-1]", "[0]", "v[0]x"])
def test_entries_that_are_no_parts(entry: str) -> None:
    assert recording_and_part(entry) == (entry, None)
