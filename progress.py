"""Progress of a run by hours of media: a bar on a terminal, plain lines elsewhere, or JSON lines for programs."""

import json
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING

from .extract.recording import Failure
from .extract.runner import Result, Watcher
from .extract.running.disk import Estimate
from .summary import duration, size

if TYPE_CHECKING:
    import rich.progress

_LINE_EVERY_SECONDS = 5.0


class Progress(Watcher):
    """Shows how much of each stage is done, how fast it goes, and how long it will take."""

    def __init__(self) -> None:
        self._bar = _bar() if sys.stderr.isatty() else None
        self._stage = ""
        self._is_told_of_room = False

    def begin(self, stage: str, recordings: int, media_seconds: float) -> None:
        """Start a stage."""
        self._stage, self._recordings, self._media_seconds = stage, recordings, media_seconds
        self._done, self._done_seconds = 0, 0.0
        self._started = self._last_line = time.monotonic()
        if self._bar is not None and recordings:
            self._task = self._bar.add_task(stage, total=media_seconds or recordings, state="")

    def done(self, media_seconds: float, result: Result | None = None) -> None:
        """Count a recording."""
        self._done += 1
        self._done_seconds += media_seconds
        now = time.monotonic()
        if self._bar is not None:
            done = self._done_seconds if self._media_seconds else self._done
            self._bar.update(self._task, completed=done, state=self._state(now))
        elif now - self._last_line >= _LINE_EVERY_SECONDS or self._done == self._recordings:
            self._last_line = now
            left = (now - self._started) * (1 / max(self._fraction(), 1e-9) - 1)
            print(f"{self._stage}: {self._state(now)}, about {left:.0f} s left", file=sys.stderr)

    def estimate(self, estimate: Estimate, free_bytes: int) -> None:
        """Say how much room is needed."""
        store = f" and {size(estimate.store_bytes)} of store" if estimate.store_bytes else ""
        length = duration(estimate.media_seconds)
        self._say(f"about {size(estimate.tracks_bytes)} of tracks{store} for {length}; {size(free_bytes)} free")

    def forecast(self, size_bytes: int) -> None:
        """Say once how much room is needed, now that it is known better."""
        if not self._is_told_of_room:
            self._is_told_of_room = True
            self._say(f"about {size(size_bytes)} of tracks are still to come")

    def __enter__(self) -> "Progress":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _say(self, line: str) -> None:
        print(line, file=sys.stderr) if self._bar is None else self._bar.console.print(line)

    def _fraction(self) -> float:
        if self._media_seconds:
            return min(self._done_seconds / self._media_seconds, 1.0)
        return self._done / max(self._recordings, 1)

    def _state(self, now: float) -> str:
        count = f"{self._done}/{self._recordings} recordings"
        if not self._media_seconds:
            return count
        rate = self._done_seconds / max(now - self._started, 1e-9)
        unit, seconds = ("h", 3600.0) if self._media_seconds >= 3600 else ("min", 60.0)
        hours = f"{self._done_seconds / seconds:.1f} of {self._media_seconds / seconds:.1f} {unit}"
        return f"{count}, {hours}, {rate:.1f} x real time"


class JsonLog(Watcher):
    """Writes what happens to standard error, one JSON object a line."""

    def __init__(self) -> None:
        self._stage = ""

    def begin(self, stage: str, recordings: int, media_seconds: float) -> None:
        """Write how much there is to do."""
        self._stage = stage
        self._write("begin", recordings=recordings, media_seconds=media_seconds)

    def done(self, media_seconds: float, result: Result | None = None) -> None:
        """Write what came of a recording."""
        if isinstance(result, Failure):
            self._write(
                "failed", recording=result.recording, track=result.track, cause=result.cause, reason=result.reason
            )
        elif result is not None:
            self._write("done", recording=result.recording, media_seconds=media_seconds, seconds=result.total_seconds)

    def estimate(self, estimate: Estimate, free_bytes: int) -> None:
        """Write how much room is likely to be needed."""
        self._write("estimate", **asdict(estimate), free_bytes=free_bytes)

    def forecast(self, size_bytes: int) -> None:
        """Write how much room is needed."""
        self._write("forecast", bytes=size_bytes)

    def end(self) -> None:
        """Write that the stage is over."""
        self._write("end")

    def __enter__(self) -> "JsonLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """There is nothing to put away."""

    def _write(self, event: str, **facts: object) -> None:
        line = {"time": datetime.now(UTC).isoformat(), "event": event, "stage": self._stage, **facts}
        print(json.dumps(line), file=sys.stderr, flush=True)


def _bar() -> "rich.progress.Progress":
    import rich.progress
    from rich.console import Console

    return rich.progress.Progress(
        rich.progress.TextColumn("{task.description}"),
        rich.progress.BarColumn(),
        rich.progress.TextColumn("{task.fields[state]}"),
        rich.progress.TimeRemainingColumn(),
        console=Console(stderr=True),
    )
