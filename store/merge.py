"""Stores made of other stores: several put together, or a part of one."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import StoreError
from .contents import recordings_of
from .manifest import DRY_OR_REAL
from .reader import FeatureStore
from .schema import Compression, StoreDescription
from .selection import Selection
from .writer import StoreWriter


def merge(stores: Sequence[FeatureStore], path: Path) -> None:
    """Put stores of one recipe together; their shards are linked or copied as they are.

    Statistics are made anew, of all of them.

    Parameters
    ----------
    stores
        At least one; no recording is in two of them.
    path
        The store to write; one that is there is replaced. It may be the first of them, which grows that way.

    Raises
    ------
    StoreError
        If the stores do not fit together, or cannot be read or written.

    Notes
    -----
    The counts of segments that were left out are added up. A `subset` has those of the whole store, so merged subsets
    of one store have them as often as there are of these.
    """
    first = stores[0]
    for other in stores[1:]:
        _check_like(first, other)
    recordings: dict[str, FeatureStore] = {}
    for store in stores:
        for recording in sorted(set(store.segments["recording"])):
            if recording in recordings:
                both = f"{recordings[recording].path} and {store.path}"
                raise StoreError(f"recording '{recording}' is in {both}; expected stores of different recordings")
            recordings[recording] = store
    digest = hashlib.sha256("\n".join(["merge", *(store.manifest.key for store in stores)]).encode()).hexdigest()
    layouts = {store.manifest.layout for store in stores}
    description = replace(
        _description(first, digest, shard_bytes=1, compression="none"),
        layout=first.manifest.layout if len(layouts) == 1 else "",
    )
    with StoreWriter(path, description, _tables(first)) as writer:
        for store in stores:
            writer.adopt(store.manifest.shards, store.path)
        writer.commit(
            excluded=sum((Counter(store.manifest.excluded) for store in stores), Counter()),
            noted=sum((Counter(store.manifest.noted) for store in stores), Counter()),
        )


def subset(
    selection: Selection, path: Path, *, shard_bytes: int = 256_000_000, compression: Compression = "none"
) -> None:
    """Write some segments of a store as a store of their own.

    Statistics are made anew, of the same splits; a table of splits that are not all in it is left out.

    Parameters
    ----------
    selection
        What `FeatureStore.select` returns.
    path
        The store to write; one that is there is replaced.
    shard_bytes, compression
        See `StoreDescription`.

    Raises
    ------
    StoreError
        If nothing is selected, or a store cannot be read or written.
    """
    store, wanted = selection.store, set(selection.numbers.tolist())
    if not wanted:
        raise StoreError(f"{store.path}: no segment is selected; expected at least one")
    splits = set(selection.segments["split"])
    tables = {name: table.splits for name, table in store.statistics.items() if splits.issuperset(table.splits)}
    digest = hashlib.sha256(f"subset\n{store.manifest.key}\n{sorted(wanted)}".encode()).hexdigest()
    number = 0
    with StoreWriter(path, _description(store, digest, shard_bytes, compression), tables) as writer:
        for shard in store.shards():
            for recording in recordings_of(shard, store.outputs):
                kept = [place for place in range(len(recording.segments)) if number + place in wanted]
                number += len(recording.segments)
                if kept:
                    part = recording.of(kept)
                    writer.append(part.segments, part.outputs, part.gaps, part.sources, part.made_by)
        writer.commit(excluded=store.manifest.excluded)


def _check_like(first: FeatureStore, other: FeatureStore) -> None:
    for what, one, two in (
        ("outputs", first.outputs, other.outputs),
        ("labels", first.manifest.labels, other.manifest.labels),
        ("the recipe", first.recipe, other.recipe),
        (DRY_OR_REAL, first.manifest.dry_weights, other.manifest.dry_weights),
        ("the version of trimodal", first.manifest.trimodal, other.manifest.trimodal),
        ("tables of statistics", _tables(first), _tables(other)),
    ):
        if one != two:
            raise StoreError(
                f"{other.path}: {what} differ from {first.path}; expected stores of one recipe, see 'trimodal diff'"
            )


def _tables(store: FeatureStore) -> dict[str, tuple[str, ...]]:
    return {name: table.splits for name, table in store.statistics.items()}


def _description(store: FeatureStore, key: str, shard_bytes: int, compression: Compression) -> StoreDescription:
    return StoreDescription(
        outputs=store.outputs,
        labels=store.manifest.labels,
        recipe_name=store.manifest.recipe,
        recipe_text=store.recipe,
        version=store.manifest.trimodal,
        key=key,
        shard_bytes=shard_bytes,
        compression=compression,
        layout=store.manifest.layout,
        dry_weights=store.manifest.dry_weights,
    )
