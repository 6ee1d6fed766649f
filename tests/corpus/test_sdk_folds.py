import sys
from pathlib import Path

import pytest
from miniature_mosei import FOLDED_AND_ABSENT, VIDEOS, write_folds

from trimodal.corpus.findings import Findings
from trimodal.corpus.mosi_folds import FOLDS
from trimodal.corpus.sdk_folds import installed_folds, read_folds
from trimodal.errors import CorpusError

EMPTY = "standard_train_fold=[]\nstandard_valid_fold=[]\nstandard_test_fold=[]\n"


def test_the_three_lists(tmp_path: Path) -> None:
    folds = read_folds(write_folds(tmp_path / "folds.py"), Findings())
    expected = {split: {name for name, (its, _) in VIDEOS.items() if its == split} for split in folds}
    expected["test"] |= {FOLDED_AND_ABSENT}
    assert folds == expected and list(folds) == ["train", "valid", "test"]


def test_nothing_is_run(tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    (tmp_path / "folds.py").write_text(f"import pathlib\npathlib.Path({str(witness)!r}).touch()\n{EMPTY}")
    assert not any(read_folds(tmp_path / "folds.py", Findings()).values())
    assert not witness.exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("standard_train_fold=['a'", r"line 1: not a list of folds"),
        ("x = 1\n", "has no 'standard_train_fold'; expected the three lists"),
        (EMPTY + "standard_test_fold=[open('x')]\n", "line 4: expected a list of ids in quotes"),
        (EMPTY + "standard_test_fold=[1]\n", "line 4: expected a list of ids in quotes"),
        (EMPTY + "standard_train_fold=standard_test_fold=['a']\n", None),
        (EMPTY.replace("[]", "['a']"), "'a' is in train and in valid; expected it in one fold"),
        ("[" * 3000, "not a list of folds"),
    ],
)
def test_files_of_another_form(text: str, message: str | None, tmp_path: Path) -> None:
    (tmp_path / "folds.py").write_text(text)
    if message is None:
        assert read_folds(tmp_path / "folds.py", Findings())["train"] == {"a"}
        return
    with pytest.raises(CorpusError, match=message) as caught:
        read_folds(tmp_path / "folds.py", Findings())
    assert "\n" not in str(caught.value)


def test_an_installed_sdk_is_found_and_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert installed_folds("CMU_MOSEI/folds.py") is None
    package = tmp_path / "mmsdk"
    (package / "mmdatasdk/dataset/standard_datasets/CMU_MOSEI").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert installed_folds("CMU_MOSEI/folds.py") is None
    file = write_folds(package / "mmdatasdk/dataset/standard_datasets/CMU_MOSEI/folds.py")
    assert installed_folds("CMU_MOSEI/folds.py") == file
    assert "mmsdk" not in sys.modules


def test_the_folds_of_mosi() -> None:
    assert {split: len(videos) for split, videos in FOLDS.items()} == {"train": 52, "valid": 10, "test": 31}
    assert len(frozenset().union(*FOLDS.values())) == 93
    assert all(len(video) == 11 for videos in FOLDS.values() for video in videos)
