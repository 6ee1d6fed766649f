"""IEMOCAP's dialogues, from the miniature to the arrays that the published training code reads."""

from pathlib import Path

import numpy as np
import pytest
from miniature_iemocap import TURNS, colours, make_iemocap

from trimodal.audit import audit
from trimodal.corpus import read_corpus
from trimodal.exchange import export
from trimodal.extract.base import Execution
from trimodal.extract.text.cleaning import cleaned
from trimodal.extract.text.vector_file import open_vectors
from trimodal.extract.video.frame_embedding import FrameEmbedding
from trimodal.pipeline import run
from trimodal.recipe import dry_recipe, load_recipe
from trimodal.store import FeatureStore, verify

pytestmark = pytest.mark.xdist_group("iemocap_attention")

CLASSES = {"ang": 0, "exc": 1, "fru": 2, "hap": 3, "neu": 4, "sad": 5, "sur": 6}
KEPT = [turn for turn in TURNS if turn.emotion in CLASSES]
SMALL = [f"tracks.{half}_half.architecture=test_efficientnet" for half in ("left", "right")]
"""A small network in the place of ResNet-101, as pictures of long dialogues take minutes with that."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_iemocap(tmp_path_factory.mktemp("iemocap"))


@pytest.fixture(scope="module")
def store(root: Path) -> FeatureStore:
    recipe = dry_recipe(load_recipe("iemocap-attention", SMALL), root / "dry")
    report = run(read_corpus(root), recipe, root / "s")
    assert report.extraction.failures == ()
    return FeatureStore(report.store, dry_weights=True)


def test_names_shapes_types_labels_and_folds(store: FeatureStore) -> None:
    assert verify(store.path) == []
    assert {name: one.dtype for name, one in store.outputs.items()} == {
        "audio": "float32",
        "vision": "float32",
        "text": "float32",
    }
    assert (store.outputs["audio"].shape, store.outputs["text"].shape) == ((120,), (300,))
    assert store.segments["id"].tolist() == [turn.id for turn in KEPT]
    assert store.segments["emotion"].tolist() == [CLASSES[turn.emotion] for turn in KEPT]
    assert sorted(store.segments["split"].unique()) == [f"fold{number}" for number in range(5)]
    assert sorted(store.statistics) == [f"without fold{number}" for number in range(5)]


def test_pictures_are_2048_numbers_of_resnet(tmp_path: Path) -> None:
    for half in ("left_half", "right_half"):
        extractor = dry_recipe(load_recipe("iemocap-attention"), tmp_path).tracks[half]
        assert isinstance(extractor, FrameEmbedding) and extractor.architecture == "resnet101"
        assert extractor.schema["values"].shape == (2048,)


def test_the_half_that_shows_the_speaker(store: FeatureStore, root: Path) -> None:
    """What the network makes of one grey stands in every row."""
    extractor = dry_recipe(load_recipe("iemocap-attention", SMALL), root / "dry").tracks["left_half"]
    assert isinstance(extractor, FrameEmbedding)
    embedder = extractor.embedder(Execution())
    sides = set()
    for place, segment in enumerate(store.segments.itertuples()):
        greys = colours(segment.recording)
        expected = embedder.embed(np.stack([np.full((224, 224, 3), grey, np.uint8) for grey in greys]))
        between = np.abs(expected[0] - expected[1]).max()
        rows = store.rows("vision", place).values
        # The codec moves greys a little.
        assert np.abs(rows - expected[int(segment.side == "right")]).max() < 0.1 * between
        sides.add(segment.side)
    assert sides == {"left", "right"}


def test_three_pictures_a_second_and_their_cap(store: FeatureStore) -> None:
    for place, turn in enumerate(KEPT):
        rows = store.rows("vision", place)
        assert len(rows.values) == 32 or len(rows.values) == pytest.approx((turn.end - turn.start) * 3, abs=1.01)
        assert len(rows.values) <= 32
        assert rows.mask.all()
        assert (np.diff(rows.times[:, 0]) > 0.29).all() and (np.diff(rows.times[:, 0]) < 0.37).all()


def test_a_hundred_frames_a_second_and_their_cap(store: FeatureStore) -> None:
    for place, turn in enumerate(KEPT):
        rows = store.rows("audio", place)
        assert len(rows.values) == 1000 or len(rows.values) == pytest.approx((turn.end - turn.start) * 100, abs=1.01)
        assert len(rows.values) <= 1000
        np.testing.assert_allclose(np.diff(rows.times[:, 0]), 0.01, atol=1e-9)
        assert turn.start - 0.0126 <= rows.times[0, 0] <= turn.start + 0.01


def test_the_sound_is_that_of_the_wav_and_not_of_the_video(root: Path, store: FeatureStore) -> None:
    """The same tone gives the same coefficients whoever says it; the videos play another one throughout."""
    place = {turn.id: number for number, turn in enumerate(KEPT)}
    rows = [
        store.rows("audio", place[id]).values[30:70, :40].mean(axis=0)
        for id in ("Ses02F_script02_2_F000", "Ses03M_impro03_M000", "Ses01F_impro01_F000")
    ]
    assert np.abs(rows[0] - rows[1]).max() < 1.0 < np.abs(rows[0] - rows[2]).max()
    deltas = store.rows("audio", place["Ses02F_script02_2_F000"]).values[30:70, 40:]
    assert np.abs(deltas).max() < 0.5  # a steady tone does not change


def test_words_of_the_transcription_and_their_cap(store: FeatureStore) -> None:
    place = {turn.id: number for number, turn in enumerate(KEPT)}
    spoken = ["well", "it", "'s", "10:30", "do", "n't", "you", "have", "it"]
    assert [
        word for words in cleaned(TURNS[1].text.split(), ["lower", "punctuation", "treebank"]) for word in words
    ] == spoken
    rows = store.rows("text", place["Ses01F_impro01_M000"])
    (path,) = store.path.parent.glob("dry/word-vectors-300*.txt")
    vectors = [open_vectors(path).vector(word.encode()) for word in spoken]
    assert any(vector is None for vector in vectors) and any(vector is not None for vector in vectors)
    expected = [np.zeros(300) if vector is None else vector for vector in vectors]
    np.testing.assert_array_equal(rows.values, np.array(expected, np.float32))
    assert len(store.rows("text", place["Ses01M_script01_1b_M000"]).values) == 128
    assert len(store.rows("text", place["Ses03M_impro03_M001"]).values) == 1  # which no alignment has


def test_the_published_reader(store: FeatureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines of the recipe's page write the files that the trainer loads: padded arrays of every split."""
    lengths = {"audio": 1000, "vision": 32, "text": 128}
    options = {"outputs": ",".join(lengths), "lengths": ",".join(f"{name}:{rows}" for name, rows in lengths.items())}
    assert export(store, "arrays", tmp_path / "iemocap.npz", options) == []
    monkeypatch.chdir(tmp_path)
    page = (Path(__file__).parents[2] / "docs/recipes/iemocap-attention.md").read_text()
    exec(page.split("```python\n")[1].split("```")[0], {})
    files = {path.stem: np.load(path) for path in tmp_path.glob("*.npy")}
    assert sorted(files) == sorted(
        f"{split}_{name}"
        for split in ("train", "dev", "test")
        for name in ("audio_mfcc", "audio_seqN", "video", "video_seqN", "text", "label")
    )
    assert files["train_audio_mfcc"].shape[1:] == (1000, 120) and files["train_text"].shape[1:] == (128, 300)
    assert files["train_video"].shape[1] == 32 and files["train_video"].dtype == np.float32
    assert sum(len(files[f"{split}_label"]) for split in ("train", "dev", "test")) == len(KEPT)
    folds = [f"fold{number}" for number in (1, 2, 3, 4)]
    numbers = [place for fold in folds for place in np.flatnonzero(store.segments["split"] == fold)]
    assert files["train_label"].tolist() == [store.segments["emotion"][number] for number in numbers]
    for place, number in enumerate(numbers):
        rows = store.rows("audio", number).values
        assert files["train_audio_seqN"][place] == len(rows)
        np.testing.assert_array_equal(files["train_audio_mfcc"][place, : len(rows)], rows)
        assert not files["train_audio_mfcc"][place, len(rows) :].any()


def test_the_audit_finds_what_the_folds_share(store: FeatureStore) -> None:
    found = audit(store, groups=["dialogue"])
    assert any("speaker" in line for line in found) and any("dialogue" in line for line in found), found
