"""MELD in miniature through both recipes of 3-Modal Cross-BERT to the arrays that its model reads."""

import csv
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import librosa
import numpy as np
import opensmile
import pytest
from miniature_iemocap import TURNS, make_iemocap
from miniature_meld import KEPT, UTTERANCES, write_meld
from miniature_mosei import LABELS, write_mosei
from miniature_mosei import VIDEOS as MOSEI
from miniature_mosi import VIDEOS, write_mosi
from numpy.typing import NDArray
from page_code import run_code_of

from trimodal.audit import audit
from trimodal.corpus import read_corpus
from trimodal.exchange import export
from trimodal.extract.text.tokens import Tokens
from trimodal.extract.track_file import read_track
from trimodal.media import AudioSelection, probe, read_audio
from trimodal.pipeline import RunReport, default_work, run
from trimodal.recipe import Recipe, dry_recipe, load_recipe
from trimodal.store import FeatureStore

pytestmark = pytest.mark.xdist_group("cross_bert")

RECIPES = ("cross-bert", "cross-bert-code")
Tokenizer = Callable[..., Mapping[str, list[int]]]
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


def test_the_audit_finds_empty_places_and_lost_separators_in_the_code_alone(done: dict[str, Done]) -> None:
    found = {name: [line for line in audit(done[name].store) if line.startswith("output '")] for name in RECIPES}
    places = "output 'faces': 5 of 10 places of a group are zeros in all of 11 groups (5, 6, 7, 8, 9, counted from 0)"
    lost = (
        "output 'tokens': 1 segments are cut off at their end, without the last token (102) that all shorter ones have"
    )
    assert found["cross-bert-code"] == [places, lost]
    assert found["cross-bert"] == []


@pytest.mark.parametrize("name", RECIPES)
def test_clips_without_a_face_have_no_group(name: str, done: dict[str, Done]) -> None:
    made = done[name]
    assert len(made.rows("faces", "test/dia0_utt0")) == 0
    assert not made.arrays["faces_test"][0].any() and made.arrays["faces_rows_test"].tolist()[0] == 0


def test_the_broken_and_the_missing_clip_are_not_in_the_store(done: dict[str, Done]) -> None:
    left_out = {one.id for one in UTTERANCES} - set(done["cross-bert"].store.segments["id"])
    assert left_out == {"train/dia125_utt3", "dev/dia110_utt7"}


def notebooks_read(sample: tuple[object, ...], tokenizer: Tokenizer) -> tuple[list[int], NDArray[np.float64], float]:
    """Return ids, groups and label of a tuple as the released data sets and collate function make them."""
    video, audio, text, emotion = sample
    assert isinstance(video, list) and isinstance(audio, list) and isinstance(text, str)
    assert len(audio) == 128 and all(type(number) is float for number in audio)
    frames = np.stack([*video, np.zeros((64, 64))])[: len(video)]
    ids = tokenizer(text, padding="max_length", max_length=50)["input_ids"][:50]
    return ids, as_the_code_groups(frames), float(emotion)  # type: ignore[arg-type]


def test_the_notebooks_read_pickles_of_tuples(
    done: dict[str, Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import AutoTokenizer

    made, folder = done["cross-bert-code"], done["cross-bert-code"].report.store.parent
    recipe = dry_recipe(load_recipe("cross-bert", ["align.faces.groups=null"]), folder)
    report = run(read_corpus(folder / "corpus"), recipe, tmp_path / "meld.store", work=folder / "work")
    assert report.extraction.extracted == 0
    monkeypatch.chdir(tmp_path)
    run_code_of("cross-bert", store=f"FeatureStore('{report.store}', dry_weights=True)")
    tokens = made.recipe.tracks["tokens"]
    assert isinstance(tokens, Tokens)
    tokenizer = AutoTokenizer.from_pretrained(tokens.model, local_files_only=True)
    classes = sorted({one.emotion for one in KEPT})
    for split, table in {"train": "train", "valid": "dev", "test": "test"}.items():
        samples = pickle.loads((tmp_path / f"{split}.pkl").read_bytes())
        expected = [one for one in KEPT if one.table == table]
        assert len(samples) == len(expected)
        for sample, one in zip(samples, expected, strict=True):
            ids, groups, emotion = notebooks_read(sample, tokenizer)
            assert emotion == classes.index(one.emotion) and sample[2] == one.text
            if "–" not in one.text:  # noqa: RUF001  # a dash on its own is no word
                assert ids == [*made.rows("tokens", one.id)[:, 0], *[0] * 50][:50]
            np.testing.assert_array_equal(groups, as_the_code_groups(chips(made, one.id)))
            np.testing.assert_array_equal(np.float32(sample[1]), made.rows("audio", one.id)[0])


def test_utterances_of_a_longer_video_have_their_own_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    for split, name in {"train": "train", "valid": "dev", "test": "test"}.items():
        assert export(store, "cm-bert", tmp_path / f"{name}.tsv", {"label": "sentiment", "split": split}) == []
        with open(tmp_path / f"{name}.tsv", encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        said = [utterance for video in VIDEOS.values() if video.split == split for utterance in video.utterances]
        assert header == ["text", "label"] and [text for text, _ in rows] == [text for text, *_ in said]
        sentiments = [sentiment for *_, sentiment in said]
        np.testing.assert_allclose([float(label) for _, label in rows], sentiments, rtol=1e-6)
    assert sum(len((tmp_path / f"{name}.tsv").read_text().splitlines()) - 1 for name in ("train", "dev", "test")) == 6
    tuples = dry_recipe(load_recipe("cross-bert", ["align.faces.groups=null"]), tmp_path)
    run(read_corpus(tmp_path / "mosi"), tuples, tmp_path / "single.store", work=default_work(report.store))
    monkeypatch.chdir(tmp_path)
    run_code_of("cross-bert", label="'sentiment'", store="FeatureStore('single.store', dry_weights=True)")
    text, audio, video, sentiment = pickle.loads((tmp_path / "valid.pkl").read_bytes())[0]
    assert (text, len(audio), video, sentiment) == (store.segments["text"].iloc[3], 128, [], -3.0)


def test_turns_of_iemocap_have_their_own_tokens_and_sound(tmp_path: Path) -> None:
    """Turns overlap in a dialogue: [CLS] and [SEP] once each, and the words of the turn between them."""
    turns = TURNS[:3]
    corpus = read_corpus(make_iemocap(tmp_path / "iemocap", turns))
    report = run(corpus, dry_recipe(load_recipe("cross-bert"), tmp_path), tmp_path / "s")
    assert report.extraction.failures == ()
    store = FeatureStore(report.store, dry_weights=True)
    assert store.segments["emotion"].tolist() == [turn.emotion for turn in turns]
    lengths = []
    for number, turn in enumerate(turns):
        ids = store.rows("tokens", number).values[:, 0].tolist()
        assert (ids[0], ids[-1], ids.count(CLS), ids.count(SEP)) == (CLS, SEP, 1, 1)
        lengths.append(len(ids))
        assert store.rows("audio", number).mask.tolist() == [True]
        assert len(store.rows("faces", number).values) == 0  # grey halves
        assert store.rows("audio", number).times.tolist() == [[turn.start, turn.end]]
    assert lengths[1] > max(lengths[0], lengths[2])


def test_clips_of_mosei_with_sentiment_and_emotions(tmp_path: Path) -> None:
    corpus = read_corpus(write_mosei(tmp_path / "mosei", "clips"))
    report = run(corpus, dry_recipe(load_recipe("cross-bert"), tmp_path), tmp_path / "s")
    assert report.extraction.failures == ()
    store = FeatureStore(report.store, dry_weights=True)
    assert store.manifest.labels == dict.fromkeys(LABELS, "number")
    labelled = {f"{video}_{one.number}": one for video, (_, said) in MOSEI.items() for one in said if one.label}
    assert store.segments["id"].tolist() == [one.id for one in corpus.segments] and len(labelled) == len(store)
    for number, row in enumerate(store.segments.itertuples()):
        one = labelled[row.id]
        np.testing.assert_allclose([getattr(row, name) for name in LABELS], one.label, rtol=1e-6)
        ids = store.rows("tokens", number).values[:, 0].tolist()
        assert row.text == one.text and (ids[0], ids[-1], ids.count(CLS)) == (CLS, SEP, 1)
        assert store.rows("audio", number).values.shape == (1, 128)


def test_a_grey_picture_is_the_weighted_sum_of_its_colours(done: dict[str, Done], tmp_path: Path) -> None:
    """By the weights that the released code has."""
    made, id = done["cross-bert"], "train/dia0_utt1"
    folder = made.report.store.parent
    coloured = dry_recipe(load_recipe("cross-bert", ["tracks.chips.colour=rgb"]), folder)
    corpus = read_corpus(folder / "corpus")
    one = replace(
        corpus,
        recordings=tuple(recording for recording in corpus.recordings if recording.id == id),
        segments=tuple(segment for segment in corpus.segments if segment.id == id),
    )
    (recording,) = run(one, coloured, tmp_path / "rgb.store", work=folder / "work").extraction.recordings
    rgb = read_track(recording.paths["chips"], coloured.tracks["chips"].schema).values.astype(np.float64)
    assert rgb.shape == (6, 64, 64, 3) and np.ptp(rgb, axis=-1).max() > 20
    np.testing.assert_allclose(chips(made, id), rgb @ [0.2989, 0.5870, 0.1140], atol=0.6)
