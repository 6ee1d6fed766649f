import multiprocessing
import os
import pickle
import resource
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
import pytest
from stores import (
    LABELS,
    OUTPUTS,
    RECIPE,
    RECORDINGS,
    SHARD_BYTES,
    edit_manifest,
    edit_shard,
    fit_checksum,
    replace_column,
    replace_dataset,
    write_store,
)

from trimodal.errors import ParameterError, StoreError
from trimodal.store import FeatureStore, damaged_files, verify
from trimodal.store.elements import write_text

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
            np.testing.assert_array_equal(store.values(name, index), arrays.values[rows], strict=True)
            if arrays.text is not None:
                assert store.text(name, index) == arrays.text[rows].tolist()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_store(tmp_path / "s.store")


@pytest.mark.parametrize(("shard_bytes", "shards"), [(1, 9), (SHARD_BYTES, 4), (600, 2), (10**9, 1)])
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
        {
            "trimodal": "1.2.3",
            "tracks": {"w": [{"v": 1}]},
            "sources": {name: {"media": f"hash of {name}"}},
            "dry_weights": False,
        }
        for name in RECORDINGS
    ]
    assert repr(store) == f"FeatureStore({str(path)!r}: 9 segments, text [3], video [2, 2])"


def test_gathered_rows_are_those_of_the_segments(path: Path) -> None:
    edit_shard(path, 2, replace_dataset("outputs/text/values", chunks=True, compression="gzip"))
    store = FeatureStore(path)
    segments = [8, 0, 4, 6, 1, 0, -2]
    gathered = store.gather(["video", "text"], segments)
    assert list(gathered) == ["video", "text"]
    for name, rows in gathered.items():
        for segment, values, mask in zip(segments, rows.values, rows.mask, strict=True):
            expected = store.rows(name, segment)
            np.testing.assert_array_equal(values, expected.values, strict=True)
            np.testing.assert_array_equal(mask, expected.mask, strict=True)
            assert not values.flags.writeable
            assert not mask.flags.writeable


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
        lambda number: store.values("text", number),
        lambda number: store.gather(["text"], [0, number]),
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
    packings: list[dict[str, Any]] = [
        {"compression": "gzip", "shuffle": True},
        {"compression": "gzip"},
        {},
        hdf5plugin.Blosc2(cname="lz4", filters=hdf5plugin.Blosc2.BITSHUFFLE),
    ]
    for number, packing in enumerate(packings):
        for rows in (1, 2):

            def compress(file: h5py.File) -> None:
                for name in OUTPUTS:
                    chunks = (rows, *file[f"outputs/{name}/values"].shape[1:])  # noqa: B023
                    replace_dataset(f"outputs/{name}/values", chunks=chunks, **packing)(file)  # noqa: B023

            edit_shard(path, number, compress)
            store = FeatureStore(path)
            _assert_content(store)
            assert all(_map(store.shard(number).array(name, "values")) is None for name in OUTPUTS)


@pytest.mark.parametrize(
    "name",
    [
        *(f"outputs/text/{name}" for name in ("times", "mask", "coverage", "offsets", "text/bytes", "names/bytes")),
        *("segments/start", "segments/id/offsets", "segments/id/bytes", "labels/valence", "recipe/bytes", "gaps/end"),
    ],
)
def test_only_values_lie_in_chunks(path: Path, name: str) -> None:
    edit_shard(path, 0, replace_dataset(name, chunks=True, compression="gzip"))
    (problem,) = verify(path)
    expected = f"{path}/shard-00000.h5:/{name}: lies in pieces; expected one, as only values of outputs may be packed"
    assert problem.startswith(expected)


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
    edit_shard(store, 0, replace_dataset("segments/start", data=1.0))


def _no_hdf5(store: Path) -> None:
    (store / "shard-00000.h5").write_bytes(b"no HDF5")
    fit_checksum(store, 0)


def _old_hdf5(store: Path) -> None:
    h5py.File(store / "shard-00000.h5", "w", libver="earliest").close()
    fit_checksum(store, 0)


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
        dataset = file.create_virtual_dataset("outputs/text/mask", layout)
        dataset.attrs.update(file["outputs/video/mask"].attrs)
        dataset.attrs.create("encoding-type", np.bytes_(b"numbers"))

    edit_shard(store, 0, edit)


def _never_written(store: Path) -> None:
    edit_shard(store, 0, replace_dataset("segments/start", shape=(2**50,), dtype="f8"))


def _column_of_numbers(store: Path) -> None:
    edit_shard(store, 0, replace_column("segments/id", np.zeros(3)))


def _column_of_text(store: Path) -> None:
    edit_shard(store, 0, replace_column("segments/end", ["a", "b", "c"]))


def _column_of_objects(store: Path) -> None:
    def edit(file: h5py.File) -> None:
        replace_dataset("segments/end", data=np.array(["a", "b", "c"], object), dtype=h5py.string_dtype())(file)

    edit_shard(store, 0, edit)


def _short_column(store: Path) -> None:
    edit_shard(store, 0, replace_column("segments/text", ["a", "b"]))


def _no_utf8(store: Path) -> None:
    edit_shard(store, 0, lambda file: file["segments/id/bytes"].__setitem__(0, 255))


def _table(store: Path) -> None:
    edit_shard(store, 0, replace_dataset("segments/id/offsets", data=np.zeros((3, 2), np.int64)))


def _falling_offsets(store: Path) -> None:
    edit_shard(store, 0, lambda file: file["segments/id/offsets"].__setitem__(1, 10**6))


def _falling_rows(store: Path) -> None:
    edit_shard(store, 0, lambda file: file["outputs/text/offsets"].__setitem__(1, -1))


def _no_offsets(store: Path) -> None:
    edit_shard(store, 0, replace_dataset("segments/id/offsets", data=np.zeros(0, np.int64)))


def _group_of_bytes(store: Path) -> None:
    edit_shard(store, 0, lambda file: (file["segments/id"].pop("bytes"), file.create_group("segments/id/bytes")))


def _no_outputs(store: Path) -> None:
    edit_shard(store, 0, lambda file: file.pop("outputs"))


def _flat_start(store: Path) -> None:
    edit_shard(store, 0, replace_column("segments/start", np.zeros((3, 1))))


def _folder(store: Path) -> None:
    (store / "shard-00000.h5").unlink()
    (store / "shard-00000.h5").mkdir()


def _damaged_superblock(store: Path) -> None:
    path = store / "shard-00000.h5"
    data = bytearray(path.read_bytes())
    data[20] ^= 255
    path.write_bytes(data)
    fit_checksum(store, 0)


def _newer_element(store: Path) -> None:
    edit_shard(store, 0, lambda file: file["outputs/text"].attrs.modify("encoding-version", 2))


def _old_element(store: Path) -> None:
    edit_shard(store, 0, lambda file: file["outputs/text"].attrs.modify("encoding-version", 0))


def _pipe(store: Path) -> None:
    (store / "shard-00000.h5").unlink()
    os.mkfifo(store / "shard-00000.h5")


def _other_element(store: Path) -> None:
    edit_shard(store, 0, lambda file: file["outputs/text"].attrs.create("encoding-type", np.bytes_(b"tensor")))


def _no_element(store: Path) -> None:
    edit_shard(store, 0, lambda file: file["outputs/text"].attrs.pop("encoding-version"))


def _text_in_the_heap(store: Path) -> None:
    edit_shard(store, 0, lambda file: file["outputs/text"].attrs.create("unit", "px"))


def _other_unit(store: Path) -> None:
    edit_manifest(store, lambda data: data["outputs"]["text"].update(unit="m"))


def _other_store(store: Path) -> None:
    other = write_store(store.parent / "other.store", {"two": RECORDINGS["two"]}) / "shard-00000.h5"
    edit_manifest(store, lambda data: data["shards"][0].update(bytes=other.stat().st_size))
    other.replace(store / "shard-00000.h5")


def _cut_short(store: Path) -> None:
    os.truncate(store / "shard-00000.h5", 9000)


def _damaged_chunk(store: Path) -> None:
    def edit(file: h5py.File) -> None:
        replace_dataset("outputs/text/values", chunks=(6, 3), compression="gzip")(file)
        file["outputs/text/values"].id.write_direct_chunk((0, 0), b"not deflated")

    edit_shard(store, 0, edit)


def _bomb(store: Path) -> None:
    """A thousand chunks of zeros, each of a few kilobytes."""
    chunk = zlib.compress(bytes(2**20 * 12), 9)

    def edit(file: h5py.File) -> None:
        shape, chunks = (1000 * 2**20, 3), (2**20, 3)
        replace_dataset("outputs/text/values", shape=shape, dtype="f4", chunks=chunks, compression="gzip")(file)
        for number in range(1000):
            file["outputs/text/values"].id.write_direct_chunk((number * 2**20, 0), chunk)

    edit_shard(store, 0, edit)


def _chunks_of_columns(store: Path) -> None:
    edit_shard(store, 0, replace_dataset("outputs/text/values", chunks=(6, 1)))


def _other_filter(store: Path) -> None:
    edit_shard(store, 0, replace_dataset("outputs/text/values", chunks=(6, 3), compression="lzf"))


def _chunk_that_is_too_long(store: Path) -> None:
    _write_chunk(store, bytes(73), compression="gzip")


def _chunk_that_is_too_short(store: Path) -> None:
    _write_chunk(store, bytes(71), compression="gzip")


def _chunk_of_many_bytes(store: Path) -> None:
    def edit(file: h5py.File) -> None:
        replace_dataset("outputs/text/values", chunks=(6, 3), compression="gzip")(file)
        file["outputs/text/values"].id.write_direct_chunk((0, 0), bytes(5000))

    edit_shard(store, 0, edit)


def _write_chunk(store: Path, content: bytes, **packing: Any) -> None:
    def edit(file: h5py.File) -> None:
        replace_dataset("outputs/text/values", chunks=(6, 3), **packing)(file)
        file["outputs/text/values"].id.write_direct_chunk((0, 0), zlib.compress(content))

    edit_shard(store, 0, edit)


def _frame_of_a_larger_array(store: Path) -> None:
    """A frame of zeros, which takes 240 bytes, whatever it unpacks to."""
    packing = hdf5plugin.Blosc2(cname="lz4", filters=hdf5plugin.Blosc2.BITSHUFFLE)
    with h5py.File(store.parent / "large.h5", "w") as file:
        large = file.create_dataset("x", data=np.zeros((2**20, 3), "f4"), chunks=(2**20, 3), **packing)
        _, frame = large.id.read_direct_chunk((0, 0))

    def edit(file: h5py.File) -> None:
        replace_dataset("outputs/text/values", chunks=(6, 3), **packing)(file)
        file["outputs/text/values"].id.write_direct_chunk((0, 0), frame)

    edit_shard(store, 0, edit)


def _no_frame(store: Path) -> None:
    def edit(file: h5py.File) -> None:
        replace_dataset("outputs/text/values", chunks=(6, 3), **hdf5plugin.Blosc2())(file)
        file["outputs/text/values"].id.write_direct_chunk((0, 0), bytes(300))

    edit_shard(store, 0, edit)


def _huge_chunk(store: Path) -> None:
    def edit(file: h5py.File) -> None:
        dataset = {"shape": (6, 3), "dtype": "f4", "maxshape": (None, 3), "chunks": (2**26, 3)}
        replace_dataset("outputs/text/values", compression="gzip", **dataset)(file)
        file["outputs/text/values"].id.write_direct_chunk((0, 0), zlib.compress(bytes(100)))

    edit_shard(store, 0, edit)


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (_shape, r"/outputs/text/times: float64 \(6, 3\); expected float64 \(6, 2\)$"),
        (_type, r"/outputs/text/coverage: float64 \(6,\); expected float32 \(6,\)$"),
        (_segments, r": 3 segments; the manifest says 5$"),
        (_format, ": trimodal-store version 2; this trimodal reads version 1, update it$"),
        (_array_as_version, ": format trimodal-store version None; expected trimodal-store version 1$"),
        (_no_dataset, "/outputs/text/mask: missing$"),
        (_group, "/outputs/text/mask: no attribute 'encoding-type'$"),
        (_scalar, "/segments/start: has no rows; expected at least one dimension$"),
        (_no_hdf5, r": shard not a readable HDF5 file \(no signature\)$"),
        (_old_hdf5, ": superblock version 0; expected 2 or 3, whose metadata have checksums$"),
        (_no_file, ": shard missing$"),
        (_cut_short, r": 9000 bytes; the manifest says \d+$"),
        (_other_store, ": its first bytes are not those that were written; another store's shard, or damaged$"),
        (_other_file, "/outputs/text/mask: is a link; expected a shard that is whole$"),
        (_external, "/outputs/text/mask: lies in another file; expected a shard that is whole$"),
        (_virtual, "/outputs/text/mask: lies in another file; expected a shard that is whole$"),
        (
            _never_written,
            r"/segments/start: \(1125899906842624,\) reaches past the end of the file, which is cut short$",
        ),
        (_column_of_numbers, "/segments/id: a dataset of type 'numbers'; expected text$"),
        (_column_of_text, "/segments/end: a group of type 'text'; expected numbers$"),
        (_column_of_objects, "/segments/end: object; expected numbers$"),
        (_short_column, "/segments/text: 2 rows; expected 3$"),
        (_no_utf8, r"/segments/id: a text is not UTF-8 \('utf-8' codec"),
        (_table, r"/segments/id/offsets: int64 \(3, 2\); expected one dimension of int64$"),
        (_falling_offsets, "/segments/id/offsets: do not run up from 0 to 15$"),
        (_falling_rows, "/outputs/text/offsets: do not run from 0 to 6 in order$"),
        (_no_offsets, "/segments/id/offsets: is empty; expected one more than there are texts$"),
        (_group_of_bytes, "/segments/id/bytes: a group; expected a dataset$"),
        (_no_outputs, "/outputs: missing$"),
        (_old_element, "/outputs/text: 'output' of version 0; this trimodal reads version 1$"),
        (_pipe, ": a pipe or a device; expected a file$"),
        (_flat_start, r"/segments/start: float64 \(3, 1\); expected one dimension of float64$"),
        (_folder, r": shard cannot be read \(Is a directory\)$"),
        (_damaged_superblock, r": shard not a readable HDF5 file \("),
        (_newer_element, "/outputs/text: 'output' of version 2; this trimodal reads version 1, update it$"),
        (_other_element, "/outputs/text: a group of type 'tensor'; expected output$"),
        (_no_element, "/outputs/text: no attribute 'encoding-version' with one whole number$"),
        (_text_in_the_heap, "/outputs/text: attribute 'unit' is object; expected text of fixed length$"),
        (_other_unit, "/outputs/text: attribute 'unit' is not that of the manifest$"),
        (_damaged_chunk, "/outputs/text/values: cannot be read"),
        (_chunks_of_columns, r"/outputs/text/values: lies in chunks of \(6, 1\); expected chunks of whole rows$"),
        (_other_filter, r"/outputs/text/values: cannot be read \(.* by the filters \(32000,\); expected gzip"),
        (
            _chunk_that_is_too_long,
            r"/outputs/text/values: cannot be read \(the chunk .* does not unpack to the 72",
        ),
        (_chunk_that_is_too_short, r"/outputs/text/values: cannot be read \(the chunk .* does not unpack to the 72 "),
        (_chunk_of_many_bytes, r"/outputs/text/values: cannot be read \(the chunk .* takes 5000 bytes, and holds 72"),
        (_frame_of_a_larger_array, r"/outputs/text/values: cannot be read \(the chunk .* does not unpack to the 72 "),
        (_no_frame, r"/outputs/text/values: cannot be read \(the chunk .* is no frame as hdf5plugin writes them"),
        (_bomb, r"/outputs/text/values: \d+ bytes in the file unpack to 12582912000 in chunks of 12582912;"),
        (_huge_chunk, r"/outputs/text/values: \d+ bytes in the file unpack to 72 in chunks of 805306368;"),
    ],
)
def test_damage_is_named(path: Path, damage: Any, problem: str) -> None:
    """And what to do about it: a newer shard needs a newer trimodal, of any other the rest can be saved."""
    damage(path)
    remedy = "" if "update it" in problem else "; 'trimodal subset STORE --without-damaged' saves the other shards$"
    pattern = r"shard-00000\.h5:?" + (problem.removesuffix("$") + ".*" * ("$" not in problem) if remedy else problem)
    with pytest.raises(StoreError, match=pattern + remedy) as caught:
        _assert_content(FeatureStore(path))
    assert "\n" not in str(caught.value)
    assert str(caught.value).count("--without-damaged") <= 1


def test_other_shards_stay_readable(path: Path) -> None:
    (path / "shard-00001.h5").unlink()
    store = FeatureStore(path)
    assert [store[number].id for number in (0, 2, 4, 8)] == ["one_0", "one_2", "three_0", "four_1"]
    with pytest.raises(StoreError, match=r"shard-00001\.h5: shard missing; 'trimodal subset"):
        store[3]


def test_a_store_of_one_shard_has_no_others_to_save(tmp_path: Path) -> None:
    path = write_store(tmp_path / "s.store", shard_bytes=10**9)
    (path / "shard-00000.h5").unlink()
    with pytest.raises(StoreError, match=r"shard-00000\.h5: shard missing$"):
        _ = FeatureStore(path).segments


def test_a_store_without_its_damaged_shards(tmp_path: Path) -> None:
    path = write_store(tmp_path / "s.store", statistics={"train": ["train"]})
    assert damaged_files(path) == {}
    whole = FeatureStore(path)
    (path / "shard-00001.h5").unlink()
    flipped = bytearray((path / "shard-00003.h5").read_bytes())
    flipped[-1] ^= 1
    (path / "shard-00003.h5").write_bytes(flipped)
    damaged = damaged_files(path)
    assert damaged.keys() == {"shard-00001.h5", "shard-00003.h5"}
    assert damaged["shard-00001.h5"] == f"{path}/shard-00001.h5: shard missing"
    store = FeatureStore(path, leave_out=damaged)
    names = ["one_0", "one_1", "one_2", "three_0", "three_1", "three_2"]
    assert store.segments["id"].tolist() == [sample.id for sample in store] == names
    assert store.manifest.excluded == {"in a damaged shard": 3}
    np.testing.assert_array_equal(store[3].outputs["text"].values, whole[4].outputs["text"].values)
    assert len(store.gaps) == len(store.provenance) == 2
    assert len(store.select(split="train")) == 2
    again = pickle.loads(pickle.dumps(store))
    assert again.segments["id"].tolist() == names
    (path / "statistics.json").write_text("")
    assert damaged_files(path).keys() == {*damaged, "statistics.json"}
    assert FeatureStore(path, leave_out=damaged_files(path)).statistics == {}


def test_files_that_cannot_be_left_out(path: Path) -> None:
    with pytest.raises(StoreError, match=r"no file is called 'shard-00004\.h5'; did you mean 'shard-0000"):
        FeatureStore(path, leave_out=["shard-00004.h5"])
    with pytest.raises(StoreError, match="every shard is left out; expected one that is whole"):
        FeatureStore(path, leave_out=[f"shard-{number:05d}.h5" for number in range(4)])


@pytest.mark.parametrize("index", [1.7, True, [1, 2], "one_1", None, np.ones(9, bool)])
def test_what_is_no_number_of_a_segment(path: Path, index: Any) -> None:
    store = FeatureStore(path)
    for read in (
        store.__getitem__,
        store[:].__getitem__,
        lambda number: store.rows("text", number),
        lambda number: store.values("text", number),
        lambda number: store.gather(["text"], [number]),
    ):
        with pytest.raises(TypeError, match="expected a whole number, or for several of them a slice or 'select'"):
            read(index)
    assert store[np.int64(1)].id == "one_1"


def test_outputs_that_are_not_there(path: Path) -> None:
    store = FeatureStore(path)
    for read in (
        lambda: store.rows("txt", 1),
        lambda: store.values("txt", 1),
        lambda: store.names("txt"),
        lambda: store.text("txt", 1),
        lambda: store.gather(["txt"], [1]),
        lambda: store.select(present=["txt"]),
    ):
        with pytest.raises(StoreError, match=r"no output is called 'txt'; did you mean 'text'\?$"):
            read()
    with pytest.raises(ParameterError, match=r"present: 'text'; expected several names: \['text'\]"):
        store.select(present="text")


def test_text_of_an_output_without_words(path: Path) -> None:
    with pytest.raises(StoreError, match=r"shard-00000\.h5:/outputs/video/text: missing; the rows of this output are"):
        FeatureStore(path).text("video", 0)


def test_document_that_is_not_one_text(path: Path) -> None:
    edit_shard(path, 0, replace_column("recipe", ["a", "b"]))
    with pytest.raises(StoreError, match=r"shard-00000\.h5:/recipe: 2 texts; expected 1"):
        _ = FeatureStore(path).recipe


@pytest.mark.parametrize(
    ("text", "problem"),
    [("{", r"not JSON \("), ("[" * 100_000, r"not JSON \("), ("[]", "list; expected a JSON object")],
)
def test_provenance_that_is_no_json_object(path: Path, text: str, problem: str) -> None:
    edit_shard(path, 0, replace_column("provenance", [text]))
    with pytest.raises(StoreError, match=rf"shard-00000\.h5:/provenance: {problem}"):
        _ = FeatureStore(path).provenance


def test_label_without_a_column(path: Path) -> None:
    edit_shard(path, 0, lambda file: file.pop("labels/mood"))
    with pytest.raises(StoreError, match=r"/labels/mood: missing; expected a column; 'trimodal sub"):
        _ = FeatureStore(path).segments


def test_tables_may_have_more_columns(path: Path) -> None:
    edit_shard(path, 0, lambda file: write_text(file["segments"], "place", ["a"]))
    _assert_content(FeatureStore(path))


def _memory_of(read: Callable[[Path], Any], path: Path) -> tuple[str, int]:
    """Return the error of a reader, and by how many bytes its process grew."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        found = repr(read(path))
    except StoreError as error:
        found = str(error)
    return found, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024


def _values(path: Path) -> float:
    return float(FeatureStore(path)[1].outputs["text"].values.sum())


@pytest.mark.parametrize("read", [_values, verify])
def test_a_chunk_that_inflates_without_end(path: Path, read: Callable[[Path], Any]) -> None:
    """Three gigabytes out of three megabytes, which HDF5 would make of a chunk of less than four."""
    deflate = zlib.compressobj(9)
    zeros = bytes(2**24)
    bomb = b"".join([*(deflate.compress(zeros) for _ in range(192)), deflate.flush()])

    def edit(file: h5py.File) -> None:
        replace_dataset("outputs/text/values", chunks=(300_000, 3), maxshape=(None, 3), compression="gzip")(file)
        file["outputs/text/values"].id.write_direct_chunk((0, 0), bomb)

    edit_shard(path, 0, edit)
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        found, grown = pool.submit(_memory_of, read, path).result()
    assert "/outputs/text/values: cannot be read (the chunk (0, 0) of /outputs/text/values does not unpack to" in found
    assert grown < 64 * 2**20


@pytest.mark.parametrize("start_method", ["fork", "spawn"])
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_open_store_in_other_processes(tmp_path: Path, start_method: str, compression: str) -> None:
    store = FeatureStore(write_store(tmp_path / "s.store", compression=compression))
    before = store[1].outputs["text"].values
    with ProcessPoolExecutor(2, multiprocessing.get_context(start_method)) as pool:
        samples = list(pool.map(store.__getitem__, range(len(store))))
    assert [sample.id for sample in samples] == store.segments["id"].tolist()
    np.testing.assert_array_equal(samples[1].outputs["text"].values, before)


def test_a_store_of_a_dry_run_is_not_opened_by_accident(tmp_path: Path) -> None:
    path = write_store(tmp_path / "dry.store", dry_weights=True)
    with pytest.raises(
        StoreError, match=r"dry\.store: made with --dry-weights, its numbers mean nothing; open it with"
    ):
        FeatureStore(path)
    store = FeatureStore(path, dry_weights=True)
    _assert_content(pickle.loads(pickle.dumps(store)))
    assert not FeatureStore(write_store(tmp_path / "real.store"), dry_weights=True).manifest.dry_weights


def test_more_shards_than_files_may_be_open(tmp_path: Path) -> None:
    store = FeatureStore(write_store(tmp_path / "s"))
    assert len(store.manifest.shards) > 1
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = [os.open(tmp_path, os.O_RDONLY)]
    store.rows("text", 0)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, before[1]))
        with pytest.raises(OSError, match="Too many open files"):
            while True:
                taken.append(os.open(tmp_path, os.O_RDONLY))
        os.close(taken.pop())  # HDF5 needs one to find the rows
        with pytest.raises(StoreError, match=r"h5: cannot be mapped \(too many open files\); .* raise 'ulimit -n'"):
            store.rows("text", len(store) - 1)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        for descriptor in taken:
            os.close(descriptor)
