"""CH-SIMS, in miniature, through its own features to the pickle that MMSA reads."""

from pathlib import Path

import numpy as np
import pytest
from miniature_mmsa import HERTZ, SECONDS, SIMS, write_sims
from mmsa_reader import load, read_as_mmsa

from trimodal.corpus import read_corpus
from trimodal.exchange import export
from trimodal.pipeline import run
from trimodal.recipe import dry_recipe, load_recipe
from trimodal.store import FeatureStore

pytestmark = pytest.mark.xdist_group("mmsa_unaligned")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    folder = tmp_path_factory.mktemp("mmsa_unaligned")
    recipe = dry_recipe(load_recipe("mmsa-unaligned"), folder / "dry")
    run(read_corpus(write_sims(folder / "CH-SIMS")), recipe, folder / "sims.store")
    return FeatureStore(folder / "sims.store", dry_weights=True)


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
