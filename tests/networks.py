"""A Dask scheduler and two workers, each in a network namespace of its own, as if on three machines.

Run `unshare --map-root-user --net python networks.py COMMAND ...`: the command runs beside the scheduler, with
SCHEDULER in it replaced by its address. Namespaces and all processes end with it.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

SCHEDULER = "SCHEDULER"
NEW_NETWORK = ("unshare", "--map-root-user", "--net")
_PORT = 8786
_HOSTS = (1, 2)


def main(command: list[str]) -> int:
    """Run a command beside a scheduler with two workers behind cables of their own."""
    with ExitStack() as stack:
        _ip("link", "set", "lo", "up")
        dask = (sys.executable, "-m", "dask")
        stack.enter_context(_running((*dask, "scheduler", "--port", str(_PORT), "--no-dashboard")))
        for host in _HOSTS:
            network = stack.enter_context(_network(host))
            worker = ("worker", f"tcp://10.0.{host}.1:{_PORT}", "--nthreads", "1", "--memory-limit", "0")
            stack.enter_context(_running((*_inside(network), *dask, *worker, "--no-dashboard")))
        return subprocess.run([part.replace(SCHEDULER, f"tcp://10.0.1.1:{_PORT}") for part in command]).returncode


@contextmanager
def _network(host: int) -> Iterator[int]:
    """Make a network with one cable to ours, as 10.0.HOST.2, and give the process that keeps it."""
    with _running(("unshare", "--net", "sh", "-c", "echo; exec sleep 3600"), waits=True) as keeper:
        ours, theirs = f"ours{host}", f"theirs{host}"
        _ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", str(keeper))
        _ip("address", "add", f"10.0.{host}.1/24", "dev", ours)
        _ip("link", "set", ours, "up")
        for arguments in (
            ("link", "set", "lo", "up"),
            ("address", "add", f"10.0.{host}.2/24", "dev", theirs),
            ("link", "set", theirs, "up"),
            ("route", "add", "default", "via", f"10.0.{host}.1"),
        ):
            _ip(*arguments, inside=keeper)
        yield keeper


@contextmanager
def _running(command: tuple[str, ...], *, waits: bool = False) -> Iterator[int]:
    """Run a program, and end it; ``waits``: until it has written a line."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE if waits else sys.stderr)
    try:
        if process.stdout is not None:
            process.stdout.readline()
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


def _ip(*arguments: str, inside: int | None = None) -> None:
    enter = () if inside is None else _inside(inside)
    subprocess.run([*enter, "ip", *arguments], check=True)


def _inside(process_id: int) -> tuple[str, ...]:
    return ("nsenter", "--target", str(process_id), "--net", "--preserve-credentials")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
