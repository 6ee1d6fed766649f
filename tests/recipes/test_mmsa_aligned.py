"""MOSI as MMSA has it, in miniature, through the aligned features of MMSA-FET to the pickle that MMSA reads."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from miniature_mmsa import MOSI, write_mosi_of_mmsa
from mmsa_reader import read_as_mmsa

from trimodal.corpus import read_corpus
from trimodal.exchange import export
from trimodal.extract.track_file import read_track
from trimodal.pipeline import RunReport, run
from trimodal.recipe import Recipe, dry_recipe, load_recipe
from trimodal.store import FeatureStore

pytestmark = pytest.mark.xdist_group("mmsa_aligned")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    return dry_recipe(load_recipe("mmsa-aligned"), tmp_path_factory.mktemp("dry"))


@pytest.fixture(scope="module")
def report(recipe: Recipe, sample: Path, tmp_path_factory: pytest.TempPathFactory) -> RunReport:
    folder = tmp_path_factory.mktemp("mmsa_aligned")
    return run(read_corpus(write_mosi_of_mmsa(folder / "MOSI", sample)), recipe, folder / "mosi.store")


@pytest.fixture(scope="module")
def store(report: RunReport) -> FeatureStore:
    return FeatureStore(report.store, dry_weights=True)


def test_names_shapes_and_types(store: FeatureStore) -> None:
    found = {name: (schema.shape, schema.dtype) for name, schema in store.outputs.items()}
    assert found == {
        "text": ((768,), "float32"),
        "tokens": ((3,), "int32"),
        "audio": ((25,), "float32"),
        "vision": ((136 + 35,), "float32"),
    }
    assert store.segments["split"].tolist() == [row.mode for row in MOSI]


def test_every_sub_word_has_what_starts_in_its_word(report: RunReport, recipe: Recipe, store: FeatureStore) -> None:
    paths = report.extraction.recordings[0].paths
    words, bert, sound = (read_track(paths[name], recipe.tracks[name].schema) for name in ("words", "bert", "egemaps"))
    audio = store[0].outputs["audio"]
    of_word = bert.fields["row"]
    assert [str(text) for text in words.fields["text"]] == MOSI[0].text.split()
    assert len(audio) == len(bert) and (of_word[[0, -1]] == -1).all()
    for row, word in enumerate(of_word):
        if word < 0:  # [CLS], [SEP]
            assert not audio.mask[row] and not audio.values[row].any()
        else:
            start, end = words.times[word]
            inside = (sound.times[:, 0] >= start) & (sound.times[:, 0] < end)
            expected = sound.values[inside].astype(np.float64).mean(axis=0)
            np.testing.assert_allclose(audio.values[row], expected, rtol=1e-4, atol=1e-5)


def test_vision_is_the_mean_of_the_frames_that_start_in_the_word(
    report: RunReport, recipe: Recipe, store: FeatureStore
) -> None:
    """Of the frames shown at 30 moments a second, with their own times; 136 coordinates, 35 action units."""
    paths = report.extraction.recordings[0].paths
    words, bert, faces = (read_track(paths[name], recipe.tracks[name].schema) for name in ("words", "bert", "openface"))
    vision = store[0].outputs["vision"]
    names = [name.partition(".")[2] for name in store.names("vision")]
    assert (names[0], names[135]) == ("x_0", "y_67") and all(name.startswith("AU") for name in names[136:])
    assert len(faces) and np.ptp(faces.values) > 0
    seen = 0
    for row, word in enumerate(bert.fields["row"]):
        if word < 0:
            assert not vision.mask[row] and not vision.values[row].any()
            continue
        start, end = words.times[word]
        inside = (faces.times[:, 0] >= start) & (faces.times[:, 0] < end)
        assert vision.mask[row] == inside.any()
        if inside.any():
            expected = faces.values[inside].astype(np.float64).mean(axis=0)
            np.testing.assert_allclose(vision.values[row], expected, rtol=1e-4, atol=1e-4)
            seen += 1
    assert seen > 5


def test_a_word_without_a_row_is_zeros_and_not_nan(sample: Path, recipe: Recipe, tmp_path: Path) -> None:
    """A word of 5 ms, in which no frame starts: there its mean is NaN."""
    folder = tmp_path / "clips"
    folder.mkdir()
    shutil.copy(sample / "happy.mp4", folder / "happy.mp4")
    said = [("I", 0.3, 0.392), ("love", 0.401, 0.406), ("this", 0.41, 0.9)]
    words = [{"word": word, "start": start, "end": end} for word, start, end in said]
    segments = [{"start": 0.3, "end": 0.9, "text": "I love this", "words": words}]
    (folder / "happy.json").write_text(json.dumps({"segments": segments, "language": "en"}))
    run(read_corpus(folder), recipe, tmp_path / "s")
    store = FeatureStore(tmp_path / "s", dry_weights=True)
    vision = store[0].outputs["vision"]
    short, long = (np.isclose(vision.times[:, 0], start) & (vision.times[:, 1] < 1) for start in (0.401, 0.41))
    assert short.any() and not vision.mask[short].any() and not vision.values[short].any()
    assert long.any() and vision.mask[long].all() and np.isfinite(vision.values).all()


def test_words_are_where_they_were_spoken(report: RunReport, recipe: Recipe, sample: Path) -> None:
    truth = json.loads((sample / "happy.json").read_text())["words"]
    words = read_track(report.extraction.recordings[0].paths["words"], recipe.tracks["words"].schema)
    starts = [word["start"] for word in truth][: len(words)]
    assert np.median(np.abs(words.times[:, 0] - starts)) < 0.05


def test_mmsa_reads_it(store: FeatureStore, tmp_path: Path) -> None:
    options = {"text": "text", "audio": "audio", "vision": "vision", "tokens": "tokens", "label": "label"}
    lengths = dict.fromkeys(("text_length", "audio_length", "vision_length"), "50")
    export(store, "mmsa", tmp_path / "mosi.pkl", options | lengths)
    for split, row in zip(("train", "valid", "test"), MOSI, strict=True):
        (sample,) = read_as_mmsa(tmp_path / "mosi.pkl", split, use_bert=True, need_data_aligned=True)
        assert (sample["id"], float(sample["label"])) == (f"{row.video}$_${row.clip}", pytest.approx(row.label))
        assert [tuple(sample[key].shape) for key in ("text", "audio", "vision")] == [(3, 50), (50, 25), (50, 171)]
        rows = int(sample["text"][1].sum())
        assert sample["text"][0, [0, rows - 1]].tolist() == [101, 102]
        assert sample["audio"][1 : rows - 1].any(dim=1).all() and not sample["audio"][rows:].any()
