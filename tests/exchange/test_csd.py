import json
from pathlib import Path
from typing import Any

import exchange_stores
import h5py
import numpy as np
import pytest
from exchange_stores import Made, make_store, values

from trimodal.errors import UsageError
from trimodal.exchange import export
from trimodal.store import FeatureStore, StoreError

ROWS = {"text": 4, "audio": 4, "pictures": 1}
SEGMENTS = [
    Made(id="a0", recording="dir/a", split="train", rows=ROWS, label=1.5, missing=[1]),
    Made(id="a1", recording="dir/a", split="train", rows=ROWS, label=-2, start=10.0),
    Made(id="b0", recording="b", split="test", rows={"text": 1, "audio": 0, "pictures": 1}, label=3),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    return make_store(tmp_path_factory.mktemp("csd") / "c.store", SEGMENTS)


def read_as_sdk(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read data and metadata as the SDK does: the first group, every metadatum's first element as JSON; and check."""
    with h5py.File(path, "r") as file:
        root = file[next(iter(file.keys()))]
        data = {name: {key: entry[key][()] for key in entry} for name, entry in root["data"].items()}
        metadata = {key: json.loads(root["metadata"][key][0]) for key in root["metadata"]}
        assert metadata["root name"] == next(iter(file.keys()))
    for entry in data.values():
        assert entry["intervals"].ndim == 2 and entry["features"].ndim >= 2
        assert len(entry["features"]) == len(entry["intervals"])
    return data, metadata


def test_one_entry_for_every_recording(store: FeatureStore, tmp_path: Path) -> None:
    path = tmp_path / "audio.csd"
    assert export(store, "csd", path, {"output": "audio"}) == [
        "1 recordings have no row that was observed, and no entry"
    ]
    data, metadata = read_as_sdk(path)
    assert list(data) == ["dir_a"]
    expected = np.concatenate([np.delete(values("a0", "audio", 4), 1, axis=0), values("a1", "audio", 4)])
    np.testing.assert_array_equal(data["dir_a"]["features"], expected)
    assert data["dir_a"]["intervals"][:, 0].tolist() == [0, 1, 1.5, 10, 10.5, 11, 11.5]
    assert metadata["dimension names"] == ["m.0", "m.1"]
    needed = {
        *("root name", "computational sequence description", "dimension names", "computational sequence version"),
        *("alignment compatible", "dataset name", "dataset version", "creator", "contact"),
        *("featureset bib citation", "dataset bib citation", "uuid", "md5"),
    }
    assert set(metadata) == needed


def test_words_are_bytes(store: FeatureStore, tmp_path: Path) -> None:
    export(store, "csd", tmp_path / "w.csd", {"words": "text", "split": "test", "root": "words"})
    data, metadata = read_as_sdk(tmp_path / "w.csd")
    assert (data["b"]["features"].dtype.kind, data["b"]["features"].shape) == ("S", (1, 1))
    assert data["b"]["features"][0, 0].decode() == "wörd0"
    assert metadata["root name"] == "words"


def test_labels_have_the_intervals_of_segments(store: FeatureStore, tmp_path: Path) -> None:
    export(store, "csd", tmp_path / "l.csd", {"labels": "sentiment"})
    data, metadata = read_as_sdk(tmp_path / "l.csd")
    assert data["dir_a"]["features"].tolist() == [[1.5], [-2]]
    assert data["dir_a"]["intervals"].tolist() == [[0, 10], [10, 20]]
    assert metadata["root name"] == "Opinion Segment Labels"


def test_aligned_entries_are_numbered_as_the_sdk_does(store: FeatureStore, tmp_path: Path) -> None:
    export(store, "csd", tmp_path / "a.csd", {"output": "audio", "aligned": "yes"})
    data, _ = read_as_sdk(tmp_path / "a.csd")
    assert list(data) == ["dir_a[0]", "dir_a[1]"]
    np.testing.assert_array_equal(data["dir_a[1]"]["features"], values("a1", "audio", 4))
    assert {name.split("[")[0] for name in data} == {"dir_a"}


def test_rows_that_segments_share_stand_there_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second segment begins 0.5 s later, so that it has the last row of the first again."""
    track = np.array([[1, 2], [3, 4], [5, 6]], np.float32)
    parts = {"x": track[:2], "y": track[1:], "z": track[1:] + 1}
    monkeypatch.setattr(exchange_stores, "values", lambda segment, *_: parts[segment])

    def features(*ids: str) -> list[list[float]]:
        rows = {"audio": 2}
        segments = [Made(id=id, recording="r", split="", rows=rows, start=0.5 * (id != "x")) for id in ids]
        export(make_store(tmp_path / "o.store", segments), "csd", tmp_path / "o.csd", {"output": "audio"})
        return read_as_sdk(tmp_path / "o.csd")[0]["r"]["features"].tolist()

    assert features("x", "y") == [[1, 2], [3, 4], [5, 6]]
    assert features("x", "z") == [[1, 2], [3, 4], [4, 5], [6, 7]]  # other numbers at the same time are other rows


def test_the_same_bytes_for_the_same_store(store: FeatureStore, tmp_path: Path) -> None:
    for name in ("a", "b"):
        export(store, "csd", tmp_path / f"{name}.csd", {"output": "audio"})
    assert (tmp_path / "a.csd").read_bytes() == (tmp_path / "b.csd").read_bytes()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, UsageError, "csd: nothing is given; expected one of output, words, labels"),
        ({"output": "audio", "words": "text"}, UsageError, "csd: output and words is given"),
        ({"words": "audio"}, StoreError, "output 'audio' has no words; expected one on words or tokens"),
        ({"labels": "sentiment,mood"}, StoreError, "label 'mood' is text"),
        ({"output": "adio"}, StoreError, "did you mean 'audio'?"),
    ],
)
def test_what_does_not_fit(
    store: FeatureStore, tmp_path: Path, options: dict[str, str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        export(store, "csd", tmp_path / "a.csd", options)


def test_stores_that_the_sdk_would_misread(store: FeatureStore, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"expected a name that ends in \.csd"):
        export(store, "csd", tmp_path / "a.h5", {"output": "audio"})

    def of(*recordings: str) -> FeatureStore:
        segments = [Made(id=name, recording=name, split="", rows={"audio": 1}) for name in recordings]
        return make_store(tmp_path / "n.store", segments)

    with pytest.raises(StoreError, match=r"2 recordings would be called 'a_b'; expected other ids"):
        export(of("a/b", "a_b"), "csd", tmp_path / "a.csd", {"output": "audio"})
    level = make_store(tmp_path / "l.store", [Made(id="a", recording="a", split="", rows={"level": 1})])
    with pytest.raises(StoreError, match="rows of output 'level' are single numbers; expected vectors"):
        export(level, "csd", tmp_path / "a.csd", {"output": "level"})
    with pytest.raises(StoreError, match=r"recording 'a\[1\]'; expected ids without \["):
        export(of("a[1]"), "csd", tmp_path / "a.csd", {"output": "audio"})
