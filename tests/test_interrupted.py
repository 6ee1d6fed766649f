"""Runs that are killed, stopped, or find no room: started again, they come to the same bytes."""

import contextlib
import ctypes
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

RECIPE = (
    "tracks: {waveform: {length_seconds: 0.1, windows: {length_seconds: 0.1, hop_seconds: 0.02}}}\n"
    "align: {voice: {tracks: [waveform], timeline: none}}\n"
)
COPIES = 6
_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE = 24, 1
"""Of Linux."""
KILLS = int(os.environ.get("TRIMODAL_TEST_KILLS", "4"))
"""How often to kill a run; more, when that is what one wants to know."""


@pytest.fixture(scope="module")
def folder(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe, a corpus of 36 clips, and its store as an undisturbed run makes it."""
    folder = tmp_path_factory.mktemp("interrupted")
    (folder / "recipe.yaml").write_text(RECIPE)
    (folder / "corpus").mkdir()
    for number in range(COPIES):
        for clip in sample.glob("*.mp4"):
            shutil.copyfile(clip, folder / "corpus" / f"{clip.stem}{number}.mp4")
    assert _start(folder, "whole").wait(120) == 0
    return folder


def _start(folder: Path, store: str, *more: str, prepare: Callable[[], None] | None = None) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "trimodal", "run", "corpus", "--recipe", "recipe.yaml", "--out", store]
    return subprocess.Popen(
        [*command, "--jobs", "2", *more],
        cwd=folder,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=prepare,
    )


def _bytes(store: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(store.iterdir())}


def _workers(run: "subprocess.Popen[str]") -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        return psutil.Process(run.pid).children(recursive=True)
    return []


def _random_moments(seed: int, count: int) -> Iterator[float]:
    moments = random.Random(seed)
    return (moments.uniform(0.3, 2.5) for _ in range(count))


@pytest.mark.slow
def test_killed_at_any_moment(folder: Path) -> None:
    """The work folder is kept from one killed run to the next, but for every third, which begins anew."""
    for number, seconds in enumerate(_random_moments(1, KILLS)):
        if number % 3 == 0:
            shutil.rmtree(folder / "killed.work", ignore_errors=True)
            shutil.rmtree(folder / "killed", ignore_errors=True)
        run = _start(folder, "killed")
        time.sleep(seconds)
        workers = _workers(run)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
        run.wait(10)
        assert psutil.wait_procs(workers, 10)[1] == []
        if number % 3 == 2 or number == KILLS - 1:
            run = _start(folder, "killed")
            assert run.wait(120) == 0, run.stdout.read()
            assert _bytes(folder / "killed") == _bytes(folder / "whole")
            assert not list((folder / "killed.work").rglob("*.tmp"))
            assert not list(folder.glob(".killed.*"))


@pytest.mark.slow
def test_workers_that_are_killed_cost_nothing(folder: Path) -> None:
    run = _start(folder, "bereft")
    while not _workers(run):  # a loaded machine starts them late
        assert run.poll() is None
        time.sleep(0.02)
    killed = 0
    for seconds in _random_moments(2, 3):
        time.sleep(seconds / 3)
        for worker in _workers(run)[:1]:
            worker.kill()
            killed += 1
    assert run.wait(120) == 0, run.stdout.read()
    assert killed
    assert _bytes(folder / "bereft") == _bytes(folder / "whole")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_cleanly(folder: Path, number: signal.Signals) -> None:
    store = f"stopped{int(number)}"
    run = _start(folder, store)
    while not (workers := _workers(run)):
        time.sleep(0.02)
    run.send_signal(number)
    assert run.wait(20) == 130
    assert run.stdout.read().splitlines()[-1] == "trimodal: stopped; run the same command again to go on"
    assert psutil.wait_procs(workers, 10)[1] == []
    run = _start(folder, store)
    assert run.wait(120) == 0, run.stdout.read()
    assert _bytes(folder / store) == _bytes(folder / "whole")


def test_no_room_for_half_the_tracks_nor_for_the_store(folder: Path) -> None:
    run = _start(folder, "full", prepare=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (850_000,) * 2))
    assert run.wait(120) == 2
    printed = run.stdout.read()
    assert printed.splitlines()[-1] == f"trimodal: {folder}/full: cannot be written (file too large)"
    assert "Traceback" not in printed
    failures = (folder / "full.work" / "failures.csv").read_text()
    assert failures.count("a track cannot be written (file too large)") == COPIES * 3
    assert _start(folder, "full").wait(120) == 0
    assert _bytes(folder / "full") == _bytes(folder / "whole")


def _without_write_permission() -> None:
    """Let root be refused as others are, from the next program on; for others this does nothing."""
    ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, 0, 0, 0)


def test_a_folder_that_may_not_be_written(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "whole.work", tmp_path / "kept")
    (tmp_path / "locked").mkdir(mode=0o500)
    run = _start(folder, str(tmp_path / "locked" / "s"), prepare=_without_write_permission)
    assert run.wait(60) == 2
    assert "s.work: cannot be written (permission denied)" in run.stdout.read()
    work = ("--work", str(tmp_path / "kept"))
    run = _start(folder, str(tmp_path / "locked" / "s"), *work, prepare=_without_write_permission)
    assert run.wait(60) == 2
    printed = run.stdout.read()
    assert printed.splitlines()[-1] == f"trimodal: {tmp_path}/locked/s: cannot be written (permission denied)"
