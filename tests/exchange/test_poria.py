import pickle
from pathlib import Path

import numpy as np
import pytest
from exchange_stores import Made, make_store, values

from trimodal.exchange import export
from trimodal.store import FeatureStore, StoreError

SEGMENTS = [
    Made(id="a1", recording="a", split="train", rows={"pooled": 1, "text": 2}, label=1, start=20.0),
    Made(id="a0", recording="a", split="train", rows={"pooled": 1, "text": 1}, label=0),
    Made(id="b0", recording="b", split="valid", rows={"pooled": 0, "text": 1}, label=1),
    Made(id="c0", recording="c", split="test", rows={"pooled": 1, "text": 1}, label=1),
]


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return make_store(tmp_path / "p.store", SEGMENTS)


def test_the_tuple_of_the_published_files(store: FeatureStore, tmp_path: Path) -> None:
    options = {"output": "pooled", "label": "sentiment", "train": "train+valid"}
    assert export(store, "poria", tmp_path / "p.pickle", options) == []
    with open(tmp_path / "p.pickle", "rb") as file:
        data, labels, test_data, test_labels, longest, lengths, test_lengths = pickle.load(file, encoding="latin1")
    assert (data.shape, data.dtype, test_data.shape) == ((2, 2, 2), np.float64, (1, 2, 2))
    by_start = np.concatenate([values("a0", "pooled", 1), values("a1", "pooled", 1)])
    np.testing.assert_array_equal(data[0], by_start)
    assert not data[1].any()
    assert (labels.tolist(), labels.dtype.kind) == ([[0, 1], [1, 0]], "i")
    assert (test_labels.tolist(), longest, lengths, test_lengths) == ([[1, 0]], 2, [2, 1], [1])


def test_segments_in_no_split_are_noted(store: FeatureStore, tmp_path: Path) -> None:
    notes = export(store, "poria", tmp_path / "p.pickle", {"output": "pooled", "label": "sentiment"})
    assert notes == ["1 segments are in none of the splits train, test"]


def test_test_is_not_trained_on(store: FeatureStore, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="split 'test' is wanted twice; expected every segment in one split"):
        export(store, "poria", tmp_path / "p", {"output": "pooled", "label": "sentiment", "train": "train+valid+test"})
    with pytest.raises(StoreError, match=r"'dev'.*say which one is the format's 'test' with test=SPLIT"):
        export(store, "poria", tmp_path / "p", {"output": "pooled", "label": "sentiment", "test": "dev"})
    assert not (tmp_path / "p").exists()


def test_stores_that_do_not_fit(store: FeatureStore, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"'text' has 2 rows in segment 'a1'; expected one .*timeline: segment"):
        export(store, "poria", tmp_path / "p", {"output": "text", "label": "sentiment"})
    store = make_store(
        tmp_path / "q.store", [Made(id="a", recording="a", split="train", rows={"pooled": 1}, label=0.5)]
    )
    with pytest.raises(StoreError, match=r"label 'sentiment' is 0\.5; expected whole numbers"):
        export(store, "poria", tmp_path / "p", {"output": "pooled", "label": "sentiment"})
