from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stores import LABELS, OUTPUTS, RECORDINGS, append, store_writer, write_store

from trimodal.errors import StoreError
from trimodal.store import FeatureStore, verify
from trimodal.store.writer import check_names, check_target


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("shard_bytes", [1, 600, 10**9])
def test_the_same_recordings_give_the_same_bytes(tmp_path: Path, shard_bytes: int) -> None:
    one = _content(write_store(tmp_path / "one", shard_bytes=shard_bytes))
    assert one == _content(write_store(tmp_path / "other", shard_bytes=shard_bytes))
    assert "manifest.json" in one


def test_a_store_is_made_with_its_folders(tmp_path: Path) -> None:
    assert verify(write_store(tmp_path / "a" / "b" / "s.store")) == []
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["s.store"]


def test_made_by_of_recordings_that_differ(tmp_path: Path) -> None:
    with store_writer(tmp_path / "s.store", shard_bytes=10**9) as writer:
        for number, (name, content) in enumerate(RECORDINGS.items()):
            made_by = {"w": f'{{"v": {number % 2}}}'}
            writer.append(content.segments, content.outputs, content.gaps, {"media": name}, made_by)
        writer.commit()
    (provenance,) = FeatureStore(tmp_path / "s.store").provenance
    assert provenance["tracks"] == {"w": [{"v": 0}, {"v": 1}]}
    assert provenance["sources"] == {name: {"media": name} for name in RECORDINGS}


@pytest.mark.parametrize("before", [None, "store"])
def test_nothing_stays_of_a_store_that_was_not_committed(tmp_path: Path, before: str | None) -> None:
    path = tmp_path / "s.store"
    old = _content(write_store(path)) if before else None
    with pytest.raises(RuntimeError, match="stop"), store_writer(path) as writer:
        for name, content in RECORDINGS.items():
            append(writer, name, content)
        raise RuntimeError("stop")
    assert list(tmp_path.iterdir()) == ([path] if before else [])
    assert old is None or _content(path) == old


def test_leaving_without_commit_makes_nothing(tmp_path: Path) -> None:
    with store_writer(tmp_path / "s.store") as writer:
        append(writer, "one", RECORDINGS["one"])
    assert list(tmp_path.iterdir()) == []


def _replaces(tmp_path: Path, path: Path) -> None:
    write_store(path, {"two": RECORDINGS["two"]})
    assert [sample.id for sample in FeatureStore(path)] == ["two_0"]
    assert verify(path) == []
    assert sorted(entry.name for entry in path.iterdir()) == ["manifest.json", "shard-00000.h5"]
    assert {entry.name for entry in tmp_path.iterdir()} <= {"s.store", "link"}


def test_commit_replaces_a_store(tmp_path: Path) -> None:
    _replaces(tmp_path, write_store(tmp_path / "s.store"))


def test_commit_replaces_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "s.store").mkdir()
    _replaces(tmp_path, tmp_path / "s.store")


def test_commit_replaces_what_a_link_leads_to(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(write_store(tmp_path / "s.store"))
    _replaces(tmp_path, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert len(FeatureStore(tmp_path / "s.store")) == 1


def test_an_open_store_still_reads_after_it_was_replaced(tmp_path: Path) -> None:
    path = write_store(tmp_path / "s.store", shard_bytes=10**9)
    store = FeatureStore(path)
    before = store[1].outputs["text"].values
    write_store(path, {"two": RECORDINGS["two"]})
    np.testing.assert_array_equal(before, RECORDINGS["one"].outputs["text"].values[:4])


@pytest.mark.parametrize(
    "files",
    [
        {"notes.txt": ""},
        {"x.h5": ""},
        {"manifest.json": "{}"},
        {"manifest.json": "no JSON"},
        {"manifest.json": '{"format": "trimodal-store"}', "notes.txt": ""},
    ],
)
def test_folder_with_other_things_is_left_alone(tmp_path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    for check in (check_target, store_writer):
        with pytest.raises(StoreError, match="a folder with other things in it; expected a new name or a store"):
            check(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == files


def test_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("mine")
    for check in (check_target, store_writer):
        with pytest.raises(StoreError, match="x: a file; expected a new name or a store to replace"):
            check(tmp_path / "x")
    assert (tmp_path / "x").read_text() == "mine"


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(StoreError, match=r"s\.store: cannot be written \(not a directory\)"):
        store_writer(tmp_path / "x" / "s.store")


@pytest.mark.parametrize("name", ["a/b", "/", "../x", ".a", "", "a\0b", "a\nb", "\ud800"])
def test_names_that_hdf5_cannot_have(tmp_path: Path, name: str) -> None:
    path = tmp_path / "s.store"
    for refused in (
        lambda: check_names(["a", name], []),
        lambda: store_writer(path, outputs={name: OUTPUTS["text"]}),
        lambda: store_writer(path, labels={name: "text"}),
    ):
        with pytest.raises(StoreError, match="cannot name an output or a label in a store; leave out '/'"):
            refused()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["id", "recording", "start", "end", "split", "speaker", "text"])
def test_labels_called_like_a_column(tmp_path: Path, name: str) -> None:
    with pytest.raises(StoreError, match=f"label '{name}' is also a column of the segment table"):
        store_writer(tmp_path / "s.store", labels={**LABELS, name: "text"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_text_that_hdf5_cannot_hold(tmp_path: Path, text: str) -> None:
    one = RECORDINGS["one"]
    damaged = replace(one, segments=[replace(segment, text=text) for segment in one.segments])
    with pytest.raises(StoreError, match="segments/text: a text cannot be stored in HDF5"):
        write_store(tmp_path / "s.store", {"one": damaged})
    assert list(tmp_path.iterdir()) == []
