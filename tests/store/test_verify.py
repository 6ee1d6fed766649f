import json
import os
import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from stores import (
    RECORDINGS,
    SHARD_BYTES,
    edit_manifest,
    edit_shard,
    fit_checksum,
    recording,
    replace_column,
    replace_dataset,
    write_store,
)

from trimodal.errors import StoreError
from trimodal.store import damaged_files, verify
from trimodal.store.shard_writer import sha256

HUGE = 2**50
Edit = Callable[[h5py.File], Any]


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards: one (rows 0, 4, 2), two (3), three (5, 0, 1), four (2, 0)."""
    return write_store(tmp_path_factory.mktemp("verify") / "s.store")


@pytest.fixture
def path(pristine: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / "s.store"))


@pytest.mark.parametrize("shard_bytes", [1, SHARD_BYTES, 600, 10**9])
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
    with pytest.raises(StoreError, match=r"trimodal-store version 2; this trimodal reads version 1, update it$"):
        verify(path)


def test_shard_outside_the_folder_is_not_read(path: Path) -> None:
    shutil.copy(path / "shard-00000.h5", path.parent / "x.h5")
    edit_manifest(path, lambda data: data["shards"][0].update(file="../x.h5"))
    with pytest.raises(StoreError, match=r"file '\.\./x\.h5' is not a plain file name"):
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


def test_shard_that_is_a_pipe(path: Path) -> None:
    (path / "shard-00002.h5").unlink()
    os.mkfifo(path / "shard-00002.h5")
    assert verify(path) == [f"{path}/shard-00002.h5: no file; expected a shard"]


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
    shard = edit_shard(path, 1, replace_column("segments/id", ["one_1"]))
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


def _provenance(**changes: Any) -> Edit:
    """Return an edit of the provenance; what is None goes."""
    said = {"trimodal": "1.2.3", "tracks": {}, "sources": {"one": {}}, "dry_weights": False} | changes
    return replace_column("provenance", [json.dumps({key: value for key, value in said.items() if value is not None})])


def _element(name: str, *, encoding_type: str, encoding_version: int | None = None, **creation: Any) -> Edit:
    def edit(file: h5py.File) -> None:
        dataset = file.create_dataset(name, **creation)
        dataset.attrs.create("encoding-type", np.bytes_(encoding_type.encode()))
        if encoding_version is not None:
            dataset.attrs["encoding-version"] = encoding_version

    return edit


# Shard 0 has the rows 0 to 3 of its segment 1 and the rows 4 and 5 of its segment 2; the rows 1 and 4 are not observed.
@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (_set("outputs/text/mask", 0, False), "/outputs/text/mask: says otherwise than the coverage"),
        (_set("outputs/text/mask", 1, True), "/outputs/text/mask: says otherwise than the coverage"),
        (_set("outputs/text/values", (0, 1), np.nan), "/outputs/text/values: a value is not finite"),
        (_set("outputs/video/values", (5, 1, 1), np.inf), "/outputs/video/values: a value is not finite"),
        (_set("outputs/text/values", (4, 2), 1e-9), "/outputs/text/values: what was not observed is not zero"),
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
            _set("outputs/text/times", 2, [13, 12]),
            "/outputs/text/times: a time is not finite, or an end before its start",
        ),
        (
            _set("outputs/text/times", (2, 1), np.inf),
            "/outputs/text/times: a time is not finite, or an end before its start",
        ),
        (_set("outputs/text/times", 2, [10.5, 19]), "/outputs/text/times: starts are not in order inside a segment"),
        (_set("outputs/text/times", 0, [8, 9.9]), "/outputs/text/times: a row lies outside its segment"),
        (_set("outputs/text/times", 3, [15.1, 16]), "/outputs/text/times: a row lies outside its segment"),
        (
            replace_column("outputs/text/names", ["w.x", "w.b", "w.c"]),
            "/outputs/text/names: are not those of the manifest",
        ),
        (replace_column("outputs/text/text", ["a"] * 5), "/outputs/text/text: 5 rows; expected 6 rows"),
        (lambda file: file.pop("outputs/text/text"), "/outputs/text/text: missing; expected 6 rows"),
        (
            replace_column("segments/id", ["one_2", "one_1", "one_2"]),
            "/segments/id: 'one_2' repeats; expected ids that differ",
        ),
        (_set("segments/start", 1, 16.0), "/segments: a segment's times are not finite or not in order"),
        (_set("segments/end", 1, np.nan), "/segments: a segment's times are not finite or not in order"),
        (_make("segments/end", data=np.zeros(2)), "/segments/end: 2 rows; expected 3"),
        (replace_column("labels/mood", ["a"] * 4), "/labels/mood: 4 rows; expected 3"),
        (lambda file: file.pop("labels/valence"), "/labels/valence: missing; expected a column"),
        (lambda file: file.pop("recipe"), "/recipe: missing"),
        (replace_column("provenance", ["{"]), "/provenance: not JSON (Expecting property name"),
        (replace_column("provenance", ["[]"]), "/provenance: list; expected a JSON object"),
        (replace_column("provenance", ['{"trimodal": "1", "tracks": {}}']), "/provenance: no 'sources'"),
        (replace_column("provenance", ["[" * 100_000]), "/provenance: not JSON (maximum recursion depth"),
        (replace_column("gaps/reason", ["a", "b"]), "/gaps/reason: 2 rows; expected 1"),
        (_set("gaps/start", 0, 9.0), "/gaps: a gap's times are not finite or not in order"),
        (_set("labels/valence", 1, np.nan), "/labels/valence: a label is not finite"),
        (lambda file: file.pop("gaps"), "/gaps: missing"),
        (replace_column("gaps/recording", ["zzz"]), "/gaps/recording: 'zzz' is no recording of a segment"),
        (_provenance(sources={}), "/provenance: 'sources' and the segments differ in the recording 'one'"),
        (
            _provenance(sources={"one": {}, "x": {}}),
            "/provenance: 'sources' and the segments differ in the recording 'x'",
        ),
        (_provenance(sources={"one": 3}), "/provenance: 'sources' holds something else than JSON objects"),
        (_provenance(tracks={"w": 3}), "/provenance: 'tracks' holds something else than lists"),
        (_provenance(trimodal=3), "/provenance: no 'trimodal'; expected a version"),
        (_provenance(dry_weights=None), "/provenance: says otherwise than the manifest whether it was made with"),
        (_provenance(dry_weights=True), "/provenance: says otherwise than the manifest whether it was made with"),
        (lambda file: file.__setitem__("x", h5py.ExternalLink("/x.h5", "x")), "/x: is a link; expected a shard"),
        (lambda file: file.__setitem__("outputs/x", h5py.SoftLink("/gaps")), "/outputs/x: is a link; expected a"),
        (lambda file: file.create_dataset("x", data="abc"), "/x: no attribute 'encoding-type'"),
        (lambda file: file.create_group("gaps/x"), "/gaps/x: no attribute 'encoding-type'"),
        (_element("x", data=np.zeros(3), encoding_type="numbers"), "/x: no attribute 'encoding-version' with one"),
        (
            _element("x", data=["abc"], encoding_type="numbers", encoding_version=1),
            "/x: is of variable length; expected numbers",
        ),
        (
            _element("x", data=np.zeros(3), chunks=(1,), encoding_type="numbers", encoding_version=1),
            "/x: lies in pieces; expected one, as only values of outputs may be packed",
        ),
        (
            _element("x", shape=(3,), dtype="f4", external="x.raw", encoding_type="numbers", encoding_version=1),
            "/x: lies in another file; expected a shard that is whole",
        ),
        (lambda file: file.attrs.create("note", "abc"), "/: attribute 'note' is of variable length; expected text of"),
        (
            lambda file: file["outputs/text/mask"].attrs.create("note", "abc"),
            "/outputs/text/mask: attribute 'note' is of variable length; expected text of",
        ),
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
    for number in range(4):
        edit_shard(path, number, lambda file: file["outputs/text"].attrs.create("gaps", np.bytes_(b"hold")))
    assert verify(path) == []


def test_a_group_that_is_in_itself_ends(path: Path) -> None:
    def edit(file: h5py.File) -> None:
        again = file["segments"]
        for name in ("x", "y"):
            again[name] = again

    edit_shard(path, 0, edit)
    assert verify(path) == []


def _edit_statistics(path: Path, edit: Callable[[dict[str, Any]], Any]) -> Path:
    file = path / "statistics.json"
    data = json.loads(file.read_text())
    edit(data["train"])
    file.write_text(json.dumps(data))
    entry = {"file": file.name, "bytes": file.stat().st_size, "sha256": sha256(file)}
    edit_manifest(path, lambda manifest: manifest.update(statistics=entry))
    return file


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        ({"count": 0}, "damaged (ValueError: nothing is counted, or more is sampled than that)"),
        ({"count": 1.5}, "damaged (ValueError: 'count' is 1.5; expected whole numbers from 0)"),
        ({"count": [6, 7, 6]}, "'train' is of 7 values of column 1 of 'text'; the shards have 6"),
        ({"count": [6, 7]}, "damaged (ValueError: "),
        ({"sampled": -5}, "damaged (ValueError: 'sampled' is -5; expected whole numbers from 0)"),
        ({"sampled": 99}, "damaged (ValueError: nothing is counted, or more is sampled than that)"),
        (
            {"standard_deviation": [1, -1, 1]},
            "damaged (ValueError: a standard deviation is negative, or a minimum above",
        ),
        ({"minimum": [1e9, 0, 0]}, "damaged (ValueError: a standard deviation is negative, or a minimum above"),
    ],
)
def test_statistics_that_are_none(tmp_path: Path, edit: dict[str, Any], problem: str) -> None:
    path = write_store(tmp_path / "s.store", statistics={"train": ["train"]})
    file = _edit_statistics(path, lambda table: table["outputs"]["text"].update(edit))
    (found,) = verify(path)
    assert found.startswith(f"{file}: {problem}")
    assert damaged_files(path) == {"statistics.json": found}


def test_statistics_of_splits_that_the_store_does_not_have(tmp_path: Path) -> None:
    path = write_store(tmp_path / "s.store", statistics={"train": ["train"]})
    file = _edit_statistics(path, lambda table: table.update(splits=["nonesuch"]))
    assert verify(path)[0] == f"{file}: 'train' is of 6 values of column 0 of 'text'; the shards have 0"
    file = _edit_statistics(path, lambda table: table.update(splits=["train"], outputs={}))
    assert verify(path)[0] == f"{file}: 'train' is of 0 values of column 0 of 'text'; the shards have 6"
    # What a damaged shard lacks is no fault of the statistics.
    (path / "shard-00001.h5").unlink()
    assert verify(path) == [f"{path}/shard-00001.h5: shard missing"]


def test_rows_of_many_blocks(tmp_path: Path) -> None:
    path = write_store(tmp_path / "s.store", {"long": recording("long", (70_000, 1))})
    assert verify(path) == []
    shard = edit_shard(path, 0, _set("outputs/text/values", (69_999, 0), np.nan))
    assert verify(path) == [f"{shard}:/outputs/text/values: a value is not finite"]


@pytest.mark.parametrize("chunks", [None, (2**20,)])
@pytest.mark.parametrize(
    "name",
    [
        "segments/id/bytes",
        "segments/id/offsets",
        "segments/start",
        "labels/mood/bytes",
        "outputs/text/mask",
        "outputs/text/text/offsets",
        "recipe/bytes",
    ],
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


def test_every_flipped_byte_is_found(tmp_path: Path) -> None:
    path = write_store(tmp_path / "s.store", shard_bytes=10**9, statistics={"train": ["train"]})
    assert verify(path) == []
    random = np.random.default_rng(0)
    files = sorted(path.iterdir())
    contents = [file.read_bytes() for file in files]
    sizes = np.array([len(content) for content in contents])
    # The shard, whose size is that of all others several times, gets no more flips than they do.
    for number in random.choice(len(files), 1000, p=np.sqrt(sizes) / np.sqrt(sizes).sum()):
        flipped = bytearray(contents[number])
        flipped[random.integers(len(flipped))] ^= int(random.integers(1, 256))
        files[number].write_bytes(flipped)
        assert _found(path)
        files[number].write_bytes(contents[number])
    assert verify(path) == []


def _found(path: Path) -> bool:
    try:
        return bool(verify(path))
    except StoreError:  # the manifest itself
        return True


def test_bytes_behind_the_end(path: Path) -> None:
    for name in ("manifest.json", "shard-00003.h5"):
        with open(path / name, "ab") as file:
            file.write(b" ")
        assert _found(path)


def test_shards_and_manifest_agree_on_dry_weights(path: Path) -> None:
    edit_manifest(path, lambda data: data.update(dry_weights=True))
    problems = verify(path)
    assert len(problems) == len(RECORDINGS)
    assert problems[0].endswith("says otherwise than the manifest whether it was made with --dry-weights")
