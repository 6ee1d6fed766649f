"""What differs between two stores."""

import difflib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import number_of
from .reader import FeatureStore, OutputRows
from .statistics import ColumnStatistics, StatisticsTable

_MOST_NAMES = 3


def diff(one: FeatureStore, other: FeatureStore) -> list[str]:
    """Compare recipes, software, weights, sources, segments, values, gaps and statistics of two stores.

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
        *_missing("segment", set(ids[0]), set(ids[1])),
        *_table(one, other, pairs),
        *(line for name in one.outputs if name in other.outputs for line in _values(one, other, name, pairs)),
        *_gaps(one, other),
        *_statistics(one.statistics, other.statistics),
        *_fields("left out: ", _counts(one.manifest.excluded), _counts(other.manifest.excluded)),
        *_fields("noted: ", _counts(one.manifest.noted), _counts(other.manifest.noted)),
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
    yield from _missing("output", set(one.outputs), set(other.outputs))
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
            yield f"{number_of(len(names), what)} only in the {side}: {', '.join(names[:_MOST_NAMES])}{more}"


def _table(one: FeatureStore, other: FeatureStore, pairs: list[tuple[int, int]]) -> Iterator[str]:
    numbers = np.array(pairs, np.intp).reshape(-1, 2).T
    for column in one.segments.columns:
        if column in other.segments.columns:
            cells = [store.segments[column].to_numpy()[some] for store, some in zip((one, other), numbers, strict=True)]
            if (differing := np.flatnonzero(cells[0] != cells[1])).size:
                name = one.segments["id"].iloc[numbers[0][differing[0]]]
                first, second = (cell[differing].tolist()[0] for cell in cells)
                count = number_of(differing.size, "segment")
                yield f"{column}: differs in {count}; in '{name}' {first!r} != {second!r}"


def _values(one: FeatureStore, other: FeatureStore, output: str, pairs: list[tuple[int, int]]) -> Iterator[str]:
    """Yield how many segments differ in rows, times, masks, values or words of an output, and by how much."""
    if one.outputs[output].shape != other.outputs[output].shape:
        return
    counts: Counter[str] = Counter()
    largest = dict.fromkeys(("times", "mask and coverage", "values"), 0.0)
    for number, place in pairs:
        rows = one.rows(output, number), other.rows(output, place)
        if len(rows[0]) != len(rows[1]):
            counts["number of rows"] += 1
            continue
        for what, difference in _differences(*rows).items():
            counts[what] += difference > 0
            largest[what] = max(largest[what], difference)
        if one.outputs[output].has_text and other.outputs[output].has_text:
            counts["words"] += one.text(output, number) != other.text(output, place)
    for what in ("number of rows", *largest, "words"):
        if counts[what]:
            by = f", by up to {largest[what]:g}" if what in ("times", "values") else ""
            yield f"output {output}: {what} differ in {counts[what]} of {len(pairs)} segments{by}"


def _differences(one: OutputRows, other: OutputRows) -> dict[str, float]:
    """Return the largest difference of each kind between as many rows."""
    return {
        "times": _largest(one.times, other.times),
        "mask and coverage": max(
            _largest(getattr(one, key), getattr(other, key)) for key in ("mask", "coverage", "observed")
        ),
        "values": _largest(one.values, other.values),
    }


def _largest(one: NDArray[Any], other: NDArray[Any]) -> float:
    if np.array_equal(one, other):
        return 0.0
    return float(np.abs(one.astype(np.float64) - other.astype(np.float64)).max())


def _gaps(one: FeatureStore, other: FeatureStore) -> Iterator[str]:
    """Yield how the gaps differ of recordings that both have."""
    both = {*one.segments["recording"]} & {*other.segments["recording"]}
    tables = (Counter(store.gaps.itertuples(index=False, name=None)) for store in (one, other))
    first, second = (Counter({gap: count for gap, count in table.items() if gap[0] in both}) for table in tables)
    for side, gaps in (("first", first - second), ("second", second - first)):
        if gaps:
            recording, track, start, end, reason = min(gaps)
            example = f"{recording}: {track} from {start:g} to {end:g} s: {reason}"
            yield f"{number_of(gaps.total(), 'gap')} only in the {side}, as {example}"


def _statistics(one: Mapping[str, StatisticsTable], other: Mapping[str, StatisticsTable]) -> Iterator[str]:
    yield from _missing("statistics table", {*one}, {*other})
    for name in sorted({*one} & {*other}):
        where, tables = f"statistics of {name}: ", (one[name], other[name])
        yield from _fields(where, *({"splits": "+".join(table.splits)} for table in tables))
        yield from _missing(f"statistics of {name}: output", {*one[name].outputs}, {*other[name].outputs})
        for output in one[name].outputs:
            if output in other[name].outputs:
                found = _column_differences(*(table.outputs[output] for table in tables))
                if found:
                    yield f"{where}{output}: {', '.join(found)} differ"


def _column_differences(one: ColumnStatistics, other: ColumnStatistics) -> list[str]:
    """Return what differs by more than rounding: the order of segments changes it, and which rows are sampled."""
    numbers = ["count", "mean", "standard_deviation", "minimum", "maximum"]
    if all(np.array_equal(found.sampled, found.count) for found in (one, other)):
        numbers += ["lower_quartile", "median", "upper_quartile"]
    return [
        name.replace("_", " ")
        for name in numbers
        if np.shape(getattr(one, name)) != np.shape(getattr(other, name))
        or not np.allclose(getattr(one, name), getattr(other, name), rtol=1e-6, atol=1e-9)
    ]


def _counts(counts: Mapping[str, int]) -> dict[str, str]:
    return {what: str(count) for what, count in counts.items()}
