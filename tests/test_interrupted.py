"""Runs that are killed, stopped, or find no room: started again, they come to the same bytes."""

import contextlib
import ctypes
import os
import random
import resource
import shutil
import signal
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest
from logged_run import RECIPE, STAGES, LoggedRun, Moment, contents, draw_moment, now, remove, start, workers_of

COPIES = 6
KILLS = int(os.environ.get("TRIMODAL_TEST_KILLS", "6"))
"""How often to kill a run, and how often a worker; more, when that is what one wants to know."""
SEED = os.environ.get("TRIMODAL_TEST_SEED", str(random.randrange(2**32)))
"""Of the moments at which that is done."""
_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE = 24, 1
"""Of Linux."""


@pytest.fixture(scope="module")
def folder(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe, a corpus of 36 clips, and its store as an undisturbed run makes it."""
    folder = tmp_path_factory.mktemp("interrupted")
    (folder / "recipe.yaml").write_text(RECIPE)
    (folder / "corpus").mkdir()
    for number in range(COPIES):
        for clip in sample.glob("*.mp4"):
            shutil.copyfile(clip, folder / "corpus" / f"{clip.stem}{number}.mp4")
    assert start(folder, "whole").wait(120) == 0
    return folder


def _goes_on_to_the_same(folder: Path, store: str) -> None:
    """Run again; check that nothing is lost, different, or left."""
    run = start(folder, store)
    printed = run.communicate(timeout=120)[0]
    assert run.returncode == 0, printed
    assert contents(folder / store) == contents(folder / "whole")
    assert not list((folder / f"{store}.work").rglob("*.tmp"))
    assert not list(folder.glob(f".{store}.*"))


def _chance(what: str) -> random.Random:
    print(f"{what}: TRIMODAL_TEST_SEED={SEED}")
    return random.Random(f"{what} {SEED}")


@pytest.mark.slow
def test_runs_that_are_killed_at_any_moment(folder: Path) -> None:
    started, chance, hit = time.monotonic(), _chance("runs"), Counter[str]()
    stages = [STAGES[number % len(STAGES)] for number in range(KILLS)]
    chance.shuffle(stages)
    for stage in stages:
        found = ""
        while found != stage:  # a loaded machine may come too late
            assert hit.total() < 3 * KILLS, hit
            remove(folder / "killed")
            found = _kill(folder, "killed", draw_moment(stage, chance))
            hit[found] += 1
            _goes_on_to_the_same(folder, "killed")
    print(f"killed {hit.total()} runs: {dict(hit)}, {time.monotonic() - started:.0f} s")
    assert set(STAGES) <= set(hit)


def _kill(folder: Path, store: str, moment: Moment) -> str:
    """Start a run and kill it and its workers at a moment; return in which stage that was, or "over"."""
    run = LoggedRun(folder, store, folder / "whole")
    run.wait_for(moment)
    workers, when = workers_of(run.process), now()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(run.process.pid, signal.SIGKILL)
    run.end(10)
    assert psutil.wait_procs(workers, 10)[1] == []
    return "over" if run.process.returncode == 0 else run.stage_at(when)


@pytest.mark.slow
def test_workers_that_are_killed_cost_nothing(folder: Path) -> None:
    """One in every stage, but none that took over from another: a recording whose worker dies twice is to blame."""
    started, chance, hit = time.monotonic(), _chance("workers"), Counter[str]()
    while hit.total() < KILLS:
        remove(folder / "bereft")
        run = LoggedRun(folder, "bereft", folder / "whole")
        workers: list[psutil.Process] = []
        kills = []
        for stage in STAGES:
            run.wait_for(draw_moment(stage, chance))
            alive = workers_of(run.process)
            workers = [worker for worker in workers if worker in alive] or alive
            with contextlib.suppress(IndexError, psutil.NoSuchProcess):  # they end with their stage
                workers.pop(chance.randrange(len(workers) or 1)).kill()
                kills.append(now())
        printed = run.end()
        hit.update(run.stage_at(when) for when in kills)
        assert run.process.returncode == 0, printed
        assert contents(folder / "bereft") == contents(folder / "whole")
        _goes_on_to_the_same(folder, "bereft")
    print(f"killed {hit.total()} workers: {dict(hit)}, {time.monotonic() - started:.0f} s")
    assert set(STAGES) <= set(hit)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_cleanly(folder: Path, number: signal.Signals) -> None:
    store = f"stopped{int(number)}"
    run = start(folder, store)
    while not (workers := workers_of(run)):
        time.sleep(0.02)
    run.send_signal(number)
    assert run.wait(20) == 130
    assert run.stdout.read().splitlines()[-1] == "trimodal: stopped; run the same command again to go on"
    assert psutil.wait_procs(workers, 10)[1] == []
    run = start(folder, store)
    assert run.wait(120) == 0, run.stdout.read()
    assert contents(folder / store) == contents(folder / "whole")


def test_no_room_for_half_the_tracks_nor_for_the_store(folder: Path) -> None:
    run = start(folder, "full", prepare=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (850_000,) * 2))
    assert run.wait(120) == 2
    printed = run.stdout.read()
    assert printed.splitlines()[-1] == f"trimodal: {folder}/full: cannot be written (file too large)"
    assert "Traceback" not in printed
    failures = (folder / "full.work" / "failures.csv").read_text()
    assert failures.count("a track cannot be written (file too large)") == COPIES * 3
    assert start(folder, "full").wait(120) == 0
    assert contents(folder / "full") == contents(folder / "whole")


def _without_write_permission() -> None:
    """Let root be refused as others are, from the next program on; for others this does nothing."""
    ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, 0, 0, 0)


def test_a_folder_that_may_not_be_written(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "whole.work", tmp_path / "kept")
    (tmp_path / "locked").mkdir(mode=0o500)
    run = start(folder, str(tmp_path / "locked" / "s"), prepare=_without_write_permission)
    assert run.wait(60) == 2
    assert "s.work: cannot be written (permission denied)" in run.stdout.read()
    work = ("--work", str(tmp_path / "kept"))
    run = start(folder, str(tmp_path / "locked" / "s"), *work, prepare=_without_write_permission)
    assert run.wait(60) == 2
    printed = run.stdout.read()
    assert printed.splitlines()[-1] == f"trimodal: {tmp_path}/locked/s: cannot be written (permission denied)"
