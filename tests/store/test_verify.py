import shutil
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from stores import RECORDINGS, edit_manifest, edit_shard, fit_checksum, recording, replace_dataset, write_store

from trimodal.errors import StoreError
from trimodal.store import FeatureStore, verify

HUGE = 2**50
Edit = Callable[[h5py.File], Any]


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards: one (rows 0, 4, 2), two (3), three (5, 0, 1), four (2, 0)."""
    return write_store(tmp_path_factory.mktemp("verify") / "s.store")


@pytest.fixture
def path(pristine: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / "s.store"))


@pytest.mark.parametrize("shard_bytes", [1, 600, 10**9])
def test_whole_store_has_no_problems(tmp_path: Path, shard_bytes: int) -> None:
    assert verify(str(write_store(tmp_path / "s.store", shard_bytes=shard_bytes))) == []


def test_store_without_segments_has_no_problems(tmp_path: Path) -> None:
    assert verify(write_store(tmp_path / "s.store", {})) == []


def test_compressed_shard_has_no_problems(path: Path) -> None:
    edit_shard(path, 2, replace_dataset("outputs/text/values", chunks=(2, 3), compression="gzip"))
    assert verify(path) == []


def test_folder_that_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no manifest\.json in it; expected a feature store"):
        verify(tmp_path)


def test_newer_version(path: Path) -> None:
    edit_manifest(path, lambda data: data.update(version=2))
    with pytest.raises(StoreError, match="trimodal-store version 2; expected trimodal-store version 1"):
        verify(path)


def test_shard_outside_the_folder_is_not_read(path: Path) -> None:
    shutil.copy(path / "shard-00000.h5", path.parent / "x.h5")
    edit_manifest(path, lambda data: data["shards"][0].update(file="../x.h5"))
    with pytest.raises(StoreError, match=r"shard '\.\./x\.h5' is not a plain file name"):
        verify(path)


@pytest.mark.parametrize("seed", range(12))
def test_flipped_bit(path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    shard = path / f"shard-{random.integers(4):05d}.h5"
    data = bytearray(shard.read_bytes())
    data[random.integers(len(data))] ^= 1 << random.integers(8)
    shard.write_bytes(data)
    assert verify(path) == [f"{shard}: the checksum is not the manifest's; the file was changed after it was written"]


@pytest.mark.parametrize("part", [0.0, 0.01, 0.3, 0.6, 0.99])
def test_truncated_shard(path: Path, part: float) -> None:
    shard = path / "shard-00000.h5"
    data = shard.read_bytes()
    left = int(len(data) * part)
    shard.write_bytes(data[:left])
    assert verify(path) == [f"{shard}: {left} bytes; the manifest says {len(data)}"]
    fit_checksum(path, 0)
    (problem,) = verify(path)
    assert problem.startswith(f"{shard}: shard not a readable HDF5 file")


def test_missing_shard(path: Path) -> None:
    (path / "shard-00002.h5").unlink()
    assert verify(path) == [f"{path}/shard-00002.h5: shard missing"]


def test_foreign_shard(path: Path) -> None:
    shutil.copy(path / "shard-00000.h5", path / "shard-00004.h5")
    assert verify(path) == [f"{path}/shard-00004.h5: not in the manifest; expected no other shards"]


def test_swapped_shards_of_two_stores(path: Path, tmp_path: Path) -> None:
    names = ["three", "two", "one", "four"]
    other = write_store(tmp_path / "other.store", {name: RECORDINGS[name] for name in names})
    one, two = path / "shard-00000.h5", other / "shard-00000.h5"
    swap = one.read_bytes(), two.read_bytes()
    two.write_bytes(swap[0])
    one.write_bytes(swap[1])
    for store, shard in ((path, one), (other, two)):
        assert any(problem.startswith(f"{shard}: the checksum is not the manifest's") for problem in verify(store))


def test_ids_repeat_in_two_shards(path: Path) -> None:
    shard = edit_shard(path, 1, _set("segments/id", 0, "one_1"))
    assert verify(path) == [f"{shard}:/segments/id: 'one_1' repeats; expected ids that differ"]


def _set(name: str, where: Any, value: Any) -> Edit:
    return lambda file: file[name].__setitem__(where, value)


def _make(name: str, **creation: Any) -> Edit:
    return replace_dataset(name, **creation)


def _mask_and_coverage(row: int, coverage: float) -> Edit:
    def edit(file: h5py.File) -> None:
        file["outputs/text/coverage"][row] = coverage
        file["outputs/text/mask"][row] = coverage > 0

    return edit


# Shard 0 has the rows 0 to 3 of its segment 1 and the rows 4 and 5 of its segment 2; the rows 1 and 4 are not observed.
@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (_set("outputs/text/mask", 0, False), "/outputs/text/mask: says otherwise than the coverage"),
        (_set("outputs/text/mask", 1, True), "/outputs/text/mask: says otherwise than the coverage"),
        (_set("outputs/text/values", (0, 1), np.nan), "/outputs/text/values: a value is not finite"),
        (_set("outputs/video/values", (5, 1, 1), np.inf), "/outputs/video/values: a value is not finite"),
        (_set("outputs/text/values", (4, 2), 1e-9), "/outputs/text/values: a row that was not observed is not zero"),
        (_set("outputs/text/coverage", 0, 1.5), "/outputs/text/coverage: a value is outside 0 to 1"),
        (_set("outputs/text/coverage", 0, np.nan), "/outputs/text/coverage: a value is outside 0 to 1"),
        (_set("outputs/text/offsets", 1, 5), "/outputs/text/offsets: do not run from 0 to 6 in order"),
        (_set("outputs/text/offsets", 0, 1), "/outputs/text/offsets: do not run from 0 to 6 in order"),
        (_set("outputs/text/offsets", 3, 5), "/outputs/text/offsets: do not run from 0 to 6 in order"),
        (_set("outputs/text/offsets", 3, HUGE), "/outputs/text/offsets: do not run from 0 to 6 in order"),
        (
            _set("outputs/text/offsets", slice(1, 3), [2**63 - 1, -(2**63)]),
            "/outputs/text/offsets: do not run from 0 to 6 in order",
        ),
        (
            _set("outputs/text/times", 2, [3, 2]),
            "/outputs/text/times: a time is not finite, or an end before its start",
        ),
        (
            _set("outputs/text/times", (2, 1), np.inf),
            "/outputs/text/times: a time is not finite, or an end before its start",
        ),
        (_set("outputs/text/times", 2, [0.5, 9]), "/outputs/text/times: starts are not in order inside a segment"),
        (_set("outputs/text/names", 0, "w.x"), "/outputs/text/names: are not those of the manifest"),
        (_make("outputs/text/text", data=["a"] * 5), "/outputs/text/text: 5 rows; expected 6"),
        (lambda file: file.pop("outputs/text/text"), "/outputs/text/text: missing; expected a dataset"),
        (_set("segments/id", 0, "one_2"), "/segments/id: 'one_2' repeats; expected ids that differ"),
        (_set("segments/start", 1, 16.0), "/segments: a segment's times are not finite or not in order"),
        (_set("segments/end", 1, np.nan), "/segments: a segment's times are not finite or not in order"),
        (_make("segments/end", data=np.zeros(2)), "/segments/end: 2 rows; expected 3"),
        (_make("segments/labels/mood", data=["a"] * 4), "/segments/labels/mood: 4 rows; expected 3"),
        (lambda file: file.pop("segments/labels/valence"), "/segments/labels/valence: missing; expected a dataset"),
        (lambda file: file.pop("recipe"), "/recipe: missing; expected a dataset"),
        (_set("provenance", 0, "{"), "/provenance: not JSON (Expecting property name"),
        (_set("provenance", 0, "[]"), "/provenance: list; expected a JSON object"),
        (_set("provenance", 0, "[" * 100_000), "/provenance: not JSON (maximum recursion depth"),
        (_make("gaps/reason", data=["a", "b"]), "/gaps: columns differ in length"),
        (lambda file: file.pop("gaps"), "/gaps/recording: missing; expected a dataset"),
    ],
)
def test_content_that_breaks_the_format(path: Path, edit: Edit, problem: str) -> None:
    shard = edit_shard(path, 0, edit)
    problems = verify(path)
    assert any(found.startswith(f"{shard}:{problem}") for found in problems), problems
    assert all("\n" not in found for found in problems)


def test_rows_that_were_not_observed_may_be_filled_where_gaps_are_not_zero(path: Path) -> None:
    edit_shard(path, 0, _set("outputs/text/values", 4, 7))
    edit_manifest(path, lambda data: data["outputs"]["text"].update(gaps="hold"))
    assert verify(path) == []


def test_rows_of_many_blocks(tmp_path: Path) -> None:
    path = write_store(tmp_path / "s.store", {"long": recording("long", (70_000, 1))})
    assert verify(path) == []
    shard = edit_shard(path, 0, _set("outputs/text/values", (69_999, 0), np.nan))
    assert verify(path) == [f"{shard}:/outputs/text/values: a value is not finite"]


@pytest.mark.parametrize("chunks", [None, (2**20,)])
@pytest.mark.parametrize(
    "name",
    ["segments/id", "segments/start", "segments/labels/mood", "outputs/text/mask", "outputs/text/text", "recipe"],
)
def test_absurd_sizes_are_not_allocated(path: Path, name: str, chunks: tuple[int] | None) -> None:
    dtype = h5py.File(path / "shard-00000.h5")[name].dtype
    shard = edit_shard(path, 0, _make(name, shape=(HUGE,), dtype=dtype, chunks=chunks))
    _assert_refused(path, f"{shard}:/{name}: ({HUGE},) reaches past the end of the file, which is cut short")


@pytest.mark.parametrize("chunks", [None, (2**20, 3)])
def test_absurd_rows_that_manifest_and_shard_agree_on(path: Path, chunks: tuple[int, int] | None) -> None:
    def edit(file: h5py.File) -> None:
        for name in ("mask", "coverage", "times", "values"):
            dataset = file[f"outputs/text/{name}"]
            chunked = None if chunks is None else (chunks[0], *dataset.shape[1:])
            _make(f"outputs/text/{name}", shape=(HUGE, *dataset.shape[1:]), dtype=dataset.dtype, chunks=chunked)(file)

    shard = edit_shard(path, 0, edit)
    _assert_refused(path, f"{shard}:/outputs/text/values: ({HUGE}, 3) reaches past the end of the file")


@pytest.mark.parametrize("part", ["segments", "bytes"])
def test_absurd_manifest_counts(path: Path, part: str) -> None:
    edit_manifest(path, lambda data: data["shards"][0].update({part: 10**30}))
    _assert_refused(path, f"{path}/shard-00000.h5")


def test_absurd_row_shape_in_the_manifest(path: Path) -> None:
    edit_manifest(path, lambda data: data["outputs"]["text"].update(shape=[HUGE, HUGE]))
    _assert_refused(path, f"{path}/shard-00000.h5:/outputs/text/values: float32 (6, 3); expected float32 (6, {HUGE}")


def _assert_refused(path: Path, problem: str) -> None:
    tracemalloc.start()
    try:
        problems = verify(path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert problems[0].startswith(problem)
    assert all("\n" not in found for found in problems)
    assert most < 10 * 2**20


def _rewrite_without_checksums(path: Path) -> Path:
    """Write a shard as h5py does by default; its headers have no checksums, so that they can be patched."""
    shard = path / "shard-00000.h5"
    plain = path / "plain"
    with h5py.File(shard) as old, h5py.File(plain, "w", libver="earliest") as new:
        new.attrs.update(old.attrs)
        for name in old:
            old.copy(name, new)
        del new["outputs/text/values"]
        new.create_dataset("outputs/text/values", data=old["outputs/text/values"][...])  # the last in the file
    plain.replace(shard)
    return shard


def test_shard_of_h5py_with_default_settings_is_read(path: Path) -> None:
    _rewrite_without_checksums(path)
    fit_checksum(path, 0)
    assert verify(path) == []
    np.testing.assert_array_equal(
        FeatureStore(path).rows("text", 2).values, RECORDINGS["one"].outputs["text"].values[4:]
    )


def _patch(shard: Path, old: tuple[int, int], new: tuple[int, int]) -> None:
    """Replace two neighbouring numbers of the header, wherever they are."""
    one, other = (struct.pack("<QQ", *pair) for pair in (old, new))
    data = shard.read_bytes()
    assert one in data
    shard.write_bytes(data.replace(one, other))


def test_rows_past_the_end_of_the_file(path: Path) -> None:
    # Reading a map past the end of its file would end the process.
    shard = _rewrite_without_checksums(path)
    with h5py.File(shard) as file:
        place = file["outputs/text/values"].id.get_offset()
    _patch(shard, (place, 72), (shard.stat().st_size - 40, 72))
    fit_checksum(path, 0)
    (problem,) = verify(path)
    # Some versions of HDF5 see it themselves.
    assert problem.startswith(
        (
            f"{shard}:/outputs/text/values: cannot be read (",
            f"{shard}:/outputs/text/values: (6, 3) reaches past the end",
        )
    )


def test_more_rows_than_the_file_has(path: Path) -> None:
    shard = _rewrite_without_checksums(path)
    _patch(shard, (6, 3), (HUGE, 3))
    fit_checksum(path, 0)
    _assert_refused(path, f"{shard}:/outputs/text/values: ")
