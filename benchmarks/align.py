"""Words of a corpus as large as CMU-MOSEI, against loops over words; growth; memory: run benchmarks/align.py [ONE_IN].

One recording of so many is made (10, if not given; 1: all 3,228, with 447,000 words): 72.5 s of sound features (74
numbers, 100 Hz), of face features (35 numbers, 30 Hz), and 138 words or 139. All ways give the same means, masks and
coverages, on one thread.
"""

import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from trimodal.align import align_recording
from trimodal.align.pooling import pool
from trimodal.corpus import Segment
from trimodal.extract.text.words import WORDS
from trimodal.extract.threads import one_thread
from trimodal.recipe import Recipe, parse_recipe
from trimodal.recipe.pools import Functionals, Pchip, Pool
from trimodal.track import Field, Track
from trimodal.windows import Windows

RECORDINGS, ALL_WORDS = 3228, 447_000
SECONDS = 72.5
RATES = {"sound": (100, 74), "face": (30, 35)}
"""Rows a second and numbers a row."""
RECIPE = """
tracks: {{sound: {{extractor: mfcc}}, face: {{extractor: mfcc}}, words: {{}}}}
align:
  sound: {{tracks: [sound], timeline: words, pool: {pool}}}
  face: {{tracks: [face], timeline: words, pool: {pool}}}
"""
EPSILON_SECONDS = 10e-6
ROUNDS = 3


@dataclass(frozen=True)
class Weighted:
    """What a loop finds for every word."""

    values: NDArray[np.float32]
    observed: NDArray[np.bool_]
    coverage: NDArray[np.float32]


Loop = Callable[[Track, NDArray[np.float64]], Weighted]


def main(one_in: int) -> None:
    with one_thread(()):
        compare("mean", {"loop, binary search": mean_by_search, "loop, every row": mean_by_mask}, one_in)
        compare("intersect", {"loop, the SDK's steps": intersect_by_steps}, one_in)
        print_growth()
        print_memory()


def compare(rule: str, loops: Mapping[str, Loop], one_in: int) -> None:
    """Print how long the words take in one call for each recording, and in loops over words."""
    recipe = parse_recipe(RECIPE.format(pool=rule), "benchmark")
    ways = {"align_recording": partial(aligned, recipe)} | {
        name: partial(in_loop, loop) for name, loop in loops.items()
    }
    seconds = dict.fromkeys(ways, 0.0)
    words = count = 0
    for tracks in recordings(one_in):
        found, took = {}, dict.fromkeys(ways, float("inf"))
        for _ in range(ROUNDS):  # in turns, so that a busy moment of the machine meets them all
            for way, run in ways.items():
                started = time.perf_counter()
                found[way] = run(tracks)
                took[way] = min(took[way], time.perf_counter() - started)
        seconds = {way: seconds[way] + took[way] for way in ways}
        words, count = words + len(tracks["words"]), count + 1
        check_equal(found)
    print(f"{rule}: {words} words of {count} recordings, two tracks, the same numbers")
    for way, total in seconds.items():
        ratio = total / seconds["align_recording"]
        print(f"  {way:22}{total:8.2f} s   {total / words * 1e6:7.1f} us a word   ratio {ratio:5.1f}")


def recordings(one_in: int) -> Iterator[dict[str, Track]]:
    """Yield the tracks of every so many-th recording; their times are ragged as those of real ones."""
    random = np.random.default_rng(0)
    for number in range(0, RECORDINGS // one_in * one_in, one_in):
        words = (number + 1) * ALL_WORDS // RECORDINGS - number * ALL_WORDS // RECORDINGS
        edges = np.sort(random.uniform(0, SECONDS, 2 * words)).reshape(-1, 2)
        fields = {name: field.empty(words) for name, field in WORDS.items()}
        tracks = {"words": Track(schema=WORDS, times=edges, fields=fields)}
        for name, (rate, columns) in RATES.items():
            count = int(SECONDS * rate)
            starts = np.arange(count) / rate + random.uniform(0, 0.2 / rate, count)
            times = np.stack([starts, starts + 1 / rate], axis=1)
            tracks[name] = feature(times, random.standard_normal((count, columns), np.float32))
        yield tracks


def aligned(recipe: Recipe, tracks: Mapping[str, Track]) -> dict[str, Weighted]:
    segment = Segment(id="s", recording="r")
    _, outputs = align_recording([segment], SECONDS, tracks, recipe)
    return {name: Weighted(arrays.values, arrays.mask, arrays.coverage) for name, arrays in outputs.items()}


def in_loop(loop: Loop, tracks: Mapping[str, Track]) -> dict[str, Weighted]:
    return {name: loop(tracks[name], tracks["words"].times) for name in RATES}


def mean_by_mask(track: Track, words: NDArray[np.float64]) -> Weighted:
    """Compare every word with every row."""
    starts, ends = np.ascontiguousarray(track.times.T)
    return weighted_means(track, words, lambda start, end: (starts < end) & (ends > start))


def mean_by_search(track: Track, words: NDArray[np.float64]) -> Weighted:
    """Look up for every word where its rows begin and end; right where rows are in order of their ends, too."""
    starts, ends = np.ascontiguousarray(track.times.T)
    return weighted_means(
        track, words, lambda start, end: slice(ends.searchsorted(start, side="right"), starts.searchsorted(end))
    )


def weighted_means(
    track: Track, words: NDArray[np.float64], meets: Callable[[float, float], slice | NDArray[np.bool_]]
) -> Weighted:
    """Return the mean weighted by overlap for one word after the other."""
    found = nothing(track, words)
    for number, (start, end) in enumerate(words):
        met = meets(start, end)
        starts, ends = np.maximum(track.times[met, 0], start), np.minimum(track.times[met, 1], end)
        overlap = ends - starts
        if len(overlap) and (total := overlap.sum()) > 0:
            found.values[number] = (overlap / total) @ track.values[met]
            found.observed[number] = True
            found.coverage[number] = union_seconds(starts, ends) / (end - start)
    return found


def intersect_by_steps(track: Track, words: NDArray[np.float64]) -> Weighted:
    """Return what the CMU Multimodal SDK's ``align`` gives, word by word in its steps (``dataset.py``), our lines.

    All rows against the word, both edges at once; cut the rows that meet it; drop what is left of no length; average.
    How much of the word they cover, which the SDK does not say, is added.
    """
    found = nothing(track, words)
    for number, (start, end) in enumerate(words):
        beyond = track.times * (-1, 1) - (-end, start)
        meets = np.all(beyond > -EPSILON_SECONDS, axis=1)
        cut = np.clip(track.times[meets], start, end)
        kept = cut[:, 1] - cut[:, 0] > EPSILON_SECONDS
        if kept.any():
            found.values[number] = track.values[meets][kept].mean(axis=0)
            found.observed[number] = True
            found.coverage[number] = union_seconds(cut[:, 0], cut[:, 1]) / (end - start)
    return found


def nothing(track: Track, words: NDArray[np.float64]) -> Weighted:
    """Return what stands for words of which nothing is observed."""
    shape = len(words), track.values.shape[1]
    return Weighted(np.zeros(shape, np.float32), np.zeros(len(words), bool), np.zeros(len(words), np.float32))


def union_seconds(starts: NDArray[np.float64], ends: NDArray[np.float64]) -> float:
    """Return how long the union of intervals in order of their starts is."""
    fresh = starts.copy()  # what begins before an earlier one ends, counts from there
    fresh[1:] = np.maximum(starts[1:], np.maximum.accumulate(ends)[:-1])
    return float(np.maximum(ends - fresh, 0).sum())


def check_equal(found: Mapping[str, Mapping[str, Weighted]]) -> None:
    expected, *others = found.values()
    for other in others:
        for name in RATES:
            np.testing.assert_array_equal(other[name].observed, expected[name].observed)
            np.testing.assert_allclose(other[name].values, expected[name].values, rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(other[name].coverage, expected[name].coverage, rtol=1e-4, atol=1e-5)


def print_growth() -> None:
    """Print by which power of rows and of intervals the time grows."""
    many = [2**power for power in range(17, 23)]
    best(1, 1)  # compile
    for name, sizes in (
        ("rows, with 2^12 intervals", [(rows, 2**12) for rows in many]),
        ("intervals, with 2^12 rows", [(2**12, intervals) for intervals in many]),
        ("both", [(count, count) for count in many]),
    ):
        seconds = [best(*size) for size in sizes]
        power = np.polyfit(np.log(many), np.log(seconds), 1)[0]
        print(f"time grows with {name}: power {power:.2f} ({seconds[0]:.3f} s to {seconds[-1]:.3f} s)")


def best(rows: int, intervals: int) -> float:
    """Return the shortest time in which as many rows of 4 numbers are pooled onto as many intervals."""
    track, asked = feature(row_after_row(rows), np.ones((rows, 4), np.float32)), row_after_row(intervals)
    took = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        pool(track, asked, Functionals(statistics=("mean",)))
        took.append(time.perf_counter() - started)
    return min(took)


def row_after_row(count: int) -> NDArray[np.float64]:
    """Return intervals of one length that share an hour."""
    edges = np.linspace(0, 3600, count + 1)
    return np.stack([edges[:-1], edges[1:]], axis=1)


def print_memory() -> None:
    """Print what an hour of sound features takes on windows of 4 s every 40 ms: each row is in a hundred of them."""
    rate, columns = RATES["sound"]
    values = np.random.default_rng(0).standard_normal((3600 * rate, columns), np.float32)
    track = feature(row_after_row(3600 * rate), values)
    windows = Windows(length_seconds=4, hop_seconds=0.04).times(0, 3600)
    rules: dict[str, Pool] = {
        "mean": Functionals(statistics=("mean",)),
        "mean and std": Functionals(),
        "max": Functionals(statistics=("max",)),
        "pchip": Pchip(),
    }
    for name, rule in rules.items():
        pool(track, windows[:1], rule)  # compile
        started = time.perf_counter()
        made = pool(track, windows, rule)
        took = time.perf_counter() - started
        tracemalloc.start()
        pool(track, windows, rule)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        result, given = made.values.nbytes / 2**20, values.nbytes / 2**20
        print(f"{name:13} of {len(windows)} windows: {took:5.1f} s, peak {peak / 2**20:4.0f} MiB", end=" ")
        print(f"(the result takes {result:.0f}, the track {given:.0f})")


def feature(times: NDArray[np.float64], values: NDArray[np.float32]) -> Track:
    return Track(schema={"values": Field(shape=values.shape[1:])}, times=times, fields={"values": values})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
