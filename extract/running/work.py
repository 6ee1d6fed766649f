"""What workers do, in whichever process: one item at a time, each with a time limit of its own."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Tell = Callable[[str], None]
"""Told which track is being made at the moment; empty: none."""

Cause = Literal["error", "time limit", "memory limit", "crash", "killed", "lost"]
"""What an item failed of: an exception, or what ended its worker (``killed``: somebody else, or the system; ``lost``: a
machine of the cluster)."""
PASSING_CAUSES = ("killed", "lost")
"""Those that say nothing of the item: another time it may go."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One piece of work."""

    id: str
    content: Any
    """What the task is called with; can be pickled."""
    limit_seconds: float
    """How long it may take."""


class Task(Protocol):
    """A function that can be pickled."""

    def __call__(self, content: Any, device: str, tell: Tell) -> Any:
        """Do the work and return what came out; never raises."""


@dataclass(frozen=True, kw_only=True)
class Death:
    """The end of a worker, and of the item that it worked on."""

    cause: Cause
    reason: str
    """One line."""
    track: str
    """What it was making; empty: it was reading."""
    details: str
    """What it wrote to its standard error, tracebacks of native crashes among it."""
    limit: float | None = None
    """The limit that was exceeded, in seconds or bytes; None: none was."""


class Workers(ABC):
    """Something that does work; a context in which the same workers are kept."""

    @abstractmethod
    def do(self, task: Task, groups: Sequence[Sequence[Item]]) -> Iterator[tuple[Item, Any]]:
        """Do all items, and yield each with what came of it, as it is finished: the task's result, or a `Death`.

        A group stays together in one worker, its items one after the other.
        """

    def __enter__(self) -> "Workers":
        return self

    @abstractmethod
    def __exit__(self, *error: object) -> None:
        """Stop the workers, whatever they do."""


class ThisProcess(Workers):
    """No workers at all."""

    def __init__(self, device: str) -> None:
        self._device = device

    def __exit__(self, *error: object) -> None:
        """There is nothing to stop."""

    def do(self, task: Task, groups: Sequence[Sequence[Item]]) -> Iterator[tuple[Item, Any]]:
        """Do one item after the other."""
        for group in groups:
            for item in group:
                yield item, task(item.content, self._device, lambda track: None)
