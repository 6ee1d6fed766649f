"""Leaks that publications had, planted in stores and found; and stores without any."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audited_stores import Made, clean, with_segment, with_segments, write
from stores import LABELS, OUTPUTS

from trimodal.audit import audit
from trimodal.audit.report import print_audit
from trimodal.cli import main
from trimodal.errors import UsageError


def test_nothing_is_found_where_nothing_leaks(tmp_path: Path) -> None:
    assert audit(write(tmp_path / "s.store", clean())) == []


def test_a_store_without_splits(tmp_path: Path) -> None:
    recordings = {name: with_segments(content, split="") for name, content in clean().items()}
    assert audit(write(tmp_path / "s.store", recordings, statistics={})) == [
        "no segment is in a split; expected 'split' in the recipe, which says what stays whole"
    ]


def test_a_store_without_segments(tmp_path: Path) -> None:
    assert audit(write(tmp_path / "s.store", {}, statistics={})) == []


@pytest.mark.parametrize(("name", "found"), [("test", True), ("fold1", True), ("dev", False), ("validation", False)])
def test_nothing_to_choose_a_model_on(name: str, found: bool, tmp_path: Path) -> None:
    recordings = clean()
    recordings["c"] = with_segments(recordings["c"], split=name)
    recordings["d"] = with_segments(recordings["d"], split="test")
    others = "test" if name == "test" else "fold1, test"
    line = f"there is no split for validation beside train and {others}: a model would be chosen on test data"
    assert audit(write(tmp_path / "s.store", recordings)) == ([line] if found else [])


@pytest.mark.parametrize(
    ("split", "speaker", "found"),
    [
        ("{by: segment, ratios: {train: 0.8, test: 0.2}}", "", True),
        ("{by: segment, folds: 2}", "", True),
        ("{by: segment, folds: 2}", "Zoë d", False),
        ("{by: recording, folds: 2}", "", False),
        ("{files: {train: a.txt}, by: segment}", "", False),
        ("[odd]", "", False),
    ],
)
def test_single_segments_shared_out_at_random_that_say_nothing(
    split: str, speaker: str, found: bool, tmp_path: Path
) -> None:
    recordings = clean()
    recordings["d"] = with_segments(recordings["d"], speaker=speaker)
    store = write(tmp_path / "s.store", recordings, recipe_text=f"name: s\nsplit: {split}\n")
    line = (
        "single segments are shared out at random, 3 have no speaker: that somebody is in several splits does not "
        "show: d_0, d_1, d_2"
    )
    assert audit(store) == ([line] if found else [])


def test_validation_segments_that_are_also_in_train(tmp_path: Path) -> None:
    """As where a train loader was given the union of all splits: the same stretches under other ids."""
    recordings = clean()
    train, valid = recordings["a"], recordings["c"]
    copies = [replace(one, id=f"{one.id} again", split="train") for one in valid.segments]
    both = {name: doubled(valid.outputs[name]) for name in OUTPUTS}
    recordings["c"] = replace(valid, segments=[*valid.segments, *copies], outputs=both)
    assert train.segments[0].split == "train"
    found = audit(write(tmp_path / "s.store", recordings))
    assert found == [
        "speaker: 1 of 4 in several splits (train+valid 1): Zoë c",
        "recording: 1 of 4 in several splits (train+valid 1): c",
        "3 segments overlap one of another split in the same recording: c_0 again, c_1 again, c_2 again",
        "1 pairs of texts of 5 words or more are nearly the same in two splits (train+valid 1): c_0 and c_0 again",
    ]


def doubled(one: Any) -> Any:
    join = np.concatenate
    fields = {name: join([getattr(one, name)] * 2) for name in ("values", "times", "mask", "coverage")}
    offsets = join([one.offsets, one.offsets[1:] + one.offsets[-1]])
    return replace(one, **fields, offsets=offsets, text=None if one.text is None else join([one.text] * 2))


def test_the_same_file_under_two_names(tmp_path: Path) -> None:
    store = write(tmp_path / "s.store", clean(), Made(media={"a": "same", "d": "same"}, tracks={}))
    assert audit(store) == ["recordings of the same media file are in the splits test, train: a, d"]


def test_normalisation_from_test(tmp_path: Path) -> None:
    tables = {"train": ("train",), "train+test": ("train", "test"), "valid": ("valid",)}
    assert audit(write(tmp_path / "s.store", clean(), statistics=tables)) == [
        "statistics 'train+test' are of test; expected those of train alone",
        "statistics 'valid' are of valid; expected those of train alone",
    ]


def test_statistics_of_folds(tmp_path: Path) -> None:
    folds = {"a": "fold0", "b": "fold1", "c": "fold1", "d": "fold2"}
    recordings = {name: with_segments(content, split=folds[name]) for name, content in clean().items()}
    whole = {"without fold0": ("fold1", "fold2"), "without fold1": ("fold0", "fold2")}
    assert audit(write(tmp_path / "s.store", recordings, statistics=whole)) == []
    some = {"fold0": ("fold0",), "fold0+fold1": ("fold0", "fold1")}
    assert audit(write(tmp_path / "some.store", recordings, statistics=some)) == []
    everything = {"fold0+fold1+fold2": ("fold0", "fold1", "fold2")}
    assert audit(write(tmp_path / "all.store", recordings, statistics=everything)) == [
        "statistics 'fold0+fold1+fold2' are of fold0, fold1, fold2; expected those of train alone"
    ]
    assert audit(write(tmp_path / "t.store", clean(), statistics={"without train": ("test", "valid")})) == [
        "statistics 'without train' are of test, valid; expected those of train alone"
    ]


def test_utterances_shared_out_at_random(tmp_path: Path) -> None:
    """Speakers and dialogues on both sides of the split."""
    recordings = clean()
    recordings["a"] = with_segment(recordings["a"], 1, split="test", text="words that nobody else in here uses")
    recordings["d"] = with_segments(recordings["d"], speaker="Zoë b")
    assert audit(write(tmp_path / "s.store", recordings)) == [
        "speaker: 2 of 3 in several splits (test+train 2): Zoë a, Zoë b",
        "recording: 1 of 4 in several splits (test+train 1): a",
    ]


def test_dialogues_that_are_a_label(tmp_path: Path) -> None:
    dialogues = {"a": "dia1", "b": "dia2", "c": "dia2", "d": ""}
    recordings = {
        name: replace(
            content,
            segments=[replace(one, labels={**one.labels, "dialogue": dialogues[name]}) for one in content.segments],
        )
        for name, content in clean().items()
    }
    store = write(tmp_path / "s.store", recordings, labels={**LABELS, "dialogue": "text"})
    assert audit(store) == ["dialogue: 1 of 2 in several splits (train+valid 1): dia2"]
    assert audit(store, groups=["dialogue"]) == audit(store)
    assert "mood: 2 of 2 in several splits (test+train+valid 2): glad, söur" in audit(store, groups=["mood"])
    with pytest.raises(UsageError, match="no label is called 'dialog'; did you mean 'dialogue'"):
        audit(store, groups=["dialog"])


def test_names_of_splits_can_be_any_text(tmp_path: Path) -> None:
    """As pairs, each of which is left out in turn."""
    splits = {"a": "SEW1+SEW2", "b": "SEW1+SEW2", "c": "SEW3+SEW4", "d": "SEW5+SEW6"}
    recordings = {name: with_segments(content, split=splits[name]) for name, content in clean().items()}
    assert audit(write(tmp_path / "s.store", recordings, statistics={})) == []


def test_nearly_the_same_text(tmp_path: Path) -> None:
    recordings = clean()
    recordings["d"] = with_segment(recordings["d"], 1, text="The FIRST thing that anybody says here!")
    (found,) = audit(write(tmp_path / "s.store", recordings))
    assert found == (
        "1 pairs of texts of 5 words or more are nearly the same in two splits (test+train 1): a_0 and d_1"
    )


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("{column: v, bins: [0, 1]}", ["label 'valence': 1 classes are not in train: 7"]),
        ("{column: v, rule: mosei7}", ["label 'valence': 1 classes are not in train: 7"]),
        ("{column: mood, merge: {joy: 1, woe: 7}}", ["label 'valence': 1 classes are not in train: 7"]),
        ("{scale: 2, merge: {'9': 0}}", []),
        ("", []),
    ],
)
def test_numbers_that_are_classes(
    rule: str, found: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recordings = clean()
    last = recordings["d"].segments[0]
    recordings["d"] = with_segment(recordings["d"], 0, labels={**last.labels, "valence": 7.0})
    recipe = f"name: x\nlabels:\n  valence: {rule}\n  mood:\n"
    store = write(tmp_path / "s.store", recordings, recipe_text=recipe)
    assert audit(store) == found
    print_audit(store, [])
    assert ("standard deviation" in capsys.readouterr().out) == (not found)


def test_classes_that_train_lacks(tmp_path: Path) -> None:
    recordings = clean()
    recordings["d"] = with_segment(recordings["d"], 0, labels={"valence": 0.0, "mood": "furious"})
    store = write(tmp_path / "s.store", recordings)
    assert audit(store) == ["label 'mood': 1 classes are not in train: furious"]
    assert not [line for line in audit(store, groups=["mood"]) if "classes" in line]  # what names groups is no class


def test_segments_without_a_split(tmp_path: Path) -> None:
    recordings = clean()
    recordings["b"] = with_segments(recordings["b"], split="")
    assert audit(write(tmp_path / "s.store", recordings)) == ["3 of 12 segments are in no split: b_0, b_1, b_2"]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "s.store", clean())
    assert main(["audit", str(tmp_path / "s.store")]) == 0
    printed = capsys.readouterr().out
    assert printed.endswith("s.store: nothing found\n")
    assert "glad" in printed
    recordings = clean()
    recordings["d"] = with_segments(recordings["d"], speaker="Zoë a")
    write(tmp_path / "leaks.store", recordings)
    assert main(["audit", str(tmp_path / "leaks.store")]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith("speaker: 1 of 3 in several splits (test+train 1): Zoë a\n")
    assert printed.endswith("leaks.store: 1 findings\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{tmp}/none"], "no manifest.json in it; expected a feature store"),
        (["{tmp}/s.store", "--corpus", "SEVA"], "did you mean 'SEWA'"),
        (["{tmp}/s.store", "--group", "dialogue"], "no label is called 'dialogue'; known: mood, valence"),
    ],
)
def test_bad_usage(arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "s.store", clean())
    assert main(["audit", *(argument.format(tmp=tmp_path) for argument in arguments)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
