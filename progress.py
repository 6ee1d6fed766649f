"""Progress of a run: bars on a terminal, plain lines elsewhere."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import rich.progress

    from .extract.recording import Failure, RecordingTracks

_LINE_EVERY_SECONDS = 5.0


class Progress:
    """Shows how many recordings are done. On a terminal a bar with the time left, elsewhere now and then a line.

    Parameters
    ----------
    total
        Number of recordings.
    quiet
        Show nothing.
    """

    def __init__(self, total: int, quiet: bool) -> None:
        self._total = total
        self._quiet = quiet
        self._done = 0
        self._media_seconds = 0.0
        self._started = self._last_line = time.monotonic()
        self._bar = None if quiet or not sys.stderr.isatty() else _bar(total)

    def done(self, result: "RecordingTracks | Failure") -> None:
        """Count a recording."""
        self._done += 1
        self._media_seconds += getattr(result, "duration_seconds", 0.0)
        now = time.monotonic()
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], advance=1, rate=self._rate(now))
        elif not self._quiet and (now - self._last_line >= _LINE_EVERY_SECONDS or self._done == self._total):
            self._last_line = now
            left = (now - self._started) / self._done * (self._total - self._done)
            print(f"{self._done}/{self._total} recordings, {self._rate(now)}, about {left:.0f} s left", file=sys.stderr)

    def __enter__(self) -> "Progress":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _rate(self, now: float) -> str:
        return f"{self._media_seconds / max(now - self._started, 1e-9):.1f} x real time"


def _bar(total: int) -> "rich.progress.Progress":
    import rich.progress
    from rich.console import Console

    bar = rich.progress.Progress(
        rich.progress.TextColumn("extract"),
        rich.progress.BarColumn(),
        rich.progress.MofNCompleteColumn(),
        rich.progress.TextColumn("{task.fields[rate]}"),
        rich.progress.TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    bar.add_task("extract", total=total, rate="")
    return bar
