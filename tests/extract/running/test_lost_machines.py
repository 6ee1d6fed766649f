"""What becomes of a run whose client, scheduler or workers are killed; every one of them is a process here."""

import csv
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from dask_processes import DaskProcesses, our_workers, start_run
from poison import END_PARENT_SECONDS, SECONDS, write_sound

pytestmark = pytest.mark.slow


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[DaskProcesses]:
    (tmp_path / "dask").mkdir()
    with DaskProcesses(tmp_path / "dask") as processes:
        yield processes


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Nine sounds that are done at once, and one of 0.52 s that hangs."""
    (tmp_path / "corpus").mkdir()
    for number in range(9):
        write_sound(tmp_path / "corpus" / f"{number}.wav", 0.7 + number / 100)
    write_sound(tmp_path / "corpus" / "last.wav", SECONDS["hang"])
    return tmp_path / "corpus"


def _failures(store: Path) -> dict[str, str]:
    with open(store.with_name(f"{store.name}.work") / "failures.csv", newline="") as file:
        return {row["recording"]: row["cause"] for row in csv.DictReader(file)}


def _wait_for_tracks(store: Path, count: int) -> None:
    until = time.monotonic() + 60
    while len(list(store.with_name(f"{store.name}.work").glob("tracks/poison-*/*.h5"))) < count:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_our_processes_end_with_the_client(dask: DaskProcesses, corpus: Path, tmp_path: Path) -> None:
    worker = dask.start_worker()
    with start_run(dask.address, corpus, tmp_path / "s") as run:
        _wait_for_tracks(tmp_path / "s", 9)
        ours = our_workers(worker)
        run.kill()
        assert psutil.wait_procs(ours, 20)[1] == []
    assert worker.poll() is None
    assert not list((tmp_path / "dask").glob("**/trimodal/*"))


def test_a_scheduler_that_is_killed(dask: DaskProcesses, corpus: Path, tmp_path: Path) -> None:
    worker = dask.start_worker()
    with start_run(dask.address, corpus, tmp_path / "s") as run:
        _wait_for_tracks(tmp_path / "s", 9)
        ours = our_workers(worker)
        dask.scheduler.kill()
        started = time.monotonic()
        assert run.wait(60) == 3
        assert time.monotonic() - started < 20
        printed = run.stdout.read()
    gone = f"trimodal: the Dask cluster at '{dask.address}' is gone; start it and run the same command again to go on"
    assert printed.splitlines()[-1] == gone
    assert "Traceback" not in printed
    assert _failures(tmp_path / "s") == {}
    assert psutil.wait_procs(ours, 20)[1] == []


def test_workers_that_are_killed(dask: DaskProcesses, corpus: Path, tmp_path: Path) -> None:
    (corpus / "last.wav").unlink()
    slow = write_sound(corpus / "last.wav", SECONDS["hang"])
    worker = dask.start_worker(1, "--no-nanny")
    with start_run(dask.address, corpus, tmp_path / "s") as run:
        _wait_for_tracks(tmp_path / "s", 9)
        worker.kill()
        assert run.wait(60) == 3
        printed = run.stdout.read().splitlines()
    name = f"the Dask cluster at '{dask.address}'"
    assert f"note: {name} has no worker; waiting for one, for 6 s" in printed
    end = f"trimodal: {name} has had no worker for 6 s; start workers and run the same command again to go on"
    assert printed[-1] == end
    # One that comes in time goes on with the work.
    worker = dask.start_worker(1, "--no-nanny")
    with start_run(dask.address, corpus, tmp_path / "s") as run:
        our_workers(worker)
        time.sleep(1)
        worker.kill()
        write_sound(slow, 0.9)
        dask.start_worker(1, "--no-nanny")
        assert run.wait(60) == 0, run.stdout.read()


def test_only_what_ends_its_machine_is_to_blame(dask: DaskProcesses, corpus: Path, tmp_path: Path) -> None:
    write_sound(corpus / "last.wav", END_PARENT_SECONDS)
    dask.start_worker(2)
    dask.start_worker(1)
    for _ in range(2):  # it need not be so another time
        with start_run(dask.address, corpus, tmp_path / "s") as run:
            assert run.wait(150) == 1, run.stdout.read()
            printed = run.stdout.read()
        assert _failures(tmp_path / "s") == {"last": "lost"}
        assert "failed: last: was lost with the machines of the cluster that worked on it (KilledWorker: " in printed
