"""A run in processes of its own, and moments in it, by what it has reached: they come on a machine of any speed."""

import contextlib
import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

RECIPE = (
    "tracks: {waveform: {length_seconds: 0.1, windows: {length_seconds: 0.1, hop_seconds: 0.02}}}\n"
    "align: {voice: {tracks: [waveform], timeline: none}}\n"
    "store: {shard_megabytes: 3}\n"
)
"""Little work, and a store of shards that workers share."""
STAGES = ("probe", "extract", "align")


def start(
    folder: Path,
    store: Path | str,
    *more: str,
    prepare: Callable[[], None] | None = None,
    environment: Mapping[str, str] | None = None,
) -> "subprocess.Popen[str]":
    """Start a run of a folder's corpus and recipe with two workers."""
    command = [sys.executable, "-m", "trimodal", "run", "corpus", "--recipe", "recipe.yaml", "--out", str(store)]
    return subprocess.Popen(
        [*command, "--jobs", "2", *more],
        cwd=folder,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        preexec_fn=prepare,
    )


def workers_of(run: "subprocess.Popen[str]") -> list[psutil.Process]:
    """Return the processes that a run has started."""
    with contextlib.suppress(psutil.Error):
        return psutil.Process(run.pid).children(recursive=True)
    return []


def work_of(store: Path) -> Path:
    """Return the work folder of a store."""
    return store.with_name(f"{store.name}.work")


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of the files in a folder and all those in it, by name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A moment of a run."""

    stage: str
    part: float
    """Of the files that the stage makes, or of their bytes where it makes one."""
    seconds: float
    """After that."""


def draw_moment(stage: str, chance: random.Random) -> Moment:
    """Draw a moment of a stage."""
    return Moment(stage=stage, part=chance.random(), seconds=chance.uniform(0.0, 0.1))


class LoggedRun:
    """A run that tells what it does.

    Parameters
    ----------
    folder
        Of recipe, corpus and store.
    store
        The store's name.
    whole
        A store like it that is done, with its work folder.
    more
        Further arguments.
    """

    def __init__(self, folder: Path, store: str, whole: Path, *more: str) -> None:
        self._store = folder / store
        self._whole = whole
        self._lines: list[str] = []
        self.process = start(folder, store, "--log-json", *more)

    def wait_for_stage(self, stage: str) -> None:
        """Wait until a stage begins, or the run ends."""
        begun = [name for _, name in self._begun()]
        while stage not in begun and (line := self.process.stdout.readline()):
            self._lines.append(line)
            begun = [name for _, name in self._begun()]

    def wait_for(self, moment: Moment) -> None:
        """Wait until a moment has come, or the run has ended."""
        self.wait_for_stage(moment.stage)
        enough = moment.part * _made(self._whole, moment.stage)
        enough /= 2 if moment.stage == "probe" else 1  # the other half of the notes, hashes, come with the tracks
        while self.process.poll() is None and _made(self._store, moment.stage) < enough:
            time.sleep(0.002)
        time.sleep(moment.seconds)

    def end(self, seconds: float = 120.0) -> str:
        """Wait for the end; return what was printed."""
        self._lines += self.process.communicate(timeout=seconds)[0].splitlines(keepends=True)
        return "".join(self._lines)

    def stage_at(self, when: datetime) -> str:
        """Return the stage that had begun last, of a run that has ended."""
        return [name for begun, name in self._begun() if begun <= when][-1]

    def _begun(self) -> list[tuple[datetime, str]]:
        events = [json.loads(line) for line in self._lines if line.startswith("{") and line.endswith("}\n")]
        return [(datetime.fromisoformat(one["time"]), one["stage"]) for one in events if one["event"] == "begin"]


def now() -> datetime:
    """Return the time as the log has it."""
    return datetime.now(UTC)


def remove(store: Path) -> None:
    """Remove a store and its work folder."""
    for path in (store, work_of(store)):
        shutil.rmtree(path, ignore_errors=True)


def _made(store: Path, stage: str) -> int:
    """Return how much a stage has made."""
    if stage == "probe":
        return len(list(work_of(store).glob("sources/*.json")))
    if stage == "extract":
        return len(list(work_of(store).glob("tracks/*/*.h5")))
    shards = [*store.glob("*.h5"), *store.parent.glob(f".{store.name}.*.tmp/*.h5")]
    with contextlib.suppress(OSError):  # they move when the store gets its name
        return sum(path.stat().st_size for path in shards)
    return 0
