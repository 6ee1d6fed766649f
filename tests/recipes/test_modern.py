"""The sample corpus through modern, with stand-ins for its weights."""

import json
from pathlib import Path

import numpy as np
import pytest
from exported import rows_that_numpy_reads

from trimodal.corpus import read_corpus
from trimodal.extract.track_file import read_track
from trimodal.pipeline import run
from trimodal.recipe import dry_recipe, load_recipe
from trimodal.store import FeatureStore

pytestmark = pytest.mark.xdist_group("modern")


def test_three_encoders_on_every_word(sample: Path, tmp_path: Path) -> None:
    recipe = dry_recipe(load_recipe("modern"), tmp_path / "dry")
    report = run(read_corpus(sample), recipe, tmp_path / "modern.store")
    store = FeatureStore(report.store, dry_weights=True)
    found = {name: (schema.shape, schema.dtype) for name, schema in store.outputs.items()}
    assert found == {"text": ((768,), "float32"), "audio": ((768,), "float32"), "video": ((512,), "float32")}
    assert not report.extraction.failures and len(store) == 6
    happy = store.segments["id"].tolist().index("happy")
    truth = [[word["start"], word["end"]] for word in json.loads((sample / "happy.json").read_text())["words"]]
    exported = rows_that_numpy_reads(store, tmp_path / "modern.npz")
    assert [exported[name][happy].shape for name in exported] == [(9, 768), (9, 768), (9, 512)]
    rows = store[happy].outputs
    for output in rows.values():
        np.testing.assert_allclose(output.times, truth)
    assert rows["text"].mask.all() and rows["audio"].mask.all()
    # FaceNet's vectors have the length 1; the mean over a word of one face that hardly moves is nearly as long.
    lengths = np.linalg.norm(rows["video"].values[rows["video"].mask], axis=1)
    assert len(lengths) and (lengths > 0.9).all() and (lengths < 1.001).all()
    # The sound of a word is the mean of WavLM's rows weighted by how long they are in it.
    (paths,) = (one.paths for one in report.extraction.recordings if one.recording == "happy")
    wavlm = read_track(paths["wavlm"], recipe.tracks["wavlm"].schema)
    shared = np.minimum(wavlm.times[:, 1], truth[0][1]) - np.maximum(wavlm.times[:, 0], truth[0][0])
    expected = np.average(wavlm.values.astype(np.float64), axis=0, weights=np.maximum(shared, 0))
    np.testing.assert_allclose(rows["audio"].values[0], expected, rtol=1e-4, atol=1e-5)
