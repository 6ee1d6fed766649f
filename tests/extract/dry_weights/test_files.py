from pathlib import Path

import pytest

from trimodal.errors import WeightsError
from trimodal.extract.dry_weights.files import made_once


def _write(text: str, path: Path) -> None:
    path.mkdir()
    (path / "weights").write_text(text)


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    first = made_once(tmp_path / "dry", "bert-1", ["a"], lambda path: _write("first", path))
    assert first.parent == tmp_path / "dry"
    assert first.name.startswith("bert-1-")
    assert made_once(tmp_path / "dry", "bert-1", ["a"], lambda path: _write("second", path)) == first
    assert (first / "weights").read_text() == "first"
    assert made_once(tmp_path / "dry", "bert-1", ["b"], lambda path: _write("other", path)) != first


def test_a_file_keeps_its_suffix(tmp_path: Path) -> None:
    made = made_once(tmp_path, "vectors.txt", 300, lambda path: path.write_text("a 1"))
    assert made.suffix == ".txt" and made.read_text() == "a 1"


def test_of_two_that_make_the_same_one_wins(tmp_path: Path) -> None:
    def write(path: Path) -> None:
        other = made_once(tmp_path, "bert", 1, lambda path: _write("other", path))
        assert (other / "weights").is_file()
        _write("own", path)

    made = made_once(tmp_path, "bert", 1, write)
    assert (made / "weights").read_text() == "other"
    assert list(tmp_path.iterdir()) == [made]


def test_what_was_not_finished_is_not_there(tmp_path: Path) -> None:
    def write(path: Path) -> None:
        _write("half", path)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made_once(tmp_path, "bert", 1, write)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "dry").touch()
    with pytest.raises(
        WeightsError, match=r"dry: stand-in weights cannot be written \((file exists|not a directory)\)"
    ):
        made_once(tmp_path / "dry", "bert", 1, lambda path: _write("", path))
