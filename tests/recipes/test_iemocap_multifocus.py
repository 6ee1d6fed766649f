"""IEMOCAP's sentences, from the miniature to what the published training code reads."""

import importlib.util
import random
from pathlib import Path

import numpy as np
import pytest
from exported import rows_that_numpy_reads
from miniature_iemocap import TURNS, make_iemocap

from trimodal.audit import audit
from trimodal.corpus import CorpusError, read_corpus
from trimodal.pipeline import run
from trimodal.recipe import dry_recipe, load_recipe
from trimodal.store import FeatureStore, verify
from trimodal.store.loading import BatchOrder, RingLoader, Segments

pytestmark = pytest.mark.xdist_group("iemocap_multifocus")

EXPECTED = {
    "Ses01F_impro01_F000": (2, ["excuse", "<sil>", "me"]),
    "Ses01M_script01_1b_M000": (0, ["yes", "no"] * 65),
    "Ses01M_script01_1b_F000": (1, ["++laughter++"]),
    "Ses02F_script02_2_F000": (1, ["yes", "yes"]),
    "Ses02F_script02_2_F001": (3, ["++breathing++", "no"]),
    "Ses03M_impro03_M000": (2, ["no", "no"]),
}
"""Emotion and cleaned words of the sentences that stay, by the five steps."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_iemocap(tmp_path_factory.mktemp("iemocap") / "IEMOCAP", has_video=False)


@pytest.fixture(scope="module")
def store(root: Path) -> FeatureStore:
    write_split(root)
    recipe = dry_recipe(load_recipe("iemocap-multifocus"), root.parent / "dry")
    report = run(read_corpus(root, "iemocap-sentences"), recipe, root.parent / "s")
    assert report.extraction.failures == ()
    return FeatureStore(report.store, dry_weights=True)


def test_dialogues_are_refused_before_any_work(root: Path, tmp_path: Path) -> None:
    """Turns overlap there: a sample would hold words of the other actor, and [CLS] twice."""
    corpus = read_corpus(root)
    assert corpus.layout == "iemocap"
    with pytest.raises(
        CorpusError,
        match=r"is read as 'iemocap', and recipe 'iemocap-multifocus' is for iemocap-sentences; name it with --layout",
    ):
        run(corpus, load_recipe("iemocap-multifocus"), tmp_path / "s")
    assert not list(tmp_path.iterdir())


def write_split(root: Path, table: Path | None = None) -> list[str]:
    """Run the example; return the lines that it wrote."""
    path = Path(__file__).parents[2] / "examples/iemocap_multifocus_split.py"
    spec = importlib.util.spec_from_file_location("iemocap_multifocus_split", path)
    assert spec is not None and spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    written: Path = example.main(root, table)
    return written.read_text().split()


def test_which_sentences_stay_and_as_what(store: FeatureStore) -> None:
    assert verify(store.path) == []
    assert dict(zip(store.segments["id"], store.segments["emotion"], strict=True)) == {
        id: emotion for id, (emotion, _) in EXPECTED.items()
    }
    assert {name: (one.shape, one.dtype) for name, one in store.outputs.items()} == {
        "text": ((768,), "float32"),
        "audio": ((65,), "float32"),
    }
    assert store.manifest.excluded == {
        "label 'emotion' is none of those to keep": 6,
        "label 'spoken' is 'unaligned'": 2,
        "label 'spoken' is 'garbage'": 1,
        "label 'spoken' is 'breathing'": 1,
    }


def test_a_vector_for_every_word_piece_and_both_ends(store: FeatureStore) -> None:
    """The stand-in's vocabulary takes some words apart; added tokens stay whole."""
    truth = {turn.id: turn for turn in TURNS}
    for place, id in enumerate(store.segments["id"]):
        pieces, rows = store.text("text", place), store.rows("text", place)
        assert (pieces[0], pieces[-1]) == ("[CLS]", "[SEP]")
        joined = " ".join(pieces[1:-1]).replace(" ##", "").split()
        assert joined == EXPECTED[id][1]
        first = next(first for first, _, word in truth[id].words if word not in ("<s>", "++GARBAGE++"))
        np.testing.assert_allclose(rows.times[[0, 1], 0], first / 100)
        assert rows.mask.all() and rows.values.shape == (len(pieces), 768)
    start_frames = store.rows("text", 0).times[:, 0] * 100
    assert sorted(set(np.round(start_frames).astype(int))) == sorted(
        {10, *(first for first, _, word in truth["Ses01F_impro01_F000"].words[1:-1]), round(start_frames[-1])}
    )


def test_descriptors_every_ten_milliseconds_from_windows_of_sixty(store: FeatureStore) -> None:
    truth = {turn.id: turn for turn in TURNS}
    pitch = store.outputs["audio"].names.index("compare.F0final_sma")
    for place, id in enumerate(store.segments["id"]):
        rows, turn = store.rows("audio", place), truth[id]
        frames = ((turn.end - turn.start) - 0.06) / 0.01 + 1
        assert abs(len(rows.values) - frames) < 2.5  # openSMILE ends with up to two rows of padding
        np.testing.assert_allclose(rows.times[0], [0.0, 0.06])
        np.testing.assert_allclose(np.diff(rows.times[:-2, 0]), 0.01)
        assert np.median(rows.values[:, pitch]) == pytest.approx(turn.tone, rel=0.02)


def test_the_split_is_drawn_as_published(root: Path, store: FeatureStore, tmp_path: Path) -> None:
    ids = list(EXPECTED)
    random.seed(42)
    train = {ids[number] for number in random.sample(range(6), 4)}
    assert {
        id for id, split in zip(store.segments["id"], store.segments["split"], strict=True) if split == "train"
    } == train
    before = (root / "multifocus_split.csv").read_bytes()
    table = tmp_path / "iemocap_full_dataset.csv"
    lines = [f"1,impro,F,neu,3,2,Session1/sentences/wav/x/{id}.wav\n" for id in reversed([turn.id for turn in TURNS])]
    table.write_text("session,method,gender,emotion,n_annotators,agreement,path\n" + "".join(lines))
    written = dict(line.split(",") for line in write_split(root, table)[1:])
    (root / "multifocus_split.csv").write_bytes(before)
    random.seed(42)
    by_table = {ids[::-1][number] for number in random.sample(range(6), 4)}
    assert {id for id, split in written.items() if split == "train"} == by_table


def test_the_published_reader_pads_normalised_sound_with_the_mean(store: FeatureStore) -> None:
    """Statistics are of the observed rows of train; what the published collate pads is 0, which is the mean then."""
    train = [place for place, split in enumerate(store.segments["split"]) if split == "train"]
    pooled = np.concatenate([store.rows("audio", place).values for place in train]).astype(np.float64)
    scale = np.where(pooled.std(axis=0) > 0, pooled.std(axis=0), 1)
    segments = Segments(store, "train", outputs=["audio"], normalise={"audio": "standard"})
    (batch,) = RingLoader(segments, BatchOrder(batch_size=4, shuffle=False))
    assert batch["audio"]["values"].shape == (4, max(batch["audio"]["lengths"]), 65)
    for place, id in enumerate(batch["id"]):
        rows = store.rows("audio", store.segments["id"].tolist().index(id)).values
        values, length = batch["audio"]["values"][place], batch["audio"]["lengths"][place]
        np.testing.assert_allclose(values[:length], (rows - pooled.mean(axis=0)) / scale, rtol=1e-3, atol=1e-3)
        assert not values[length:].any()


def test_numpy_reads_it(store: FeatureStore, tmp_path: Path) -> None:
    rows = rows_that_numpy_reads(store, tmp_path / "multifocus.npz")
    for place, id in enumerate(store.segments["id"]):
        assert rows["text"][place].shape[1:] == (768,) and rows["audio"][place].shape[1:] == (65,)
        assert len(rows["text"][place]) == len(store.text("text", place)), id
    assert sum(map(len, rows["audio"])) > 6 * 90


def test_the_audit_finds_what_the_publication_did(store: FeatureStore) -> None:
    """Speakers on both sides, nothing but them to choose a model on, and tokens that BERT has never seen.

    Of six sentences the draw leaves an emotion to the test set alone.
    """
    starts = [line.partition(":")[0] for line in audit(store)]
    assert starts == [
        "there is no split for validation beside train and test",
        "speaker",
        "track 'bert'",
        "label 'emotion'",
    ]
