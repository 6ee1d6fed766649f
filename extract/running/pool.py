"""Worker processes on this machine, each of which may hang, swell or die without harm to the others.

joblib's loky cannot do this: when one of its processes dies, it ends all of them, and does not say on what each was
working; nor can it end a single one that hangs. Here every worker has a pipe of its own. What it works on is therefore
known at any moment, and it alone is ended and replaced.
"""

import fcntl
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, Literal

from ...errors import UsageError
from .memory import private_bytes
from .work import Death, Item, Task, Workers

_LOOK_EVERY_SECONDS = 0.1
"""How often limits are looked after."""
_START_SECONDS = 300.0
"""How long a worker may take to say that it is there."""
_STARTS = 6
"""So many that fail one after the other are not by chance, nor by somebody who kills a few workers."""
_LOG_BYTES = 64 * 1024
Limit = Literal["time limit", "memory limit"]
_MAIN = "import sys; sys.path[:] = {path!r}; from {package}.worker import main; main({descriptor}, {lifeline})"


class Pool(Workers):
    """Worker processes, started when there is something to do.

    An item that ends its worker is tried once more in a fresh one: the harm may have been done by the one before it, or
    from outside. Only then it is a `Death`. A hang is one at once.

    Parameters
    ----------
    jobs
        How many, 1 at least.
    devices
        Dealt out to the workers in turn.
    memory_limit_bytes
        Memory that each may take for itself.
    folder
        Where they work; None: where this process does.

    Raises
    ------
    UsageError
        If a worker cannot start.
    """

    def __init__(self, jobs: int, devices: Sequence[str], memory_limit_bytes: int, folder: Path | None = None) -> None:
        self._devices = [devices[number % len(devices)] for number in range(jobs)]
        self._memory_limit_bytes = memory_limit_bytes
        self._workers: list[_Worker] = []
        self._failed_starts = 0
        self._folder = folder
        self._is_closed = False

    def do(self, task: Task, groups: Sequence[Sequence[Item]]) -> Iterator[tuple[Item, Any]]:
        """Do all items; see `Workers`."""
        waiting = deque(groups)
        next_look = 0.0
        while True:
            self._hand_out(task, waiting)
            busy = {worker.connection: worker for worker in self._workers if worker.items}
            if not busy or self._is_closed:
                return
            for connection in wait(busy, _LOOK_EVERY_SECONDS):
                yield from self._receive(busy[connection], task)  # type: ignore[index]  # it was among the keys
            if time.monotonic() >= next_look:
                next_look = time.monotonic() + _LOOK_EVERY_SECONDS
                for worker in busy.values():
                    yield from self._look_after(worker, task)

    def __exit__(self, *error: object) -> None:
        """End the workers, whatever they do; another thread may be at `do`, which then returns."""
        self._is_closed = True
        while self._workers:
            worker = self._workers.pop()
            worker.end()
            worker.log_file.close()

    def _hand_out(self, task: Task, waiting: deque[Sequence[Item]]) -> None:
        for worker in self._workers:
            if waiting and not worker.items:
                worker.give(task, waiting.popleft())
        while waiting and len(self._workers) < len(self._devices):
            self._workers.append(_Worker(self._devices[len(self._workers)], self._folder))
            self._workers[-1].give(task, waiting.popleft())

    def _receive(self, worker: "_Worker", task: Task) -> Iterator[tuple[Item, Any]]:
        try:
            kind, *content = worker.connection.recv()
        except Exception:  # the pipe is closed, or what came through it is no message any more
            yield from self._bury(worker, task, None)
            return
        if kind == "ready":
            self._failed_starts = 0
            worker.start_clock()
        elif kind == "track":
            worker.track = content[0]
        else:
            yield worker.finish(), content[0]

    def _look_after(self, worker: "_Worker", task: Task) -> Iterator[tuple[Item, Any]]:
        if not worker.items:
            return
        # Where this process was itself stopped for a while, what workers have to say comes before their time limit.
        if time.monotonic() > worker.deadline and not worker.connection.poll():
            yield from self._bury(worker, task, "time limit")
        elif private_bytes(worker.process.pid) > self._memory_limit_bytes:
            yield from self._bury(worker, task, "memory limit")

    def _bury(self, worker: "_Worker", task: Task, limit: Limit | None) -> Iterator[tuple[Item, Any]]:
        """End a worker and let a fresh one go on with its items."""
        if self._is_closed:
            return
        if limit == "time limit":
            worker.say_where()
        status = worker.end()
        items, is_second_try = worker.items, worker.is_second_try
        worker.items = deque()
        if not worker.is_ready:
            self._count_failed_start(worker, status)
        fresh = self._workers[self._workers.index(worker)] = _Worker(worker.device, self._folder)
        if not worker.is_ready or (limit != "time limit" and not is_second_try):
            worker.log_file.close()
            fresh.give(task, items, is_second_try=worker.is_ready or is_second_try)
            return
        item = items.popleft()
        if items:
            fresh.give(task, items)
        death = self._death(worker, item, limit, status)
        worker.log_file.close()
        yield item, death

    def _count_failed_start(self, worker: "_Worker", status: int) -> None:
        self._failed_starts += 1
        if self._failed_starts == _STARTS:
            last = worker.log().strip().splitlines()[-1:] or [_how_it_ended(status)]
            raise UsageError(f"worker processes cannot start: {last[0]}")

    def _death(self, worker: "_Worker", item: Item, limit: Limit | None, status: int) -> Death:
        if limit == "time limit":
            reason = f"took longer than {item.limit_seconds:.0f} s, which is its time limit"
        elif limit == "memory limit":
            reason = f"took more than {self._memory_limit_bytes / 2**20:.0f} MiB of memory, which is a worker's limit"
        else:
            reason = f"ended its process ({_how_it_ended(status)}), twice"
        return Death(cause=limit or "crash", reason=reason, track=worker.track, details=worker.log())


class _Worker:
    """A process, and what it is doing."""

    def __init__(self, device: str, folder: Path | None) -> None:
        self.device = device
        self.items: deque[Item] = deque()
        """What is left of its group; the first is in work."""
        self.is_second_try = False
        """Whether the item in work has ended another worker before."""
        self.track = ""
        self.deadline = time.monotonic() + _START_SECONDS
        self.is_ready = False
        self.log_file = tempfile.TemporaryFile()  # noqa: SIM115  # closed when the worker is buried
        # Both ends share the place in the file where they are: what is written goes to the end wherever we read.
        fcntl.fcntl(self.log_file, fcntl.F_SETFL, fcntl.fcntl(self.log_file, fcntl.F_GETFL) | os.O_APPEND)
        self.connection, theirs = Pipe()
        their_line, our_line = os.pipe()
        self._lifeline = os.fdopen(our_line, "wb", buffering=0)
        with theirs:
            given = {"descriptor": theirs.fileno(), "lifeline": their_line}
            self.process = subprocess.Popen(
                [sys.executable, "-c", _MAIN.format(path=sys.path, package=__package__, **given)],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=self.log_file,
                stderr=self.log_file,
                pass_fds=given.values(),
                process_group=0,  # so that programs which it started end with it, and Ctrl-C reaches none of them
            )
        os.close(their_line)
        self._send(device)

    def give(self, task: Task, items: Sequence[Item] | deque[Item], *, is_second_try: bool = False) -> None:
        """Send work."""
        self.items = deque(items)
        self.is_second_try = is_second_try
        self._send((task, list(items)))
        if self.is_ready:
            self.start_clock()

    def start_clock(self) -> None:
        """Begin the time of the next item."""
        self.is_ready = True
        if self.items:
            self.deadline = time.monotonic() + self.items[0].limit_seconds

    def finish(self) -> Item:
        """Take note that the item in work is done."""
        self.track, self.is_second_try = "", False
        item = self.items.popleft()
        self.start_clock()
        return item

    def say_where(self) -> None:
        """Let it write into its log where in the code it is."""
        with suppress(OSError):
            self.process.send_signal(signal.SIGUSR1)
            time.sleep(_LOOK_EVERY_SECONDS)

    def end(self) -> int:
        """Kill it and all that it started; return its exit status."""
        with suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.connection.close()
        self._lifeline.close()
        return self.process.wait()

    def log(self) -> str:
        """Return the end of what the item in work wrote to standard output and error."""
        size = self.log_file.seek(0, os.SEEK_END)
        self.log_file.seek(max(0, size - _LOG_BYTES))
        return self.log_file.read().decode(errors="replace")

    def _send(self, message: object) -> None:
        with suppress(OSError):  # it is dead already, which shows where messages are received
            self.connection.send_bytes(pickle.dumps(message))


def _how_it_ended(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    name = signal.Signals(-status).name
    return f"{name}, most likely for want of memory" if name == "SIGKILL" else name
