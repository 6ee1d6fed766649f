from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from exchange_stores import ALIGNED, Made, aligned, make_store, values

from trimodal.errors import MissingPackageError
from trimodal.exchange import export, table
from trimodal.store import FeatureStore

READERS = {"csv": pd.read_csv, "parquet": pd.read_parquet}


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return make_store(tmp_path / "a.store", ALIGNED)


@pytest.mark.parametrize("format", READERS)
@pytest.mark.parametrize("piece_bytes", [1, 40, 10_000])
def test_rows_of_an_output(
    store: FeatureStore, tmp_path: Path, format: str, piece_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "_PIECE_BYTES", piece_bytes)
    assert export(store, format, tmp_path / "t", {"output": "text"}) == []
    found = READERS[format](tmp_path / "t")
    columns = ["segment", "recording", "split", "start", "end", "mask", "coverage", "text", "a.x", "a.y", "a.z"]
    assert list(found.columns) == columns
    assert found["segment"].tolist() == [segment.id for segment in ALIGNED for _ in range(segment.rows["text"])]
    assert found["mask"].tolist() == [*[True] * 4, False, *[True] * 7]
    assert found["start"].tolist()[:4] == [0, 0.5, 1, 1.5]
    np.testing.assert_array_equal(found[columns[-3:]].to_numpy()[6:11], values("v/0001", "text", 5))
    assert found["text"].iloc[0] == "wörd0"


@pytest.mark.parametrize("format", READERS)
def test_numbers_come_back_as_they_were(tmp_path: Path, format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import exchange_stores

    odd = np.array([[1 / 3, 1e-30], [np.float32(2**-100), 16777217.0]], np.float32)
    monkeypatch.setattr(exchange_stores, "values", lambda *_: odd)
    store = make_store(tmp_path / "a.store", [Made(id="a", recording="a", split="", rows={"audio": 2}, start=1 / 7)])
    export(store, format, tmp_path / "t", {"output": "audio"})
    found = READERS[format](tmp_path / "t")
    np.testing.assert_array_equal(found[["m.0", "m.1"]].to_numpy(np.float32), odd)
    assert found["start"].iloc[0] == 1 / 7


@pytest.mark.parametrize("format", READERS)
def test_columns_without_names_are_numbered(store: FeatureStore, tmp_path: Path, format: str) -> None:
    rows = aligned(1, pictures=2)
    store = make_store(tmp_path / "p.store", [Made(id="a", recording="a", split="", rows=rows)])
    export(store, format, tmp_path / "t", {"output": "pictures"})
    found = READERS[format](tmp_path / "t")
    names = ["pictures.0.0", "pictures.0.1", "pictures.1.0", "pictures.1.1"]
    np.testing.assert_array_equal(found[names], values("a", "pictures", 2).reshape(2, 4))
    export(store, format, tmp_path / "h", {"output": "vision"})
    np.testing.assert_array_equal(READERS[format](tmp_path / "h").iloc[:, -4:], values("a", "vision", 1))


@pytest.mark.parametrize("format", READERS)
def test_segments_with_their_labels(store: FeatureStore, tmp_path: Path, format: str) -> None:
    export(store, format, tmp_path / "s", {"split": "train"})
    found = READERS[format](tmp_path / "s")
    assert found["id"].tolist() == ["abc_0", "abc_3"]
    assert found["sentiment"].tolist() == [-1.4, 0.0]


@pytest.mark.parametrize("format", READERS)
def test_an_output_without_rows(tmp_path: Path, format: str) -> None:
    store = make_store(tmp_path / "e.store", [Made(id="a", recording="a", split="", rows={"audio": 0})])
    export(store, format, tmp_path / "t", {"output": "audio"})
    found = READERS[format](tmp_path / "t")
    assert (len(found), list(found.columns)[-2:]) == (0, ["m.0", "m.1"])


def test_parquet_says_which_extra_it_needs(
    store: FeatureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trimodal.errors._is_installed", lambda module: module != "pyarrow")
    with pytest.raises(
        MissingPackageError, match=r"the format parquet needs the package 'pyarrow'.*trimodal\[parquet\]"
    ):
        export(store, "parquet", tmp_path / "t", {})
    assert not (tmp_path / "t").exists()
