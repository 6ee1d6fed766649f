"""How a run is run: nothing here changes what comes out."""

from dataclasses import dataclass

from ...errors import UsageError
from ..base import Execution


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
        if not (self.time_limit_seconds > 0 and self.time_limit_factor >= 0):
            found = f"{self.time_limit_seconds} s and {self.time_limit_factor} s for every second"
            raise UsageError(f"time limits must be positive, found {found}")
        if self.memory_limit_bytes is not None and self.memory_limit_bytes < 2**28:
            raise UsageError(f"a worker needs 256 MiB at least, found a limit of {self.memory_limit_bytes / 2**20:.0f}")
        for device in self.devices:
            Execution(device=device)

    def time_limit(self, media_seconds: float) -> float:
        """Return how many seconds a recording of that length may take."""
        return self.time_limit_seconds + self.time_limit_factor * media_seconds
