from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from csd_files import cut_off, hostile_sequences, no_sequences, spoil, write_csd

from trimodal.errors import TrackError
from trimodal.extract.imported.csd import read_csd

TIMES = [[0.0, 0.01], [0.01, 0.02]]


def test_an_entry(tmp_path: Path) -> None:
    """As large as the example that the SDK's authors describe: 18,009 rows of 74 columns at 100 Hz."""
    features = np.random.default_rng(0).normal(size=(18_009, 74)).astype(np.float32)
    starts = np.arange(18_009) / 100
    entries = {"v": (features, np.stack([starts, starts + 0.01], 1)), "w": ([[1.0]], [[0, 1]])}
    path = write_csd(tmp_path / "a.csd", "x", entries)
    found = read_csd(path, "v")
    np.testing.assert_array_equal(found.values, features)
    np.testing.assert_array_equal(found.times[:, 0], starts)
    assert found.columns == ()
    assert read_csd(path, "w").times.dtype == np.float64


def test_parts_that_the_sdk_made_by_aligning_are_one(tmp_path: Path) -> None:
    parts = {f"v[{number}]": ([[float(number)]], [[number, number + 1]]) for number in (0, 1, 2, 10)}
    found = read_csd(write_csd(tmp_path / "a.csd", "x", {**parts, "vv[0]": ([[9.0]], [[0, 1]])}), "v")
    assert found.values[:, 0].tolist() == [0, 1, 2, 10]


def test_parts_of_segments_that_overlap_are_brought_into_one_order(tmp_path: Path) -> None:
    parts = {"v[0]": ([[0.0], [1.0]], [[4, 5], [6, 7]]), "v[1]": ([[2.0], [3.0]], [[0, 1], [5, 6]])}
    found = read_csd(write_csd(tmp_path / "a.csd", "x", parts), "v")
    assert found.times[:, 0].tolist() == [0, 4, 5, 6]
    assert found.values[:, 0].tolist() == [2, 0, 3, 1]


def test_rows_of_one_entry_must_be_in_order(tmp_path: Path) -> None:
    path = write_csd(tmp_path / "a.csd", "x", {"v[0]": ([[0.0], [1.0]], [[4, 5], [0, 1]])})
    with pytest.raises(TrackError, match=r"a\.csd: 'v\[0\]': row 1 \[0, 1\) follows row 0 \[4, 5\)"):
        read_csd(path, "v")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["f0", "vuv"], ("f0", "vuv")),
        (["f0"], ()),
        (["f0", "f0"], ()),
        ([1, 2], ()),
        ("f0", ()),
        (None, ()),
    ],
)
def test_names_of_columns(tmp_path: Path, names: object, expected: tuple[str, ...]) -> None:
    assert read_csd(write_csd(tmp_path / "a.csd", "x", {"v": (np.ones((2, 2)), TIMES)}, names), "v").columns == expected


def test_an_entry_that_is_not_there(tmp_path: Path) -> None:
    path = write_csd(tmp_path / "a.csd", "x", {f"video{number}": (np.ones((2, 2)), TIMES) for number in range(5)})
    with pytest.raises(TrackError, match=r"none of its 5 entries is 'vidio1'; did you mean 'video1'\?"):
        read_csd(path, "vidio1")
    with pytest.raises(TrackError, match="it begins with video0, video1, video2"):
        read_csd(path, "x")


@pytest.mark.parametrize(
    ("features", "intervals", "message"),
    [
        (np.ones((2, 2)), [[0, 1]], r"has features \(2, 2\) and intervals \(1, 2\); expected as many rows"),
        (np.ones((2, 2)), [[0, 1, 2]] * 2, r"intervals \(2, 3\); .* two columns of times"),
        (np.array([[b"word"], [b"sp"]]), TIMES, r"features' is \|S4 of shape \(2, 1\); expected rows of numbers"),
        (np.ones(2), TIMES, r"of shape \(2,\); expected rows of numbers"),
    ],
)
def test_entries_of_another_form(tmp_path: Path, features: Any, intervals: Any, message: str) -> None:
    with pytest.raises(TrackError, match=message):
        read_csd(write_csd(tmp_path / "a.csd", "x", {"v": (features, intervals)}), "v")


def test_parts_of_different_widths(tmp_path: Path) -> None:
    path = write_csd(tmp_path / "a.csd", "x", {"v[0]": (np.ones((2, 2)), TIMES), "v[1]": (np.ones((2, 3)), TIMES)})
    with pytest.raises(TrackError, match=r"the parts of 'v' have \[2, 3\] columns; expected as many in each"):
        read_csd(path, "v")


def test_parts_that_are_too_large_together(tmp_path: Path) -> None:
    def add_parts(file: h5py.File) -> None:
        for number in (0, 1):
            shape = (10**8, 2)
            features = file.create_dataset(f"x/data/w[{number}]/features", shape, "f8", chunks=(1000, 2))
            features[:2] = 1.0

    path = spoil(write_csd(tmp_path / "a.csd", "x", {"v": (np.ones((2, 2)), TIMES)}), add_parts)
    with pytest.raises(TrackError, match="the parts of 'w' are together larger than 2 GiB"):
        read_csd(path, "w")


@hostile_sequences
def test_hostile_files(edit: Callable[[h5py.File], object], message: str, tmp_path: Path) -> None:
    path = spoil(write_csd(tmp_path / "a.csd", "x", {"v": (np.ones((2, 2)), TIMES)}), edit)
    with pytest.raises(TrackError, match=message):
        read_csd(path, "v")


def test_names_of_columns_in_another_file_are_not_read(tmp_path: Path) -> None:
    def link(file: h5py.File) -> None:
        del file["x/metadata/dimension names"]
        file["x/metadata/dimension names"] = h5py.ExternalLink("other.csd", "/x/metadata/dimension names")

    entries = {"v": (np.ones((2, 2)), TIMES)}
    write_csd(tmp_path / "other.csd", "x", entries, ["f0", "vuv"])
    path = spoil(write_csd(tmp_path / "a.csd", "x", entries, ["f0", "vuv"]), link)
    assert read_csd(path, "v").columns == ()


@no_sequences
def test_no_whole_file(content: bytes | None, tmp_path: Path) -> None:
    path = cut_off(write_csd(tmp_path / "a.csd", "x", {"v": (np.ones((2, 2)), TIMES)}), content)
    with pytest.raises(TrackError, match="not a whole HDF5 file"):
        read_csd(path, "v")
