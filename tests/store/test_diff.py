from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stores import LABELS, OUTPUTS, RECORDINGS, Recording, append, store_writer, write_store

from trimodal.store import FeatureStore, diff


def _store(path: Path, recordings: dict[str, Recording] | None = None, **changes: Any) -> FeatureStore:
    return FeatureStore(write_store(path, recordings or RECORDINGS, **changes))


def test_packing_is_no_difference(tmp_path: Path) -> None:
    one = _store(tmp_path / "a")
    assert diff(one, _store(tmp_path / "b", shard_bytes=10**9, compression="gzip", key="other")) == []


def test_order_is_no_difference(tmp_path: Path) -> None:
    backwards = dict(reversed(RECORDINGS.items()))
    assert diff(_store(tmp_path / "a"), _store(tmp_path / "b", backwards)) == []


def _arrays(**changes: Callable[[np.ndarray], Any]) -> dict[str, Recording]:
    """Return the recordings with other arrays in the output ``text`` of the recording ``three``."""
    three = RECORDINGS["three"]
    text = three.outputs["text"]
    changed = {name: np.array(getattr(text, name)) for name in changes}
    for name, change in changes.items():
        change(changed[name])
    return {**RECORDINGS, "three": replace(three, outputs={**three.outputs, "text": replace(text, **changed)})}


def _rows() -> dict[str, Recording]:
    one = RECORDINGS["one"]
    fewer = replace(one.outputs["video"].of_segments(0, 2), offsets=np.array([0, 0, 4, 4]))
    return {**RECORDINGS, "one": replace(one, outputs={**one.outputs, "video": fewer})}


def _segment(**changes: Any) -> dict[str, Recording]:
    two = RECORDINGS["two"]
    return {**RECORDINGS, "two": replace(two, segments=[replace(two.segments[0], **changes)])}


def _add(array: np.ndarray) -> None:
    array[0] += 0.5


@pytest.mark.parametrize(
    ("other", "changes", "lines"),
    [
        ({}, {"recipe_text": "name: big\n"}, ["recipe: -name: smäll", "recipe: +name: big"]),
        ({}, {"version": "2.0"}, ["trimodal: 1.2.3 != 2.0"]),
        (
            {name: RECORDINGS[name] for name in ("one", "two", "four")},
            {},
            ["source three: media: hash of three != (none)", "3 segments only in the first: three_0, three_1, three_2"],
        ),
        ({}, {"outputs": {**OUTPUTS, "text": replace(OUTPUTS["text"], unit="m")}}, ['output text: unit: "px" != "m"']),
        ({}, {"outputs": {"text": OUTPUTS["text"]}}, ["1 output only in the first: video"]),
        ({}, {"labels": {"mood": "text"}}, ["label valence: number != (none)"]),
        (_segment(split="test"), {}, ["split: differs in 1 segment; in 'two_0' 'train' != 'test'"]),
        (
            _segment(labels={"valence": 2.0, "mood": "glad"}),
            {},
            ["valence: differs in 1 segment; in 'two_0' 0.0 != 2.0"],
        ),
        (_arrays(values=_add), {}, ["output text: values differ in 1 of 9 segments, by up to 0.5"]),
        (_arrays(times=_add), {}, ["output text: times differ in 1 of 9 segments, by up to 0.5"]),
        (
            _arrays(times=_add, values=_add, coverage=lambda array: array.put(2, 0.05)),
            {},
            [
                "output text: times differ in 1 of 9 segments, by up to 0.5",
                "output text: mask and coverage differ in 1 of 9 segments",
                "output text: values differ in 1 of 9 segments, by up to 0.5",
            ],
        ),
        (
            {**RECORDINGS, "two": replace(RECORDINGS["two"], gaps=[])},
            {},
            ["1 gap only in the first, as two: face from 1 to 2.5 s: no fäce"],
        ),
        ({}, {"statistics": {"x": ["test"]}}, ["1 statistics table only in the second: x"]),
        (_arrays(text=lambda array: array.put(0, "x")), {}, ["output text: words differ in 1 of 9 segments"]),
        (
            _arrays(coverage=lambda array: array.put(0, 0.05)),
            {},
            ["output text: mask and coverage differ in 1 of 9 segments"],
        ),
        (_rows(), {}, ["output video: number of rows differ in 1 of 9 segments"]),
    ],
)
def test_what_differs(tmp_path: Path, other: dict[str, Recording], changes: dict[str, Any], lines: list[str]) -> None:
    assert diff(_store(tmp_path / "a"), _store(tmp_path / "b", other, **changes)) == lines


def test_statistics(tmp_path: Path) -> None:
    tables = {"statistics": {"all": ["train", "valid", "test"]}}
    one = _store(tmp_path / "a", **tables)
    backwards = dict(reversed(RECORDINGS.items()))
    assert diff(one, _store(tmp_path / "b", backwards, **tables)) == []
    assert diff(one, _store(tmp_path / "c", _arrays(values=_add), **tables))[1:] == [
        "statistics of all: text: mean, standard deviation, minimum, maximum, lower quartile, upper quartile differ"
    ]
    assert diff(one, _store(tmp_path / "d", statistics={"all": ["train"]}))[0] == (
        "statistics of all: splits: train+valid+test != train"
    )


def test_what_was_left_out(tmp_path: Path) -> None:
    stores = []
    for name, count in (("a", 3), ("b", 4)):
        with store_writer(tmp_path / name) as writer:
            append(writer, "one", RECORDINGS["one"])
            writer.commit(excluded={"too short": count}, noted={"odd": 1} if count == 3 else {})
        stores.append(FeatureStore(tmp_path / name))
    assert diff(*stores) == ["left out: too short: 3 != 4", "noted: odd: 1 != (none)"]


def test_software_and_weights(tmp_path: Path) -> None:
    made = ['{"version": 1, "weights": {"bert": "aa"}}', '{"version": 2, "weights": {"bert": "bb"}}']
    for name, text in zip("ab", made, strict=True):
        with store_writer(tmp_path / name, labels=LABELS) as writer:
            content = RECORDINGS["one"]
            writer.append(content.segments, content.outputs, content.gaps, {"media": name}, {"bert": [text]})
            writer.commit()
    assert diff(FeatureStore(tmp_path / "a"), FeatureStore(tmp_path / "b")) == [
        "source one: media: a != b",
        "track bert: version: 1 != 2",
        "track bert: weights.bert: aa != bb",
    ]


def test_a_dry_run_differs_from_a_real_one(tmp_path: Path) -> None:
    real = FeatureStore(write_store(tmp_path / "real"))
    dry = FeatureStore(write_store(tmp_path / "dry", dry_weights=True), dry_weights=True)
    assert diff(real, dry) == ["weights: real != stand-ins (--dry-weights)"]


def test_layouts(tmp_path: Path) -> None:
    known, unknown = (FeatureStore(write_store(tmp_path / f"s{name}", layout=name)) for name in ("sewa", ""))
    assert diff(known, unknown) == ["layout: sewa != (none)"]
