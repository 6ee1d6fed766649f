"""openSMILE's functionals in one pass against one call per window: run python benchmarks/functionals.py [FILE]."""

import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import opensmile

from trimodal.extract.audio.opensmile_functionals import OpenSmileFunctionals
from trimodal.media import Audio, AudioSelection, probe, read_audio
from trimodal.sample import write_sample
from trimodal.track import concatenate
from trimodal.windows import Windows

_FEWEST_SECONDS = 20.0
_EVERY = 10
"""Of the calls per window every n-th is made; their time is multiplied."""


FEATURE_SETS = ("eGeMAPSv02", "GeMAPSv01b", "IS09", "emobase", "IS10", "ComParE_2016")


def main(path: Path | None) -> None:
    """Compare on a file's sound; None: on a clip of the sample corpus."""
    warnings.simplefilter("ignore")  # opensmile warns of sets that have a newer version
    with tempfile.TemporaryDirectory() as folder:
        if path is None:
            write_sample(Path(folder) / "sample")
        compare(path or Path(folder) / "sample" / "happy.mp4", FEATURE_SETS)


def compare(path: Path, feature_sets: tuple[str, ...]) -> None:
    audio = _speech(path)
    windows = Windows(length_seconds=4.0, hop_seconds=0.04)
    spans = windows.times(audio.start_seconds, audio.end_seconds)
    print(f"{audio.end_seconds - audio.start_seconds:.0f} s of sound, {len(spans)} windows of 4 s every 40 ms")
    print(
        "set           one call per window   in passing   ratio   correlation with it: median   columns over 0.99, 0.9"
    )
    for feature_set in feature_sets:
        smile = opensmile.Smile(opensmile.FeatureSet[feature_set], opensmile.FeatureLevel.Functionals)
        started = time.perf_counter()
        cut = (audio.between(*span).samples for span in spans[::_EVERY])
        alone = np.stack([smile.process_signal(samples, audio.rate).to_numpy(np.float64)[0] for samples in cut])
        seconds_alone = (time.perf_counter() - started) * len(spans) / len(alone)
        extractor = OpenSmileFunctionals(feature_set=feature_set, windows=windows, each="in_passing")
        started = time.perf_counter()
        track = concatenate(extractor.schema, list(extractor.extract(audio, spans)))
        seconds = time.perf_counter() - started
        correlation = _correlation(alone, track.values[::_EVERY].astype(np.float64))
        print(
            f"{feature_set:12}  {seconds_alone:13.1f} s {seconds:16.2f} s {seconds_alone / seconds:8.0f}"
            f"{np.median(correlation):25.4f} {(correlation > 0.99).mean():19.0%}, {(correlation > 0.9).mean():.0%}"
        )


def _correlation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the correlation of every column over the windows, of those that are not constant."""
    a, b = ((values - values.mean(axis=0)) / np.maximum(values.std(axis=0), 1e-30) for values in (one, other))
    varies = (one.std(axis=0) > 1e-9) & (other.std(axis=0) > 1e-9)
    return np.asarray((a * b).mean(axis=0)[varies])


def _speech(path: Path) -> Audio:
    audio = read_audio(path, probe(path), AudioSelection())
    if audio is None:
        raise SystemExit(f"{path}: no audio")
    times = max(1, round(_FEWEST_SECONDS * audio.rate / len(audio.samples)))
    return Audio(samples=np.tile(audio.samples, times), rate=audio.rate, start_seconds=0.0)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
