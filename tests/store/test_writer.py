import multiprocessing
import os
import resource
import signal
import time
import tracemalloc
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stores import LABELS, OUTPUTS, RECIPE, RECORDINGS, append, description, recording, store_writer, write_store

from trimodal.errors import MissingPackageError, StoreError
from trimodal.store import FeatureStore, ShardWriter, appending, verify
from trimodal.store.hidden_folder import clear_leftovers
from trimodal.store.manifest import ShardEntry
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
            made_by = {"w": [f'{{"v": {number % 2}}}']}
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


def test_text_that_utf8_does_not_have(tmp_path: Path) -> None:
    one = RECORDINGS["one"]
    damaged = replace(one, segments=[replace(segment, text="\ud800") for segment in one.segments])
    with pytest.raises(StoreError, match="/segments/text: a text cannot be stored as UTF-8"):
        write_store(tmp_path / "s.store", {"one": damaged})
    assert list(tmp_path.iterdir()) == []


def test_texts_with_any_other_character(tmp_path: Path) -> None:
    one, texts = RECORDINGS["one"], ["a\0", "", "\n\U0001f600"]
    segments = [replace(segment, text=text) for segment, text in zip(one.segments, texts, strict=True)]
    store = FeatureStore(write_store(tmp_path / "s.store", {"one": replace(one, segments=segments)}))
    assert store.segments["text"].tolist() == texts


def test_recordings_stay_together_where_they_fit(tmp_path: Path) -> None:
    sizes = {}
    for shard_bytes in (1, 200, 400, 10**9):
        store = FeatureStore(write_store(tmp_path / str(shard_bytes), shard_bytes=shard_bytes))
        sizes[shard_bytes] = [shard.column("id").tolist() for shard in store.shards()]
        assert verify(store.path) == []
        assert store.gaps["recording"].tolist() == list(RECORDINGS)
    assert sizes[1] == [[name] for name in store.segments["id"]]
    parts = [["one_0"], ["one_1"], ["one_2"], ["two_0"], ["three_0"], ["three_1", "three_2", "four_0", "four_1"]]
    assert sizes[200] == parts
    assert [len(ids) for ids in sizes[400]] == [3, 1, 3, 2]
    assert [len(ids) for ids in sizes[10**9]] == [9]


def test_memory_is_that_of_shards(tmp_path: Path) -> None:
    content = recording("x", (1000,))
    size = sum(arrays.nbytes for arrays in content.outputs.values())
    tracemalloc.start()
    try:
        with store_writer(tmp_path / "s.store", shard_bytes=3 * size) as writer:
            for number in range(60):
                segments = [replace(content.segments[0], id=f"{number}", recording=f"{number}")]
                writer.append(segments, content.outputs, [], {}, {})
            writer.commit()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(FeatureStore(tmp_path / "s.store").manifest.shards) == 20
    assert most < 12 * size


def test_ids_that_repeat(tmp_path: Path) -> None:
    with (
        pytest.raises(StoreError, match=r"s\.store: segment 'one_0' is there already; expected ids that differ$"),
        store_writer(tmp_path / "s.store") as writer,
    ):
        append(writer, "one", RECORDINGS["one"])
        append(writer, "again", RECORDINGS["one"])
    assert list(tmp_path.iterdir()) == []


def _write_some(folder: Path, worker: int, names: Sequence[str]) -> list[ShardEntry]:
    writer = ShardWriter(folder, description(), worker=worker)
    for name in names:
        content = RECORDINGS[name]
        writer.append(
            content.segments, content.outputs, content.gaps, {"media": f"hash of {name}"}, {"w": ['{"v": 1}']}
        )
    return writer.close()


def test_workers_write_what_one_writes(tmp_path: Path) -> None:
    tables = {"train": ["train"]}
    alone = write_store(tmp_path / "alone", statistics=tables)
    parts = (["one"], ["two", "three"], ["four"])
    with (
        ProcessPoolExecutor(3, multiprocessing.get_context("spawn")) as pool,
        store_writer(tmp_path / "together", statistics=tables) as writer,
    ):
        shards = pool.map(_write_some, [writer.folder] * 3, range(1, 4), parts)
        for entries in shards:
            writer.adopt(entries)
        assert writer.segments == 9
        writer.commit()
    assert _content(alone) == _content(tmp_path / "together")


def test_appending(tmp_path: Path) -> None:
    tables = {"train": ["train"]}
    path = write_store(tmp_path / "s.store", {name: RECORDINGS[name] for name in ("one", "two")}, statistics=tables)
    inode = (path / "shard-00000.h5").stat().st_ino
    with appending(path, description(), tables) as writer:
        assert writer.segments == 4
        for name in ("three", "four"):
            append(writer, name, RECORDINGS[name])
        assert len(FeatureStore(path)) == 4
        writer.commit()
    assert (path / "shard-00000.h5").stat().st_ino == inode
    assert _content(path) == _content(write_store(tmp_path / "whole", statistics=tables))


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"recipe_text": "name: x"}, "the recipe"),
        ({"labels": {}}, "labels"),
        ({"outputs": {}}, "outputs"),
        ({"dry_weights": True}, r"weights \(those of --dry-weights or real ones\)"),
    ],
)
def test_appending_something_else(tmp_path: Path, changes: dict[str, Any], what: str) -> None:
    path = write_store(tmp_path / "s.store")
    with pytest.raises(StoreError, match=f"{what} are not those of what is appended; expected a store of the same"):
        appending(path, description(**changes), {})
    assert list(tmp_path.iterdir()) == [path]


def test_appending_to_a_damaged_store_leaves_nothing_behind(tmp_path: Path) -> None:
    path = write_store(tmp_path / "s.store")
    (path / "shard-00002.h5").unlink()
    with pytest.raises(StoreError, match=r"s\.store: cannot be written \(no such file or directory\)"):
        appending(path, description(), {})
    assert list(tmp_path.iterdir()) == [path]


def test_appending_what_is_there(tmp_path: Path) -> None:
    path = write_store(tmp_path / "s.store")
    before = _content(path)
    with (
        pytest.raises(StoreError, match="segment 'two_0' is there already"),
        appending(path, description(), {}) as more,
    ):
        append(more, "two", RECORDINGS["two"])
    assert _content(path) == before


def _write_on_a_full_disk(path: Path, most_bytes: int) -> str:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    try:
        write_store(path, shard_bytes=10**9, statistics={"train": ["train"]})
    except StoreError as error:
        return str(error)
    return "written"


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("most_bytes", [0, 100, 3000, 12_000, 24_000])
def test_full_disk(tmp_path: Path, most_bytes: int, before: bool) -> None:
    path = tmp_path / "s.store"
    old = _content(write_store(path, {"two": RECORDINGS["two"]})) if before else {}
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        found = pool.submit(_write_on_a_full_disk, path, most_bytes).result()
    assert found == f"{path}: cannot be written (file too large)"
    assert list(tmp_path.iterdir()) == ([path] if before else [])
    assert not before or _content(path) == old


def _write_and_die(path: Path) -> None:
    with store_writer(path) as writer:
        for name, content in RECORDINGS.items():
            append(writer, name, content)
        os.kill(os.getpid(), signal.SIGKILL)


def test_killed_writer_leaves_what_was_there(tmp_path: Path) -> None:
    for path in (tmp_path / "s.store", write_store(tmp_path / "t.store", {"two": RECORDINGS["two"]})):
        before = _content(path) if path.exists() else None
        process = multiprocessing.get_context("fork").Process(target=_write_and_die, args=(path,))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert (_content(path) if path.exists() else None) == before


def _write_without_end(folder: Path, worker: int) -> None:
    writer = ShardWriter(folder, description(shard_bytes=1), worker=worker)
    for number in count():
        segments = [replace(segment, id=f"{number} {segment.id}") for segment in RECORDINGS["one"].segments]
        writer.append(segments, RECORDINGS["one"].outputs, [], {}, {})


def test_a_worker_that_is_killed_costs_its_shards_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.store"
    with store_writer(path) as writer:
        worker = multiprocessing.get_context("fork").Process(target=_write_without_end, args=(writer.folder, 1))
        worker.start()
        while len(list(writer.folder.glob("worker-0001-*.h5"))) < 4:  # in the middle of the last one
            assert worker.is_alive()
            time.sleep(0.001)
        worker.kill()
        worker.join()
        writer.adopt(_write_some(writer.folder, 2, ["one", "two"]))
        append(writer, "three", RECORDINGS["three"])
        writer.commit()
    assert verify(path) == []
    assert len(FeatureStore(path)) == 7
    assert sorted(file.name for file in path.iterdir()) == [
        "manifest.json",
        *(f"shard-{number:05d}.h5" for number in range(3)),
    ]


def _write_again_and_again(path: Path) -> None:
    for number in count():
        write_store(path, {"two": RECORDINGS["two"]}, key=f"{number}")


@pytest.mark.parametrize("milliseconds", range(3, 60, 7))
def test_a_writer_that_is_killed_at_any_moment_leaves_a_whole_store(tmp_path: Path, milliseconds: int) -> None:
    """The one before or the one after; where it had no name at that moment, the next writer gives it back."""
    path = write_store(tmp_path / "s.store", {"two": RECORDINGS["two"]})
    process = multiprocessing.get_context("fork").Process(target=_write_again_and_again, args=(path,))
    process.start()
    time.sleep(milliseconds / 1000)
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    clear_leftovers(path)
    assert list(tmp_path.iterdir()) == [path]
    assert verify(path) == []
    assert FeatureStore(path)[0].id == "two_0"


def test_disk_that_is_full_at_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("trimodal.store.manifest.Manifest.write", full)
    with pytest.raises(StoreError, match=r"s\.store: cannot be written \(no space left on device\)$"):
        write_store(tmp_path / "s.store")
    assert list(tmp_path.iterdir()) == []


def _as(dtype: str) -> dict[str, Any]:
    return {"outputs": {name: replace(schema, dtype=dtype) for name, schema in OUTPUTS.items()}}


def test_values_are_kept_as_float16(tmp_path: Path) -> None:
    store = FeatureStore(write_store(tmp_path / "s.store", **_as("float16")))
    found = store[1].outputs["text"].values
    assert found.dtype == np.float16
    np.testing.assert_array_equal(found, RECORDINGS["one"].outputs["text"].values[:4].astype(np.float16))
    assert verify(store.path) == []


def test_uint8_stays_or_is_widened(tmp_path: Path) -> None:
    content = recording("faces", (2, 2))
    outputs = {
        name: replace(
            arrays,
            values=np.full(arrays.values.shape, 7, np.uint8) * arrays.mask[(...,) + (None,) * (arrays.values.ndim - 1)],
        )
        for name, arrays in content.outputs.items()
    }
    faces = {"faces": replace(content, outputs=outputs)}
    for dtype in ("uint8", "float16", "float32"):
        store = FeatureStore(write_store(tmp_path / dtype, faces, **_as(dtype)))
        assert store.rows("video", 0).values.dtype == dtype
        assert store.rows("video", 0).values.max() == 7


def _large(value: float) -> dict[str, Any]:
    content = RECORDINGS["one"]
    values = content.outputs["text"].values.copy()
    values[2, 1] = value
    return {
        "one": replace(content, outputs={**content.outputs, "text": replace(content.outputs["text"], values=values)})
    }


def test_values_that_float16_does_not_have(tmp_path: Path) -> None:
    assert verify(write_store(tmp_path / "s.store", _large(65504.0), **_as("float16"))) == []
    message = (
        r"^output 'text', column 'w\.b' of recording 'one': -70000 does not fit into float16, which ends at 65504; "
        "expected 'dtype: float32'$"
    )
    with pytest.raises(StoreError, match=message):
        write_store(tmp_path / "t.store", _large(-70000.0), **_as("float16"))
    assert not (tmp_path / "t.store").exists()


def test_floats_are_never_uint8(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="output 'text': values are float32; 'uint8' is only for values that are such"):
        write_store(tmp_path / "s.store", **_as("uint8"))


@pytest.mark.parametrize("compression", ["gzip", "blosc2"])
def test_compressed_stores(tmp_path: Path, compression: str) -> None:
    long = {"long": recording("long", (40_000, 3, 0))}
    plain = FeatureStore(write_store(tmp_path / "plain", long, shard_bytes=10**9))
    path = write_store(tmp_path / "packed", long, shard_bytes=10**9, compression=compression)
    assert _content(path) == _content(write_store(tmp_path / "again", long, shard_bytes=10**9, compression=compression))
    assert verify(path) == []
    assert (path / "shard-00000.h5").stat().st_size < (plain.path / "shard-00000.h5").stat().st_size
    packed = FeatureStore(path)
    for one, other in zip(plain, packed, strict=True):
        for name in OUTPUTS:
            np.testing.assert_array_equal(one.outputs[name].values, other.outputs[name].values, strict=True)
    assert packed.recipe == RECIPE


def test_compression_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trimodal.errors._is_installed", lambda module: False)
    with pytest.raises(MissingPackageError, match=r"'compression: blosc2' needs the package 'hdf5plugin'"):
        write_store(tmp_path / "s.store", compression="blosc2")
