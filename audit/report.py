"""Printing an audit."""

from collections.abc import Sequence

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..store import FeatureStore
from .classes import class_labels
from .observed import Observed, observed_by_split

_MOST_CLASSES = 20


def print_audit(store: FeatureStore, findings: Sequence[str]) -> None:
    """Print findings, one line each, and tables of splits, labels and outputs."""
    console = Console()
    for finding in findings:
        console.print(escape(finding), highlight=False, soft_wrap=True)
    console.print(_splits(store.segments))
    classes = class_labels(store)
    for name in store.manifest.labels:
        console.print(_classes(store.segments, name) if name in classes else _numbers(store.segments, name))
    console.print(_outputs(observed_by_split(store)))
    found = f"{len(findings)} findings" if findings else "nothing found"
    console.print(f"{escape(str(store.path))}: {found}", highlight=False, soft_wrap=True)


def _splits(segments: pd.DataFrame) -> Table:
    table = Table("split", "segments", "hours", "recordings", "speakers")
    for split, rows in segments.groupby("split"):
        hours = (rows["end"] - rows["start"]).sum() / 3600
        speakers = rows["speaker"][rows["speaker"] != ""].nunique()
        table.add_row(_name(split), str(len(rows)), f"{hours:.2f}", str(rows["recording"].nunique()), str(speakers))
    return table


def _classes(segments: pd.DataFrame, label: str) -> Table:
    is_number = pd.api.types.is_numeric_dtype(segments[label])
    counts = pd.crosstab(segments["split"], segments[label].map("{:g}".format if is_number else str))
    common = counts.sum().sort_values(ascending=False, kind="stable").index[:_MOST_CLASSES]
    more = ["others"] if len(counts.columns) > len(common) else []
    table = Table(escape(label), *(escape(str(name)) for name in common), *more)
    for split, row in counts.iterrows():
        others = [str(row.sum() - row[common].sum())] if more else []
        table.add_row(_name(split), *(str(count) for count in row[common]), *others)
    return table


def _numbers(segments: pd.DataFrame, label: str) -> Table:
    table = Table(escape(label), "count", "mean", "standard deviation", "minimum", "median", "maximum")
    for split, values in segments.groupby("split")[label]:
        figures = (values.mean(), values.std(ddof=0), values.min(), values.median(), values.max())
        table.add_row(_name(split), str(len(values)), *(f"{figure:.4g}" for figure in figures))
    return table


def _outputs(found: Sequence[Observed]) -> Table:
    table = Table("output", "split", "rows", "observed", "coverage", "segments", "without an observed row")
    for one in found:
        output = f"{one.output}: {one.track}" if one.track else one.output
        observed = f"{one.observed / one.rows:.1%}" if one.rows else "-"
        coverage = f"{one.coverage:.1%}" if one.rows and one.coverage is not None else "-"
        empty = f"{one.empty} ({one.empty / one.segments:.1%})"
        table.add_row(escape(output), _name(one.split), str(one.rows), observed, coverage, str(one.segments), empty)
    return table


def _name(split: object) -> str:
    return escape(str(split)) if split else "(none)"
