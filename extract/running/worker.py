"""The other end of a pool's pipe: a process that does what it is sent, until the pipe closes."""

import faulthandler
import fcntl
import gc
import os
import pickle
import signal
import sys
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread, Timer

_START_SECONDS = 30.0
"""How long a worker's start usually takes at most: importing packages and loading models, with the first items."""
LOG_NUMBER = 2
"""File descriptor of standard error, which a pool points at a file."""


def main(descriptor: int, lifeline: int) -> None:
    """Serve the pool at the other end of a pipe, as long as it holds the other end of the lifeline, too.

    Messages in: a pickled device, then pickled pairs of a task and its items. Messages out: ``("ready",)``; for every
    item ``("track", name)`` whenever another track is begun, and ``("done", result)``.
    """
    _end_with(lifeline)
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Packages and models are a million objects that stay: looking for garbage among them takes a third of the start.
    gc.disable()
    started = Timer(_START_SECONDS, gc.enable)
    started.daemon = True
    started.start()
    connection = Connection(descriptor)
    messages: SimpleQueue[bytes] = SimpleQueue()
    # Unpickling imports packages, some of which want to be in the main thread: this one only listens.
    Thread(target=_receive, args=(connection, messages), daemon=True).start()
    device = pickle.loads(messages.get())
    connection.send(("ready",))
    while True:
        task, items = pickle.loads(messages.get())
        for item in items:
            _empty_log()
            connection.send(("done", task(item.content, device, lambda track: connection.send(("track", track)))))


def _end_with(lifeline: int) -> None:
    """Let the system end this process, and all that it started, when the other end of a pipe is closed.

    Nothing has to run here for it, so that it also ends native code that hangs and keeps Python's lock. (Elsewhere than
    on Linux such code lives on.)
    """
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, os.O_ASYNC)


def _receive(connection: Connection, messages: "SimpleQueue[bytes]") -> None:
    """Pass messages on; where the pool is gone, end this process and all that it started."""
    try:
        while True:
            messages.put(connection.recv_bytes())
    except (EOFError, OSError):
        os.killpg(0, signal.SIGKILL)


def _empty_log() -> None:
    """Forget what earlier items wrote: the log is to say what happened to one."""
    sys.stderr.flush()
    sys.stdout.flush()
    os.ftruncate(LOG_NUMBER, 0)
