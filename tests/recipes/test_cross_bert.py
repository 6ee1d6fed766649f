"""MELD in miniature through both recipes of 3-Modal Cross-BERT to the arrays that its model reads."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import librosa
import numpy as np
import opensmile
import pytest
from miniature_meld import KEPT, UTTERANCES, write_meld
from miniature_mosi import VIDEOS, write_mosi
from numpy.typing import NDArray

from trimodal.corpus import read_corpus
from trimodal.exchange import export
from trimodal.extract.text.tokens import Tokens
from trimodal.extract.track_file import read_track
from trimodal.media import AudioSelection, probe, read_audio
from trimodal.pipeline import RunReport, run
from trimodal.recipe import Recipe, dry_recipe, load_recipe
from trimodal.store import FeatureStore

pytestmark = pytest.mark.xdist_group("cross_bert")

RECIPES = ("cross-bert", "cross-bert-code")
Arrays = Mapping[str, NDArray[np.generic]]
CLS, SEP = 101, 102
LOOKED_AT = {"train/dia0_utt0": 30, "train/dia0_utt1": 6, "test/dia0_utt0": 0}
"""Frames with a face among every fifth; of the others 4, and of the last 10."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a recipe made."""

    recipe: Recipe
    report: RunReport
    store: FeatureStore
    arrays: Arrays

    def rows(self, output: str, id: str) -> NDArray[np.generic]:
        return self.store.rows(output, list(self.store.segments["id"]).index(id)).values


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """Both recipes, which share all tracks but the tokens."""
    folder = tmp_path_factory.mktemp("cross_bert")
    corpus = read_corpus(write_meld(folder / "corpus"))
    made = {}
    for name in RECIPES:
        recipe = dry_recipe(load_recipe(name), folder)
        report = run(corpus, recipe, folder / f"{name}.store", work=folder / "work")
        assert report.extraction.failures == ()
        store = FeatureStore(report.store, dry_weights=True)
        options = {"outputs": "tokens,audio,faces", "lengths": "tokens:50,audio:1,faces:5"}
        assert export(store, "arrays", folder / f"{name}.npz", options) == []
        with np.load(folder / f"{name}.npz", allow_pickle=False) as archive:
            made[name] = Done(recipe=recipe, report=report, store=store, arrays=dict(archive))
    return made


@pytest.mark.parametrize("name", RECIPES)
def test_names_shapes_and_types(name: str, done: dict[str, Done]) -> None:
    store = done[name].store
    assert {output: (schema.shape, schema.dtype) for output, schema in store.outputs.items()} == {
        "tokens": ((3,), "int32"),
        "audio": ((128,), "float32"),
        "faces": ((10, 64, 64), "uint8"),
    }
    assert store.segments["id"].tolist() == [one.id for one in KEPT]
    assert store.segments["emotion"].tolist() == [one.emotion for one in KEPT]
    assert store.segments["sentiment"].tolist() == [one.sentiment for one in KEPT]
    assert store.segments["split"].value_counts().to_dict() == {"train": 3, "test": 2, "valid": 1}


@pytest.mark.parametrize("name", RECIPES)
def test_the_model_reads_it(name: str, done: dict[str, Done]) -> None:
    """ids and mask [N, 50], sound [N, 1, 128], pictures [N, 5, 10, 64, 64], zeros behind."""
    arrays = done[name].arrays
    for split, count in {"train": 3, "valid": 1, "test": 2}.items():
        ids, mask = arrays[f"tokens_{split}"][:, :, 0], arrays[f"tokens_{split}"][:, :, 1]
        assert ids.shape == mask.shape == (count, 50)
        assert arrays[f"audio_{split}"].shape == (count, 1, 128)
        assert arrays[f"faces_{split}"].shape == (count, 5, 10, 64, 64)
        for one_mask, one_ids, rows in zip(mask, ids, arrays[f"tokens_rows_{split}"], strict=True):
            assert one_mask.tolist() == [1] * int(rows) + [0] * (50 - int(rows))
            assert one_ids[0] == CLS and not one_ids[int(rows) :].any()


def test_long_sentences_keep_their_sep_in_the_document_and_lose_it_in_the_code(done: dict[str, Done]) -> None:
    long, short = "train/dia309_utt0", "train/dia0_utt1"
    document, code = (done[name].rows("tokens", long)[:, 0] for name in RECIPES)
    assert len(document) == len(code) == 50
    assert document[-1] == SEP and SEP not in code
    np.testing.assert_array_equal(document[:-1], code[:-1])
    assert [done[name].rows("tokens", short)[-1, 0] for name in RECIPES] == [SEP, SEP]


def test_tokens_are_those_of_the_text_as_a_whole(done: dict[str, Done]) -> None:
    from transformers import AutoTokenizer

    made = done["cross-bert-code"]
    tokens = made.recipe.tracks["tokens"]
    assert isinstance(tokens, Tokens)
    tokenizer = AutoTokenizer.from_pretrained(tokens.model, local_files_only=True)
    for one in KEPT:
        if "–" not in one.text:  # noqa: RUF001  # a dash on its own is no word
            assert made.rows("tokens", one.id)[:, 0].tolist() == tokenizer(one.text)["input_ids"][:50]


def test_sound_is_the_mean_of_40_mfcc_and_88_functionals(done: dict[str, Done]) -> None:
    made = done["cross-bert"]
    names = made.store.names("audio")
    assert [name.partition(".")[0] for name in names] == ["mfcc"] * 40 + ["egemaps"] * 88
    assert names[-1] == "egemaps.equivalentSoundLevel_dBp"
    smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals)
    media = {one.id: one.media for one in read_corpus(made.report.store.parent / "corpus").recordings}
    for one in KEPT[1:3]:
        path = media[one.id]
        assert path is not None
        at_22050 = read_audio(path, probe(path), AudioSelection(sample_rate=22_050))
        at_16000 = read_audio(path, probe(path), AudioSelection(sample_rate=16_000))
        assert at_22050 is not None and at_16000 is not None
        (row,) = made.rows("audio", one.id)
        mfcc = librosa.feature.mfcc(y=at_22050.samples, sr=22_050, n_mfcc=40).mean(axis=1)
        np.testing.assert_allclose(row[:40], mfcc, rtol=1e-3, atol=1e-2)
        functionals = smile.process_signal(at_16000.samples, 16_000).to_numpy()[0]
        np.testing.assert_allclose(row[40:], functionals, rtol=1e-3, atol=1e-3)


def chips(made: Done, id: str) -> NDArray[np.generic]:
    """Return the pictures of all faces of a clip."""
    (recording,) = (one for one in made.report.extraction.recordings if one.recording == id)
    return read_track(recording.paths["chips"], made.recipe.tracks["chips"].schema).values


def test_every_fifth_frame_is_looked_at(done: dict[str, Done]) -> None:
    for one in KEPT:
        assert len(chips(done["cross-bert"], one.id)) == LOOKED_AT.get(one.id, one.frames // 5)


def test_groups_of_ten_share_five_in_the_document(done: dict[str, Done]) -> None:
    made = done["cross-bert"]
    faces = chips(made, "train/dia0_utt0")
    groups = made.rows("faces", "train/dia0_utt0")
    assert len(groups) == 4  # of the first 25
    for group, first in zip(groups, (0, 5, 10, 15), strict=True):
        np.testing.assert_array_equal(group, faces[first : first + 10])
    assert not made.arrays["faces_train"][0, 4].any()
    (group,) = made.rows("faces", "train/dia0_utt1")
    np.testing.assert_array_equal(group[:6], chips(made, "train/dia0_utt1"))
    assert not group[6:].any()


def as_the_code_groups(frames: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return five groups of five frames and five zeros, as the released collate function makes them."""
    groups = np.zeros((5, 10, 64, 64), frames.dtype)
    for number, first in enumerate(range(0, 25, 5)):
        group = frames[:25][first : first + 5]
        groups[number, : len(group)] = group
    return groups


def test_groups_of_five_and_five_zeros_in_the_code(done: dict[str, Done]) -> None:
    made = done["cross-bert-code"]
    ids = made.arrays["id_train"].tolist()
    for number, id in enumerate(ids):
        np.testing.assert_array_equal(made.arrays["faces_train"][number], as_the_code_groups(chips(made, id)))
    assert not made.rows("faces", "train/dia0_utt0")[:, 5:].any()


@pytest.mark.parametrize("name", RECIPES)
def test_clips_without_a_face_have_no_group(name: str, done: dict[str, Done]) -> None:
    made = done[name]
    assert len(made.rows("faces", "test/dia0_utt0")) == 0
    assert not made.arrays["faces_test"][0].any() and made.arrays["faces_rows_test"].tolist()[0] == 0


def test_the_broken_and_the_missing_clip_are_not_in_the_store(done: dict[str, Done]) -> None:
    left_out = {one.id for one in UTTERANCES} - set(done["cross-bert"].store.segments["id"])
    assert left_out == {"train/dia125_utt3", "dev/dia110_utt7"}


def test_utterances_of_a_longer_video_have_their_own_rows(tmp_path: Path) -> None:
    """MOSI, whose videos are whole, to the table of text and sentiment that CM-BERT's trainer reads."""
    recipe = dry_recipe(load_recipe("cross-bert"), tmp_path)
    report = run(read_corpus(write_mosi(tmp_path / "mosi")), recipe, tmp_path / "mosi.store")
    store = FeatureStore(report.store, dry_weights=True)
    assert report.extraction.failures == ()
    for number, id in enumerate(store.segments["id"]):
        ids = store.rows("tokens", number).values[:, 0].tolist()
        assert (ids[0], ids[-1], ids.count(CLS), ids.count(SEP)) == (CLS, SEP, 1, 1), id
        assert store.rows("audio", number).mask.tolist() == [True]
    assert store.manifest.labels == {"sentiment": "number"}
    assert export(store, "cm-bert", tmp_path / "train.tsv", {"label": "sentiment", "split": "train"}) == []
    with open(tmp_path / "train.tsv", encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    said = [utterance for video in VIDEOS.values() if video.split == "train" for utterance in video.utterances]
    assert header == ["text", "label"] and [text for text, _ in rows] == [text for text, *_ in said]
    np.testing.assert_allclose([float(label) for _, label in rows], [sentiment for *_, sentiment in said], rtol=1e-6)
