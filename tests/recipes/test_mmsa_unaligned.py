"""CH-SIMS, in miniature, through its own features to the pickle that MMSA reads."""

import re
import shlex
from pathlib import Path

import librosa
import numpy as np
import pytest
from miniature_mmsa import HERTZ, SECONDS, SIMS, write_mosi_of_mmsa, write_sims
from mmsa_reader import load, read_as_mmsa

from trimodal.corpus import read_corpus
from trimodal.exchange import export
from trimodal.extract.track_file import read_track
from trimodal.media import AudioSelection, probe, read_audio
from trimodal.pipeline import RunReport, run
from trimodal.recipe import Recipe, dry_recipe, load_recipe
from trimodal.store import FeatureStore

pytestmark = pytest.mark.xdist_group("mmsa_unaligned")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    return dry_recipe(load_recipe("mmsa-unaligned"), tmp_path_factory.mktemp("dry"))


@pytest.fixture(scope="module")
def report(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> RunReport:
    folder = tmp_path_factory.mktemp("mmsa_unaligned")
    return run(read_corpus(write_sims(folder / "CH-SIMS")), recipe, folder / "sims.store")


@pytest.fixture(scope="module")
def store(report: RunReport) -> FeatureStore:
    return FeatureStore(report.store, dry_weights=True)


def test_names_shapes_and_types(store: FeatureStore) -> None:
    found = {name: (schema.shape, schema.dtype) for name, schema in store.outputs.items()}
    assert found == {
        "text": ((768,), "float32"),
        "tokens": ((3,), "int32"),
        "audio": ((33,), "float32"),
        "vision": ((709,), "float32"),
    }
    assert store.segments["split"].tolist() == [row.mode for row in SIMS]
    assert store.segments["label_A"].tolist() == [row.of_modalities[1] for row in SIMS if row.of_modalities]


def test_characters_between_cls_and_sep_with_the_cap(store: FeatureStore) -> None:
    short, long = store[3].outputs["tokens"].values, store[2].outputs["tokens"].values
    assert len(short) == len(SIMS[3].text) + 2
    assert (short[0, 0], short[-1, 0]) == (101, 102) and (short[:, 1] == 1).all() and (short[:, 2] == 0).all()
    assert (len(long), long[0, 0], long[-1, 0]) == (39, 101, 102)
    assert [len(store[index].outputs["text"]) for index in (3, 2)] == [4, 39]


def test_the_tone_is_in_the_sound(store: FeatureStore) -> None:
    audio = store[0].outputs["audio"]
    hop = 512 / 22_050
    assert len(audio) == pytest.approx(SECONDS / hop, abs=4)
    np.testing.assert_allclose(np.diff(audio.times.mean(axis=1))[3:-3], hop, atol=1e-4)
    inner = audio.values[5:-5]
    np.testing.assert_allclose(inner[:, 0], np.log(HERTZ), atol=0.02)
    assert (inner[:, 21:].argmax(axis=1) == 9).all()  # A, twelve pitch classes from C


def test_vision_is_a_row_for_five_frames_at_thirty_a_second(store: FeatureStore) -> None:
    vision = store[0].outputs["vision"]
    assert len(vision) == 10
    np.testing.assert_allclose(vision.times[:, 0], np.arange(10) / 6, atol=1e-9)


def test_cepstral_coefficients_are_librosas(store: FeatureStore, report: RunReport) -> None:
    """20 of them behind the pitch, of 2,048 samples every 512 at 22,050 Hz, centred as is librosa's default."""
    path = store.path.parent / "CH-SIMS" / "Raw" / f"{SIMS[0].name}.mp4"
    audio = read_audio(path, probe(path), AudioSelection(sample_rate=22_050))
    assert audio is not None
    expected = librosa.feature.mfcc(y=audio.samples, sr=22_050, n_mfcc=20).T
    found = store[0].outputs["audio"].values[:, 1:21]
    assert abs(len(found) - len(expected)) <= 1
    rows = min(len(found), len(expected))
    np.testing.assert_allclose(found[:rows], expected[:rows], rtol=1e-3, atol=0.02)


def test_a_row_of_vision_is_the_mean_of_five_frames(store: FeatureStore, report: RunReport, recipe: Recipe) -> None:
    faces = read_track(report.extraction.recordings[0].paths["openface"], recipe.tracks["openface"].schema)
    assert np.ptp(faces.values, axis=0).max() > 0  # each frame has numbers of its own
    vision = store[0].outputs["vision"]
    for number, row in enumerate(vision.values[:-1]):
        start, end = number / 6, (number + 1) / 6
        shared = np.minimum(faces.times[:, 1], end) - np.maximum(faces.times[:, 0], start)
        touching = shared > 1e-9
        assert 4 <= touching.sum() <= 6
        expected = np.average(faces.values[touching].astype(np.float64), axis=0, weights=shared[touching])
        np.testing.assert_allclose(row, expected, rtol=1e-4, atol=1e-3)


def test_the_lengths_of_mosi_and_mosei_are_on_the_page(sample: Path, tmp_path: Path) -> None:
    """50, 500 and 375 rows of text, sound and pictures, by the changes that the page has."""
    page = (Path(__file__).parents[2] / "docs/recipes/mmsa.md").read_text()
    found = re.search(r"trimodal run MOSI (--recipe mmsa-unaligned.*?)\ntrimodal export(.*?)```", page, re.DOTALL)
    assert found is not None
    made, exported = (shlex.split(part.replace("\\\n", " ")) for part in found.groups())
    recipe = dry_recipe(load_recipe("mmsa-unaligned", made[5::2]), tmp_path / "dry")
    run(read_corpus(write_mosi_of_mmsa(tmp_path / "MOSI", sample)), recipe, tmp_path / "s")
    store = FeatureStore(tmp_path / "s", dry_weights=True)
    options = dict(option.split("=") for option in exported[exported.index("--set") + 1 :])
    export(store, "mmsa", tmp_path / "mosi.pkl", options)
    (one,) = read_as_mmsa(tmp_path / "mosi.pkl", "train", use_bert=True, need_data_aligned=False)
    assert [tuple(one[key].shape) for key in ("text", "audio", "vision")] == [(3, 50), (500, 33), (375, 709)]


def test_mmsa_reads_it(store: FeatureStore, tmp_path: Path) -> None:
    options = {"text": "text", "audio": "audio", "vision": "vision", "tokens": "tokens", "label": "label"}
    modalities = {"label_text": "label_T", "label_audio": "label_A", "label_vision": "label_V"}
    lengths = {"text_length": "39", "audio_length": "400", "vision_length": "55"}
    export(store, "mmsa", tmp_path / "sims.pkl", options | modalities | lengths | {"aligned": "no"})
    train = read_as_mmsa(tmp_path / "sims.pkl", "train", use_bert=True, need_data_aligned=False)
    assert [sample["id"] for sample in train] == ["video_0001$_$0001", "video_0001$_$0002"]
    assert [tuple(train[0][key].shape) for key in ("text", "audio", "vision")] == [(3, 39), (400, 33), (55, 709)]
    rows = len(store[0].outputs["audio"])
    assert (train[0]["audio_lengths"], train[0]["vision_lengths"]) == (rows, 10)
    assert train[0]["audio"][:rows].any(dim=1).all() and not train[0]["audio"][rows:].any()
    content = load(tmp_path / "sims.pkl")
    assert content["train"]["annotations"].tolist() == ["Negative", "Neutral"]
    np.testing.assert_allclose(content["test"]["regression_labels_A"], [0.4])
