"""How much memory there is, and how much of it a process takes."""

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


def private_bytes(process_id: int) -> int:
    """Return how much memory a process takes that it does not share: files that it maps do not count; 0: it is gone."""
    import psutil

    try:
        memory = psutil.Process(process_id).memory_info()
    except psutil.Error:
        return 0
    return int(memory.rss - getattr(memory, "shared", 0))
