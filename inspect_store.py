"""Printing what is in a store."""

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .errors import number_of
from .store import FeatureStore


def print_store(store: FeatureStore) -> None:
    """Print segments by split, outputs, labels and gaps of a store."""
    console = Console()
    segments = store.segments
    seconds = (segments["end"] - segments["start"]).sum()
    layout = f"layout {escape(store.manifest.layout)}, " if store.manifest.layout else ""
    size = sum(shard.bytes for shard in store.manifest.shards) / 1e6
    console.print(
        f"{escape(str(store.path))}: {number_of(len(store), 'segment')} of "
        f"{number_of(segments['recording'].nunique(), 'recording')}, "
        f"{seconds:.1f} s, {number_of(len(store.manifest.shards), 'shard')}, {size:.1f} MB, "
        f"{layout}recipe {escape(store.manifest.recipe)}, trimodal {escape(store.manifest.trimodal)}",
        highlight=False,
        soft_wrap=True,
    )
    console.print(_outputs(store))
    splits = segments["split"].replace("", "(none)").value_counts(sort=False)
    console.print("splits: " + ", ".join(f"{escape(str(name))} {count}" for name, count in splits.items()))
    for name, kind in store.manifest.labels.items():
        console.print(f"label {escape(str(name))}: {escape(_label(segments[name].to_numpy(), kind))}", highlight=False)
    for title, counts in (("left out", store.manifest.excluded), ("noted", store.manifest.noted)):
        for what, number in counts.items():
            console.print(f"{title}: {number_of(number, 'segment')}: {escape(what)}", highlight=False, soft_wrap=True)
    for table, statistics in store.statistics.items():
        observed = ", ".join(f"{output} {_range(found.count)}" for output, found in statistics.outputs.items())
        console.print(f"statistics of {escape(table)}: rows of {escape(observed)}", highlight=False, soft_wrap=True)
    gaps = store.gaps
    if len(gaps):
        console.print(f"{number_of(len(gaps), 'gap')}:")
        for (track, reason), rows in gaps.groupby(["track", "reason"]):
            lost = (rows["end"] - rows["start"]).sum()
            names = ", ".join(rows["recording"].unique()[:3])
            count = number_of(rows["recording"].nunique(), "recording")
            console.print(
                f"  {escape(str(track))}: {escape(str(reason))}: {lost:.1f} s in {count} ({escape(names)})",
                highlight=False,
                soft_wrap=True,
            )


def _outputs(store: FeatureStore) -> Table:
    table = Table("output", "row", "dtype", "timeline", "pool", "gaps", "rows", "observed", "coverage")
    for name, schema in store.outputs.items():
        rows, observed, covered = 0, 0, 0.0
        for shard in store.shards():
            rows += len(shard.array(name, "mask"))
            observed += int(shard.array(name, "mask").sum())
            covered += float(shard.array(name, "coverage").sum(dtype=float))
        table.add_row(
            escape(name),
            " x ".join(str(size) for size in schema.shape) or "1",
            schema.dtype,
            escape(schema.timeline),
            schema.pool,
            schema.gaps,
            str(rows),
            f"{observed / rows:.1%}" if rows else "-",
            f"{covered / rows:.1%}" if rows else "-",
        )
    return table


def _range(counts: NDArray[np.int64]) -> str:
    """Return a number that all columns share, or the smallest and the largest."""
    least, most = counts.min(), counts.max()
    return f"{least}" if least == most else f"{least} to {most}"


def _label(values: np.ndarray, kind: str) -> str:
    if kind == "number":
        return f"number from {values.min():g} to {values.max():g}, mean {values.mean():g}"
    found, counts = np.unique(values.astype(str), return_counts=True)
    return "text: " + ", ".join(f"{value} {count}" for value, count in zip(found[:10], counts[:10], strict=True))
