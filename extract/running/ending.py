"""How a worker process ended, and whose doing that was."""

import signal
from dataclasses import dataclass
from typing import Literal

Limit = Literal["time limit", "memory limit"]
"""What a pool ends a worker for."""

_OWN_FAULTS = {
    signal.SIGABRT,
    signal.SIGFPE,
    signal.SIGILL,
    signal.SIGSEGV,
    signal.SIGSYS,
    signal.SIGTRAP,
}
"""Signals that code brings upon itself. The others come from outside: from whoever stops programs, or from the system,
which kills for want of memory, and sends SIGBUS where a mapped file finds no room on a disk."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """The end of a worker."""

    limit: Limit | None
    """The limit for which its pool ended it; None: it ended by itself, or somebody else ended it."""
    status: int
    """As `subprocess.Popen.wait` returns it."""

    @property
    def is_from_outside(self) -> bool:
        """Whether what the worker did need not have been the reason."""
        return self.limit is None and self.status < 0 and -self.status not in _OWN_FAULTS

    def __str__(self) -> str:
        if self.limit is not None:
            return self.limit
        if self.status >= 0:
            return f"exit status {self.status}"
        name = signal.Signals(-self.status).name
        return f"{name}, most likely for want of memory" if name == "SIGKILL" else name
