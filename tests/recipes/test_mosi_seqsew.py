"""CMU-MOSI with a speaking portrait, one vector of every modality an utterance, to the tuple of Poria et al."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from miniature_mosi import VIDEOS, glove, write_glove, write_mosi
from portraits import portrait, write_video

from trimodal.corpus import read_corpus
from trimodal.exchange import export
from trimodal.pipeline import run
from trimodal.recipe import dry_recipe, load_recipe
from trimodal.store import FeatureStore, verify

pytestmark = pytest.mark.xdist_group("mosi_seqsew")

COLUMNS = {"text": 300, "audio": 88, "vision": 316}
HERTZ = 220.0


def still_portrait(path: Path, seconds: float) -> None:
    """Write a face that does not move, two pictures a second, with a tone."""
    sound = 0.3 * np.sin(2 * np.pi * HERTZ * np.arange(round(seconds * 16_000)) / 16_000)
    write_video(path, [portrait(0)] * round(seconds * 2), 2, sound)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    folder = tmp_path_factory.mktemp("mosi")
    recipe = load_recipe("mosi-seqsew", [f"tracks.word2vec.vectors_file={write_glove(folder / 'vectors.txt')}"])
    report = run(read_corpus(write_mosi(folder / "MOSI", film=still_portrait)), recipe, folder / "mosi.store")
    assert report.extraction.failures == ()
    return FeatureStore(report.store)


def test_names_shapes_types_and_labels(store: FeatureStore) -> None:
    assert verify(store.path) == []
    assert {name: (one.shape, one.dtype) for name, one in store.outputs.items()} == {
        name: ((columns,), "float32") for name, columns in COLUMNS.items()
    }
    assert store.segments["split"].tolist() == ["train", "train", "train", "valid", "test", "test"]
    assert store.segments["positive"].tolist() == [1, 0, 0, 0, 1, 0]  # 0.0 is not above 0
    for output in COLUMNS:
        for place, segment in enumerate(store.segments.itertuples()):
            assert store.rows(output, place).times.tolist() == [[segment.start, segment.end]]


def test_text_is_the_plain_mean_of_the_words_that_start_in_it(store: FeatureStore) -> None:
    for place, segment in enumerate(store.segments.itertuples()):
        rows = store.rows("text", place)
        words = [
            word
            for word, start, _ in VIDEOS[segment.recording].words
            if segment.start <= start < segment.end and word not in ("sp", "xyzzy")
        ]
        assert rows.mask.tolist() == [bool(words)]
        expected = np.mean([glove(word) for word in words], axis=0) if words else np.zeros(300)
        np.testing.assert_allclose(rows.values[0], expected, rtol=1e-5)


def test_the_pitch_of_every_utterance(store: FeatureStore) -> None:
    """eGeMAPS counts semitones from 27.5 Hz: three octaves to 220 Hz are 36."""
    column = store.outputs["audio"].names.index("egemaps.F0semitoneFrom27.5Hz_sma3nz_amean")
    found = [store.rows("audio", place).values[0, column] for place in range(len(store))]
    np.testing.assert_allclose(found, 36, atol=0.1)


def test_a_face_that_does_not_move(store: FeatureStore) -> None:
    """What differs from the frame before is next to nothing, what differs from the mean face is not."""
    names = store.outputs["vision"].names
    for place in range(len(store)):
        rows = store.rows("vision", place)
        assert rows.mask.all()
        moved = np.array([abs(x) for x, name in zip(rows.values[0], names, strict=True) if "previous" in name])
        shape = np.array([abs(x) for x, name in zip(rows.values[0], names, strict=True) if "from_mean" in name])
        assert len(moved) == len(shape) == 98
        assert moved.max() < 0.02 < shape.max()


@pytest.mark.parametrize("output", COLUMNS)
def test_the_published_reader(store: FeatureStore, output: str, tmp_path: Path) -> None:
    """A tuple of seven, read by position; utterances behind a video's length are padding."""
    options = {"output": output, "label": "positive", "train": "train+valid"}
    assert export(store, "poria", tmp_path / f"{output}_2way.pickle", options) == []
    with open(tmp_path / f"{output}_2way.pickle", "rb") as file:
        train_data, train_label, test_data, test_label, longest, train_length, test_length = pickle.load(
            file, encoding="latin1"
        )
    columns = COLUMNS[output]
    assert (train_data.shape, test_data.shape, train_data.dtype) == ((3, 2, columns), (1, 2, columns), np.float64)
    assert (train_label.tolist(), test_label.tolist()) == ([[1, 0], [0, 0], [0, 0]], [[1, 0]])
    assert (longest, train_length, test_length) == (2, [2, 1, 1], [2])
    np.testing.assert_array_equal(train_data[0], [store.rows(output, place).values[0] for place in (0, 1)])
    np.testing.assert_array_equal(test_data[0], [store.rows(output, place).values[0] for place in (4, 5)])
    for video, length in zip(train_data, train_length, strict=True):
        assert not video[length:].any()


def test_stand_ins_have_the_same_columns(tmp_path: Path) -> None:
    """Sequences alone have neither sound nor pictures: nothing is observed of them, and said so."""
    corpus = read_corpus(write_mosi(tmp_path / "MOSI", "none"))
    run(corpus, dry_recipe(load_recipe("mosi-seqsew"), tmp_path / "dry"), tmp_path / "s")
    store = FeatureStore(tmp_path / "s", dry_weights=True)
    assert {name: one.shape for name, one in store.outputs.items()} == {name: (n,) for name, n in COLUMNS.items()}
    for output in ("audio", "vision"):
        assert not any(store.rows(output, place).mask.any() for place in range(len(store)))
    assert set(store.gaps["track"]) >= {"egemaps", "face_shape"}
