from pathlib import Path

import numpy as np
import pytest
from exchange_stores import Made, make_store, values

from trimodal.exchange import export
from trimodal.store import StoreError

SEGMENTS = [
    Made(id="a", recording="a", split="train", rows={"pictures": 2, "tokens": 3}, label=0.1),
    Made(id="b", recording="b", split="test", rows={"pictures": 4, "tokens": 0}, label=-1.0),
    Made(id="c", recording="c", split="train", rows={"pictures": 1, "tokens": 5}, label=3.0),
]


def arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as archive:
        return dict(archive)


def test_every_split_is_an_array_with_zeros_behind_its_rows(tmp_path: Path) -> None:
    store = make_store(tmp_path / "a.store", SEGMENTS)
    assert export(store, "arrays", tmp_path / "a.npz", {"lengths": "tokens:6"}) == []
    found = arrays(tmp_path / "a.npz")
    assert found["pictures_train"].shape == (2, 4, 2, 2) and found["pictures_test"].shape == (1, 4, 2, 2)
    assert found["tokens_train"].shape == (2, 6, 3) and found["tokens_train"].dtype == np.int32
    np.testing.assert_array_equal(found["tokens_train"][1, :5], values("c", "tokens", 5))
    np.testing.assert_array_equal(found["tokens_train"][1, 5:], 0)
    np.testing.assert_array_equal(found["tokens_test"], 0)
    assert found["tokens_rows_train"].tolist() == [3, 5] and found["tokens_rows_test"].tolist() == [0]
    assert found["id_train"].tolist() == ["a", "c"]
    assert found["sentiment_train"].dtype == np.float32
    np.testing.assert_array_equal(found["sentiment_train"], np.float32([0.1, 3.0]))
    assert found["mood_test"].dtype.kind == "U"
    export(store, "arrays", tmp_path / "b.npz", {"lengths": "tokens:6"})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_what_is_cut_off_and_in_no_split_is_said(tmp_path: Path) -> None:
    more = Made(id="d", recording="d", split="", rows={"pictures": 1, "tokens": 1})
    store = make_store(tmp_path / "a.store", [*SEGMENTS, more])
    notes = export(store, "arrays", tmp_path / "a.npz", {"outputs": "tokens", "lengths": "tokens:3"})
    assert notes == ["1 segments are in no split", "1 segments have more than 3 rows of 'tokens', which are cut off"]
    found = arrays(tmp_path / "a.npz")
    np.testing.assert_array_equal(found["tokens_train"][1], values("c", "tokens", 5)[:3])
    assert found["tokens_rows_train"].tolist() == [3, 3] and "pictures_train" not in found


def test_without_splits_it_is_all(tmp_path: Path) -> None:
    store = make_store(tmp_path / "a.store", [Made(id="a", recording="a", split="", rows={"tokens": 2})])
    assert export(store, "arrays", tmp_path / "a.npz", {}) == []
    assert set(arrays(tmp_path / "a.npz")) == {
        f"{name}_all" for name in ("tokens", "tokens_rows", "sentiment", "mood", "id")
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"outputs": "token"}, "no output is called 'token'; did you mean 'tokens'"),
        ({"lengths": "token:3"}, "no output is called 'token'; did you mean 'tokens'"),
        (
            {"outputs": "pictures", "lengths": "tokens:3"},
            "output 'tokens' has a length and is not among those to write",
        ),
    ],
)
def test_what_does_not_fit(options: dict[str, str], message: str, tmp_path: Path) -> None:
    store = make_store(tmp_path / "a.store", SEGMENTS)
    with pytest.raises(StoreError, match=message):
        export(store, "arrays", tmp_path / "a.npz", options)


def test_two_arrays_of_one_name(tmp_path: Path) -> None:
    segments = [Made(id=split, recording=split, split=split, rows={"tokens": 1}) for split in ("a", "rows_a")]
    store = make_store(tmp_path / "a.store", segments)
    with pytest.raises(
        StoreError, match="two arrays would be called 'tokens_rows_a'; choose the outputs, or name others"
    ):
        export(store, "arrays", tmp_path / "a.npz", {})
