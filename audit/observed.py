"""What was observed, by output and split, and whether rows of outputs belong together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..store import FeatureStore, OutputSchema
from ..store.elements import OBSERVED
from ..store.parts import any_part
from ..store.shard import ShardReader


@dataclass(frozen=True, kw_only=True)
class Observed:
    """How much of an output was observed in a split, or of one of several tracks that stand side by side in it."""

    output: str
    split: str
    rows: int
    observed: int
    """Rows of which something was observed."""
    coverage: float | None
    """Mean of the rows' coverage; 0 where there are none; None: a store has no coverage of single tracks."""
    segments: int
    empty: int
    """Segments without an observed row."""
    track: str = ""
    """Empty: the output as a whole."""

    @property
    def name(self) -> str:
        """What it is called in words."""
        return f"track '{self.track}' of output '{self.output}'" if self.track else f"output '{self.output}'"


def observed_by_split(store: FeatureStore) -> list[Observed]:
    """Return how much of every output, and every track in it, was observed in every split."""
    splits, number = np.unique(store.segments["split"].to_numpy(str), return_inverse=True)
    segments = np.bincount(number, minlength=len(splits))
    found = []
    for output, schema in store.outputs.items():
        tracks = ["", *(track.name for track in schema.tracks)]
        sums, first = np.zeros((len(tracks), 4, len(splits))), 0
        for place, entry in enumerate(store.manifest.shards):
            sums += _sums(store.shard(place), output, schema, number[first : first + entry.segments], len(splits))
            first += entry.segments
        found += [
            Observed(
                output=output,
                track=track,
                split=str(split),
                rows=int(rows),
                observed=int(observed),
                coverage=None if track else float(coverage / max(rows, 1)),
                segments=int(count),
                empty=int(empty),
            )
            for track, of_track in zip(tracks, sums, strict=True)
            for split, count, (rows, observed, coverage, empty) in zip(splits, segments, of_track.T, strict=True)
        ]
    return found


def never_observed(found: Iterable[Observed]) -> Iterator[str]:
    """Find outputs that a split never has; of one that it has in part, the tracks."""
    whole = set()
    for one in found:
        if not one.observed and (one.output, one.split) not in whole:
            where = f"the split '{one.split}'" if one.split else "segments without a split"
            yield f"{one.name}: nothing was observed in {where} ({one.segments} segments)"
            whole |= {(one.output, one.split)} if not one.track else set()


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


def _sums(
    shard: ShardReader, output: str, schema: OutputSchema, splits: NDArray[np.intp], count: int
) -> NDArray[np.float64]:
    """Return rows, observed rows, sum of coverage and empty segments of every split in a shard.

    Shape (1 + tracks, 4, count): first of the output as a whole.
    """
    segment = np.repeat(np.arange(len(splits)), np.diff(shard.array(output, "offsets")))
    mask, coverage = shard.array(output, "mask"), shard.array(output, "coverage")
    seen = [mask]
    if schema.tracks:
        parts = shard.array(output, OBSERVED)
        seen += [any_part(parts[..., track]) for track in range(len(schema.tracks))]
    found = []
    for one in seen:
        empty = np.bincount(segment, weights=one, minlength=len(splits)) == 0
        of_rows = [np.bincount(splits[segment], weights, count) for weights in (np.ones(len(mask)), one, coverage)]
        found.append(np.stack([*of_rows, np.bincount(splits, empty, count)]))
    return np.stack(found)
