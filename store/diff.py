"""What differs between two stores."""

import difflib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from .reader import FeatureStore, OutputRows

_MOST_NAMES = 3


def diff(one: FeatureStore, other: FeatureStore) -> list[str]:
    """Compare recipes, software, weights, sources, segments and values of two stores.

    Values are compared as they are, segment by segment in bounded memory; how shards are cut and packed is no
    difference.

    Returns
    -------
    list of str
        One line per difference, what is in ``one`` before what is in ``other``; empty where there is none.

    Raises
    ------
    StoreError
        If a store cannot be read.
    """
    ids = one.segments["id"].tolist(), other.segments["id"].tolist()
    places = {name: number for number, name in enumerate(ids[1])}
    pairs = [(number, places[name]) for number, name in enumerate(ids[0]) if name in places]
    return [
        *_recipe(one.recipe, other.recipe),
        *_fields("", {"trimodal": one.manifest.trimodal}, {"trimodal": other.manifest.trimodal}),
        *_fields("", _made_of(one), _made_of(other)),
        *_fields("", _provenance(one), _provenance(other)),
        *_fields("label ", one.manifest.labels, other.manifest.labels),
        *_outputs(one, other),
        *_missing("segments", set(ids[0]), set(ids[1])),
        *_table(one, other, pairs),
        *(line for name in one.outputs if name in other.outputs for line in _values(one, other, name, pairs)),
    ]


def _recipe(one: str, other: str) -> Iterator[str]:
    lines = difflib.unified_diff(one.splitlines(), other.splitlines(), n=0, lineterm="")
    yield from (f"recipe: {line}" for line in lines if not line.startswith(("---", "+++", "@@")))


def _made_of(store: FeatureStore) -> dict[str, str]:
    weights = {"weights": "stand-ins (--dry-weights)" if store.manifest.dry_weights else "real"}
    return weights | ({"layout": store.manifest.layout} if store.manifest.layout else {})


def _provenance(store: FeatureStore) -> dict[str, str]:
    """Return every value that the provenance of any shard has, by its place."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for provenance in store.provenance:
        for track, made in provenance["tracks"].items():
            for one in made:
                _flatten(f"track {track}: ", one, found)
        for recording, sources in provenance["sources"].items():
            _flatten(f"source {recording}: ", sources, found)
    return {place: " or ".join(sorted(values)) for place, values in found.items()}


def _flatten(place: str, value: Any, found: dict[str, set[str]]) -> None:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            _flatten(f"{place}{key}" if place.endswith(" ") else f"{place}.{key}", inner, found)
    else:
        found[place].add(value if isinstance(value, str) else json.dumps(value))


def _outputs(one: FeatureStore, other: FeatureStore) -> Iterator[str]:
    yield from _missing("outputs", set(one.outputs), set(other.outputs))
    for name in one.outputs:
        if name in other.outputs:
            schemas = (
                {key: json.dumps(value) for key, value in asdict(store.outputs[name]).items()} for store in (one, other)
            )
            yield from _fields(f"output {name}: ", *schemas)


def _fields(where: str, one: Mapping[str, str], other: Mapping[str, str]) -> Iterator[str]:
    for name in sorted({*one, *other}):
        values = one.get(name, "(none)"), other.get(name, "(none)")
        if values[0] != values[1]:
            yield f"{where}{name}: {values[0]} != {values[1]}"


def _missing(what: str, one: set[str], other: set[str]) -> Iterator[str]:
    for side, names in (("first", sorted(one - other)), ("second", sorted(other - one))):
        if names:
            more = ", ..." if len(names) > _MOST_NAMES else ""
            yield f"{len(names)} {what} only in the {side}: {', '.join(names[:_MOST_NAMES])}{more}"


def _table(one: FeatureStore, other: FeatureStore, pairs: list[tuple[int, int]]) -> Iterator[str]:
    numbers = np.array(pairs, np.intp).reshape(-1, 2).T
    for column in one.segments.columns:
        if column in other.segments.columns:
            cells = [store.segments[column].to_numpy()[some] for store, some in zip((one, other), numbers, strict=True)]
            if (differing := np.flatnonzero(cells[0] != cells[1])).size:
                name = one.segments["id"].iloc[numbers[0][differing[0]]]
                first, second = (cell[differing].tolist()[0] for cell in cells)
                yield f"{column}: differs in {differing.size} segments; in '{name}' {first!r} != {second!r}"


def _values(one: FeatureStore, other: FeatureStore, output: str, pairs: list[tuple[int, int]]) -> Iterator[str]:
    """Yield how many segments differ in rows, times, masks, values or words of an output, and by how much."""
    if one.outputs[output].shape != other.outputs[output].shape:
        return
    counts: defaultdict[str, int] = defaultdict(int)
    largest = 0.0
    for number, place in pairs:
        what, difference = _difference(one.rows(output, number), other.rows(output, place))
        counts[what] += 1
        largest = max(largest, difference)
        if one.outputs[output].has_text and other.outputs[output].has_text:
            counts["words"] += one.text(output, number) != other.text(output, place)
    for what in ("number of rows", "times", "mask and coverage", "values", "words"):
        if counts[what]:
            by = f", by up to {largest:g}" if what == "values" else ""
            yield f"output {output}: {what} differ in {counts[what]} of {len(pairs)} segments{by}"


def _difference(one: OutputRows, other: OutputRows) -> tuple[str, float]:
    """Return the first thing that differs, and the largest difference of values."""
    if len(one) != len(other):
        return "number of rows", 0.0
    if not np.array_equal(one.times, other.times):
        return "times", 0.0
    if not all(np.array_equal(getattr(one, key), getattr(other, key)) for key in ("mask", "coverage", "observed")):
        return "mask and coverage", 0.0
    if np.array_equal(one.values, other.values):
        return "", 0.0
    return "values", float(np.abs(one.values.astype(np.float64) - other.values.astype(np.float64)).max())
