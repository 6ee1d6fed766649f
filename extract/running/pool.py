"""Worker processes on this machine, each of which may hang, swell or die without harm to the others.

joblib's loky cannot do this: when one of its processes dies, it ends all of them, and does not say on what each was
working; nor can it end a single one that hangs. Here every worker has a pipe of its own. What it works on is therefore
known at any moment, and it alone is ended and replaced.
"""

import fcntl
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import wait
from pathlib import Path
from threading import Lock
from typing import Any

from ...errors import StoppedError, UsageError, what_the_system_said
from .ending import Ending, Limit
from .memory import bytes_of_groups
from .work import Cause, Death, Item, Task, Workers

_LOOK_EVERY_SECONDS = 0.1
"""How often limits are looked after."""
_START_SECONDS = 300.0
"""How long a worker may take to say that it is there."""
_STARTS = 6
"""So many that fail one after the other are not by chance, nor by somebody who kills a few workers."""
_LOG_BYTES = 64 * 1024
_LOOKS_ABOVE = 2
"""So many times in a row a worker must be seen to take too much memory: a program that starts counts twice at first."""
_MAIN = "import sys; sys.path[:] = {path!r}; from {package}.worker import main; main({descriptor}, {lifeline})"


class Pool(Workers):
    """Worker processes, started when there is something to do.

    An item that ends its worker is tried once more in a fresh one: the harm may have been done by the one before it, or
    from outside. Only then it is a `Death`: ``killed`` where one of the two was from outside. A hang is one at once.

    Parameters
    ----------
    jobs
        How many, 1 at least.
    devices
        Dealt out to the workers in turn.
    memory_limit_bytes
        Memory that each may take for itself, with all the programs that it starts.
    temporary
        Where each makes its temporary files, in a folder of its own that goes with it.
    folder
        Where they work; None: where this process does.

    Raises
    ------
    UsageError
        If a worker cannot start.
    StoppedError
        If there is no room for its folder.
    """

    def __init__(
        self,
        jobs: int,
        devices: Sequence[str],
        memory_limit_bytes: int,
        temporary: Path,
        folder: Path | None = None,
    ) -> None:
        self._free_devices = deque(devices[number % len(devices)] for number in range(jobs))
        self._memory_limit_bytes = memory_limit_bytes
        self._workers: list[_Worker] = []
        self._failed_starts = 0
        self._temporary = temporary.absolute()
        self._folder = folder
        self._changing = Lock()
        self.is_closed = False
        """Whether it was left, and does nothing any more."""

    def do(self, task: Task, groups: Sequence[Sequence[Item]]) -> Iterator[tuple[Item, Any]]:
        """Do all items; see `Workers`."""
        try:
            yield from self._do(task, groups)
        except OSError:  # pipes that another thread has closed
            if not self.is_closed:
                raise

    def __exit__(self, *error: object) -> None:
        """End the workers, whatever they do; another thread may be at `do`, which then returns."""
        with self._changing:
            self.is_closed = True
            while self._workers:
                self._workers.pop().end_for_good()

    def rest(self, idle_seconds: float) -> None:
        """End workers that have had nothing to do for so long; there are new ones when there is something."""
        with self._changing:
            for worker in list(self._workers):
                if not worker.items and time.monotonic() - worker.idle_since > idle_seconds:
                    self._workers.remove(worker)
                    self._free_devices.append(worker.device)
                    worker.end_for_good()

    def _do(self, task: Task, groups: Sequence[Sequence[Item]]) -> Iterator[tuple[Item, Any]]:
        waiting = deque(groups)
        next_look = 0.0
        while True:
            self._hand_out(task, waiting)
            busy = {worker.connection: worker for worker in self._workers if worker.items}
            if not busy or self.is_closed:
                return
            for connection in wait(busy, _LOOK_EVERY_SECONDS):
                yield from self._receive(busy[connection], task)  # type: ignore[index]  # it was among the keys
            if time.monotonic() >= next_look:
                next_look = time.monotonic() + _LOOK_EVERY_SECONDS
                taken = bytes_of_groups([worker.process.pid for worker in busy.values()])
                for worker in busy.values():
                    yield from self._look_after(worker, task, taken.get(worker.process.pid, 0))

    def _hand_out(self, task: Task, waiting: deque[Sequence[Item]]) -> None:
        with self._changing:
            for worker in self._workers:
                if waiting and not worker.items:
                    worker.give(task, waiting.popleft())
            while waiting and not self.is_closed and self._free_devices:
                self._workers.append(self._started(self._free_devices.popleft()))
                self._workers[-1].give(task, waiting.popleft())

    def _started(self, device: str) -> "_Worker":
        return _Worker(device, self._temporary, self._folder)

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

    def _look_after(self, worker: "_Worker", task: Task, taken_bytes: int) -> Iterator[tuple[Item, Any]]:
        if not worker.items:
            return
        worker.looks_above = worker.looks_above + 1 if taken_bytes > self._memory_limit_bytes else 0
        # Where this process was itself stopped for a while, what workers have to say comes before their time limit.
        if time.monotonic() > worker.deadline and not worker.connection.poll():
            yield from self._bury(worker, task, "time limit")
        elif worker.looks_above >= _LOOKS_ABOVE:
            yield from self._bury(worker, task, "memory limit")

    def _bury(self, worker: "_Worker", task: Task, limit: Limit | None) -> Iterator[tuple[Item, Any]]:
        """End a worker and let a fresh one go on with its items."""
        with self._changing:
            if self.is_closed:
                return
            is_last_try = limit == "time limit" or worker.earlier_ending is not None
            if limit is not None and is_last_try:
                worker.say_where()
            ending = Ending(limit=limit, status=worker.end())
            items, worker.items = worker.items, deque()
            if not worker.is_ready:
                self._count_failed_start(worker, ending)
            fresh = self._workers[self._workers.index(worker)] = self._started(worker.device)
            if not worker.is_ready or not is_last_try:
                worker.log_file.close()
                fresh.give(task, items, earlier_ending=ending if worker.is_ready else worker.earlier_ending)
                return
            item = items.popleft()
            if items:
                fresh.give(task, items)
            death = self._death(worker, item, ending)
            worker.log_file.close()
        yield item, death

    def _count_failed_start(self, worker: "_Worker", ending: Ending) -> None:
        self._failed_starts += 1
        if self._failed_starts == _STARTS:
            last = worker.log().strip().splitlines()[-1:] or [str(ending)]
            raise UsageError(f"worker processes cannot start: {last[0]}")

    def _death(self, worker: "_Worker", item: Item, ending: Ending) -> Death:
        earlier = worker.earlier_ending
        how = str(ending) if earlier in (None, ending) else f"{earlier}, then {ending}"
        cause: Cause
        limit: float | None = None
        if ending.limit == "time limit":
            cause, limit = "time limit", item.limit_seconds
            reason = f"took longer than {limit:.0f} s, which is its time limit"
        elif ending.is_from_outside or (earlier is not None and earlier.is_from_outside):
            cause, reason = "killed", f"was killed ({how}), twice"
        elif ending.limit == "memory limit":
            cause, limit = "memory limit", self._memory_limit_bytes
            reason = f"took more than {limit / 2**20:.0f} MiB of memory, which is a worker's limit"
        else:
            cause, reason = "crash", f"ended its process ({how}), twice"
        return Death(cause=cause, reason=reason, track=worker.track, details=worker.log(), limit=limit)


class _Worker:
    """A process, and what it is doing."""

    def __init__(self, device: str, temporary: Path, folder: Path | None) -> None:
        self.device = device
        self.items: deque[Item] = deque()
        """What is left of its group; the first is in work."""
        self.earlier_ending: Ending | None = None
        """How another worker ended that had the item in work; None: there was none."""
        self.looks_above = 0
        """How often in a row it was seen to take too much memory."""
        self.idle_since = time.monotonic()
        self.track = ""
        self.deadline = time.monotonic() + _START_SECONDS
        self.is_ready = False
        self._temporary = _new_folder(temporary)
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
                env={**os.environ, "TMPDIR": str(self._temporary)},
                stdin=subprocess.DEVNULL,
                stdout=self.log_file,
                stderr=self.log_file,
                pass_fds=given.values(),
                process_group=0,  # so that programs which it started end with it, and Ctrl-C reaches none of them
            )
        os.close(their_line)
        self._send(device)

    def give(self, task: Task, items: Sequence[Item] | deque[Item], *, earlier_ending: Ending | None = None) -> None:
        """Send work."""
        self.items = deque(items)
        self.earlier_ending = earlier_ending
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
        self.track, self.earlier_ending = "", None
        item = self.items.popleft()
        self.idle_since = time.monotonic()
        self.start_clock()
        return item

    def say_where(self) -> None:
        """Let it write into its log where in the code it is."""
        before, until = self._log_bytes(), time.monotonic() + _LOOK_EVERY_SECONDS
        with suppress(OSError):
            self.process.send_signal(signal.SIGUSR1)
            while self._log_bytes() == before and time.monotonic() < until:
                time.sleep(_LOOK_EVERY_SECONDS / 20)
            time.sleep(_LOOK_EVERY_SECONDS / 20)  # it writes line by line

    def end(self) -> int:
        """Kill it and all that it started, and remove their files; return its exit status."""
        if self.process.returncode is None:  # else its number may be another's by now
            with suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.connection.close()
        self._lifeline.close()
        status = self.process.wait()
        shutil.rmtree(self._temporary, ignore_errors=True)
        return status

    def end_for_good(self) -> None:
        """End it, and forget what it wrote."""
        self.end()
        self.log_file.close()

    def log(self) -> str:
        """Return the end of what the item in work wrote to standard output and error."""
        self.log_file.seek(max(0, self._log_bytes() - _LOG_BYTES))
        return self.log_file.read().decode(errors="replace")

    def _log_bytes(self) -> int:
        return os.fstat(self.log_file.fileno()).st_size

    def _send(self, message: object) -> None:
        with suppress(OSError):  # it is dead already, which shows where messages are received
            self.connection.send_bytes(pickle.dumps(message))


def _new_folder(parent: Path) -> Path:
    """Make a folder that nobody else has."""
    folder = parent / uuid.uuid4().hex
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise StoppedError(f"{parent}: cannot be written ({what_the_system_said(error)}); make room") from None
    return folder
