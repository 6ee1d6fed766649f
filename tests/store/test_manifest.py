import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stores import LABELS, OUTPUTS, edit_manifest

from trimodal.errors import NewerStoreError, StoreError
from trimodal.store.manifest import Manifest, ShardEntry, read_manifest

MANIFEST = Manifest(
    key="abc",
    recipe="small",
    trimodal="1.2.3",
    outputs=OUTPUTS,
    labels=LABELS,
    shards=[
        ShardEntry(file="shard-00000.h5", bytes=10, sha256="00", head_sha256="01", segments=3),
        ShardEntry(file="shard-00001.h5", bytes=20, sha256="ff", head_sha256="fe", segments=4),
    ],
    excluded={"outside the recording": 2},
    noted={"reaches out of its recording": 1},
    layout="meld",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    MANIFEST.write(tmp_path)
    return tmp_path


def test_round_trip(folder: Path) -> None:
    assert read_manifest(folder) == MANIFEST
    assert read_manifest(folder).segments == 7
    data = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (data["format"], data["version"]) == ("trimodal-store", 1)


def test_folder_that_is_no_store(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(StoreError, match=r"no manifest\.json in it; expected a feature store$"):
            read_manifest(folder)


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[" * 100_000, b"1" * 10_000])
def test_manifest_that_is_not_json(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(StoreError, match=r"manifest\.json: cannot be read \("):
        read_manifest(tmp_path)


def test_manifest_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").mkdir()
    with pytest.raises(StoreError, match=r"manifest\.json: cannot be read \("):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"version": [1]}, r"trimodal-store version \[1\]"),
        ({"format": "other"}, "other version 1"),
        ({"format": None}, "None version 1"),
    ],
)
def test_other_formats_and_newer_versions(folder: Path, change: dict[str, Any], found: str) -> None:
    edit_manifest(folder, lambda data: data.update(change))
    with pytest.raises(StoreError, match=rf"manifest\.json: format {found}; expected trimodal-store version 1$"):
        read_manifest(folder)


def test_newer_version(folder: Path) -> None:
    edit_manifest(folder, lambda data: data.update(version=2))
    with pytest.raises(NewerStoreError, match=r"trimodal-store version 2; this trimodal reads version 1, update it$"):
        read_manifest(folder)


def test_store_that_is_a_file(folder: Path) -> None:
    with pytest.raises(StoreError, match=r"manifest\.json: a file; expected a feature store, which is a folder$"):
        read_manifest(folder / "manifest.json")


def test_manifest_that_is_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "manifest.json")
    with pytest.raises(StoreError, match=r"manifest\.json: a pipe or a device; expected a file$"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[2J", "\u202e"])
@pytest.mark.parametrize("part", ["outputs", "labels"])
def test_names_that_cannot_be_printed(folder: Path, part: str, name: str) -> None:
    edit_manifest(folder, lambda data: data[part].update({name: next(iter(data[part].values()))}))
    with pytest.raises(StoreError, match=r"damaged \(ValueError: '.*' is not a name\)$") as caught:
        read_manifest(folder)
    assert str(caught.value).isprintable()


def test_statistics_outside_the_folder(folder: Path) -> None:
    edit_manifest(folder, lambda data: data.update(statistics={"file": "../x.json", "bytes": 1, "sha256": ""}))
    with pytest.raises(StoreError, match=r"damaged \(ValueError: file '\.\./x\.json' is not a plain file name\)$"):
        read_manifest(folder)


def test_json_that_is_no_object(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("[1]")
    with pytest.raises(StoreError, match=r"format None version None; expected trimodal-store version 1$"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    "file", ["../x.h5", "/etc/x.h5", "sub/x.h5", "..", ".", "", ".hidden.h5", "x\0.h5", "x\n.h5", "./x.h5"]
)
def test_shards_outside_the_folder(folder: Path, file: str) -> None:
    edit_manifest(folder, lambda data: data["shards"][0].update(file=file))
    with pytest.raises(StoreError, match=r"damaged \(ValueError: file .* is not a plain file name\)$") as caught:
        read_manifest(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a/b", "../a", ".a", ""])
@pytest.mark.parametrize("part", ["outputs", "labels"])
def test_names_that_are_paths(folder: Path, part: str, name: str) -> None:
    edit_manifest(folder, lambda data: data[part].update({name: next(iter(data[part].values()))}))
    with pytest.raises(StoreError, match=rf"damaged \(ValueError: '{name}' is not a name\)$"):
        read_manifest(folder)


def _in_output(**change: Any) -> Callable[[dict[str, Any]], None]:
    return lambda data: data["outputs"]["text"].update(change)


def _in_shard(**change: Any) -> Callable[[dict[str, Any]], None]:
    return lambda data: data["shards"][1].update(change)


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (lambda data: data.pop("key"), "KeyError: 'key'"),
        (lambda data: data.update(recipe=None), "TypeError: None is not text"),
        (lambda data: data.update(outputs=[]), "AttributeError: "),
        (lambda data: data.update(shards=5), "TypeError: "),
        (lambda data: data.update(shards=[]), "no shards, or one that is listed twice"),
        (lambda data: data["shards"].append(data["shards"][0]), "no shards, or one that is listed twice"),
        (lambda data: data["labels"].update(mood=1), "TypeError: 1 is not text"),
        (lambda data: data.update(excluded=["x"]), "AttributeError: "),
        (lambda data: data["noted"].update(x=-1), "TypeError: -1 is not a count"),
        (lambda data: data["outputs"]["text"].pop("pool"), "KeyError: 'pool'"),
        (_in_output(unit=None), "TypeError: None is not text"),
        (_in_output(has_text="no"), "TypeError: 'no' is neither true nor false"),
        (_in_output(dtype=None), "TypeError: None is not text"),
        (_in_output(dtype="float33"), "TypeError: data type 'float33' not understood"),
        (_in_output(dtype="O"), "ValueError: dtype 'O' is not one of numbers"),
        (_in_output(dtype="V8"), "ValueError: dtype 'V8' is not one of numbers"),
        (_in_output(shape=[-1]), "TypeError: -1 is not a count"),
        (_in_output(shape=[True]), "TypeError: True is not a count"),
        (_in_output(names=[1]), "TypeError: 1 is not text"),
        (_in_shard(segments=1.5), "TypeError: 1.5 is not a count"),
        (_in_shard(bytes="1"), "TypeError: '1' is not a count"),
        (_in_shard(sha256=None), "TypeError: None is not text"),
        (_in_shard(head_sha256=1), "TypeError: 1 is not text"),
    ],
)
def test_damage_is_named(folder: Path, edit: Callable[[dict[str, Any]], Any], problem: str) -> None:
    edit_manifest(folder, edit)
    with pytest.raises(StoreError, match=rf"manifest\.json: damaged \({problem}") as caught:
        read_manifest(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new"), [(b"small", b"smell"), (b'"segments": 3', b'"segments": 4'), (b"\n", b" "), (b"sha256", b"sha257")]
)
def test_manifest_that_was_changed(folder: Path, old: bytes, new: bytes) -> None:
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    with pytest.raises(StoreError, match=r"manifest\.json: damaged \(its checksum is not that of its content"):
        read_manifest(folder)


def test_checksum_among_texts_like_it(tmp_path: Path) -> None:
    zeros = "0" * 64
    manifest = replace(MANIFEST, key=zeros, excluded={f'"manifest_sha256": "{zeros}"': 1, zeros: 2})
    manifest.write(tmp_path)
    assert read_manifest(tmp_path) == manifest


def test_manifest_without_end(tmp_path: Path) -> None:
    with open(tmp_path / "manifest.json", "wb") as file:
        file.truncate(2**40)
    with pytest.raises(StoreError, match=r"manifest\.json: 1099511627776 bytes; expected at most 268435456$"):
        read_manifest(tmp_path)


def test_a_store_from_before_dry_runs_is_real(folder: Path) -> None:
    edit_manifest(folder, lambda data: data.pop("dry_weights"))
    assert read_manifest(folder) == MANIFEST
    edit_manifest(folder, lambda data: data.update(dry_weights="no"))
    with pytest.raises(StoreError, match=r"damaged \(TypeError: 'no' is neither true nor false\)"):
        read_manifest(folder)


def test_a_store_from_before_layouts_were_recorded(folder: Path) -> None:
    edit_manifest(folder, lambda data: data.pop("layout"))
    assert read_manifest(folder) == replace(MANIFEST, layout="")
    edit_manifest(folder, lambda data: data.update(layout=3))
    with pytest.raises(StoreError, match=r"damaged \(TypeError: 3 is not text\)"):
        read_manifest(folder)
