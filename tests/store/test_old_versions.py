"""Stores that were written when the format was what it is no more, or still is."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from stores import FACES, LABELS, OUTPUTS, RECIPE, RECORDINGS, with_faces, write_store

from trimodal.store import FeatureStore, diff, verify
from trimodal.store.elements import READERS

DATA = Path(__file__).parent / "data"
STORES = sorted(path.parent for path in DATA.glob("*/manifest.json"))
CONTENT = {name: with_faces(content) for name, content in RECORDINGS.items()}
SCHEMAS = {**OUTPUTS, "faces": FACES}


@pytest.fixture(params=STORES, ids=lambda path: path.name)
def old(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def test_old_stores_have_no_problems(old: Path) -> None:
    assert verify(old) == []


def test_old_stores_hold_what_was_put_in(old: Path, tmp_path: Path) -> None:
    store = FeatureStore(old)
    assert store.outputs == SCHEMAS
    assert store.manifest.labels == LABELS
    assert store.manifest.layout == "sewa"
    assert store.recipe == RECIPE
    samples = list(store)
    for name, schema in SCHEMAS.items():
        values = np.concatenate([content.outputs[name].values for content in CONTENT.values()])
        found = np.concatenate([sample.outputs[name].values for sample in samples])
        np.testing.assert_array_equal(found, values.astype(schema.dtype), strict=True)
    new = {"statistics": {"train": ["train"]}, "layout": "sewa"}
    assert diff(store, FeatureStore(write_store(tmp_path / "new", CONTENT, outputs=SCHEMAS, **new))) == []
    assert store.statistics["train"].splits == ("train",)
    assert store.statistics["train"].outputs["text"].count.tolist() == [6] * 3
    assert len(store.gaps) == 4


def test_there_are_packed_ones_and_others() -> None:
    packed = set()
    for store in STORES:
        for shard in store.glob("*.h5"):
            with h5py.File(shard) as file:
                packed |= {(store.name, file[f"outputs/{name}/values"].compression) for name in SCHEMAS}
    assert packed == {("version-1", None), ("version-1-gzip", "gzip")}


def test_no_reader_is_lost_and_none_is_there_that_no_old_store_needs() -> None:
    """Whoever adds a version of an element stores a store that has it, and then its reader is never lost."""
    found = set()

    def note(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if "encoding-type" in item.attrs:
            found.add((item.attrs["encoding-type"].decode(), int(item.attrs["encoding-version"])))

    for shard in DATA.glob("*/*.h5"):
        with h5py.File(shard) as file:
            file.visititems(note)
    assert found == READERS.keys()
