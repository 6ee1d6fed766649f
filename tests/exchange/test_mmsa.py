from pathlib import Path

import numpy as np
import pytest
import torch
from exchange_stores import ALIGNED, Made, aligned, make_store, values
from mmsa_reader import load, read_as_mmsa

from trimodal.errors import UsageError
from trimodal.exchange import export
from trimodal.store import FeatureStore, StoreError

OPTIONS = {"text": "text", "audio": "audio", "vision": "vision", "label": "sentiment"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    return make_store(tmp_path_factory.mktemp("mmsa") / "a.store", ALIGNED)


def test_mmsa_reads_every_sample_of_aligned_data(store: FeatureStore, tmp_path: Path) -> None:
    notes = export(store, "mmsa", tmp_path / "a.pkl", OPTIONS)
    assert notes == ["no text_bert without tokens=OUTPUT: models need use_bert: false"]
    train = read_as_mmsa(tmp_path / "a.pkl", "train", use_bert=False, need_data_aligned=True)
    assert [sample["id"] for sample in train] == ["abc$_$0", "abc$_$3"]
    assert train[0]["raw_text"] == "one, two"
    for sample, segment in zip(train, ALIGNED, strict=False):
        for key in ("text", "audio", "vision"):
            expected = values(segment.id, key, segment.rows[key])
            expected[list(segment.missing)] = 0
            np.testing.assert_array_equal(sample[key][: len(expected)], expected)
            assert sample[key].shape[0] == 5 and not sample[key][len(expected) :].any()
    np.testing.assert_allclose([float(sample["label"]) for sample in train], [-1.4, 0.0], rtol=1e-6)
    (valid,) = read_as_mmsa(tmp_path / "a.pkl", "valid", use_bert=False, need_data_aligned=True)
    assert (valid["id"], valid["raw_text"]) == ("v$_$0001", "字 three")
    test = read_as_mmsa(tmp_path / "a.pkl", "test", use_bert=False, need_data_aligned=True)
    assert [sample["id"] for sample in test] == ["xyz$_$clip", "xyz$_$xyz"]


def test_every_key_and_type(store: FeatureStore, tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    labels = {f"label_{name}": "sentiment" for name in ("text", "audio", "vision")}
    export(store, "mmsa", path, OPTIONS | labels)
    found = {key: (array.dtype.kind, array.itemsize, array.shape) for key, array in load(path)["train"].items()}
    float32, int64 = ("f", 4), ("i", 8)
    assert found == {
        "raw_text": ("O", 8, (2,)),
        "id": ("U", 4 * len("xyz$_$clip"), (2,)),
        "text": (*float32, (2, 5, 3)),
        "audio": (*float32, (2, 5, 2)),
        "vision": (*float32, (2, 5, 4)),
        "audio_lengths": (*int64, (2,)),
        "vision_lengths": (*int64, (2,)),
        "annotations": ("U", 32, (2,)),
        "classification_labels": (*int64, (2,)),
        **{f"regression_labels{ending}": (*float32, (2,)) for ending in ("", "_T", "_A", "_V")},
    }
    train = load(path)["train"]
    assert train["annotations"].tolist() == ["Negative", "Neutral"]
    assert train["classification_labels"].tolist() == [0, 1]
    assert load(path)["test"]["annotations"].tolist() == ["Positive", "Positive"]


def test_unaligned_with_caps_tokens_and_lengths(tmp_path: Path) -> None:
    rows = [{"text": 4, "audio": 9, "vision": 2, "tokens": 4}, {"text": 6, "audio": 3, "vision": 0, "tokens": 6}]
    splits = ("train", "dev", "test")
    segments = [
        Made(id=f"{split}{number}", recording=split, split=split, rows=row)
        for split in splits
        for number, row in enumerate(rows)
    ]
    store = make_store(tmp_path / "u.store", segments)
    with pytest.raises(StoreError, match=r"'text' has 4 rows and 'audio' has 9 in segment 'train0'; .* or aligned=no"):
        export(store, "mmsa", tmp_path / "u.pkl", OPTIONS | {"valid": "dev"})
    options = OPTIONS | {"aligned": "no", "tokens": "tokens", "valid": "dev", "text_length": "5", "audio_length": "8"}
    assert export(store, "mmsa", tmp_path / "u.pkl", options) == [
        "3 segments have more than 5 rows of text, the rest is cut off",
        "3 segments have more than 8 rows of audio, the rest is cut off",
        "3 segments have more than 5 rows of text_bert, the rest is cut off",
    ]
    train = read_as_mmsa(tmp_path / "u.pkl", "train", use_bert=True, need_data_aligned=False)
    assert [tuple(sample[key].shape) for sample in train for key in ("text", "audio", "vision")] == [
        *((3, 5), (8, 2), (2, 4)),
        *((3, 5), (8, 2), (2, 4)),
    ]
    ids = values("train0", "tokens", 4)
    np.testing.assert_array_equal(train[0]["text"][:, :4], ids.T)
    assert not train[0]["text"][:, 4:].any()
    assert [(sample["audio_lengths"], sample["vision_lengths"]) for sample in train] == [(8, 2), (3, 1)]
    for sample in train:  # as the models do
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            sample["vision"][None], torch.tensor([sample["vision_lengths"]]), batch_first=True, enforce_sorted=False
        )
        assert len(packed.data) == sample["vision_lengths"]


def test_the_same_bytes_for_the_same_store(store: FeatureStore, tmp_path: Path) -> None:
    for name in ("a", "b"):
        export(store, "mmsa", tmp_path / name, OPTIONS)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": "txt"}, "no output is called 'txt'; did you mean 'text'?"),
        ({"label": "sentimnt"}, "no label is called 'sentimnt'; did you mean 'sentiment'?"),
        ({"label": "mood"}, r"label 'mood' is text; expected numbers"),
        ({"tokens": "text"}, r"rows of output 'text' are float32 \(3,\); expected ids, masks and segments"),
        ({"text_length": "5"}, "text_length=5; expected one length for all three"),
        ({"valid": "train"}, "split 'train' is wanted twice"),
        ({"test": "tests"}, r"no segment is in the split 'tests'; did you mean 'test'\?; .* with test=SPLIT"),
    ],
)
def test_stores_that_do_not_fit(store: FeatureStore, tmp_path: Path, changes: dict[str, str], message: str) -> None:
    with pytest.raises(StoreError, match=message):
        export(store, "mmsa", tmp_path / "a.pkl", OPTIONS | changes)
    assert not list(tmp_path.iterdir())


def test_rows_that_are_no_vectors(tmp_path: Path) -> None:
    rows = aligned(1, pictures=1)
    store = make_store(tmp_path / "p.store", [Made(id="a", recording="a", split="train", rows=rows)])
    with pytest.raises(StoreError, match=r"rows of output 'pictures' have the shape \(2, 2\); expected vectors"):
        export(store, "mmsa", tmp_path / "a.pkl", OPTIONS | {"vision": "pictures"})


def test_a_missing_option(store: FeatureStore, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="mmsa needs the option 'vision'; expected vision=NAME"):
        export(store, "mmsa", tmp_path / "a.pkl", {"text": "text", "audio": "audio", "label": "sentiment"})
