from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from csd_files import bomb, cut_off, hostile_sequences, no_sequences, spoil, write_csd

from trimodal.corpus.csd import csd_ends, csd_labels
from trimodal.errors import CorpusError

ENTRIES = {"b": ([[1.5, 2.0], [-0.5, 0.0]], [[1.0, 2.0], [0.0, 0.5]]), "a": (np.zeros((0, 2)), np.zeros((0, 2)))}


def test_labels(tmp_path: Path) -> None:
    found = csd_labels(write_csd(tmp_path / "a.csd", "All Labels", ENTRIES), 2)
    assert found["b"].values.tolist() == ENTRIES["b"][0]
    assert found["b"].times.tolist() == ENTRIES["b"][1]
    assert (len(found["a"].times), found["a"].values.dtype) == (0, np.float64)


def test_ends(tmp_path: Path) -> None:
    entries = {
        "a[0]": ([[1.0]], [[0.0, 4.0]]),
        "a[10]": ([[1.0]], [[4.0, 5.5]]),
        "b": ([[b"word"]] * 2, [[0.0, 1.0], [1.0, 1.25]]),
        "c": (np.zeros((0, 3)), np.zeros((0, 2))),
        "d": ([[1.0]], [[0.0, np.inf]]),
    }
    assert csd_ends(write_csd(tmp_path / "a.csd", "words", entries)) == {"a": 5.5, "b": 1.25, "c": 0.0, "d": 0.0}


@pytest.mark.parametrize(
    ("features", "intervals", "message"),
    [
        (
            [[1.0]] * 2,
            [[0, 1]] * 2,
            r"'b' has features \(2, 1\) and intervals \(2, 2\); expected \(n, 2\) and \(n, 2\)",
        ),
        ([[1.0, 2.0]], [[0, 1]] * 2, r"'b' has features \(1, 2\) and intervals \(2, 2\)"),
        ([[1.0, 2.0]], [[0, 1, 2]], r"intervals \(1, 3\)"),
        ([[b"x", b"y"]], [[0, 1]], r"features' is \|S1 of shape \(1, 2\); expected rows of numbers"),
        ([1.0, 2.0], [[0, 1]], r"of shape \(2,\); expected rows of numbers"),
    ],
)
def test_labels_of_another_form(features: Any, intervals: Any, message: str, tmp_path: Path) -> None:
    path = write_csd(tmp_path / "a.csd", "All Labels", {"b": (features, intervals)})
    with pytest.raises(CorpusError, match=message):
        csd_labels(path, 2)


@hostile_sequences
def test_hostile_labels(edit: Callable[[h5py.File], object], message: str, tmp_path: Path) -> None:
    path = spoil(write_csd(tmp_path / "a.csd", "x", {"v": ENTRIES["b"]}), edit)
    with pytest.raises(CorpusError, match=message) as caught:
        csd_labels(path, 2)
    assert "\n" not in str(caught.value)


def test_ends_in_another_file_are_not_read(tmp_path: Path) -> None:
    def store_elsewhere(file: h5py.File) -> None:
        del file["x/data/v/intervals"]
        file.create_dataset("x/data/v/intervals", (2, 2), "f8", external=[("secret", 0, 32)])

    path = spoil(write_csd(tmp_path / "a.csd", "x", {"v": ENTRIES["b"]}), store_elsewhere)
    for read in (csd_ends, lambda path: csd_labels(path, 2)):
        with pytest.raises(CorpusError, match="'/x/data/v/intervals' is not in the file, or larger than 64 MiB"):
            read(path)


def test_ends_that_are_a_bomb(tmp_path: Path) -> None:
    path = spoil(write_csd(tmp_path / "a.csd", "x", {"v": ENTRIES["b"]}), bomb)
    with pytest.raises(CorpusError, match=r"/x/data/v/intervals does not unpack to the 32 bytes that it holds"):
        csd_ends(path)


@no_sequences
@pytest.mark.parametrize("read", [lambda path: csd_labels(path, 2), csd_ends])
def test_no_whole_file(read: Callable[[Path], object], content: bytes | None, tmp_path: Path) -> None:
    path = cut_off(write_csd(tmp_path / "a.csd", "x", ENTRIES), content)
    with pytest.raises(CorpusError, match="not a whole HDF5 file"):
        read(path)


def test_entries_without_a_name(tmp_path: Path) -> None:
    path = write_csd(tmp_path / "a.csd", "x", {" ": ENTRIES["b"]})
    with pytest.raises(CorpusError, match="has an entry ' '; expected names of recordings"):
        csd_ends(path)
