"""The pool alone, with tasks that show what it does."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Timer

import pool_tasks
import pytest

from trimodal.errors import StoppedError, UsageError
from trimodal.extract.running.pool import Pool
from trimodal.extract.running.work import Death, Item, ThisProcess

MEMORY = 2**31
NewPool = Callable[[int, list[str]], Pool]


@pytest.fixture
def new_pool(tmp_path: Path) -> NewPool:
    """Make pools whose temporary files are in the folder ``temporary``."""
    return lambda jobs, devices: Pool(jobs, devices, MEMORY, tmp_path / "temporary")


def _items(*contents: object) -> list[Item]:
    return [Item(id=str(number), content=content, limit_seconds=30.0) for number, content in enumerate(contents)]


def _outcomes(pool: Pool | ThisProcess, task: object, groups: list[list[Item]]) -> dict[str, object]:
    with pool:
        return {item.id: outcome for item, outcome in pool.do(task, groups)}  # type: ignore[arg-type]


def test_devices_are_dealt_out_and_workers_kept(new_pool: NewPool) -> None:
    with new_pool(2, ["a", "b"]) as pool:
        first = dict(
            outcome for _, outcome in pool.do(pool_tasks.device_and_process, [[one] for one in _items(*range(6))])
        )
        second = dict(
            outcome for _, outcome in pool.do(pool_tasks.device_and_process, [[one] for one in _items(*range(6))])
        )
    assert set(first) == {"a", "b"}
    assert second.items() <= first.items()
    assert os.getpid() not in first.values()


def test_this_process() -> None:
    (outcome,) = _outcomes(ThisProcess("a"), pool_tasks.device_and_process, [_items(0)]).values()
    assert outcome == ("a", os.getpid())


def test_a_group_goes_on_after_the_death_of_one_of_its_members(new_pool: NewPool) -> None:
    found = _outcomes(new_pool(1, ["cpu"]), pool_tasks.die_if, [_items(False, True, False, True, False)])
    deaths = {id: outcome for id, outcome in found.items() if isinstance(outcome, Death)}
    assert set(deaths) == {"1", "3"}
    assert {id: outcome for id, outcome in found.items() if id not in deaths} == dict.fromkeys("024", "alive")
    assert all(death.track == "dying" and "last words" in death.details for death in deaths.values())


def test_the_one_after_a_death_is_not_blamed(new_pool: NewPool, tmp_path: Path) -> None:
    """A worker is killed from outside while it works on each of the items, once."""
    found = _outcomes(new_pool(1, ["cpu"]), pool_tasks.kill_once, [_items(*(tmp_path / name for name in "abc"))])
    assert list(found.values()) == ["alive"] * 3


@pytest.mark.parametrize(
    ("numbers", "cause", "reason"),
    [
        ((9, 9), "killed", "was killed (SIGKILL, most likely for want of memory), twice"),
        ((15, 11), "killed", "was killed (SIGTERM, then SIGSEGV), twice"),
        ((11, 15), "killed", "was killed (SIGSEGV, then SIGTERM), twice"),
        ((7, 7), "killed", "was killed (SIGBUS), twice"),
        ((11, 6), "crash", "ended its process (SIGSEGV, then SIGABRT), twice"),
    ],
)
def test_whose_doing_it_was(
    numbers: tuple[int, int], cause: str, reason: str, new_pool: NewPool, tmp_path: Path
) -> None:
    item = (tmp_path / "mark", numbers)
    (death,) = _outcomes(new_pool(1, ["cpu"]), pool_tasks.signal_self, [_items(item)]).values()
    assert isinstance(death, Death)
    assert (death.cause, death.reason) == (cause, reason)


def test_the_log_is_that_of_one_item(new_pool: NewPool) -> None:
    found = _outcomes(new_pool(1, ["cpu"]), pool_tasks.speak_and_die, [_items("first", "second")])
    first, second = (found[id] for id in "01")
    assert isinstance(first, Death) and isinstance(second, Death)
    assert "first" in first.details
    assert "second" in second.details and "first" not in second.details


def test_a_time_limit_says_where(new_pool: NewPool) -> None:
    quick = Item(id="quick", content=0, limit_seconds=0.5)
    (death,) = _outcomes(new_pool(1, ["cpu"]), pool_tasks.sleep, [[quick]]).values()
    assert isinstance(death, Death)
    assert (death.cause, death.reason) == ("time limit", "took longer than 0 s, which is its time limit")
    assert "in sleep\n" in death.details
    assert death.limit == 0.5


def test_programs_count_for_the_memory_limit_which_says_where(tmp_path: Path) -> None:
    pool = Pool(1, ["cpu"], 2**29, tmp_path / "temporary")
    (death,) = _outcomes(pool, pool_tasks.start_large_program, [_items(0)]).values()
    assert isinstance(death, Death)
    assert (death.cause, death.limit) == ("memory limit", 2**29)
    assert death.reason == "took more than 512 MiB of memory, which is a worker's limit"
    assert "in start_large_program\n" in death.details


def test_temporary_files_go_with_their_worker(new_pool: NewPool, tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    with new_pool(1, ["cpu"]) as pool:
        for _, outcome in pool.do(pool_tasks.leave_file_and_die_if, [_items(False, True, False)]):
            if not isinstance(outcome, Death):
                assert Path(outcome).parent.parent == folder and Path(outcome).exists()
        assert len(list(folder.iterdir())) == 1
    assert list(folder.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(StoppedError, match=r"file: cannot be written \(not a directory\); make room"):
        _outcomes(Pool(1, ["cpu"], MEMORY, tmp_path / "file"), pool_tasks.sleep, [_items(0)])


def test_workers_rest_where_there_is_nothing_to_do(new_pool: NewPool) -> None:
    with new_pool(1, ["cpu"]) as pool:
        found = []
        for idle_seconds in (60.0, 0.0, 0.0):
            ((_, (_, process_id)),) = pool.do(pool_tasks.device_and_process, [_items(0)])
            found.append(process_id)
            pool.rest(idle_seconds)
        assert found[0] == found[1] != found[2]
        assert pool_tasks.is_gone(found[2])


def test_another_thread_may_end_a_pool(new_pool: NewPool) -> None:
    pool = new_pool(1, ["cpu"])
    Timer(2.0, pool.__exit__).start()
    assert list(pool.do(pool_tasks.sleep, [_items(0, 1), _items(2)])) == []
    assert list(pool.do(pool_tasks.sleep, [_items(0)])) == []


def test_a_program_that_a_worker_started_ends_with_it(new_pool: NewPool, tmp_path: Path) -> None:
    slow = Item(id="slow", content=tmp_path / "pid", limit_seconds=1.0)
    (death,) = _outcomes(new_pool(1, ["cpu"]), pool_tasks.start_program, [[slow]]).values()
    assert isinstance(death, Death)
    assert pool_tasks.is_gone(int((tmp_path / "pid").read_text()))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process that runs no code")
def test_even_what_hangs_in_native_code_ends_with_the_pool(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; import pool_tasks; from trimodal.extract.running.pool import Pool; "
        "from trimodal.extract.running.work import Item; "
        "item = Item(id='a', content=Path(sys.argv[1]), limit_seconds=60.0); "
        "list(Pool(1, ['cpu'], 2**31, Path(sys.argv[1]).parent).do(pool_tasks.hang_and_hold, [[item]]))"
    )
    note = tmp_path / "pid"
    parent = subprocess.Popen([sys.executable, "-c", code, note], cwd=Path(pool_tasks.__file__).parent)
    while not (note.exists() and note.read_text()):
        time.sleep(0.02)
        assert parent.poll() is None
    parent.kill()
    parent.wait()
    assert pool_tasks.is_gone(int(note.read_text()))


def test_workers_that_cannot_start(new_pool: NewPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trimodal.extract.running.pool._MAIN", "raise SystemExit('no luck {path!r:.0}')")
    with pytest.raises(UsageError, match=r"worker processes cannot start: no luck"):
        _outcomes(new_pool(1, ["cpu"]), pool_tasks.sleep, [_items(0)])
