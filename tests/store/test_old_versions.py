"""Stores that were written when the format was what it is no more, or still is."""

from pathlib import Path

import numpy as np
import pytest
from stores import LABELS, OUTPUTS, RECIPE, RECORDINGS, write_store

from trimodal.store import FeatureStore, diff, verify
from trimodal.store.elements import READERS

DATA = Path(__file__).parent / "data"


@pytest.fixture(params=["version-1"])
def old(request: pytest.FixtureRequest) -> Path:
    return DATA / str(request.param)


def test_old_stores_have_no_problems(old: Path) -> None:
    assert verify(old) == []


def test_old_stores_hold_what_was_put_in(old: Path, tmp_path: Path) -> None:
    store = FeatureStore(old)
    assert store.outputs == OUTPUTS
    assert store.manifest.labels == LABELS
    assert store.recipe == RECIPE
    values = [arrays.values for arrays in (recording.outputs["text"] for recording in RECORDINGS.values())]
    found = [sample.outputs["text"].values for sample in store]
    np.testing.assert_array_equal(np.concatenate(found), np.concatenate(values), strict=True)
    assert diff(store, FeatureStore(write_store(tmp_path / "new"))) == []
    assert store.statistics["train"].splits == ("train",)
    assert store.statistics["train"].outputs["text"].count.tolist() == [6] * 3
    assert len(store.gaps) == 4


def test_no_reader_is_lost() -> None:
    """A version that was ever written has a reader."""
    assert {(kind, 1) for kind in ("numbers", "text", "table", "output")} <= READERS.keys()
