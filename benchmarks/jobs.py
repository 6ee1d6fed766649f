"""Two worker processes against one over long sounds: run python benchmarks/jobs.py [MINUTES [FILES]]."""

import sys
import tempfile
import time
import wave
from pathlib import Path

import numpy as np

from trimodal.corpus import read_corpus
from trimodal.extract.running import Running
from trimodal.media import probe, read_audio
from trimodal.pipeline import extract
from trimodal.recipe import parse_recipe
from trimodal.sample import write_sample

RATE = 16_000
RECIPE = """
tracks:
  mfcc: {}
  log_mel: {}
  f0: {}
  egemaps: {extractor: opensmile}
  windows: {extractor: opensmile_functionals, windows: {length_seconds: 4, hop_seconds: 1}}
  voice_activity: {}
align:
  audio: {tracks: [mfcc], timeline: segment}
"""


def main(minutes: float, files: int) -> None:
    recipe = parse_recipe(RECIPE, "audio.yaml")
    seconds = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_sample(folder / "sample")
        clip = folder / "sample" / "happy.mp4"
        audio = read_audio(clip, probe(clip))
        assert audio is not None
        (folder / "corpus").mkdir()
        for number in range(files):
            write(folder / "corpus" / f"{number}.wav", np.resize(audio.samples, round(minutes * 60 * RATE)))
        corpus = read_corpus(folder / "corpus")
        for jobs in (1, 2):
            started = time.perf_counter()
            extraction = extract(corpus, recipe, folder / f"work{jobs}", running=Running(jobs=jobs))
            seconds[jobs] = time.perf_counter() - started
            assert not extraction.failures
    print(f"{files} sounds of {minutes:g} minutes: MFCC, log mel, pYIN, eGeMAPS, its functionals, voice activity")
    print(f"1 process    {seconds[1]:7.1f} s   1.00")
    print(f"2 processes  {seconds[2]:7.1f} s   {seconds[1] / seconds[2]:.2f}   (with their start-up)")


def write(path: Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 2.5, int(sys.argv[2]) if len(sys.argv) > 2 else 8)
