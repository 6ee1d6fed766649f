"""A run as a whole: run python benchmarks/run.py [COPIES].

Prints two processes against one, in seconds and in processor time (which tells more where others use the machine, too),
what the driver adds to the work itself, the cost of an hour of media by the size of the corpus, a run that finds
everything done, and start-up.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

from trimodal.corpus import Corpus, read_corpus
from trimodal.extract.running import Running
from trimodal.pipeline import RunReport, run
from trimodal.recipe import Recipe, load_recipe, parse_recipe
from trimodal.sample import write_sample

CHEAP = parse_recipe(
    "tracks: {waveform: {length_seconds: 0.1, windows: {length_seconds: 0.1, hop_seconds: 0.1}}}\n"
    "align: {voice: {tracks: [waveform], timeline: segment}}",
    "cheap.yaml",
)


def main(copies: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_sample(folder / "sample")
        clips = sorted((folder / "sample").glob("*.mp4"))
        quickstart, corpus = load_recipe("quickstart"), _copies(clips, folder / "corpus", copies * len(clips))
        # A short run first: compilation of libraries is paid once and is no part of the comparison.
        run(read_corpus(folder / "sample"), quickstart, folder / "warm.store", running=Running(jobs=1))
        wall, used, reports = {}, {}, {}
        for jobs in (1, 2):
            before = _processor_seconds()
            wall[jobs], reports[jobs] = _timed(corpus, quickstart, folder / f"{jobs}.store", jobs)
            used[jobs] = _processor_seconds() - before
        again, _ = _timed(corpus, quickstart, folder / "2.store", 2)
        _print_speed(reports[1], wall, used, again)
        print("recordings   s per hour of media, cheap recipe, 2 processes")
        for count in (10, 100, 1000):
            seconds, report = _timed(_copies(clips, folder / f"{count}", count), CHEAP, folder / f"{count}.store", 2)
            again, _ = _timed(read_corpus(folder / f"{count}"), CHEAP, folder / f"{count}.store", 2)
            hours = _media_seconds(report) / 3600
            each = f"{again / count * 1000:.1f} ms each"
            print(f"{count:10d}   {seconds / hours:7.1f}   again {again / hours:7.1f}   {each}")
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "trimodal", "--help"], check=True, capture_output=True)
    print(f"trimodal --help      {time.perf_counter() - started:7.2f} s")


def _copies(clips: list[Path], folder: Path, count: int) -> Corpus:
    folder.mkdir()
    for number in range(count):
        clip = clips[number % len(clips)]
        for file in clip.parent.glob(f"{clip.stem}.*"):
            shutil.copyfile(file, folder / f"{clip.stem}{number}{file.suffix}")
    return read_corpus(folder)


def _timed(corpus: Corpus, recipe: Recipe, store: Path, jobs: int) -> tuple[float, RunReport]:
    started = time.perf_counter()
    report = run(corpus, recipe, store, running=Running(jobs=jobs))
    return time.perf_counter() - started, report


def _processor_seconds() -> float:
    """Return what this process and those that it has ended took so far."""
    return sum(use.ru_utime + use.ru_stime for use in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))


def _media_seconds(report: RunReport) -> float:
    return sum(recording.duration_seconds for recording in report.extraction.recordings)


def _print_speed(report: RunReport, wall: dict[int, float], used: dict[int, float], again: float) -> None:
    recordings, media = report.extraction.recordings, _media_seconds(report)
    work = sum(recording.total_seconds for recording in recordings)
    tracks = sum(sum(recording.seconds.values()) for recording in recordings)
    print(f"{len(recordings)} clips, {media:.0f} s of media, quickstart")
    for jobs, name in ((1, "1 process  "), (2, "2 processes")):
        speed = f"{media / wall[jobs]:5.2f} x real time   {wall[1] / wall[jobs]:.2f}"
        print(f"{name}          {wall[jobs]:7.1f} s   {speed}   {used[jobs]:.1f} s of processor time")
    print(f"of 1 process: tracks {tracks:7.1f} s")
    print(f"decoding, writing    {work - tracks:7.1f} s")
    print(f"driver, start, store {wall[1] - work:7.1f} s   {(wall[1] / work - 1) * 100:.0f} % of the work")
    print(f"run again, all done  {again:7.1f} s   {again / len(recordings) * 1000:.1f} ms a clip")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8)
