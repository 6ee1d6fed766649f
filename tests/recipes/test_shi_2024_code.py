"""The sequences of CMU-MOSI alone, without media, to the pickle that MultiBench's loader reads."""

import pickle
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from miniature_mosei import write_mosei
from miniature_mosi import INFINITE, VIDEOS, covarep, facet, glove, write_glove, write_mosi
from numpy.typing import NDArray

from trimodal.audit import audit
from trimodal.corpus import read_corpus
from trimodal.exchange import export
from trimodal.pipeline import run
from trimodal.recipe import dry_recipe, load_recipe
from trimodal.store import FeatureStore, StoreError, verify

OUTPUTS = {"text": 300, "audio": 74, "vision": 35}
OPTIONS = {"text": "text", "audio": "audio", "vision": "vision", "label": "sentiment"}
LONG = "2iD-tVS8NPw_1"
"""An utterance of 60 words."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    folder = tmp_path_factory.mktemp("mosi")
    recipe = load_recipe("shi-2024-code", [f"tracks.glove.vectors_file={write_glove(folder / 'glove.txt')}"])
    report = run(read_corpus(write_mosi(folder / "MOSI", "none")), recipe, folder / "mosi.store")
    assert report.extraction.failures == ()
    return FeatureStore(report.store)


def words_of(segment: str) -> list[tuple[str, float, float]]:
    """Return the words that share more than 10 µs with an utterance, the last 50 of them."""
    name, _, number = segment.rpartition("_")
    _, start, end, _ = VIDEOS[name].utterances[int(number) - 1]
    touching = [word for word in VIDEOS[name].words if min(word[2], end) - max(word[1], start) > 1e-5]
    return [word for word in touching if word[0] != "sp"][-50:]


def mean_of_touching(
    values: NDArray[np.float32], times: NDArray[np.float64], start: float, end: float
) -> NDArray[np.floating] | None:
    """Return the plain mean of the finite rows that share more than 10 µs with a word, as the SDK's ``align`` does."""
    shared = np.minimum(times[:, 1], end) - np.maximum(times[:, 0], start)
    rows = values[(shared > 1e-5) & np.isfinite(values).all(axis=1)].astype(np.float64)
    return rows.mean(axis=0) if len(rows) else None


def test_outputs(store: FeatureStore) -> None:
    assert verify(store.path) == []
    assert {name: (one.shape, one.dtype, one.has_text) for name, one in store.outputs.items()} == {
        name: ((columns,), "float32", True) for name, columns in OUTPUTS.items()
    }
    assert store.manifest.labels == {"sentiment": "number"}
    splits = store.segments.set_index("id")["split"].to_dict()
    assert splits == {
        f"{name}_{number}": video.split
        for name, video in VIDEOS.items()
        for number in range(1, len(video.utterances) + 1)
    }


def test_every_number(store: FeatureStore) -> None:
    for place, segment in enumerate(store.segments["id"]):
        name = segment.rpartition("_")[0]
        words = words_of(segment)
        for output in OUTPUTS:
            rows = store.rows(output, place)
            assert store.text(output, place) == [text for text, _, _ in words]
            np.testing.assert_array_equal(rows.times, [(start, end) for _, start, end in words])
            for row, (text, start, end) in enumerate(words):
                if output == "text":
                    expected = None if text == "xyzzy" else glove(text)
                else:
                    expected = mean_of_touching(*{"audio": covarep, "vision": facet}[output](name), start, end)
                assert rows.mask[row] == (expected is not None)
                np.testing.assert_allclose(rows.values[row], 0 if expected is None else expected, rtol=1e-6)


def test_hand_computed_words(store: FeatureStore) -> None:
    """FACET's row k is [k, k + 1) / 30 s and holds k: of [1.25, 1.75) rows 37 to 52 are touched, whose mean is 44.5."""
    love = store.text("vision", 0).index("love")
    assert store.rows("vision", 0).values[love, 0] == np.float32(44.5)
    assert store.rows("audio", 0).values[love, 0] == np.float32(np.mean(range(125, 175)))
    assert store.segments["sentiment"].iloc[0] == np.float32(2.4)


def test_a_word_across_a_boundary_is_in_both_utterances(store: FeatureStore) -> None:
    assert store.text("text", 0) == ["i", "love", "this", "movie"]
    assert store.text("text", 1) == ["movie", "umm", "really", "good"]


def test_a_row_that_is_not_finite_costs_itself(store: FeatureStore) -> None:
    """There the word's mean is -inf in that column, for which the loader reads 0."""
    name, row, column = INFINITE
    place = store.segments["id"].tolist().index(f"{name}_1")
    film = store.text("audio", place).index("film")
    kept = [k for k in range(100, 200) if k != row]
    found = store.rows("audio", place)
    assert found.values[film, column] == pytest.approx(np.mean(kept))
    assert found.mask[film] and found.coverage[film] == pytest.approx(0.99)
    gaps = store.gaps[(store.gaps["track"] == "covarep") & (store.gaps["recording"] == name)]
    assert gaps["reason"].tolist() == ["1 rows are not finite"]


def test_a_word_without_a_row_is_not_observed(store: FeatureStore) -> None:
    place = store.segments["id"].tolist().index("c5xsKMxpXnc_1")
    found = store.rows("vision", place)
    assert found.mask.tolist() == [True, False, True]
    assert not found.values[1].any()


def test_the_last_fifty(store: FeatureStore) -> None:
    place = store.segments["id"].tolist().index(LONG)
    for output in OUTPUTS:
        rows = store.rows(output, place)
        assert len(rows.values) == 50
        assert rows.times[-1, 1] == VIDEOS["2iD-tVS8NPw"].words[-1][2]
        assert all(one[1] == other[0] for one, other in pairwise(rows.times))


def multibench_samples(data: dict[str, NDArray[Any]]) -> list[dict[str, NDArray[Any]]]:
    """Read a split by the rules of ``Affectdataset`` in ``get_data.py``, aligned, without z-norm, max_pad 50."""
    empty = [number for number, text in enumerate(data["text"]) if text.sum() == 0]
    data = {key: np.delete(array, empty, 0) for key, array in data.items()}
    first = next(iter(data))
    data[first] = data[first][:, :, :35]
    data["audio"][data["audio"] == -np.inf] = 0.0
    samples = []
    for index in range(len(data["id"])):
        start = data["text"][index].nonzero()[0][0]
        sample = {key: data[key][index][start:][:50] for key in ("vision", "audio", "text")}
        label = data["labels"][index]
        samples.append(sample | {"labels": label, "class": int(label.item() > 0), "id": data["id"][index]})
    return samples


def test_what_the_loader_reads(store: FeatureStore, tmp_path: Path) -> None:
    notes = export(store, "multibench", tmp_path / "mosi_raw.pkl", OPTIONS)
    assert notes == ["1 segments whose text is all zero are left out, as the loader cannot read them"]
    with open(tmp_path / "mosi_raw.pkl", "rb") as file:
        data = pickle.load(file)
    assert list(data) == ["train", "valid", "test"]
    for content in data.values():
        assert list(content) == ["vision", "audio", "text", "labels", "id"]
        count = len(content["id"])
        assert {key: (array.shape, array.dtype) for key, array in content.items() if key != "id"} == {
            **{key: ((count, 50, columns), np.float32) for key, columns in OUTPUTS.items()},
            "labels": ((count, 1, 1), np.float32),
        }
    assert not data["train"]["text"][0, :46].any()  # four words, padded on the left
    samples = {one["id"]: (split, one) for split, content in data.items() for one in multibench_samples(content)}
    assert {id: split for id, (split, _) in samples.items()} == {
        "03bSnISJMiM_1": "train",
        "03bSnISJMiM_2": "train",
        LONG: "train",
        "c5xsKMxpXnc_1": "valid",
        "f_pcplsH_V0_1": "test",
    }
    assert {id: one["class"] for id, (_, one) in samples.items()} == {
        "03bSnISJMiM_1": 1,
        "03bSnISJMiM_2": 0,
        LONG: 0,
        "c5xsKMxpXnc_1": 0,
        "f_pcplsH_V0_1": 1,
    }
    places = store.segments["id"].tolist()
    for id, (_, one) in samples.items():
        for key in OUTPUTS:
            np.testing.assert_array_equal(one[key], store.rows(key, places.index(id)).values)


def test_nothing_leaks(store: FeatureStore) -> None:
    """Videos without media that last equally long are not the same one."""
    assert audit(store) == []


def test_the_test_set_is_not_trained_on(store: FeatureStore, tmp_path: Path) -> None:
    """The released loader trains on all three splits."""
    with pytest.raises(StoreError, match="split 'valid' is wanted twice; expected every segment in one split"):
        export(store, "multibench", tmp_path / "all.pkl", OPTIONS | {"train": "train+valid+test"})


def test_stand_ins_and_mosei(tmp_path: Path) -> None:
    recipe = dry_recipe(load_recipe("shi-2024-code"), tmp_path / "dry")
    report = run(read_corpus(write_mosei(tmp_path / "MOSEI", "none")), recipe, tmp_path / "mosei.store")
    store = FeatureStore(report.store, dry_weights=True)
    assert {name: one.shape for name, one in store.outputs.items()} == {name: (n,) for name, n in OUTPUTS.items()}
    assert store.segments["split"].value_counts().to_dict() == {"train": 3, "test": 2, "valid": 1, "": 1}
    assert store.segments["sentiment"].iloc[0] == 1.0
    assert export(store, "multibench", tmp_path / "mosei.pkl", OPTIONS)[0] == (
        "1 segments are in none of the splits train, valid, test"
    )
