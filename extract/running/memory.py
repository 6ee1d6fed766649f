"""How much memory there is, and how much of it a process takes."""

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")
_LEAST_SHARE_BYTES = 2 * 2**30
_KEPT_FREE = 0.1
"""Part of the machine's memory that no worker gets."""


def share(jobs: int) -> int:
    """Return how many bytes each of so many workers may take: an equal share, but 2 GiB at least."""
    return max(_LEAST_SHARE_BYTES, int(total() * (1 - _KEPT_FREE) / max(jobs, 1)))


def total() -> int:
    """Return how many bytes this machine has, or this container may use."""
    import psutil

    machine = int(psutil.virtual_memory().total)
    try:
        return min(machine, int(_CGROUP_LIMIT.read_text(encoding="ascii")))
    except (OSError, ValueError):  # no such limit
        return machine


def bytes_of_groups(leaders: Collection[int]) -> dict[int, int]:
    """Return how much memory groups of processes take, by the process that leads each: a worker and what it started.

    What processes share does not count: files that they map. A program that is being started may count twice for a
    moment, as it has the memory of the process that starts it.
    """
    import psutil

    taken = dict.fromkeys(leaders, 0)
    for process_id in psutil.pids():
        with suppress(OSError, psutil.Error):  # it is gone
            group = os.getpgid(process_id)
            if group in taken:
                memory = psutil.Process(process_id).memory_info()
                taken[group] += int(memory.rss - getattr(memory, "shared", 0))
    return taken
