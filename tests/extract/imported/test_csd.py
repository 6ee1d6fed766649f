import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from trimodal.errors import TrackError
from trimodal.extract.imported.csd import read_csd


def write(path: Path, entries: dict[str, tuple[Any, Any]], names: object = None) -> Path:
    with h5py.File(path, "w") as file:
        for name, (features, intervals) in entries.items():
            file[f"COVAREP/data/{name}/features"] = features
            file[f"COVAREP/data/{name}/intervals"] = intervals
        metadata = file.create_group("COVAREP/metadata")
        metadata.create_dataset("root name", data=[json.dumps("COVAREP")], dtype=h5py.string_dtype())
        if names is not None:
            metadata.create_dataset("dimension names", data=[json.dumps(names)], dtype=h5py.string_dtype())
    return path


TIMES = [[0.0, 0.01], [0.01, 0.02]]


def test_an_entry(tmp_path: Path) -> None:
    """As large as the example that the SDK's authors describe: 18,009 rows of 74 columns at 100 Hz."""
    features = np.random.default_rng(0).normal(size=(18_009, 74)).astype(np.float32)
    starts = np.arange(18_009) / 100
    path = write(tmp_path / "a.csd", {"v": (features, np.stack([starts, starts + 0.01], 1)), "w": ([[1.0]], [[0, 1]])})
    found = read_csd(path, "v")
    np.testing.assert_array_equal(found.values, features)
    np.testing.assert_array_equal(found.times[:, 0], starts)
    assert found.columns == ()
    assert read_csd(path, "w").times.dtype == np.float64


def test_parts_that_the_sdk_made_by_aligning_are_one(tmp_path: Path) -> None:
    parts = {f"v[{number}]": ([[float(number)]], [[number, number + 1]]) for number in (0, 1, 2, 10)}
    found = read_csd(write(tmp_path / "a.csd", {**parts, "vv[0]": ([[9.0]], [[0, 1]])}), "v")
    assert found.values[:, 0].tolist() == [0, 1, 2, 10]


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
    assert read_csd(write(tmp_path / "a.csd", {"v": (np.ones((2, 2)), TIMES)}, names), "v").columns == expected


def test_an_entry_that_is_not_there(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csd", {f"video{number}": (np.ones((2, 2)), TIMES) for number in range(5)})
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
        read_csd(write(tmp_path / "a.csd", {"v": (features, intervals)}), "v")


def test_parts_of_different_widths(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csd", {"v[0]": (np.ones((2, 2)), TIMES), "v[1]": (np.ones((2, 3)), TIMES)})
    with pytest.raises(TrackError, match=r"the parts of 'v' have \[2, 3\] columns; expected as many in each"):
        read_csd(path, "v")


def _link_features(file: h5py.File) -> None:
    del file["COVAREP/data/v/features"]
    file["COVAREP/data/v/features"] = h5py.ExternalLink("other.h5", "/x")


def _external_storage(file: h5py.File) -> None:
    del file["COVAREP/data/v/features"]
    file.create_dataset("COVAREP/data/v/features", (2, 2), "f8", external=[("secret", 0, 32)])


def _virtual(file: h5py.File) -> None:
    del file["COVAREP/data/v/features"]
    layout = h5py.VirtualLayout((2, 2), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "x", (2, 2))
    file.create_virtual_dataset("COVAREP/data/v/features", layout)


def _absurd(file: h5py.File) -> None:
    del file["COVAREP/data/v/features"]
    file.create_dataset("COVAREP/data/v/features", (10**9, 10**3), "f8", chunks=(1000, 100))


def _never_written(file: h5py.File) -> None:
    del file["COVAREP/data/v/features"]
    file.create_dataset("COVAREP/data/v/features", (10**6, 10), "f8", chunks=(1000, 10))


def _soft_link(file: h5py.File) -> None:
    del file["COVAREP/data"]
    file["COVAREP/data"] = h5py.SoftLink("/elsewhere")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (_link_features, "has no dataset 'features' of its own"),
        (_external_storage, "is not in the file, or larger than 2 GiB"),
        (_virtual, "is not in the file, or larger than 2 GiB"),
        (_absurd, "is not in the file, or larger than 2 GiB"),
        (_never_written, r"has a shape \(1000000, 10\) and no data"),
        (_soft_link, "has no group 'data' of its own"),
        (lambda file: file.create_group("second"), "has 2 groups; expected one computational sequence"),
    ],
)
def test_hostile_files(tmp_path: Path, edit: Callable[[h5py.File], Any], message: str) -> None:
    path = write(tmp_path / "a.csd", {"v": (np.ones((2, 2)), TIMES)})
    with h5py.File(path, "a") as file:
        edit(file)
    with pytest.raises(TrackError, match=message):
        read_csd(path, "v")


@pytest.mark.parametrize("content", [b"", b"not HDF5", None])
def test_no_whole_file(tmp_path: Path, content: bytes | None) -> None:
    path = write(tmp_path / "a.csd", {"v": (np.ones((2, 2)), TIMES)})
    path.write_bytes(path.read_bytes()[:900] if content is None else content)
    with pytest.raises(TrackError, match="not a whole HDF5 file"):
        read_csd(path, "v")
