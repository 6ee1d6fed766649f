"""What a Dask worker keeps for a run: worker processes of our own, which end with whoever wanted their work."""

from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from distributed import Worker, WorkerPlugin, get_worker
from tornado.ioloop import PeriodicCallback

from .memory import share
from .pool import Pool
from .work import Item, Task

_IDLE_SECONDS = 60.0
"""How long a process is kept that has nothing to do. Whoever wanted it may have been killed."""
_GIVEN_UP = ("cancelled", "released", "forgotten")
"""States into which a task comes that nobody wants any more."""


class KeptPools(WorkerPlugin):
    """A pool of one process for each thread of a Dask worker.

    A process ends when nobody wants the work any more that it does (whoever wanted it was killed: Dask's scheduler
    sees that its connection is closed), and when there was nothing to do for a minute.

    Parameters
    ----------
    devices
        Dealt out to the threads in turn.
    memory_limit_bytes
        Memory that each process may take; None: an equal share of the machine's among the threads.
    folder
        Where the run was started: relative paths begin there.
    """

    def __init__(self, devices: Sequence[str], memory_limit_bytes: int | None, folder: Path) -> None:
        self._devices = tuple(devices)
        self._memory_limit_bytes = memory_limit_bytes
        self._folder = folder

    def setup(self, worker: Worker) -> None:
        """Make the pools, which start nothing before there is work."""
        threads = worker.state.nthreads
        self._limit = self._memory_limit_bytes or share(threads)
        # Dask clears it away where a worker is killed. Modules are looked for there, so this is no name of one.
        self._temporary = Path(worker.local_directory) / "trimodal-temporary"
        self._pools = [self._new_pool(number) for number in range(threads)]
        self._idle: SimpleQueue[int] = SimpleQueue()
        for number in range(threads):
            self._idle.put(number)
        self._busy: dict[Any, Pool] = {}
        self._resting = PeriodicCallback(self._rest, _IDLE_SECONDS * 1000 / 4)
        self._resting.start()

    def teardown(self, worker: Worker) -> None:
        """End the processes."""
        self._resting.stop()
        for pool in self._pools:
            pool.__exit__()

    def transition(self, key: Any, start: str, finish: str, **_: Any) -> None:
        """End the process that works on a task which is given up. This runs where Dask must not be kept waiting."""
        if finish in _GIVEN_UP and (pool := self._busy.get(key)) is not None:
            Thread(target=pool.__exit__).start()

    def do(self, key: Any, group: Sequence[Item], task: Task) -> list[tuple[Item, Any]]:
        """Do a group in a process that is kept for the next one; ``key`` is what Dask calls this."""
        number = self._idle.get()
        pool = self._busy[key] = self._pools[number]
        try:
            done = list(pool.do(task, [group]))
        finally:
            del self._busy[key]
            if pool.is_closed:
                self._pools[number] = self._new_pool(number)
            self._idle.put(number)
        if len(done) < len(group):  # else it would count as done where it is wanted again
            raise RuntimeError("the work was given up")
        return done

    def _new_pool(self, number: int) -> Pool:
        device = self._devices[number % len(self._devices)]
        return Pool(1, [device], self._limit, self._temporary, folder=self._folder)

    def _rest(self) -> None:
        for pool in self._pools:
            pool.rest(_IDLE_SECONDS)


def run_group(group: Sequence[Item], task: Task, plugin: str) -> list[tuple[Item, Any]]:
    """Do a group on a Dask worker, which keeps a plugin of that name."""
    worker = get_worker()
    kept = worker.plugins[plugin]
    assert isinstance(kept, KeptPools)  # registered so
    return kept.do(worker.get_current_task(), group, task)
