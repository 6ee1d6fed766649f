"""A record of every run, beside the tracks: what differs from run to run and so is not in a store."""

import os
import platform
import time
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from . import __version__
from .corpus import Corpus
from .extract.recording import Failure
from .extract.runner import Result, Watcher
from .extract.running import Running
from .extract.running.disk import Estimate
from .extract.running.memory import total
from .extract.source_notes import write_json
from .recipe import Recipe

FOLDER = "runs"
"""In the work folder."""


class Recorder(Watcher):
    """Writes down what a run does, and passes all of it on to another watcher.

    The record is written when the context is left, whatever the reason.

    Parameters
    ----------
    work
        The work folder.
    corpus, recipe, running
        What is run, and how; None: nothing is extracted.
    watcher
        Told everything.
    """

    def __init__(self, work: Path, corpus: Corpus, recipe: Recipe, running: Running | None, watcher: Watcher) -> None:
        self._work = work
        self._watcher = watcher
        self._begun = datetime.now(UTC)
        self._stage = ""
        self._stage_begun = 0.0
        self._stages: dict[str, float] = {}
        self._tracks: defaultdict[str, float] = defaultdict(float)
        self._reading_seconds = 0.0
        self._writing_seconds = 0.0
        self._failures: Counter[str] = Counter()
        self.failures: list[Failure] = []
        """Of this run and of earlier ones, as far as they are known."""
        self._recordings = 0
        self._media_seconds = 0.0
        self._estimate: dict[str, float] | None = None
        self._facts = {
            "trimodal": __version__,
            "machine": {
                "name": platform.node(),
                "system": platform.platform(),
                "python": platform.python_version(),
                "cores": os.cpu_count(),
                "memory_bytes": total(),
            },
            "corpus": str(corpus.root.absolute()),
            "recordings_in_corpus": len(corpus.recordings),
            "recipe": recipe.name,
            "dry_weights": recipe.dry_weights,
            "work": str(work.absolute()),
            "running": None if running is None else asdict(running),
        }

    def begin(self, stage: str, recordings: int, media_seconds: float) -> None:
        """Start the stage's clock."""
        self._stage, self._stage_begun = stage, time.perf_counter()
        self._watcher.begin(stage, recordings, media_seconds)

    def known(self, results: Collection[Result]) -> None:
        """Note those that failed."""
        self.failures += [result for result in results if isinstance(result, Failure)]
        self._watcher.known(results)

    def waits(self, reason: str) -> None:
        """Pass it on."""
        self._watcher.waits(reason)

    def done(self, recording: str, media_seconds: float, result: Result | None = None) -> None:
        """Count a recording."""
        if isinstance(result, Failure):
            self._failures[result.cause] += 1
            self.failures.append(result)
        elif result is not None:
            self._recordings += 1
            self._media_seconds += media_seconds
            self._reading_seconds += result.reading_seconds
            self._writing_seconds += result.writing_seconds
            for track, seconds in result.seconds.items():
                self._tracks[track] += seconds
        self._watcher.done(recording, media_seconds, result)

    def estimate(self, estimate: Estimate, free_bytes: int) -> None:
        """Note it."""
        self._estimate = asdict(estimate)
        self._watcher.estimate(estimate, free_bytes)

    def forecast(self, size_bytes: int) -> None:
        """Pass it on."""
        self._watcher.forecast(size_bytes)

    def end(self) -> None:
        """Stop the stage's clock."""
        self._stages[self._stage] = time.perf_counter() - self._stage_begun
        self._stage = ""
        self._watcher.end()

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stage:
            self._stages[self._stage] = time.perf_counter() - self._stage_begun
        record = {
            **self._facts,
            "begun": self._begun.isoformat(),
            "ended": datetime.now(UTC).isoformat(),
            "stopped_by": "" if kind is None else kind.__name__,
            "recordings_extracted": self._recordings,
            "media_seconds": self._media_seconds,
            "failures": dict(self._failures),
            "estimate": self._estimate,
            "seconds_by_stage": self._stages,
            "seconds_by_track": dict(self._tracks),
            "seconds_of_reading": self._reading_seconds,
            "seconds_of_writing": self._writing_seconds,
        }
        try:
            write_json(self._work / FOLDER / f"{self._begun:%Y%m%dT%H%M%S}-{os.getpid()}.json", record)
        except OSError:
            if kind is None:  # else what ended the run says more
                raise
