import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from exchange_stores import ALIGNED, Made, aligned, make_store, values
from numpy.typing import NDArray

from trimodal.exchange import export
from trimodal.store import FeatureStore, StoreError

OPTIONS = {"text": "text", "audio": "audio", "vision": "vision", "label": "sentiment"}


def read_as_multibench(path: Path, split: str, *, is_aligned: bool) -> list[list[Any]]:
    """Read samples by the loader's rules: drop those without text, slice vision, replace -inf, take the zeros away."""
    with open(path, "rb") as file:
        data = pickle.load(file)[split]
    empty = [number for number, text in enumerate(data["text"]) if text.sum() == 0]
    data = {key: np.delete(array, empty, 0) for key, array in data.items()}
    first = next(iter(data))
    assert first == "vision"
    data[first] = data[first][:, :, :35]
    data["audio"][data["audio"] == -np.inf] = 0.0
    samples = []
    for index in range(data["id"].shape[0]):
        arrays = [torch.tensor(data[key][index]) for key in ("vision", "audio", "text")]
        starts = [array.nonzero()[0][0] for array in (arrays[2:] * 3 if is_aligned else arrays)]
        samples.append(
            [
                *(array[start:].float() for array, start in zip(arrays, starts, strict=True)),
                torch.tensor(data["labels"][index]).float(),
                data["id"][index],
            ]
        )
    return samples


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    return make_store(tmp_path_factory.mktemp("multibench") / "a.store", ALIGNED)


def test_the_loader_gives_back_what_is_in_the_store(store: FeatureStore, tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    assert export(store, "multibench", path, OPTIONS) == [
        "1 segments whose text is all zero are left out, as the loader cannot read them"
    ]
    for split, segments in {"train": ALIGNED[:2], "valid": ALIGNED[2:3], "test": ALIGNED[3:4]}.items():
        samples = read_as_multibench(path, split, is_aligned=True)
        for (*arrays, label, id), segment in zip(samples, segments, strict=True):
            assert id == segment.id
            assert label.shape == (1, 1) and float(label) == np.float32(segment.label)
            for key, found in zip(("vision", "audio", "text"), arrays, strict=True):
                kept = slice(len(segment.missing), None)  # the first row that is zero goes with the padding
                np.testing.assert_array_equal(found, values(segment.id, key, segment.rows[key])[kept])


def raw(path: Path) -> dict[str, NDArray[Any]]:
    with open(path, "rb") as file:
        return pickle.load(file)["train"]


def test_shapes_and_sides(store: FeatureStore, tmp_path: Path) -> None:
    export(store, "multibench", tmp_path / "a.pkl", OPTIONS)
    train = raw(tmp_path / "a.pkl")
    assert {key: array.shape for key, array in train.items()} == {
        "vision": (2, 50, 4),
        "audio": (2, 50, 2),
        "text": (2, 50, 3),
        "labels": (2, 1, 1),
        "id": (2,),
    }
    np.testing.assert_array_equal(train["text"][0, 46:], values("abc_0", "text", 4))
    assert not train["text"][0, :46].any()


def test_long_segments_keep_their_last_rows(store: FeatureStore, tmp_path: Path) -> None:
    notes = export(store, "multibench", tmp_path / "a.pkl", OPTIONS | {"length": "3"})
    assert notes[-1] == "2 segments have more than 3 rows, the first are cut off"
    np.testing.assert_array_equal(raw(tmp_path / "a.pkl")["audio"][0], values("abc_0", "audio", 4)[1:])


def test_without_alignment_every_array_has_its_own_start(tmp_path: Path) -> None:
    rows = {"text": 2, "audio": 7, "vision": 3}
    segments = [Made(id=split, recording=split, split=split, rows=rows) for split in ("train", "valid", "test")]
    segments.append(Made(id="blind", recording="blind", split="train", rows=rows | {"vision": 0}))
    store = make_store(tmp_path / "u.store", segments)
    notes = export(store, "multibench", tmp_path / "u.pkl", OPTIONS | {"aligned": "no"})
    assert notes == ["1 segments whose text, audio or vision is all zero are left out, as the loader cannot read them"]
    ((vision, audio, text, _, _),) = read_as_multibench(tmp_path / "u.pkl", "train", is_aligned=False)
    assert (len(vision), len(audio), len(text)) == (3, 7, 2)


def test_many_columns_of_vision_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trimodal.exchange import multibench

    monkeypatch.setattr(multibench, "_VISION_COLUMNS", 3)
    store = make_store(tmp_path / "a.store", ALIGNED)
    notes = export(store, "multibench", tmp_path / "a.pkl", OPTIONS)
    assert notes[-1] == "vision has 4 columns; some loaders keep the first 3"


def test_a_split_without_text(tmp_path: Path) -> None:
    counts = {"train": 2, "valid": 0, "test": 1}
    segments = [Made(id=split, recording=split, split=split, rows=aligned(rows)) for split, rows in counts.items()]
    store = make_store(tmp_path / "a.store", segments)
    with pytest.raises(StoreError, match="split 'valid' has no segment with text; expected rows that are not 0"):
        export(store, "multibench", tmp_path / "a.pkl", OPTIONS)
