"""What rows of an output lack, each on its own."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..store import FeatureStore
from ..store.elements import OBSERVED
from ..store.shard import ShardReader

_TOKENS = ("id", "mask", "segment")
"""Columns of what a model of text reads."""


def empty_places(store: FeatureStore) -> Iterator[str]:
    """Find groups with places that nothing is ever in: said to overlap, and filled up with zeros."""
    for output, schema in store.outputs.items():
        if not schema.is_group:
            continue
        filled = np.zeros(schema.shape[0], bool)
        rows = 0
        for shard in store.shards():
            parts = shard.array(output, OBSERVED)
            rows += len(parts)
            filled |= parts.any(axis=(0, *range(2, parts.ndim)))
        if filled.any() and not filled.all():
            empty = ", ".join(str(place) for place in np.flatnonzero(~filled))
            yield (
                f"output '{output}': {int((~filled).sum())} of {len(filled)} places of a group are zeros "
                f"in all of {rows} groups ({empty}, counted from 0)"
            )


def tokens_without_ends(store: FeatureStore) -> Iterator[str]:
    """Find tokens that were cut off so that the mark at their beginning ([CLS]) or their end ([SEP]) is lost.

    Which marks a tokenizer writes is seen where nothing can have been cut off: in segments with fewer rows than the
    longest ones, if these have at least two lengths.
    """
    for output, schema in store.outputs.items():
        if tuple(name.rpartition(".")[2] for name in schema.names) != _TOKENS:
            continue
        ids = np.concatenate([_first_and_last(shard, output) for shard in store.shards()])
        longest = ids[:, 2] == ids[:, 2].max(initial=0)
        shorter = ids[~longest]
        if len(np.unique(shorter[:, 2])) < 2:
            continue
        for column, (end, at) in enumerate((("first", "beginning"), ("last", "end"))):
            marks = np.unique(shorter[:, column])
            lost = int((longest & ~np.isin(ids[:, column], marks)).sum())
            if len(marks) == 1 and lost:
                yield (
                    f"output '{output}': {lost} segments are cut off at their {at}, without the {end} token "
                    f"({marks[0]}) that all shorter ones have"
                )


def _first_and_last(shard: ShardReader, output: str) -> NDArray[np.int64]:
    """Return the first id, the last one and the number of rows of every segment that has any, shape (n, 3)."""
    offsets, ids = shard.array(output, "offsets"), shard.array(output, "values")[:, 0]
    counts = np.diff(offsets)
    kept = counts > 0
    return np.stack([ids[offsets[:-1][kept]], ids[offsets[1:][kept] - 1], counts[kept]], axis=1).astype(np.int64)
