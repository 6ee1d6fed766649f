"""How a run is run: nothing here changes what comes out."""

import math
from dataclasses import dataclass
from urllib.parse import urlsplit

from ...errors import UsageError
from ..base import Execution
from .memory import share
from .work import Cause

LOCAL = "local"
"""Instead of an address: a cluster of processes on this machine."""
_PROTOCOLS = ("tcp", "tls", "ws", "wss", "ucx")


@dataclass(frozen=True, kw_only=True)
class Running:
    """Processes, devices and limits.

    Raises
    ------
    UsageError
        If a number is out of its range, or a device is not there.
    """

    jobs: int = 0
    """Worker processes; 0: none, the work is done in this process, which hangs and dies with it."""
    devices: tuple[str, ...] = ("cpu",)
    """Where models run: torch devices, dealt out to the workers in turn."""
    time_limit_seconds: float = 600.0
    """How long a recording may take whatever its length."""
    time_limit_factor: float = 20.0
    """How many seconds more it may take for every second that it lasts."""
    memory_limit_bytes: int | None = None
    """Memory that a worker may take for itself; None: an equal share of the machine's, but 2 GiB at least."""
    retry_failed: bool = False
    """Whether recordings are tried again that failed before, for a reason that lies in their data."""
    scheduler: str | None = None
    """Address of a Dask scheduler, ``local`` for a cluster of ``jobs`` processes on this machine; None: no cluster."""

    def __post_init__(self) -> None:
        if self.jobs < 0:
            raise UsageError(f"jobs must be at least 0, found {self.jobs}")
        if not self.devices:
            raise UsageError("no device is named; expected cpu, cuda or several as cuda:0,cuda:1")
        limits = (self.time_limit_seconds, self.time_limit_factor)
        if not (all(map(math.isfinite, limits)) and self.time_limit_seconds > 0 and self.time_limit_factor >= 0):
            found = f"{self.time_limit_seconds} s and {self.time_limit_factor} s for every second"
            raise UsageError(f"time limits must be positive, found {found}")
        if self.memory_limit_bytes is not None and self.memory_limit_bytes < 2**28:
            raise UsageError(f"a worker needs 256 MiB at least, found a limit of {self.memory_limit_bytes / 2**20:.0f}")
        if self.scheduler not in (None, LOCAL):
            _check_address(str(self.scheduler))
        for device in self.devices:
            Execution(device=device)

    @property
    def memory_limit(self) -> int:
        """How many bytes a worker on this machine may take."""
        return self.memory_limit_bytes or share(self.jobs)

    def time_limit(self, media_seconds: float) -> float:
        """Return how many seconds a recording of that length may take."""
        return self.time_limit_seconds + self.time_limit_factor * media_seconds

    def limit(self, cause: Cause, media_seconds: float) -> float | None:
        """Return what a recording of that length may take before it fails of a cause; None: no limit is known here."""
        if cause == "time limit":
            return self.time_limit(media_seconds)
        is_elsewhere = self.scheduler not in (None, LOCAL) and self.memory_limit_bytes is None
        return float(self.memory_limit) if cause == "memory limit" and not is_elsewhere else None


def _check_address(address: str) -> None:
    """Find out at once what Dask would look for half a minute long."""
    try:
        parts = urlsplit(address)
        is_one = parts.scheme in _PROTOCOLS and bool(parts.hostname and parts.port) and not parts.path.strip("/")
    except ValueError:  # a port that is none
        is_one = False
    if not is_one:
        raise UsageError(f"'{address}' is no address of a Dask scheduler; expected tcp://HOST:PORT, or {LOCAL}")
