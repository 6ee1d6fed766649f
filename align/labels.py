"""Labels of segments: columns of the corpus, or tracks brought down to one number, with their rules applied."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..corpus import Corpus, Segment
from ..errors import CorpusError, RecipeError, did_you_mean
from ..recipe import Recipe
from ..recipe.labels import Label, Value
from ..track import Schema, Track
from .label_reducers import Owners, extent, reduced
from .label_values import LeftOutError, label_value
from .overlap import ROUNDING_SECONDS
from .segments import Exclusion, bounds, excluded

_MOMENT_SECONDS = 1e-6
"""Long beside the rounding of times, and short beside all that lasts."""


def wanted_labels(corpus: Corpus, recipe: Recipe, schemas: Mapping[str, Schema]) -> dict[str, Label]:
    """Return the labels that go into the store, each with its column: the recipe's, or else all of the corpus.

    Parameters
    ----------
    corpus
        The corpus.
    recipe
        The recipe.
    schemas
        The schema of every track.

    Raises
    ------
    CorpusError
        If the recipe wants a label that the corpus does not have.
    RecipeError
        If a track cannot be a label.
    """
    if recipe.labels is None:
        return {name: Label(column=name) for name in corpus.label_names}
    labels = {}
    for name, label in recipe.labels.items():
        column = label.column or name
        if label.track:
            column = _track_column(name, label, schemas[label.track])
        elif column not in corpus.label_names:
            hint = did_you_mean(column, corpus.label_names) if corpus.label_names else "it has none"
            raise CorpusError(f"{corpus.root}: has no label '{column}', which the recipe keeps; {hint}")
        labels[name] = replace(label, column=column)
    return labels


def label_kinds(corpus: Corpus, labels: Mapping[str, Label]) -> dict[str, str]:
    """Return ``number`` or ``text`` for every label of `wanted_labels`: what its values are once rules are applied.

    Raises
    ------
    CorpusError
        If values do not go with the rules, or a rule names a value that no segment has.
    """
    kinds = {name: _kind(name, label, corpus.segments) for name, label in labels.items()}
    for name, label in labels.items():
        if not label.track:
            _check_names(corpus, name, label)
    return kinds


def labelled(
    segments: Sequence[Segment], tracks: Mapping[str, Track], labels: Mapping[str, Label]
) -> tuple[list[Segment], list[Exclusion]]:
    """Return the segments with the labels of `wanted_labels` and no others; and those left out for lack of one.

    Parameters
    ----------
    segments
        Segments of one recording, with their ends.
    tracks
        The recording's tracks by name.
    labels
        The labels.

    Raises
    ------
    CorpusError
        If values do not go with the rules, or a track has several values in a segment where the recipe expects one.
    """
    found = {name: _found(segments, tracks, label) for name, label in labels.items()}
    kept, left_out = [], []
    for number, segment in enumerate(segments):
        try:
            values = {name: _value(name, label, segment, found[name][number]) for name, label in labels.items()}
        except LeftOutError as reason:
            left_out.append(excluded(segment, str(reason)))
        else:
            kept.append(replace(segment, labels=values))
    return kept, left_out


def _kind(name: str, label: Label, segments: Sequence[Segment]) -> str:
    if label.track:
        return "text" if any(isinstance(new, str) for new in label.merge.values()) else "number"
    has_text = False
    for segment, found in zip(segments, _found(segments, {}, label), strict=True):
        try:
            has_text |= isinstance(_value(name, label, segment, found), str)
        except LeftOutError:
            continue
    return "text" if has_text else "number"


def _check_names(corpus: Corpus, name: str, label: Label) -> None:
    """Check what a rule calls the values that it replaces, or leaves out.

    A corpus, or a part of it, need not have all of them; but a rule that meets none of its values is misspelt, and so
    is a value that no segment has and that is nearly one of which no rule speaks.
    """
    values = {found for segment in corpus.segments if (found := segment.labels.get(label.column)) is not None}
    known = {_shown(value) for value in values | set(label.merge.values())}
    named = {
        "merge": {old if old in values else _as_number(old) for old in label.merge},
        "drop": {_shown(value) for value in label.drop},
    }
    unnamed = known.difference(*named.values(), map(_shown, (*label.keep, *label.merge.values())))
    for rule, names in named.items():
        missing = sorted(names - known)
        near = [one for one in missing if difflib.get_close_matches(one, unnamed, n=1)]
        if near or (missing and len(missing) == len(names)):
            raise CorpusError(
                f"{corpus.root}: label '{name}': '{rule}' names '{(near or missing)[0]}', which no segment has; "
                f"they have: {', '.join(sorted(map(_shown, values)))}"
            )


def _as_number(written: str) -> str:
    """Return a number as `_shown` writes it, and text as it is."""
    try:
        return _shown(float(written))
    except ValueError:
        return written


def _shown(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _found(segments: Sequence[Segment], tracks: Mapping[str, Track], label: Label) -> Sequence[Value | None]:
    """Return the values of a label before any rule, None for segments that have none."""
    if label.track:
        return _reduced(segments, tracks[label.track], tracks[label.at] if label.at else None, label)
    return [segment.labels.get(label.column) for segment in segments]


def _value(name: str, label: Label, segment: Segment, found: Value | None) -> Value:
    """Apply a label's rules to what was found; raises `LeftOutError` where the segment is to be left out."""
    found = label.missing if found is None else found
    if found is None:
        nothing = f"no row of track '{label.track}'" if label.track else "no value"
        raise LeftOutError(f"label '{name}': {nothing}")
    try:
        return label_value(label, found)
    except LeftOutError as reason:
        raise LeftOutError(f"label '{name}' {reason}") from None
    except CorpusError as error:
        raise CorpusError(f"segment '{segment.id}': label '{name}' {error}") from None


def _track_column(name: str, label: Label, schema: Schema) -> str:
    """Return the column of a track that is a label."""
    if "values" not in schema or len(schema["values"].shape) != 1:
        raise RecipeError(f"label '{name}': track '{label.track}' is no feature whose rows are vectors of numbers")
    columns = schema["values"].columns
    if not label.column and len(columns) == 1:
        return columns[0]
    if label.column not in columns:
        found = f"has no column '{label.column}'" if label.column else f"has {len(columns)} columns"
        hint = did_you_mean(label.column, columns) if label.column else "name one as 'column'"
        raise RecipeError(f"label '{name}': track '{label.track}' {found}; {hint}")
    return label.column


def _reduced(segments: Sequence[Segment], track: Track, at: Track | None, label: Label) -> list[float | None]:
    """Return one number of a track for every segment; None where no row overlaps it."""
    column = track.schema["values"].columns.index(label.column)
    values = np.asarray(track.values[:, column], np.float64)
    edges = np.array([bounds(segment) for segment in segments], np.float64).reshape(-1, 2)
    times, owners = track.times, _owners(segments, track)
    if at is not None:
        times, rows = _moments(track, at)
        values = values[rows]
        owners = None if owners is None else replace(owners, of_rows=owners.of_rows[rows])
    if label.reduce == "value":
        lowest, highest = extent(times, values, edges, owners)
        if (differ := lowest != highest).any():
            number = int(np.argmax(differ))
            raise CorpusError(
                f"segment '{segments[number].id}': track '{label.track}' has values from {lowest[number]:g} to "
                f"{highest[number]:g} in it; expected one ('reduce: value')"
            )
    found, is_there = reduced(times, values, edges, label.reduce, owners)
    return [value if there else None for value, there in zip(found.tolist(), is_there.tolist(), strict=True)]


def _moments(track: Track, at: Track) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the rows that hold when rows of another track begin, each for a moment in the middle of that one's row.

    The moments, shape (n, 2), are all as short, so that each counts once and in one of segments that meet.
    """
    starts = at.times[:, 0] + ROUNDING_SECONDS
    rows = np.searchsorted(track.times[:, 0], starts, side="right") - 1
    holds = rows >= 0
    holds[holds] = starts[holds] < track.times[rows[holds], 1] + ROUNDING_SECONDS
    middles = at.times[holds].mean(axis=1)
    order = np.argsort(middles, kind="stable")
    return np.stack([middles[order], middles[order] + _MOMENT_SECONDS], axis=1), rows[holds][order]


def _owners(segments: Sequence[Segment], track: Track) -> Owners | None:
    """Return which rows may count for a segment: one that is of a segment's own text counts for no other.

    A window counts for the segment that it was cut from.
    """
    if "segment" not in track.schema:
        return None
    ids = [(segment.id, segment.id.rpartition("#")[0]) for segment in segments]
    names = track.fields["segment"].tolist()
    numbers = {"": -1} | {name: number for number, name in enumerate(sorted({*names} - {""}))}
    return Owners(
        of_rows=np.array([numbers[name] for name in names], np.intp),
        of_segments=np.array([[numbers.get(name, -1) for name in pair] for pair in ids], np.intp).reshape(-1, 2),
    )
