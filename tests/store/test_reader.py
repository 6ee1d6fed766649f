import json
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from stores import LABELS, OUTPUTS, RECIPE, RECORDINGS, edit_manifest, edit_shard, replace_dataset, write_store

from trimodal.errors import StoreError
from trimodal.store import FeatureStore

SEGMENTS = [(content, number) for content in RECORDINGS.values() for number in range(len(content.segments))]


def _map(array: np.ndarray) -> np.memmap | None:
    base: Any = array
    while isinstance(base, np.ndarray) and not (isinstance(base, np.memmap) and base.base is not None):
        base = base.base
    return base if isinstance(base, np.memmap) else None


def _assert_content(store: FeatureStore) -> None:
    assert len(store) == len(list(store)) == len(SEGMENTS)
    for index, (sample, (content, number)) in enumerate(zip(store, SEGMENTS, strict=True)):
        segment = content.segments[number]
        assert (sample.id, dict(sample.labels)) == (segment.id, dict(segment.labels))
        row = store.segments.iloc[index]
        for column in ("id", "recording", "start", "end", "split", "speaker", "text"):
            assert row[column] == getattr(segment, column)
        for name, schema in OUTPUTS.items():
            arrays = content.outputs[name]
            rows = slice(arrays.offsets[number], arrays.offsets[number + 1])
            found = sample.outputs[name]
            assert len(found) == rows.stop - rows.start
            assert found.values.dtype == schema.dtype
            for key in ("values", "times", "mask", "coverage"):
                np.testing.assert_array_equal(getattr(found, key), getattr(arrays, key)[rows], strict=True)
            if arrays.text is not None:
                assert store.text(name, index) == arrays.text[rows].tolist()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_store(tmp_path / "s.store")


@pytest.mark.parametrize(("shard_bytes", "shards"), [(1, 4), (600, 2), (10**9, 1)])
def test_round_trip(tmp_path: Path, shard_bytes: int, shards: int) -> None:
    store = FeatureStore(write_store(tmp_path / "s.store", shard_bytes=shard_bytes))
    assert len(store.manifest.shards) == shards
    _assert_content(store)


def test_tables_and_documents(path: Path) -> None:
    store = FeatureStore(str(path))
    assert store.recipe == RECIPE
    assert store.outputs == OUTPUTS
    assert store.manifest.labels == LABELS
    assert store.names("text") == ("w.a", "w.b", "w.c")
    assert store.gaps.to_dict("records") == [vars(gap) for content in RECORDINGS.values() for gap in content.gaps]
    assert store.provenance == [
        {"trimodal": "1.2.3", "tracks": {"w": [{"v": 1}]}, "sources": {name: {"media": f"hash of {name}"}}}
        for name in RECORDINGS
    ]
    assert repr(store) == f"FeatureStore({str(path)!r}: 9 segments, text [3], video [2, 2])"


def test_store_without_segments(tmp_path: Path) -> None:
    store = FeatureStore(write_store(tmp_path / "s.store", {}))
    assert len(store) == len(store.segments) == len(store.gaps) == 0
    assert {*LABELS} <= {*store.segments.columns}
    with pytest.raises(IndexError, match="segment 0 of a store with 0 segments"):
        store[0]


def test_negative_numbers_count_from_the_end(path: Path) -> None:
    store = FeatureStore(path)
    assert store[-1].id == store[len(store) - 1].id == "four_1"
    assert store[-len(store)].id == "one_0"
    assert store.text("text", -2) == store.text("text", len(store) - 2) == ["four wörd 0", "four wörd 1"]
    np.testing.assert_array_equal(store.rows("video", -2).values, RECORDINGS["four"].outputs["video"].values)


@pytest.mark.parametrize("index", [9, -10, 10**30])
def test_segments_that_are_not_there(path: Path, index: int) -> None:
    store = FeatureStore(path)
    for read in (
        store.__getitem__,
        lambda number: store.rows("text", number),
        lambda number: store.text("text", number),
    ):
        with pytest.raises(IndexError, match=f"segment {index} of a store with 9 segments"):
            read(index)


def test_rows_are_views_of_the_file(path: Path) -> None:
    store = FeatureStore(path)
    shard = store.shard(0)
    data = (path / "shard-00000.h5").read_bytes()
    for name in OUTPUTS:
        for key in ("values", "times", "mask", "coverage", "offsets"):
            mapped = _map(shard.array(name, key))
            assert mapped is not None
            assert Path(str(mapped.filename)).name == "shard-00000.h5"
        rows = store.rows(name, 1).values
        assert np.shares_memory(rows, shard.array(name, "values"))
        assert rows.tobytes() in data


def test_copies_of_compressed_rows_are_the_same(path: Path) -> None:
    def compress(file: h5py.File) -> None:
        for name in OUTPUTS:
            for key in ("values", "times", "mask", "coverage", "offsets"):
                replace_dataset(f"outputs/{name}/{key}", chunks=True, compression="gzip", shuffle=True)(file)
        replace_dataset("outputs/text/text", chunks=(1,), compression="gzip")(file)
        replace_dataset("segments/start", chunks=(1,))(file)

    for number in range(4):
        edit_shard(path, number, compress)
    store = FeatureStore(path)
    _assert_content(store)
    assert all(_map(store.shard(0).array(name, key)) is None for name in OUTPUTS for key in ("values", "times"))


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_rows_are_read_only(path: Path, compression: str | None) -> None:
    edit_shard(path, 0, replace_dataset("outputs/text/values", chunks=True, compression=compression))
    for segment in (0, 1):
        for name in OUTPUTS:
            rows = FeatureStore(path).rows(name, segment)
            for array in (rows.values, rows.times, rows.mask, rows.coverage):
                with pytest.raises(ValueError, match="read-only"):
                    array[...] = 0


def _descriptors(folder: Path) -> Iterator[Path]:
    for link in Path("/proc/self/fd").glob("*"):
        try:
            target = link.readlink()
        except OSError:  # the descriptor that listed the folder
            continue
        if folder in target.parents:
            yield target


def test_no_hdf5_handle_stays_open(path: Path) -> None:
    store = FeatureStore(path)
    before = h5py.h5f.get_obj_count(h5py.h5f.OBJ_ALL, h5py.h5f.OBJ_ALL)
    samples = list(store)
    assert store.text("text", 1)
    assert len(store.gaps) == 4
    assert h5py.h5f.get_obj_count(h5py.h5f.OBJ_ALL, h5py.h5f.OBJ_ALL) == before
    # A map keeps one descriptor; a shard has one map, whatever the number of outputs.
    if os.path.isdir("/proc/self/fd"):  # noqa: PTH112
        assert len(list(_descriptors(path))) <= len(store.manifest.shards)
    assert len(samples) == 9


def test_pickle_holds_the_path_and_no_rows(path: Path) -> None:
    store = FeatureStore(path)
    _assert_content(store)
    data = pickle.dumps(store)
    assert len(data) < 500
    _assert_content(pickle.loads(data))


def _shape(store: Path) -> None:
    edit_shard(store, 0, replace_dataset("outputs/text/times", data=np.zeros((6, 3))))


def _type(store: Path) -> None:
    edit_shard(store, 0, replace_dataset("outputs/text/coverage", data=np.zeros(6)))


def _segments(store: Path) -> None:
    edit_manifest(store, lambda data: data["shards"][0].update(segments=5))


def _format(store: Path) -> None:
    edit_shard(store, 0, lambda file: file.attrs.update(version=2))


def _array_as_version(store: Path) -> None:
    edit_shard(store, 0, lambda file: file.attrs.update(version=[1, 1]))


def _no_dataset(store: Path) -> None:
    edit_shard(store, 0, lambda file: file.pop("outputs/text/mask"))


def _group(store: Path) -> None:
    edit_shard(store, 0, lambda file: (file.pop("outputs/text/mask"), file.create_group("outputs/text/mask")))


def _scalar(store: Path) -> None:
    edit_shard(store, 0, replace_dataset("segments/id", data="x"))


def _no_hdf5(store: Path) -> None:
    (store / "shard-00000.h5").write_bytes(b"no HDF5")


def _no_file(store: Path) -> None:
    (store / "shard-00000.h5").unlink()


def _other_file(store: Path) -> None:
    def edit(file: h5py.File) -> None:
        del file["outputs/text/mask"]
        file["outputs/text/mask"] = h5py.ExternalLink("shard-00001.h5", "outputs/text/mask")

    edit_shard(store, 0, edit)


def _external(store: Path) -> None:
    (store / "x.raw").write_bytes(bytes(1000))
    external = [("x.raw", 0, 1000)]
    edit_shard(store, 0, replace_dataset("outputs/text/mask", shape=(6,), dtype=bool, external=external))


def _virtual(store: Path) -> None:
    def edit(file: h5py.File) -> None:
        layout = h5py.VirtualLayout((6,), bool)
        layout[:3] = h5py.VirtualSource("shard-00001.h5", "outputs/text/mask", (3,), bool)
        del file["outputs/text/mask"]
        file.create_virtual_dataset("outputs/text/mask", layout)

    edit_shard(store, 0, edit)


def _never_written(store: Path) -> None:
    edit_shard(store, 0, replace_dataset("segments/start", shape=(2**50,), dtype="f8"))


def _column_of_numbers(store: Path) -> None:
    edit_shard(store, 0, replace_dataset("segments/id", data=np.zeros(3)))


def _column_of_text(store: Path) -> None:
    edit_shard(store, 0, replace_dataset("segments/end", data=["a", "b", "c"]))


def _no_utf8(store: Path) -> None:
    edit_shard(
        store, 0, replace_dataset("segments/id", data=np.array([b"\xff"] * 3, object), dtype=h5py.string_dtype())
    )


def _table(store: Path) -> None:
    edit_shard(store, 0, replace_dataset("segments/id", data=np.full((3, 2), "x", object), dtype=h5py.string_dtype()))


def _damaged_chunk(store: Path) -> None:
    def edit(file: h5py.File) -> None:
        replace_dataset("outputs/text/values", chunks=(6, 3), compression="gzip")(file)
        file["outputs/text/values"].id.write_direct_chunk((0, 0), b"not deflated")

    edit_shard(store, 0, edit)


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (_shape, r"/outputs/text/times: float64 \(6, 3\); expected float64 \(6, 2\)$"),
        (_type, r"/outputs/text/coverage: float64 \(6,\); expected float32 \(6,\)$"),
        (_segments, r": 3 segments; the manifest says 5$"),
        (_format, ": format trimodal-store version 2; expected trimodal-store version 1$"),
        (_array_as_version, ": cannot be read"),
        (_no_dataset, "/outputs/text/mask: missing; expected a dataset$"),
        (_group, "/outputs/text/mask: missing; expected a dataset$"),
        (_scalar, "/segments/id: has no rows; expected at least one dimension$"),
        (_no_hdf5, ": shard not a readable HDF5 file"),
        (_no_file, ": shard missing$"),
        (_other_file, "/outputs/text/mask: lies in another file; expected a shard that is whole$"),
        (_external, "/outputs/text/mask: lies in another file; expected a shard that is whole$"),
        (_virtual, "/outputs/text/mask: lies in another file; expected a shard that is whole$"),
        (
            _never_written,
            r"/segments/start: \(1125899906842624,\) reaches past the end of the file, which is cut short$",
        ),
        (_column_of_numbers, "/segments/id: cannot be read"),
        (_column_of_text, "/segments/end: cannot be read"),
        (_no_utf8, "/segments/id: cannot be read"),
        (_table, "/segments/id: 2 dimensions; expected one$"),
        (_damaged_chunk, "/outputs/text/values: cannot be read"),
    ],
)
def test_damage_is_named(path: Path, damage: Any, problem: str) -> None:
    damage(path)
    with pytest.raises(StoreError, match=r"shard-00000\.h5:?" + problem) as caught:
        list(FeatureStore(path))
    assert "\n" not in str(caught.value)


def test_text_of_an_output_without_words(path: Path) -> None:
    with pytest.raises(StoreError, match=r"shard-00000\.h5:/outputs/video/text: missing; expected a dataset"):
        FeatureStore(path).text("video", 0)


def test_document_that_is_not_one_text(path: Path) -> None:
    edit_shard(path, 0, replace_dataset("recipe", data=["a", "b"]))
    with pytest.raises(StoreError, match=r"shard-00000\.h5:/recipe: 2 texts; expected 1"):
        _ = FeatureStore(path).recipe


@pytest.mark.parametrize(
    ("text", "problem"),
    [("{", r"not JSON \("), ("[" * 100_000, r"not JSON \("), ("[]", "list; expected a JSON object")],
)
def test_provenance_that_is_no_json_object(path: Path, text: str, problem: str) -> None:
    edit_shard(path, 0, replace_dataset("provenance", data=[text]))
    with pytest.raises(StoreError, match=rf"shard-00000\.h5:/provenance: {problem}"):
        _ = FeatureStore(path).provenance


def test_label_without_a_column(path: Path) -> None:
    edit_shard(path, 0, lambda file: file.pop("segments/labels/mood"))
    with pytest.raises(StoreError, match=r"/segments/labels/mood: missing; expected a dataset"):
        _ = FeatureStore(path).segments


def test_provenance_is_json(path: Path) -> None:
    with h5py.File(path / "shard-00001.h5") as file:
        assert json.loads(file["provenance"].asstr()[0]) == FeatureStore(path).provenance[1]
