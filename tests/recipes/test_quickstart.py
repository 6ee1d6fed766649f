"""The sample corpus through quickstart, with its real weights, to the pickle that MMSA reads."""

import json
from pathlib import Path

import numpy as np
import pytest
from exported import rows_that_numpy_reads
from mmsa_reader import load, read_as_mmsa

from trimodal.corpus import read_corpus
from trimodal.exchange import export
from trimodal.pipeline import run
from trimodal.recipe import load_recipe
from trimodal.store import FeatureStore, verify

pytestmark = pytest.mark.xdist_group("quickstart")

WIDTHS = {"text": 384, "audio": 145, "video": 128}


@pytest.fixture(scope="module")
def store(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    report = run(read_corpus(sample), load_recipe("quickstart"), tmp_path_factory.mktemp("quickstart") / "s.store")
    assert report.extraction.failures == ()
    return FeatureStore(report.store)


def test_names_shapes_and_types(store: FeatureStore) -> None:
    assert verify(store.path) == []
    found = {name: (schema.shape, schema.dtype) for name, schema in store.outputs.items()}
    assert found == {name: ((width,), "float32") for name, width in WIDTHS.items()}
    assert [name.partition(".")[0] for name in store.names("audio")] == ["mfcc"] * 120 + ["egemaps"] * 25


def test_every_output_has_a_row_for_every_word(store: FeatureStore, sample: Path, tmp_path: Path) -> None:
    rows = rows_that_numpy_reads(store, tmp_path / "s.npz")
    happy = store.segments["id"].tolist().index("happy")
    truth = json.loads((sample / "happy.json").read_text())["words"]
    assert [rows[output][happy].shape for output in WIDTHS] == [(len(truth), width) for width in WIDTHS.values()]
    for output in WIDTHS:
        times = store.rows(output, happy).times
        np.testing.assert_allclose(times, [[word["start"], word["end"]] for word in truth])
        assert store.rows(output, happy).mask.all()
    lengths = np.linalg.norm(rows["video"][happy], axis=1)
    assert (lengths > 0.5).all() and (lengths < 3).all()  # dlib's descriptors have lengths around 1.4


def test_mmsa_reads_it(store: FeatureStore, tmp_path: Path) -> None:
    """As the page has it, with the splits of the sample."""
    options = {"text": "text", "audio": "audio", "vision": "video", "label": "sentiment"}
    splits = store.segments["split"]
    notes = export(store, "mmsa", tmp_path / "my.pkl", options)
    assert notes == ["no text_bert without tokens=OUTPUT: models need use_bert: false"]
    assert set(load(tmp_path / "my.pkl")) == {"train", "valid", "test"}
    for split in ("train", "valid", "test"):
        samples = read_as_mmsa(tmp_path / "my.pkl", split, use_bert=False, need_data_aligned=True)
        places = np.flatnonzero(splits == split)
        assert len(samples) == len(places) > 0
        for one, place in zip(samples, places, strict=True):
            assert float(one["label"]) == pytest.approx(store.segments["sentiment"][place])
            for key, output in (("text", "text"), ("audio", "audio"), ("vision", "video")):
                rows = store.rows(output, int(place)).values
                np.testing.assert_array_equal(one[key][: len(rows)].numpy(), rows)
                assert not one[key][len(rows) :].any()
