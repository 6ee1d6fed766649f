from pathlib import Path

import h5py
import numpy as np
import pytest
from stores import LABELS, OUTPUTS, RECIPE, RECORDINGS, recording

from trimodal.errors import StoreError
from trimodal.store.shard import OUTPUT_DATASETS, ShardContent, ShardReader, write_shard

ONE = RECORDINGS["one"]
CONTENT = ShardContent(segments=ONE.segments, outputs=ONE.outputs, gaps=ONE.gaps, recipe=RECIPE, provenance="{}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_shard(tmp_path / "s.h5", CONTENT, OUTPUTS, LABELS)
    return tmp_path / "s.h5"


def test_h5py_reads_it(path: Path) -> None:
    with h5py.File(path) as file:
        assert dict(file.attrs) == {"format": "trimodal-store", "version": 1}
        assert file["recipe"].asstr()[...].tolist() == [RECIPE]
        assert file["provenance"].asstr()[...].tolist() == ["{}"]
        for column in ("id", "recording", "split", "speaker", "text"):
            expected = [getattr(segment, column) for segment in ONE.segments]
            assert file[f"segments/{column}"].asstr()[...].tolist() == expected
        assert file["segments/start"][...].tolist() == [0.0, 10.0, 20.0]
        assert file["segments/end"][...].tolist() == [5.0, 15.0, 25.0]
        assert file["segments/labels/mood"].asstr()[...].tolist() == ["glad", "söur", "glad"]
        assert file["segments/labels/valence"][...].tolist() == [0, 1 / 3, 2 / 3]
        assert file["gaps/reason"].asstr()[...].tolist() == ["no fäce"]
        assert file["gaps/end"][...].tolist() == [2.5]
        assert file["outputs/text/names"].asstr()[...].tolist() == ["w.a", "w.b", "w.c"]
        first, last = file["outputs/text/offsets"][1:3]
        np.testing.assert_array_equal(file["outputs/text/values"][first:last], ONE.outputs["text"].values[:4])
        for name in OUTPUTS:
            group = file["outputs"][name]
            for key in OUTPUT_DATASETS:
                np.testing.assert_array_equal(group[key][...], getattr(ONE.outputs[name], key), strict=True)
            expected = {"unit": "px", "timeline": "words", "pool": "mean", "gaps": "zero"}
            assert dict(group["values"].attrs) == expected
        assert file["outputs/text/text"].asstr()[...].tolist() == [f"one wörd {row}" for row in range(6)]
        assert "text" not in file["outputs/video"]


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
            assert isinstance(array, np.memmap)
            assert array.ctypes.data % 64 == 0
            assert array.flags.c_contiguous


def test_outputs_without_rows(tmp_path: Path) -> None:
    empty = recording("empty", (0, 0))
    content = ShardContent(segments=empty.segments, outputs=empty.outputs, gaps=[], recipe=RECIPE, provenance="{}")
    write_shard(tmp_path / "s.h5", content, OUTPUTS, LABELS)
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
    with pytest.raises(StoreError, match=r"s\.h5: cannot be written \("):
        write_shard(tmp_path / folder / "s.h5", CONTENT, OUTPUTS, LABELS)
