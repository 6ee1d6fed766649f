"""What is left of writers that were killed, and what becomes of it."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest
from stores import RECORDINGS, append, store_writer, write_store

from trimodal.store import FeatureStore, hidden_folder
from trimodal.store.hidden_folder import HiddenFolder, clear_leftovers, shown


def _die(number: int = signal.SIGKILL) -> None:
    os.kill(os.getpid(), number)


def _write_and_die(path: Path) -> None:
    with store_writer(path) as writer:
        append(writer, "one", RECORDINGS["one"])
        _die()


def _die_between_the_two_names(path: Path) -> None:
    replace = Path.replace

    def first_only(self: Path, target: Path) -> Path:
        if str(target) == str(path):
            _die()
        return replace(self, target)

    Path.replace = first_only  # type: ignore[method-assign]
    write_store(path)


def _die_while_the_old_one_goes(path: Path) -> None:
    hidden_folder.shutil.rmtree = lambda *_, **__: _die()  # type: ignore[attr-defined,assignment]
    write_store(path)


def _in_a_process(function: object, path: Path) -> None:
    process = multiprocessing.get_context("fork").Process(target=function, args=(path,))  # type: ignore[arg-type]
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL


def test_the_next_writer_clears_away_what_a_killed_one_left(tmp_path: Path) -> None:
    path = tmp_path / "s.store"
    _in_a_process(_write_and_die, path)
    assert len(list(tmp_path.iterdir())) == 1
    write_store(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_store_whose_replacement_was_cut_short_gets_its_name_back(tmp_path: Path) -> None:
    path = write_store(tmp_path / "s.store", {"two": RECORDINGS["two"]})
    before = {file.name: file.read_bytes() for file in path.iterdir()}
    _in_a_process(_die_between_the_two_names, path)
    assert not path.exists()
    clear_leftovers(path)
    assert {file.name: file.read_bytes() for file in path.iterdir()} == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_store_that_was_replaced_already_stays(tmp_path: Path) -> None:
    path = write_store(tmp_path / "s.store", {"two": RECORDINGS["two"]})
    _in_a_process(_die_while_the_old_one_goes, path)
    assert len(list(tmp_path.iterdir())) == 2
    clear_leftovers(path)
    assert list(tmp_path.iterdir()) == [path]
    assert "one_0" in set(FeatureStore(path).segments["id"])


def test_folders_of_living_writers_and_of_others_stay(tmp_path: Path) -> None:
    (tmp_path / ".s.store.notes.tmp").mkdir()
    _in_a_process(_write_and_die, tmp_path / "other.store")
    with store_writer(tmp_path / "s.store") as writer:
        append(writer, "one", RECORDINGS["one"])
        before = set(tmp_path.iterdir())
        clear_leftovers(tmp_path / "s.store")
        assert set(tmp_path.iterdir()) == before
        writer.commit()
    assert len(list(tmp_path.iterdir())) == 3


def test_where_locks_are_not_known_nothing_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def not_supported(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    _in_a_process(_write_and_die, tmp_path / "s.store")
    monkeypatch.setattr("fcntl.flock", not_supported)
    write_store(tmp_path / "s.store")
    assert len(list(tmp_path.iterdir())) == 2


def test_shown_is_what_the_user_knows(tmp_path: Path) -> None:
    hidden = HiddenFolder(tmp_path / "my.store")
    assert shown(hidden.path) == tmp_path / "my.store"
    hidden.close()
    assert shown(tmp_path) == tmp_path
    assert list(tmp_path.iterdir()) == []
