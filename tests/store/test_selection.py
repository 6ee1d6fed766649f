from typing import Any

import numpy as np
import pytest
from stores import write_store

from trimodal.errors import StoreError
from trimodal.store import FeatureStore


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    return FeatureStore(write_store(tmp_path_factory.mktemp("selection") / "s.store"))


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({"split": "test"}, ["one_2", "three_2"]),
        ({"split": ["test", "valid"]}, ["one_1", "one_2", "three_1", "three_2", "four_1"]),
        ({"query": "valence > 0.5"}, ["one_2", "three_2"]),
        ({"query": "mood == 'söur' and recording != 'one'"}, ["three_1", "four_1"]),
        ({"query": "end - start > 4 and id.str.endswith('_0')"}, ["one_0", "two_0", "three_0", "four_0"]),
        ({"present": ["text", "video"], "split": "train"}, ["two_0", "three_0", "four_0"]),
        ({"query": "valence > 9"}, []),
    ],
)
def test_select(store: FeatureStore, wanted: dict[str, Any], ids: list[str]) -> None:
    selection = store.select(**wanted)
    assert [sample.id for sample in selection] == selection.segments["id"].tolist() == ids
    assert selection.numbers.tolist() == selection.segments.index.tolist()
    assert repr(selection) == f"Selection({len(ids)} of 9 segments of {str(store.path)!r})"


def test_present_is_what_was_observed(store: FeatureStore) -> None:
    expected = [number for number in range(9) if store.rows("video", number).mask.any()]
    assert store.select(present=["video"]).numbers.tolist() == expected
    assert 0 < len(expected) < 9


def test_everything_is_selected_where_nothing_is_asked(store: FeatureStore) -> None:
    assert store.select().numbers.tolist() == list(range(9))


def test_slices(store: FeatureStore) -> None:
    assert [sample.id for sample in store[2:5]] == ["one_2", "two_0", "three_0"]
    assert store[::-4].segments["id"].tolist() == ["four_1", "three_0", "one_0"]
    train = store.select(split="train")
    assert [sample.id for sample in train[1:3]] == [train[1].id, train[2].id] == ["two_0", "three_0"]
    assert train[-1].id == "four_0"
    np.testing.assert_array_equal(train[1].outputs["text"].values, store[3].outputs["text"].values)


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        ({"split": "tset"}, "no split is called 'tset'; did you mean 'test'\\?$"),
        ({"present": ["vidio"]}, "no output is called 'vidio'; did you mean 'video'\\?$"),
        ({"query": "valens > 0"}, "query 'valens > 0': name 'valens' is not defined; columns: id, .*, mood, valence$"),
        ({"query": "valence >"}, "query 'valence >': "),
        ({"query": "valence + 1"}, "query 'valence \\+ 1' is not true or false of every segment$"),
        ({"query": "@__import__('os')"}, "query '@__import__.*': "),
        ({"query": ""}, "query '': "),
    ],
)
def test_what_cannot_be_selected(store: FeatureStore, wanted: dict[str, Any], problem: str) -> None:
    with pytest.raises(StoreError, match=problem) as caught:
        store.select(**wanted)
    assert "\n" not in str(caught.value)
