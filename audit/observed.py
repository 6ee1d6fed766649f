"""What was observed, by output and split, and whether rows of outputs belong together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..store import FeatureStore
from ..store.shard import ShardReader


@dataclass(frozen=True, kw_only=True)
class Observed:
    """How much of an output was observed in a split."""

    output: str
    split: str
    rows: int
    observed: int
    """Rows with a mask of True."""
    coverage: float
    """Mean of the rows' coverage; 0 where there are none."""
    segments: int
    empty: int
    """Segments without an observed row."""


def observed_by_split(store: FeatureStore) -> list[Observed]:
    """Return how much of every output was observed in every split."""
    splits, number = np.unique(store.segments["split"].to_numpy(str), return_inverse=True)
    segments = np.bincount(number, minlength=len(splits))
    found = []
    for output in store.outputs:
        sums, first = np.zeros((4, len(splits))), 0
        for place, entry in enumerate(store.manifest.shards):
            sums += _sums(store.shard(place), output, number[first : first + entry.segments], len(splits))
            first += entry.segments
        found += [
            Observed(
                output=output,
                split=str(split),
                rows=int(rows),
                observed=int(observed),
                coverage=float(coverage / max(rows, 1)),
                segments=int(count),
                empty=int(empty),
            )
            for split, count, (rows, observed, coverage, empty) in zip(splits, segments, sums.T, strict=True)
        ]
    return found


def never_observed(found: Iterable[Observed]) -> Iterator[str]:
    """Find outputs that a split never has."""
    for one in found:
        if not one.observed:
            where = f"the split '{one.split}'" if one.split else "segments without a split"
            yield f"output '{one.output}': nothing was observed in {where} ({one.segments} segments)"


def different_ends(store: FeatureStore) -> Iterator[str]:
    """Find outputs on one timeline of which one has lost its first rows and the other its last.

    Each looks right on its own: rows of the same number belong to other times.
    """
    for one, other in combinations(store.outputs, 2):
        timeline = store.outputs[one].timeline
        if store.outputs[other].timeline == timeline:
            segments = sum(_with_different_ends(shard, one, other) for shard in store.shards())
            if segments:
                yield (
                    f"outputs '{one}' and '{other}' ({timeline}): cut off at different ends in {segments} segments; "
                    "expected 'keep: first', or 'keep: last', for both"
                )


def _with_different_ends(shard: ShardReader, one: str, other: str) -> int:
    """Count the segments in which neither the first nor the last rows of two outputs are at the same time."""
    offsets = [shard.array(output, "offsets") for output in (one, other)]
    has_rows = (np.diff(offsets[0]) > 0) & (np.diff(offsets[1]) > 0)
    starts, ends = zip(
        *(
            (times[own[:-1][has_rows], 0], times[own[1:][has_rows] - 1, 1])
            for times, own in zip((shard.array(one, "times"), shard.array(other, "times")), offsets, strict=True)
        ),
        strict=True,
    )
    return int(np.count_nonzero((starts[0] != starts[1]) & (ends[0] != ends[1])))


def _sums(shard: ShardReader, output: str, splits: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """Return rows, observed rows, sum of coverage and empty segments of every split in a shard, shape (4, count)."""
    segment = np.repeat(np.arange(len(splits)), np.diff(shard.array(output, "offsets")))
    mask, coverage = shard.array(output, "mask"), shard.array(output, "coverage")
    empty = np.bincount(segment, weights=mask, minlength=len(splits)) == 0
    of_rows = [np.bincount(splits[segment], weights, count) for weights in (np.ones(len(mask)), mask, coverage)]
    return np.stack([*of_rows, np.bincount(splits, empty, count)])
