import json
from pathlib import Path

import numpy as np
import pytest
from exchange_stores import ALIGNED, make_store, values
from safetensors import safe_open
from safetensors.numpy import load_file

from trimodal.exchange import export, safetensors
from trimodal.store import FeatureStore, StoreError


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    return make_store(tmp_path_factory.mktemp("safetensors") / "a.store", ALIGNED)


def test_its_own_reader_gives_the_arrays_back(store: FeatureStore, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    assert export(store, "safetensors", path, {"outputs": "text,vision"}) == []
    arrays = load_file(path)
    parts = ("values", "times", "mask", "coverage", "offsets")
    assert set(arrays) == {f"{output}.{part}" for output in ("text", "vision") for part in parts} | {"labels.sentiment"}
    assert arrays["vision.values"].dtype == np.float16
    assert arrays["text.offsets"].tolist() == [0, 4, 6, 11, 12, 12]
    np.testing.assert_array_equal(arrays["text.values"][6:11], values("v/0001", "text", 5))
    assert arrays["text.mask"].tolist() == [*[True] * 4, False, *[True] * 7]
    assert arrays["labels.sentiment"].tolist() == [-1.4, 0.0, 0.6, 3.0, 1.0]
    with safe_open(path, "np") as file:
        metadata = file.metadata()
    table = json.loads(metadata["segments"])
    assert [row[table["columns"].index("id")] for row in table["data"]] == [segment.id for segment in ALIGNED]
    assert table["data"][2][table["columns"].index("sentiment")] == 0.6
    assert json.loads(metadata["names"]) == {"text": ["a.x", "a.y", "a.z"], "vision": []}
    assert json.loads(metadata["words"])["text"][:2] == ["wörd0", "wörd1"]
    assert metadata["recipe"] == store.recipe


def test_errors(store: FeatureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError, match="no output is called 'nothing'"):
        export(store, "safetensors", tmp_path / "a", {"outputs": "nothing"})
    monkeypatch.setattr(safetensors, "_MAX_HEADER_BYTES", 100)
    with pytest.raises(StoreError, match=r"the segment table takes \d+ bytes; expected 100 MB at most"):
        export(store, "safetensors", tmp_path / "a", {})
