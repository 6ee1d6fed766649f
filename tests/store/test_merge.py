import errno
import multiprocessing
import os
import resource
import signal
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stores import LABELS, OUTPUTS, RECORDINGS, append, store_writer

from trimodal.errors import StoreError
from trimodal.store import FeatureStore, damaged_files, diff, merge, subset, verify

TABLES = {"statistics": {"train": ["train"]}}


def _part(path: Path, names: Sequence[str], **changes: Any) -> FeatureStore:
    with store_writer(path, **(TABLES | changes)) as writer:
        for name in names:
            append(writer, name, RECORDINGS[name])
        writer.commit(excluded={"too short": len(names)}, noted={"odd": 1})
    return FeatureStore(path, dry_weights=bool(changes.get("dry_weights")))


def _same_files(one: FeatureStore, other: FeatureStore) -> bool:
    return [file.sha256 for file in one.manifest.files] == [file.sha256 for file in other.manifest.files]


def test_merged_parts_are_the_whole(tmp_path: Path) -> None:
    parts = [_part(tmp_path / "a", ["one", "two"]), _part(tmp_path / "b", ["three"]), _part(tmp_path / "c", ["four"])]
    whole = _part(tmp_path / "whole", list(RECORDINGS))
    merge(parts, tmp_path / "merged")
    merged = FeatureStore(tmp_path / "merged")
    assert verify(merged.path) == []
    assert diff(whole, merged) == ["noted: odd: 1 != 3"]
    assert _same_files(whole, merged)
    assert merged.manifest.excluded == {"too short": 4}
    assert merged.manifest.noted == {"odd": 3}
    assert merged.manifest.key not in {store.manifest.key for store in (*parts, whole)}
    assert all(verify(store.path) == [] for store in parts)


def test_a_store_merged_with_nothing_is_itself(tmp_path: Path) -> None:
    one = _part(tmp_path / "a", ["one", "two"])
    merge([one], tmp_path / "b")
    assert _same_files(one, FeatureStore(tmp_path / "b"))


def test_store_grows_in_its_place(tmp_path: Path) -> None:
    """As `trimodal merge A B --out A` does."""
    grown, more = _part(tmp_path / "a", ["one", "two"]), _part(tmp_path / "b", ["three", "four"])
    merge([grown, more], grown.path)
    assert verify(grown.path) == []
    assert _same_files(FeatureStore(grown.path), _part(tmp_path / "whole", list(RECORDINGS)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "whole"]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"labels": {"mood": "text"}}, "labels"),
        ({"outputs": {**OUTPUTS, "text": replace(OUTPUTS["text"], unit="m")}}, "outputs"),
        ({"recipe_text": "name: other"}, "the recipe"),
        ({"dry_weights": True}, r"weights \(those of --dry-weights or real ones\)"),
        ({"version": "2"}, "the version of trimodal"),
        ({"statistics": {}}, "tables of statistics"),
    ],
)
def test_stores_that_do_not_fit_together(tmp_path: Path, changes: dict[str, Any], what: str) -> None:
    stores = [_part(tmp_path / "a", ["one"]), _part(tmp_path / "b", ["two"], **changes)]
    with pytest.raises(
        StoreError, match=f"b: {what} differ from .*a; expected stores of one recipe, see 'trimodal diff'"
    ):
        merge(stores, tmp_path / "c")
    assert not (tmp_path / "c").exists()


def _merge_on_a_full_disk(stores: Sequence[Path], path: Path, most_bytes: int) -> str:
    """Where files cannot have a second name, as on another disk, so that they are copied."""

    def other_disk(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    os.link = other_disk
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    try:
        merge([FeatureStore(store) for store in stores], path)
    except StoreError as error:
        return str(error)
    return "written"


@pytest.mark.parametrize("most_bytes", [100, 20_000, 10**6])
def test_merging_onto_a_full_disk(tmp_path: Path, most_bytes: int) -> None:
    stores = [_part(tmp_path / name, [name]).path for name in ("one", "two")]
    path = tmp_path / "merged"
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        found = pool.submit(_merge_on_a_full_disk, stores, path, most_bytes).result()
    if most_bytes == 10**6:
        assert found == "written"
        assert verify(path) == []
        return
    assert found == f"{path}: cannot be written (file too large)"
    assert sorted(tmp_path.iterdir()) == sorted(stores)


def test_a_subset_saves_what_is_whole(tmp_path: Path) -> None:
    store = _part(tmp_path / "a", list(RECORDINGS))
    (store.path / "shard-00001.h5").write_bytes(b"")
    with pytest.raises(StoreError, match=r"0 bytes; the manifest says \d+; 'trimodal subset STORE --without-damaged'"):
        subset(FeatureStore(store.path).select(split="train"), tmp_path / "b")
    whole = FeatureStore(store.path, leave_out=damaged_files(store.path))
    subset(whole.select(split="train"), tmp_path / "b")
    part = FeatureStore(tmp_path / "b")
    assert verify(part.path) == []
    assert part.segments["id"].tolist() == ["one_0", "three_0", "four_0"]
    assert part.manifest.excluded == {"too short": 4, "in a damaged shard": 1}
    assert part.statistics["train"].splits == ("train",)


def test_a_recording_in_two_stores(tmp_path: Path) -> None:
    stores = [_part(tmp_path / "a", ["one", "two"]), _part(tmp_path / "b", ["two"])]
    with pytest.raises(StoreError, match=r"recording 'two' is in .*a and .*b; expected stores of different recordings"):
        merge(stores, tmp_path / "c")


def _assert_part(store: FeatureStore, part: FeatureStore, ids: list[str]) -> None:
    assert verify(part.path) == []
    assert part.segments["id"].tolist() == ids
    places = {name: number for number, name in enumerate(store.segments["id"])}
    for number, name in enumerate(ids):
        for output in OUTPUTS:
            for key in ("values", "times", "mask", "coverage"):
                expected = getattr(store.rows(output, places[name]), key)
                np.testing.assert_array_equal(getattr(part.rows(output, number), key), expected, strict=True)
        assert part.text("text", number) == store.text("text", places[name])
        assert part[number].labels == store[places[name]].labels


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_subset(tmp_path: Path, compression: Any) -> None:
    store = _part(tmp_path / "a", list(RECORDINGS))
    subset(store.select(query="split != 'valid' and recording != 'two'"), tmp_path / "b", compression=compression)
    part = FeatureStore(tmp_path / "b")
    _assert_part(store, part, ["one_0", "one_2", "three_0", "three_2", "four_0"])
    assert part.gaps["recording"].tolist() == ["one", "three", "four"]
    assert part.manifest.labels == LABELS
    assert part.provenance[0]["sources"] == {name: {"media": f"hash of {name}"} for name in ("one", "three", "four")}
    assert part.provenance[0]["tracks"] == {"w": [{"v": 1}]}
    assert (part.manifest.excluded, part.manifest.noted) == ({"too short": 4}, {})
    train = store.select(split="train", query="recording != 'two'")
    count = sum(int(sample.outputs["text"].mask.sum()) for sample in train)
    assert part.statistics["train"].outputs["text"].count.tolist() == [count] * 3


def test_what_is_made_of_stores_of_dry_runs_says_so_too(tmp_path: Path) -> None:
    parts = [_part(tmp_path / name, [name], dry_weights=True) for name in ("one", "two")]
    merge(parts, tmp_path / "merged")
    merged = FeatureStore(tmp_path / "merged", dry_weights=True)
    subset(merged[1:3], tmp_path / "part")
    for path in (tmp_path / "merged", tmp_path / "part"):
        assert verify(path) == []
        with pytest.raises(StoreError, match="made with --dry-weights, its numbers mean nothing"):
            FeatureStore(path)


def test_the_layout_stays_where_all_have_it(tmp_path: Path) -> None:
    one, two, other = (
        _part(tmp_path / name, [name], layout=layout) for name, layout in (("one", "a"), ("two", "a"), ("three", "b"))
    )
    merge([one, two], tmp_path / "same")
    merge([one, other], tmp_path / "several")
    subset(one.select(split="train"), tmp_path / "part")
    layouts = [FeatureStore(tmp_path / name).manifest.layout for name in ("same", "several", "part")]
    assert layouts == ["a", "", "a"]


def test_subset_without_the_splits_of_the_statistics(tmp_path: Path) -> None:
    store = _part(tmp_path / "a", list(RECORDINGS))
    subset(store.select(split="test"), tmp_path / "b")
    assert FeatureStore(tmp_path / "b").statistics == {}


def test_parts_of_a_split_merge_to_the_whole(tmp_path: Path) -> None:
    store = _part(tmp_path / "a", list(RECORDINGS), statistics={})
    for name in RECORDINGS:
        subset(store.select(query=f"recording == '{name}'"), tmp_path / name)
    merge([FeatureStore(tmp_path / name) for name in RECORDINGS], tmp_path / "merged")
    # As the docstring of `merge` says of the counts.
    assert diff(store, FeatureStore(tmp_path / "merged")) == ["left out: too short: 4 != 16", "noted: odd: 1 != (none)"]


def test_subset_of_nothing(tmp_path: Path) -> None:
    store = _part(tmp_path / "a", ["one"])
    with pytest.raises(StoreError, match="a: no segment is selected; expected at least one"):
        subset(store.select(query="valence > 5"), tmp_path / "b")
    assert not (tmp_path / "b").exists()
