"""Features of others into a store through the pipeline, and out again."""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from trimodal.corpus import CorpusError, read_corpus
from trimodal.exchange import export
from trimodal.pipeline import run
from trimodal.recipe import parse_recipe
from trimodal.store import FeatureStore

RECIPE = """
name: mixed
tracks:
  pose: {extractor: imported, feature: pose, columns: [yaw, pitch], rows_per_second: 10}
  covarep: {extractor: imported, feature: covarep, dimensions: 3}
align:
  pose: {tracks: [pose], timeline: none}
  covarep: {tracks: [covarep], timeline: none}
  both: {tracks: [pose, covarep], timeline: {grid: {hop_seconds: 0.5}}}
"""


@pytest.fixture
def corpus(sample: Path, tmp_path: Path) -> Path:
    """Two recordings, of which the second has no pose."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    random = np.random.default_rng(0)
    np.save(folder / "pose.npy", random.normal(size=(20, 2)))
    with h5py.File(folder / "covarep.csd", "w") as file:
        for name in ("happy", "angry"):
            features = random.normal(size=(100, 3))
            features[7, 1] = np.nan
            file[f"COVAREP/data/{name}/features"] = features
            file[f"COVAREP/data/{name}/intervals"] = np.arange(100)[:, None] / 100 + [0, 0.01]
    clip = sample / "happy.mp4"
    (folder / "manifest.csv").write_text(
        "recording,media,features:pose,features:covarep,entry:covarep,split\n"
        f"one,{clip},pose.npy,covarep.csd,,train\n"
        f"two,{clip},,covarep.csd,angry,test\n"
    )
    return folder


def test_what_came_in_goes_out(corpus: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.store"
    recipe = parse_recipe(RECIPE, "mixed.yaml")
    report = run(read_corpus(corpus), recipe, path, work=tmp_path / "work")
    assert not report.extraction.failures
    store = FeatureStore(path)
    pose = np.load(corpus / "pose.npy").astype(np.float32)
    np.testing.assert_array_equal(store.rows("pose", 0).values, pose)
    assert store.names("pose") == ("pose.yaw", "pose.pitch")
    assert len(store.rows("pose", 1)) == 0
    reasons = set(zip(store.gaps["recording"], store.gaps["track"], store.gaps["reason"], strict=True))
    assert {("two", "pose", "no features 'pose'"), ("one", "covarep", "1 rows are not finite")} <= reasons
    assert all("features:covarep" in source for shard in store.provenance for source in shard["sources"].values())
    export(store, "csd", tmp_path / "out.csd", {"output": "covarep"})
    with h5py.File(tmp_path / "out.csd") as out, h5py.File(corpus / "covarep.csd") as original:
        for recording, entry in (("one", "happy"), ("two", "angry")):
            found, expected = out[f"covarep/data/{recording}"], original[f"COVAREP/data/{entry}"]
            rows = np.delete(np.arange(100), 7)
            np.testing.assert_array_equal(found["features"], expected["features"][rows].astype(np.float32))
            np.testing.assert_array_equal(found["intervals"], expected["intervals"][rows])
    export(store, "csv", tmp_path / "both.csv", {"output": "both", "split": "train"})
    table = pd.read_csv(tmp_path / "both.csv")
    np.testing.assert_allclose(table["both.0"].iloc[0], pose[:5, 0].mean(), rtol=1e-5)


def test_features_that_no_recording_has(corpus: Path, tmp_path: Path) -> None:
    recipe = parse_recipe(RECIPE.replace("feature: pose", "feature: poes"), "mixed.yaml")
    with pytest.raises(CorpusError, match=r"no recording has the features 'poes', which track 'pose' reads; did"):
        run(read_corpus(corpus), recipe, tmp_path / "a", work=tmp_path / "w")
