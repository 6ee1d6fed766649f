"""A Dask scheduler, its workers and a run on them, each a process that may be killed.

As a program it is the run: `python dask_processes.py SCHEDULER CORPUS STORE`.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psutil

_WAIT_SECONDS = 60.0


class DaskProcesses:
    """A scheduler and workers; all end with the context.

    Parameters
    ----------
    folder
        Where they write.
    """

    def __init__(self, folder: Path) -> None:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        self._folder = folder
        self._stack = ExitStack()
        self.scheduler = self._start("scheduler", "--port", str(port), "--host", "127.0.0.1", "--no-dashboard")

    def start_worker(self, threads: int = 1, *more: str) -> "subprocess.Popen[bytes]":
        """Start a worker, which has no nanny where ``--no-nanny`` is given, and wait for nothing."""
        limits = ("--nthreads", str(threads), "--memory-limit", "0", "--no-dashboard")
        return self._start("worker", self.address, *limits, "--local-directory", str(self._folder), *more)

    def __enter__(self) -> "DaskProcesses":
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def _start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        paths = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "PYTHONPATH": paths, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
        log = self._stack.enter_context(open(self._folder / "dask.log", "ab"))  # noqa: SIM115  # it is in the stack
        process = subprocess.Popen([sys.executable, "-m", "dask", *arguments], stdout=log, stderr=log, env=environment)
        self._stack.enter_context(_ended(process))
        return process


@contextmanager
def start_run(scheduler: str, corpus: Path, store: Path) -> "Iterator[subprocess.Popen[str]]":
    """Start a run with a poisoned extractor, and end it."""
    command = [sys.executable, __file__, scheduler, str(corpus), str(store)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run,
        _ended(run),
    ):
        yield run


def our_workers(dask_worker: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    """Wait until there are worker processes of ours below a Dask worker, and return them."""
    until = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < until:
        below = psutil.Process(dask_worker.pid).children(recursive=True)
        with suppress(psutil.Error):
            if found := [one for one in below if "running.worker" in str(one.cmdline())]:
                return found
        time.sleep(0.05)
    raise AssertionError("no worker of ours was started")


@contextmanager
def _ended(process: "subprocess.Popen[bytes] | subprocess.Popen[str]") -> "Iterator[None]":
    try:
        yield
    finally:
        with suppress(psutil.Error):
            for one in psutil.Process(process.pid).children(recursive=True):
                one.kill()
        process.kill()
        process.wait()


def _main(scheduler: str, corpus: str, store: str) -> int:
    from poison import Poison

    from trimodal import cli, recipe
    from trimodal.extract.running import cluster

    cluster._SILENT_SECONDS, cluster._WITHOUT_WORKERS_SECONDS = 1.0, 6.0
    (Path(store).parent / "cheap.yaml").write_text(CHEAP)
    load = recipe.load_recipe

    def poisoned(name: str, changes: list[str]) -> recipe.Recipe:
        read = load(name, changes)
        return replace(read, tracks={**read.tracks, "poison": Poison(folder=str(Path(store).parent))})

    recipe.load_recipe = poisoned
    named = ["--recipe", str(Path(store).parent / "cheap.yaml"), "--out", store]
    return cli.main(["run", corpus, *named, "--backend", "dask", "--scheduler", scheduler, "--jobs", "1"])


CHEAP = (
    "tracks: {waveform: {length_seconds: 0.1, windows: {length_seconds: 0.1, hop_seconds: 0.1}}}\n"
    "align: {voice: {tracks: [waveform], timeline: none}}\n"
)

if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
