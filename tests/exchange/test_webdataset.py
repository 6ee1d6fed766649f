from pathlib import Path
from typing import Any

import numpy as np
import pytest
import webdataset
from exchange_stores import ALIGNED, Made, make_store, values

from trimodal.exchange import export
from trimodal.store import FeatureStore, StoreError


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    return make_store(tmp_path_factory.mktemp("webdataset") / "a.store", ALIGNED)


def read(pattern: Path) -> list[dict[str, Any]]:
    return list(webdataset.WebDataset(str(pattern), shardshuffle=False).decode())


def test_its_own_reader_gives_the_samples_back(store: FeatureStore, tmp_path: Path) -> None:
    assert export(store, "webdataset", tmp_path / "a.tar", {}) == []
    samples = read(tmp_path / "a.tar")
    assert [sample["json"]["id"] for sample in samples] == [segment.id for segment in ALIGNED]
    first, *_, last = samples
    np.testing.assert_array_equal(first["vision.npy"], values("abc_0", "vision", 4))
    assert first["vision.npy"].dtype == np.float16
    assert samples[1]["text.mask.npy"].tolist() == [False, True]
    assert samples[1]["text.times.npy"].tolist() == [[10, 10.5], [10.5, 11]]
    assert last["audio.npy"].shape == (0, 2)
    assert first["json"]["labels"] == {"sentiment": -1.4, "mood": "glad"}
    assert first["json"]["words"] == {"text": ["wörd0", "wörd1", "wörd2", "wörd3"]}
    assert (first["json"]["split"], first["json"]["end"]) == ("train", 10.0)


def test_several_files_and_some_outputs(store: FeatureStore, tmp_path: Path) -> None:
    notes = export(store, "webdataset", tmp_path / "a.tar", {"segments_per_file": "2", "outputs": "audio,text"})
    assert notes == [f"the files are {tmp_path}/a-000000.tar to a-000002.tar"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"a-00000{number}.tar" for number in range(3)]
    samples = read(tmp_path / "a-{000000..000002}.tar")
    assert len(samples) == 5
    assert {key for key in samples[0] if key.endswith(".npy") and key.count(".") == 1} == {"audio.npy", "text.npy"}
    before = (tmp_path / "a-000000.tar").read_bytes()
    export(store, "webdataset", tmp_path / "a.tar", {"segments_per_file": "2", "outputs": "audio,text"})
    assert (tmp_path / "a-000000.tar").read_bytes() == before


def test_a_split(store: FeatureStore, tmp_path: Path) -> None:
    export(store, "webdataset", tmp_path / "v.tar", {"split": "valid+test"})
    assert [sample["json"]["split"] for sample in read(tmp_path / "v.tar")] == ["valid", "test", "test"]


@pytest.mark.parametrize("options", [{}, {"segments_per_file": "2"}])
@pytest.mark.parametrize("name", [".", ".."])
def test_a_folder_is_no_file(
    store: FeatureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, options: dict[str, str]
) -> None:
    (tmp_path / "inside").mkdir()
    monkeypatch.chdir(tmp_path / "inside")
    with pytest.raises(StoreError, match=r"^\.+: a folder; expected the name of a file to write$"):
        export(store, "webdataset", Path(name), options)
    assert [path.name for path in tmp_path.rglob("*")] == ["inside"]


def test_outputs_that_readers_would_mix_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from exchange_stores import SCHEMAS

    for names in (["audio", "Audio"], ["json"], ["a.b"]):
        for name in names:
            monkeypatch.setitem(SCHEMAS, name, SCHEMAS["audio"])
        store = make_store(tmp_path / "m.store", [Made(id="a", recording="a", split="", rows=dict.fromkeys(names, 1))])
        with pytest.raises(StoreError, match=f"(?i)output '{names[-1]}' cannot be told from others in a tar file"):
            export(store, "webdataset", tmp_path / "m.tar", {})
