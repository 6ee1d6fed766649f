"""IEMOCAP's dialogues, from the miniature to the arrays that the published training code reads."""

import pickle
import random
from pathlib import Path

import numpy as np
import pytest
import scipy.fft
import scipy.io.wavfile
import scipy.signal
from miniature_iemocap import TURNS, colours, make_iemocap
from page_code import run_code_of

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
    return make_iemocap(tmp_path_factory.mktemp("iemocap") / "IEMOCAP")


@pytest.fixture(scope="module")
def store(root: Path) -> FeatureStore:
    recipe = dry_recipe(load_recipe("iemocap-attention", SMALL), root.parent / "dry")
    report = run(read_corpus(root), recipe, root.parent / "s")
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
    extractor = dry_recipe(load_recipe("iemocap-attention", SMALL), root.parent / "dry").tracks["left_half"]
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


@pytest.fixture(scope="module")
def written(store: FeatureStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders that the lines of the recipe's page write."""
    folder = tmp_path_factory.mktemp("folds")
    lengths = {"audio": 1000, "vision": 32, "text": 128}
    options = {"outputs": ",".join(lengths), "lengths": ",".join(f"{name}:{rows}" for name, rows in lengths.items())}
    assert export(store, "arrays", folder / "iemocap.npz", options) == []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run_code_of("iemocap-attention", store=f"FeatureStore('{store.path}', dry_weights=True)")
    return folder


SHAPES = {
    "audio_mfcc": (1000, 120),
    "audio_seqN": (),
    "audio_prosody": (35,),
    "video": (32, None),
    "video_seqN": (),
    "nlp_trans": (128,),
    "text": (128, 300),
    "label": (),
}


@pytest.mark.parametrize("fold", range(5))
def test_the_published_reader(fold: int, written: Path, store: FeatureStore) -> None:
    """Padded arrays of every split, each turn in its place, and what the vocabulary says of its words."""
    folder = written / f"fold{fold + 1:02d}"
    files = {path.stem: np.load(path, allow_pickle=False) for path in folder.glob("*.npy")}
    assert sorted(files) == sorted([*(f"{split}_{name}" for split in ("train", "dev", "test") for name in SHAPES),
                                    "W_embedding"])  # fmt: skip
    split = store.segments["split"]
    others = [place for number in range(5) if number != fold for place in np.flatnonzero(split == f"fold{number}")]
    random.seed(3372)
    draws = [random.random() > 0.70 for _ in range((split == f"fold{fold}").sum())]
    own = np.flatnonzero(split == f"fold{fold}")
    dev, test = (
        [place for place, is_dev in zip(own, draws, strict=True) if is_dev == wanted] for wanted in (True, False)
    )
    dictionary = pickle.loads((folder / "dic.pkl").read_bytes())
    assert (dictionary["_PAD_"], dictionary["_UNK_"]) == (0, 1)
    assert sorted(dictionary.values()) == list(range(len(files["W_embedding"])))
    for name, places in {"train": others, "dev": dev, "test": test}.items():
        for key, shape in SHAPES.items():
            found = files[f"{name}_{key}"].shape
            assert found[0] == len(places) and len(found) == 1 + len(shape)
            assert all(size in (None, number) for size, number in zip(shape, found[1:], strict=True))
        for row, place in enumerate(places):
            for output, key, length in (("audio", "audio_mfcc", "audio_seqN"), ("vision", "video", "video_seqN")):
                rows = store.rows(output, int(place)).values
                assert files[f"{name}_{length}"][row] == len(rows)
                np.testing.assert_array_equal(files[f"{name}_{key}"][row, : len(rows)], rows)
                assert not files[f"{name}_{key}"][row, len(rows) :].any()
            ids = files[f"{name}_nlp_trans"][row]
            assert [dictionary[word] for word in store.text("text", int(place))] == ids[ids > 0].tolist()
            np.testing.assert_array_equal(files["W_embedding"][ids], files[f"{name}_text"][row])
            assert files[f"{name}_label"][row] == store.segments["emotion"][place]
        assert files[f"{name}_label"].dtype.kind == "i" and files[f"{name}_nlp_trans"].dtype.kind == "i"
        assert not files[f"{name}_audio_prosody"].any()


def test_coefficients_are_those_of_the_formula(store: FeatureStore, root: Path) -> None:
    """One frame in the middle of a tone: pre-emphasis, Hamming, 40 triangles on HTK's scale, decibels, DCT, lifter."""
    rows = store.rows("audio", [one.id for one in KEPT].index(TURNS[0].id))
    row = 60
    start = round(rows.times[row, 0] * 16_000)
    size = round((rows.times[row, 1] - rows.times[row, 0]) * 16_000)
    assert size == 400
    rate, samples = scipy.io.wavfile.read(root / "Session1/dialog/wav/Ses01F_impro01.wav")
    assert rate == 16_000
    sound = samples[start - 1 : start + size, 0] / 2**15
    frame = (sound[1:] - 0.97 * sound[:-1]) * scipy.signal.get_window("hamming", size, fftbins=True)
    padded = np.pad(frame, (512 - size) // 2)
    power = np.abs(np.fft.rfft(padded)) ** 2
    mel_edges = np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 42)
    edges, hertz = 700 * (10 ** (mel_edges / 2595) - 1), np.fft.rfftfreq(512, 1 / 16_000)
    rising = (hertz - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - hertz) / np.diff(edges)[1:, None]
    bands = np.maximum(0, np.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))[:, None]
    decibels = 10 * np.log10(np.maximum(1e-10, bands @ power))
    cepstrum = scipy.fft.dct(decibels, norm="ortho")[:40] * (1 + 11 * np.sin(np.pi * np.arange(1, 41) / 22))
    np.testing.assert_allclose(rows.values[row, :40], cepstrum, rtol=1e-3, atol=0.05)


def test_the_audit_finds_what_the_folds_share(store: FeatureStore) -> None:
    found = audit(store, groups=["dialogue"])
    assert any("speaker" in line for line in found) and any("dialogue" in line for line in found), found
