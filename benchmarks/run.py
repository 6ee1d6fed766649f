"""Two processes against one, a run that finds everything done, and start-up: run python benchmarks/run.py [COPIES]."""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from trimodal.corpus import read_corpus
from trimodal.pipeline import run
from trimodal.recipe import load_recipe
from trimodal.sample import write_sample


def main(copies: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_sample(folder / "sample")
        corpus = folder / "corpus"
        corpus.mkdir()
        for number in range(copies):
            for file in (folder / "sample").glob("*.*"):
                if file.name != "manifest.csv":
                    shutil.copyfile(file, corpus / f"{file.stem}{number}{file.suffix}")
        recipe, found = load_recipe("quickstart"), read_corpus(corpus)
        seconds = {}
        # A short run first: imports and compilation of libraries are paid once and are no part of the comparison.
        run(read_corpus(folder / "sample"), recipe, folder / "warm.store", jobs=1)
        for jobs in (1, 2):
            started = time.perf_counter()
            report = run(found, recipe, folder / f"{jobs}.store", jobs=jobs)
            seconds[jobs] = time.perf_counter() - started
        media = sum(recording.duration_seconds for recording in report.extraction.recordings)
        started = time.perf_counter()
        run(found, recipe, folder / "2.store", jobs=1)
        again = time.perf_counter() - started
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "trimodal", "--help"], check=True, capture_output=True)
    start_up = time.perf_counter() - started
    print(f"{len(found.recordings)} clips, {media:.0f} s of media, quickstart")
    print(f"1 process            {seconds[1]:7.1f} s   {media / seconds[1]:5.2f} x real time   1.00")
    print(
        f"2 processes          {seconds[2]:7.1f} s   {media / seconds[2]:5.2f} x real time   "
        f"{seconds[1] / seconds[2]:.2f}   (with their start-up)"
    )
    print(f"run again, all done  {again:7.1f} s   {again / len(found.recordings) * 1000:.0f} ms a clip")
    print(f"trimodal --help      {start_up:7.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8)
