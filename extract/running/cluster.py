"""Workers on a Dask cluster: other machines that see the same folders under the same paths.

joblib has a backend for Dask, too. In it one task that Dask gives up, after its machines were lost, ends the whole
run: no task can fail alone. Dask's own futures can.

Every Dask worker keeps worker processes of our own, so that what dies or hangs costs no more than it does on one
machine, and models stay loaded.
"""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from distributed import Client, LocalCluster, Worker, WorkerPlugin, as_completed, get_worker

from ...errors import UsageError
from .memory import share
from .options import Running
from .pool import Pool
from .work import Death, Item, Task, Workers

LOCAL = "local"
"""Instead of an address: a cluster of processes on this machine."""
_CONNECT_SECONDS = 30


class Cluster(Workers):
    """A Dask cluster; a context in which it is connected.

    Parameters
    ----------
    running
        Names the scheduler, and how workers are to run.

    Raises
    ------
    UsageError
        If there is no scheduler at the address, or it has no workers.
    """

    def __init__(self, running: Running) -> None:
        self._cluster = None
        address: Any = running.scheduler
        if address == LOCAL:
            address = self._cluster = LocalCluster(
                n_workers=max(running.jobs, 1), threads_per_worker=1, processes=True, dashboard_address=None
            )
        try:
            self._client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
            self._client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
        except (OSError, TimeoutError, ValueError) as error:
            where = f"no Dask cluster with workers at '{running.scheduler}'"
            raise UsageError(f"{where} ({error}); expected tcp://HOST:PORT of a scheduler") from None
        self._plugin = f"trimodal-{uuid.uuid4().hex}"
        self._client.register_plugin(_Pools(running, Path.cwd()), name=self._plugin)

    def do(self, task: Task, groups: Sequence[Sequence[Item]]) -> Iterator[tuple[Item, Any]]:
        """Do all items; see `Workers`. What a lost machine worked on is given to others, up to three times."""
        run = partial(_run_group, task=task, plugin=self._plugin)
        futures = {self._client.submit(run, group, pure=False): group for group in groups}
        for future in as_completed(list(futures), loop=self._client.loop):
            group = futures.pop(future)
            error = future.exception()
            if isinstance(error, UsageError):
                raise error
            yield from future.result() if error is None else _lost(group, error)

    def __exit__(self, *error: object) -> None:
        """End our processes on the cluster, and the cluster where it is ours."""
        with suppress(OSError, TimeoutError):  # a cluster that is gone
            self._client.unregister_worker_plugin(self._plugin)
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()


def _lost(group: Sequence[Item], error: BaseException) -> Iterator[tuple[Item, Death]]:
    reason = f"the machines of the cluster that worked on it were lost ({type(error).__name__}: {error})"
    for item in group:
        yield item, Death(cause="lost", reason=reason, track="", details=str(error))


class _Pools(WorkerPlugin):
    """What every Dask worker keeps for a run: a pool of one process for each of its threads.

    Parameters
    ----------
    running
        How workers are to run.
    folder
        Where the run was started: relative paths begin there.
    """

    def __init__(self, running: Running, folder: Path) -> None:
        self._running = running
        self._folder = folder

    def setup(self, worker: Worker) -> None:
        """Make the pools, which start nothing before there is work."""
        threads, devices = worker.state.nthreads, self._running.devices
        limit = self._running.memory_limit_bytes or share(threads)
        self._all = [Pool(1, [devices[number % len(devices)]], limit, folder=self._folder) for number in range(threads)]
        self.idle: SimpleQueue[Pool] = SimpleQueue()
        for pool in self._all:
            self.idle.put(pool)

    def teardown(self, worker: Worker) -> None:
        """End their processes."""
        for pool in self._all:
            pool.__exit__()


def _run_group(group: Sequence[Item], task: Task, plugin: str) -> list[tuple[Item, Any]]:
    """Do a group on a Dask worker, in a process that is kept for the next group."""
    pools = get_worker().plugins[plugin]
    assert isinstance(pools, _Pools)  # registered so
    pool = pools.idle.get()
    try:
        return list(pool.do(task, [group]))
    finally:
        pools.idle.put(pool)
