"""Workers on a Dask cluster: other machines that see the same folders under the same paths.

joblib has a backend for Dask, too. In it one task that Dask gives up, after its machines were lost, ends the whole
run: no task can fail alone. Dask's own futures can.

Every Dask worker keeps worker processes of our own (`kept_pools`), so that what dies or hangs costs no more than it
does on one machine, and models stay loaded.
"""

import logging
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from distributed import Client, Future, LocalCluster
from distributed.utils import silence_logging_cmgr

from ...errors import StoppedError, UsageError, one_line
from .kept_pools import KeptPools, run_group
from .memory import share
from .options import LOCAL, Running
from .work import Death, Item, Task, Workers

_CONNECT_SECONDS = 30
_CLOSE_SECONDS = 5
_FETCH_SECONDS = 10.0
"""How long a result may take to come that is there."""
_LOOK_EVERY_SECONDS = 1.0
"""How long nothing may come before the cluster is looked at."""
_SILENT_SECONDS = 10.0
"""How long a cluster may be without workers before that is said."""
_WITHOUT_WORKERS_SECONDS = 600.0
"""How long it may be so before the run ends."""


class Cluster(Workers):
    """A Dask cluster; a context in which it is connected.

    Parameters
    ----------
    running
        Names the scheduler, and how workers are to run.
    waits
        Told when there is nobody to do the work.

    Raises
    ------
    UsageError
        If there is no scheduler at the address, or it has no workers.
    """

    def __init__(self, running: Running, waits: Callable[[str], None]) -> None:
        self._waits = waits
        self._name = f"the Dask cluster at '{running.scheduler}'"
        self._cluster = None
        self._quiet = ExitStack()  # what is wrong is said by us, in one line
        self._quiet.enter_context(silence_logging_cmgr(logging.CRITICAL))
        address: Any = running.scheduler
        if address == LOCAL:
            address = self._cluster = LocalCluster(
                n_workers=max(running.jobs, 1),
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
            )
        self._client = _connected(address, running)
        limit = share(running.jobs) if address == LOCAL else None
        self._plugin = f"trimodal-{uuid.uuid4().hex}"
        pools = KeptPools(running.devices, running.memory_limit_bytes or limit, Path.cwd())
        self._client.register_plugin(pools, name=self._plugin)

    def do(self, task: Task, groups: Sequence[Sequence[Item]]) -> Iterator[tuple[Item, Any]]:
        """Do all items; see `Workers`.

        A group whose machines are lost is given to others, up to three times. Where all of these are lost, too, its
        members are tried again one by one, after everything else: what is done already is found, and who is lost alone
        is to blame. So is a group done again whose result was lost with its machine.

        Raises
        ------
        StoppedError
            If the scheduler is gone, or there were no workers for too long.
        """
        ended: SimpleQueue[Future[Any]] = SimpleQueue()
        in_work: dict[Any, tuple[Future[Any], Sequence[Item]]] = {}
        suspects: deque[Item] = deque()

        def submit(group: Sequence[Item]) -> None:
            future = self._client.submit(partial(run_group, task=task, plugin=self._plugin), group, pure=False)
            in_work[future.key] = future, group
            future.add_done_callback(ended.put)

        for group in groups:
            submit(group)
        are_apart = False
        while in_work or suspects:
            if not in_work:
                are_apart = True
                submit([suspects.popleft()])
            future, group = in_work.pop(self._next(ended).key)
            outcome = self._outcome(future)
            if isinstance(outcome, list):
                yield from outcome
            elif outcome is None:
                submit(group)
            elif are_apart:
                reason = f"was lost with the machines of the cluster that worked on it ({_one_line(outcome)})"
                yield group[0], Death(cause="lost", reason=reason, track="", details=str(outcome))
            else:
                suspects.extend(group)

    def __exit__(self, *error: object) -> None:
        """End our processes on the cluster, and the cluster where it is ours."""
        with suppress(OSError, TimeoutError, CancelledError, ValueError):  # a cluster that is gone
            if self._client.status == "running":
                self._client.unregister_worker_plugin(self._plugin)
        with suppress(OSError, TimeoutError, CancelledError):
            self._client.close(timeout=_CLOSE_SECONDS)
        if self._cluster is not None:
            self._cluster.close()
        self._quiet.close()

    def _next(self, ended: "SimpleQueue[Future[Any]]") -> Future[Any]:
        """Wait for a future to end, and say so where there is nobody who could do its work."""
        last_seen, is_said = time.monotonic(), False
        while True:
            with suppress(Empty):
                return ended.get(timeout=_LOOK_EVERY_SECONDS)
            if self._has_workers():
                last_seen, is_said = time.monotonic(), False
            without = time.monotonic() - last_seen
            if without > _WITHOUT_WORKERS_SECONDS:
                raise StoppedError(
                    f"{self._name} has had no worker for {_WITHOUT_WORKERS_SECONDS:.0f} s; "
                    "start workers and run the same command again to go on"
                )
            if without > _SILENT_SECONDS and not is_said:
                is_said = True
                self._waits(f"{self._name} has no worker; waiting for one, for {_WITHOUT_WORKERS_SECONDS:.0f} s")

    def _has_workers(self) -> bool:
        try:
            return bool(self._client.nthreads())
        except (OSError, TimeoutError, CancelledError, ValueError):
            raise self._gone() from None

    def _outcome(self, future: Future[Any]) -> list[tuple[Item, Any]] | Exception | None:
        """Return what came of a group, or why nothing did; None: it was lost with the machine that had done it."""
        try:
            found: list[tuple[Item, Any]] = future.result(timeout=_FETCH_SECONDS)
            return found
        except (UsageError, StoppedError):
            raise
        except CancelledError:  # nobody but a lost connection cancels
            raise self._gone() from None
        except Exception as error:
            return error if future.status == "error" else None

    def _gone(self) -> StoppedError:
        return StoppedError(f"{self._name} is gone; start it and run the same command again to go on")


def _connected(address: Any, running: Running) -> Client:
    client = None
    try:
        client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
        client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
        return client
    except (OSError, TimeoutError, ValueError) as error:
        if client is not None:
            client.close(timeout=_CLOSE_SECONDS)
        where = f"no Dask cluster with workers at '{running.scheduler}'"
        raise UsageError(f"{where} ({error}); expected tcp://HOST:PORT of a scheduler") from None


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {one_line(error)}"
