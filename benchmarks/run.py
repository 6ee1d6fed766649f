"""A run as a whole: run python benchmarks/run.py [COPIES [RECORDINGS ...]].

Prints two processes against one, in seconds and in processor time (which tells more where others use the machine, too);
where the time of one goes, and what the driver adds to the extractors' own; a run that finds everything done; the cost
of an hour of media by the size of the corpus (10, 100 and 1,000 recordings if nothing else is said), with and without
the start of the workers; and how long the command takes to start.
"""

import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from statistics import median

from trimodal.corpus import Corpus, read_corpus
from trimodal.extract.recording import RecordingTracks
from trimodal.extract.runner import Watcher
from trimodal.extract.running import Running
from trimodal.pipeline import RunReport, run
from trimodal.recipe import Recipe, load_recipe, parse_recipe
from trimodal.sample import write_sample

CHEAP = parse_recipe(
    "tracks: {waveform: {length_seconds: 0.1, windows: {length_seconds: 0.1, hop_seconds: 0.1}}}\n"
    "align: {voice: {tracks: [waveform], timeline: segment}}",
    "cheap.yaml",
)


class Clock(Watcher):
    """Notes when stages begin, and when the first recording of each was begun."""

    def __init__(self) -> None:
        self.begun: dict[str, float] = {}
        self.first: dict[str, float] = {}

    def begin(self, stage: str, recordings: int, media_seconds: float) -> None:
        """Note the stage's begin."""
        self._stage = stage
        self.begun[stage] = time.perf_counter()

    def done(self, *done: object) -> None:
        """Note when work at the first began; what it did not spend on its tracks was spent on imports."""
        took = sum(_parts(done[-1])) if isinstance(done[-1], RecordingTracks) else 0.0
        self.first.setdefault(self._stage, time.perf_counter() - took)

    @property
    def start_seconds(self) -> float:
        """How long nothing was done yet: workers started and imported packages."""
        return sum(self.first[stage] - self.begun[stage] for stage in ("probe", "extract"))


@dataclass(frozen=True, kw_only=True)
class Timed:
    """A run, and how long it took."""

    report: RunReport
    seconds: float
    processor_seconds: float
    start_seconds: float
    store_seconds: float

    @property
    def media_seconds(self) -> float:
        """How long the media last."""
        return sum(recording.duration_seconds for recording in self.report.extraction.recordings)


def main(copies: int, counts: Sequence[int]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_sample(folder / "sample")
        clips = sorted((folder / "sample").glob("*.mp4"))
        quickstart, corpus = load_recipe("quickstart"), _copies(clips, folder / "corpus", copies * len(clips))
        # A short run first: compilation of libraries is paid once and is no part of the comparison.
        run(read_corpus(folder / "sample"), quickstart, folder / "warm.store", running=Running(jobs=1))
        done = {jobs: _timed(corpus, quickstart, folder / f"{jobs}.store", jobs) for jobs in (1, 2)}
        again = _seconds(corpus, quickstart, folder / "2.store", 2)
        _print_speed(done[1], done[2])
        _print_parts(done[1])
        print(f"run again, all done    {again:8.2f} s   {again / len(corpus.recordings) * 1000:.1f} ms a clip")
        print("recordings   s per hour of media, cheap recipe, 2 processes; without the start of workers; all done")
        for count in counts:
            corpus = _copies(clips, folder / f"{count}", count)
            cheap = _timed(corpus, CHEAP, folder / f"{count}.store", 2)
            again = _seconds(corpus, CHEAP, folder / f"{count}.store", 2)
            hours = cheap.media_seconds / 3600
            without = (cheap.seconds - cheap.start_seconds) / hours
            each = f"{again / count * 1000:.1f} ms each"
            print(f"{count:10d}   {cheap.seconds / hours:7.1f}   {without:7.1f}   {again / hours:7.1f}   {each}")
    _print_help()


def _parts(recording: RecordingTracks) -> tuple[float, float, float]:
    """Return how many seconds a recording took: the extractors' own, of reading and decoding, of writing."""
    return sum(recording.seconds.values()), recording.reading_seconds, recording.writing_seconds


def _copies(clips: list[Path], folder: Path, count: int) -> Corpus:
    folder.mkdir()
    for number in range(count):
        clip = clips[number % len(clips)]
        for file in clip.parent.glob(f"{clip.stem}.*"):
            shutil.copyfile(file, folder / f"{clip.stem}{number}{file.suffix}")
    return read_corpus(folder)


def _timed(corpus: Corpus, recipe: Recipe, store: Path, jobs: int) -> Timed:
    clock, used, started = Clock(), _processor_seconds(), time.perf_counter()
    report = run(corpus, recipe, store, running=Running(jobs=jobs), watcher=clock)
    ended = time.perf_counter()
    return Timed(
        report=report,
        seconds=ended - started,
        processor_seconds=_processor_seconds() - used,
        start_seconds=clock.start_seconds,
        store_seconds=ended - clock.begun["align"],
    )


def _seconds(corpus: Corpus, recipe: Recipe, store: Path, jobs: int) -> float:
    """Return how long a run takes that finds everything done."""
    started = time.perf_counter()
    assert not run(corpus, recipe, store, running=Running(jobs=jobs)).written
    return time.perf_counter() - started


def _processor_seconds() -> float:
    """Return what this process and those that it has ended took so far."""
    return sum(use.ru_utime + use.ru_stime for use in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))


def _print_speed(one: Timed, two: Timed) -> None:
    print(f"{len(one.report.extraction.recordings)} clips, {one.media_seconds:.0f} s of media, quickstart")
    for name, timed in (("1 process", one), ("2 processes", two)):
        speed = f"{one.media_seconds / timed.seconds:5.2f} x real time   {one.seconds / timed.seconds:.2f}"
        print(f"{name:20}   {timed.seconds:8.2f} s   {speed}   {timed.processor_seconds:.1f} s of processor time")


def _print_parts(timed: Timed) -> None:
    """Print where the time of a run with one process went, and each part's ratio to the extractors' own time."""
    own, reading, writing = map(sum, zip(*map(_parts, timed.report.extraction.recordings), strict=True))
    parts = {
        "extractors' own": own,
        "reading, decoding": reading,
        "writing tracks": writing,
        "start of the worker": timed.start_seconds,
        "aligning, store": timed.store_seconds,
    }
    parts["driver"] = timed.seconds - sum(parts.values())
    for name, seconds in parts.items():
        print(f"{name:20}   {seconds:8.2f} s   {seconds / own * 100:5.1f} % of the extractors' own")
    print(f"{'all but these':20}   {timed.seconds - own:8.2f} s   {(timed.seconds / own - 1) * 100:5.1f} %")


def _print_help() -> None:
    command = Path(sysconfig.get_path("scripts")) / "trimodal"
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run([command, "--help"], check=True, capture_output=True)
        seconds.append(time.perf_counter() - started)
    print(f"trimodal --help        {median(seconds):8.2f} s, the median of {len(seconds)}")


if __name__ == "__main__":
    numbers = [int(text) for text in sys.argv[1:]]
    main(numbers[0] if numbers else 8, numbers[1:] or (10, 100, 1000))
