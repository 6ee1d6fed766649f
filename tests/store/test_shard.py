from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np
import pytest
from stores import LABELS, OUTPUTS, RECIPE, RECORDINGS, description, recording

from trimodal.store import OutputArrays
from trimodal.store.elements import OUTPUT_DATASETS
from trimodal.store.shard import GAP_COLUMNS, NUMBER_COLUMNS, SEGMENT_COLUMNS, ShardReader
from trimodal.store.shard_file import ShardContent, write_shard

ONE = RECORDINGS["one"]


def parts(outputs: Mapping[str, OutputArrays]) -> dict[str, list[OutputArrays]]:
    return {name: [arrays] for name, arrays in outputs.items()}


CONTENT = ShardContent(segments=ONE.segments, outputs=parts(ONE.outputs), gaps=ONE.gaps, provenance="{}")
STORE = description()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_shard(tmp_path / "s.h5", CONTENT, STORE)
    return tmp_path / "s.h5"


def _texts(group: h5py.Group) -> list[str]:
    cells = group["bytes"][...].tobytes()
    return [cells[one:other].decode() for one, other in pairwise(group["offsets"][...])]


def test_h5py_alone_reads_it(path: Path) -> None:
    with h5py.File(path) as file:
        assert dict(file.attrs) == {"format": b"trimodal-store", "version": 1}
        assert _texts(file["recipe"]) == [RECIPE]
        assert _texts(file["provenance"]) == ["{}"]
        for column in ("id", "recording", "split", "speaker", "text"):
            assert _texts(file["segments"][column]) == [getattr(segment, column) for segment in ONE.segments]
        assert file["segments/start"][...].tolist() == [0.0, 10.0, 20.0]
        assert file["segments/end"][...].tolist() == [5.0, 15.0, 25.0]
        assert _texts(file["labels/mood"]) == ["glad", "söur", "glad"]
        assert file["labels/valence"][...].tolist() == [0, 1 / 3, 2 / 3]
        assert _texts(file["gaps/reason"]) == ["no fäce"]
        assert file["gaps/end"][...].tolist() == [2.5]
        assert _texts(file["outputs/text/names"]) == ["w.a", "w.b", "w.c"]
        first, last = file["outputs/text/offsets"][1:3]
        np.testing.assert_array_equal(file["outputs/text/values"][first:last], ONE.outputs["text"].values[:4])
        for name in OUTPUTS:
            group = file["outputs"][name]
            for key in OUTPUT_DATASETS:
                np.testing.assert_array_equal(group[key][...], getattr(ONE.outputs[name], key), strict=True)
            found = {key: group.attrs[key] for key in ("unit", "timeline", "pool", "gaps")}
            assert found == {"unit": b"px", "timeline": b"words", "pool": b"mean", "gaps": b"zero"}
        assert _texts(file["outputs/text/text"]) == [f"one wörd {row}" for row in range(6)]
        assert "text" not in file["outputs/video"]


def test_every_element_says_what_it_is(path: Path) -> None:
    found, parts = {}, set()

    def note(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if "encoding-type" in item.attrs:
            assert item.attrs["encoding-version"] == 1
            found[name] = item.attrs["encoding-type"].decode()
        else:
            parts.add(name)

    with h5py.File(path) as file:
        file.visititems(note)
    expected = {"recipe": "text", "provenance": "text", "outputs": "outputs"}
    for table, columns in (("segments", SEGMENT_COLUMNS), ("labels", LABELS), ("gaps", GAP_COLUMNS)):
        numbers = (*NUMBER_COLUMNS, "valence")
        expected |= {table: "table"} | {f"{table}/{name}": "numbers" if name in numbers else "text" for name in columns}
    for name in OUTPUTS:
        expected |= {f"outputs/{name}": "output", f"outputs/{name}/names": "text"}
        expected |= {f"outputs/{name}/{key}": "numbers" for key in OUTPUT_DATASETS}
    expected["outputs/text/text"] = "text"
    assert found == expected
    # What says nothing is a part of a text, which says it.
    assert parts == {
        f"{name}/{part}" for name, kind in expected.items() if kind == "text" for part in ("bytes", "offsets")
    }


def test_nothing_is_in_the_heap_which_has_no_checksum(path: Path) -> None:
    data = path.read_bytes()
    assert data[8] in (2, 3)
    assert b"GCOL" not in data


def test_datasets_can_be_mapped(path: Path) -> None:
    found = []

    def check(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset) and item.size:
            assert item.chunks is None
            assert item.compression is None
            assert item.id.get_offset() % 64 == 0
            found.append(name)

    with h5py.File(path) as file:
        file.visititems(check)
    assert {f"outputs/{name}/{key}" for name in OUTPUTS for key in OUTPUT_DATASETS} <= {*found}


def test_mapped_rows_are_aligned(path: Path) -> None:
    shard = ShardReader(path, OUTPUTS, LABELS)
    for name in OUTPUTS:
        for key in OUTPUT_DATASETS:
            array = shard.array(name, key)
            assert isinstance(array.base.base, np.memmap)
            assert array.ctypes.data % 64 == 0
            assert array.flags.c_contiguous


def test_outputs_without_rows(tmp_path: Path) -> None:
    empty = recording("empty", (0, 0))
    content = ShardContent(segments=empty.segments, outputs=parts(empty.outputs), gaps=[], provenance="{}")
    write_shard(tmp_path / "s.h5", content, STORE)
    shard = ShardReader(tmp_path / "s.h5", OUTPUTS, LABELS)
    for name, schema in OUTPUTS.items():
        assert shard.array(name, "values").shape == (0, *schema.shape)
        assert shard.array(name, "values").dtype == schema.dtype
        assert shard.array(name, "offsets").tolist() == [0, 0, 0]
    assert shard.texts("text", slice(None)) == []
    assert all(len(column) == 0 for column in shard.gap_table().values())


@pytest.mark.parametrize("folder", ["none", "file"])
def test_file_that_cannot_be_written(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"s\.h5"):
        write_shard(tmp_path / folder / "s.h5", CONTENT, STORE)
