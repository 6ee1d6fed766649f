"""Progress of a run by hours of media: a bar on a terminal, plain lines elsewhere, or JSON lines for programs."""

import json
import sys
import time
import warnings
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

from .amounts import duration, size
from .extract.recording import Failure
from .extract.runner import Result, Watcher
from .extract.running.disk import Estimate
from .summary import Summary

if TYPE_CHECKING:
    import rich.progress

_LINE_EVERY_SECONDS = 5.0


class Quiet(Watcher):
    """Shows what is wrong and nothing else; the base of what shows more. A context, in which things are shown."""

    def say(self, kind: str, text: str) -> None:
        """Show a line of a kind: ``note``, ``problem``, ``error``."""
        print(f"{kind}: {text}", file=sys.stderr)

    def waits(self, reason: str) -> None:
        """Say it."""
        self.say("note", reason)

    def summary(self, summary: Summary) -> None:
        """Show at the end what was done."""
        summary.show_failures()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """There is nothing to put away."""


class Progress(Quiet):
    """Shows how much of each stage is done, how fast it goes, and how long it will take.

    Of the stage that finds out how long recordings last, recordings are counted: the hours are what it finds.
    """

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

    def done(self, recording: str, media_seconds: float, result: Result | None = None) -> None:
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
        length = duration(estimate.media_seconds)
        self._print(f"about {estimate} for {length}; {size(free_bytes)} free")

    def forecast(self, size_bytes: int) -> None:
        """Say once how much room is needed, now that it is known better."""
        if not self._is_told_of_room:
            self._is_told_of_room = True
            self._print(f"about {size(size_bytes)} of tracks are still to come")

    def say(self, kind: str, text: str) -> None:
        """Show a line beside the bar."""
        self._print(f"{kind}: {text}")

    def summary(self, summary: Summary) -> None:
        """Show all of it."""
        summary.show()

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _print(self, line: str) -> None:
        print(line, file=sys.stderr) if self._bar is None else self._bar.console.print(
            line, markup=False, highlight=False, soft_wrap=True
        )

    def _fraction(self) -> float:
        if self._media_seconds:
            return min(self._done_seconds / self._media_seconds, 1.0)
        return self._done / max(self._recordings, 1)

    def _state(self, now: float) -> str:
        count = f"{self._done}/{self._recordings} recordings"
        if not self._media_seconds:
            return f"{count}, {duration(self._done_seconds)} found" if self._done_seconds else count
        rate = self._done_seconds / max(now - self._started, 1e-9)
        unit, seconds = ("h", 3600.0) if self._media_seconds >= 3600 else ("min", 60.0)
        hours = f"{self._done_seconds / seconds:.1f} of {self._media_seconds / seconds:.1f} {unit}"
        return f"{count}, {hours}, {rate:.1f} x real time"


class JsonLog(Quiet):
    """Writes what happens to standard error, one JSON object a line and nothing else."""

    def __init__(self) -> None:
        self._stage = ""
        self._stack = ExitStack()

    def say(self, kind: str, text: str) -> None:
        """Write a line of text as an event of its kind."""
        self._write(kind, text=text)

    def known(self, results: Collection[Result]) -> None:
        """Write how many recordings are done already, and which failed before."""
        failures = [result for result in results if isinstance(result, Failure)]
        self._write("known", done=len(results) - len(failures), failed=len(failures))
        for failure in failures:
            self._write_failure(failure)

    def begin(self, stage: str, recordings: int, media_seconds: float) -> None:
        """Write how much there is to do."""
        self._stage = stage
        self._write("begin", recordings=recordings, media_seconds=media_seconds)

    def done(self, recording: str, media_seconds: float, result: Result | None = None) -> None:
        """Write what came of a recording."""
        if isinstance(result, Failure):
            self._write_failure(result)
        else:
            seconds = {} if result is None else {"seconds": result.total_seconds}
            self._write("done", recording=recording, media_seconds=media_seconds, **seconds)

    def waits(self, reason: str) -> None:
        """Write what for."""
        self._write("waits", text=reason)

    def estimate(self, estimate: Estimate, free_bytes: int) -> None:
        """Write how much room is likely to be needed."""
        self._write("estimate", **asdict(estimate), free_bytes=free_bytes)

    def forecast(self, size_bytes: int) -> None:
        """Write how much room is needed."""
        self._write("forecast", bytes=size_bytes)

    def end(self) -> None:
        """Write that the stage is over."""
        self._write("end")
        self._stage = ""

    def summary(self, summary: Summary) -> None:
        """Write all of it."""
        self._write("summary", **summary.facts())

    def __enter__(self) -> Self:
        """Let warnings of Python's packages be events, too."""
        self._stack.enter_context(warnings.catch_warnings())
        warnings.showwarning = lambda message, *_: self.say("warning", str(message))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _write_failure(self, failure: Failure) -> None:
        self._write(
            "failed",
            recording=failure.recording,
            track=failure.track,
            cause=failure.cause,
            reason=failure.reason,
            in_earlier_run=failure.is_remembered,
        )

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
