"""What outputs will hold, known before anything is extracted."""

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from ..errors import RecipeError, did_you_mean
from ..recipe import OutputSpec, PooledTrack, Recipe
from ..recipe.pools import Functionals, Nearest, describe
from ..recipe.timelines import (
    GridTimeline,
    OwnTimeline,
    RowsTimeline,
    SegmentTimeline,
    Timeline,
    WindowsTimeline,
    WordsTimeline,
)
from ..store import JoinedTrack, OutputSchema
from ..track import Field, Schema


def output_schemas(recipe: Recipe, schemas: Mapping[str, Schema]) -> dict[str, OutputSchema]:
    """Return what every output of a recipe will hold.

    Parameters
    ----------
    recipe
        The recipe.
    schemas
        The schema of every track.

    Raises
    ------
    RecipeError
        If a track cannot be in an output, or the tracks of one do not go together.
    """
    return {name: _output_schema(name, spec, schemas) for name, spec in recipe.align.items()}


def check_columns(recipe: Recipe, label_kinds: Mapping[str, str]) -> None:
    """Check that outputs choose tracks by columns that segments have.

    Parameters
    ----------
    recipe
        The recipe.
    label_kinds
        Whether each label of the store is ``text`` or ``number``.

    Raises
    ------
    RecipeError
        If one chooses by a label that the store will not have, or that is a number.
    """
    known = ["speaker", *(name for name, kind in label_kinds.items() if kind == "text")]
    for name, spec in recipe.align.items():
        if spec.by is not None and spec.by.column not in known:
            hint = did_you_mean(spec.by.column, known)
            raise RecipeError(f"output '{name}': no label of text is called '{spec.by.column}'; {hint}")


def own_track(spec: OutputSpec) -> str | None:
    """Return the track whose rows go into an output as they are; None where all are pooled."""
    if isinstance(spec.timeline, OwnTimeline):
        return spec.tracks[0].name
    named = spec.timeline.track if isinstance(spec.timeline, RowsTimeline) else None
    return named if named in {track.name for track in spec.tracks} else None


def rows_track(spec: OutputSpec) -> str | None:
    """Return the track whose rows are those of an output; None where they are intervals of another kind."""
    return own_track(spec) or (spec.timeline.track if isinstance(spec.timeline, RowsTimeline) else None)


def from_track(spec: OutputSpec, name: str) -> OutputSpec:
    """Return an output with another track for the first of its own, whatever the segment."""
    first, *others = spec.tracks
    return replace(spec, tracks=(replace(first, name=name), *others), by=None)


def _output_schema(name: str, spec: OutputSpec, schemas: Mapping[str, Schema]) -> OutputSchema:
    _check_timeline(name, spec, schemas)
    _check_while(name, spec, schemas)
    _check_own_words(name, spec, schemas)
    fields = {track.name: _feature(name, track.name, schemas) for track in spec.tracks}
    if len(fields) > 1 and any(len(field.shape) != 1 for field in fields.values()):
        shapes = sorted({field.shape for field in fields.values()})
        raise RecipeError(f"output '{name}': rows of shape {shapes} cannot stand side by side; expected vectors")
    pooled = [_pooled_field(track, fields[track.name], track.name == own_track(spec)) for track in spec.tracks]
    for track, field in zip(spec.tracks, pooled, strict=True):
        if fields[track.name].dtype.startswith("int") and field.dtype == "float32":
            raise RecipeError(
                f"output '{name}': track '{track.name}' holds whole numbers, of which {describe(track.pool)} says "
                "nothing; expected 'timeline: none', or a pool of first, last or nearest"
            )
    for other in spec.by.tracks.values() if spec.by else ():
        _check_other(name, spec, other, schemas)
    dtype = pooled[0].dtype if len(pooled) == 1 else "float32"
    if spec.gaps == "interpolate" and dtype != "float32":
        raise RecipeError(f"output '{name}': values of type {dtype} cannot be interpolated; expected 'gaps: hold'")
    if spec.dtype == "uint8" and dtype != "uint8":
        raise RecipeError(f"output '{name}': values are {dtype}; 'dtype: uint8' is only for values that are such")
    shape = pooled[0].shape if len(pooled) == 1 else (sum(field.shape[0] for field in pooled),)
    units = {field.unit for field in pooled}
    named = len({bool(field.columns) for field in pooled}) == 1
    return OutputSchema(
        dtype=spec.dtype or dtype,
        shape=shape if spec.groups is None else (spec.groups.rows, *shape),
        names=tuple(
            f"{track.name}.{column}"
            for track, field in zip(spec.tracks, pooled, strict=True)
            for column in field.columns
            if named
        ),
        unit=units.pop() if len(units) == 1 else "",
        timeline=_describe(spec.timeline, spec),
        pool=_describe_pools(spec),
        gaps=spec.gaps,
        has_text=_has_text(spec, schemas),
        tracks=tuple(
            JoinedTrack(name=track.name, columns=field.shape[0], unit=field.unit)
            for track, field in zip(spec.tracks, pooled, strict=True)
            if len(pooled) > 1
        ),
        is_group=spec.groups is not None,
    )


def _check_other(name: str, spec: OutputSpec, other: str, schemas: Mapping[str, Schema]) -> None:
    """Check that rows made from another track can stand among those of the track that it stands for."""
    found, expected = _first_rows(name, from_track(spec, other), schemas), _first_rows(name, spec, schemas)
    if found != expected:
        raise RecipeError(
            f"output '{name}': rows of track '{other}' are {found}; "
            f"expected {expected}, as those of '{spec.tracks[0].name}'"
        )


def _first_rows(name: str, spec: OutputSpec, schemas: Mapping[str, Schema]) -> str:
    """Return in words what the first track of an output gives."""
    track = spec.tracks[0]
    field = _pooled_field(track, _feature(name, track.name, schemas), track.name == own_track(spec))
    return f"{field.dtype} {field.shape}{' with text' if _has_text(spec, schemas) else ''}"


def _check_timeline(name: str, spec: OutputSpec, schemas: Mapping[str, Schema]) -> None:
    if isinstance(spec.timeline, WordsTimeline) and "text" not in schemas[spec.timeline.track]:
        found = ", ".join(schemas[spec.timeline.track])
        raise RecipeError(f"output '{name}': track '{spec.timeline.track}' holds {found}; expected words with 'text'")


def _check_own_words(name: str, spec: OutputSpec, schemas: Mapping[str, Schema]) -> None:
    if spec.own_words is None:
        return
    if "speaker" not in schemas[spec.own_words]:
        found = ", ".join(schemas[spec.own_words])
        raise RecipeError(f"output '{name}': track '{spec.own_words}' holds {found}; expected words with 'speaker'")
    others = list(spec.by.tracks.values()) if spec.by else []
    for one in [spec, *(from_track(spec, other) for other in others)]:
        track = rows_track(one)
        if track is None or (track != spec.own_words and "row" not in schemas[track]):
            found = "intervals" if track is None else f"those of '{track}'"
            raise RecipeError(
                f"output '{name}': its rows are {found}; 'own_words' is for rows of '{spec.own_words}', or of what is "
                "made of them word by word"
            )


def _check_while(name: str, spec: OutputSpec, schemas: Mapping[str, Schema]) -> None:
    if spec.only_while is not None:
        feature = _feature(name, spec.only_while.track, schemas)
        columns = feature.columns if len(feature.shape) == 1 else ()
        if spec.only_while.column not in columns:
            raise RecipeError(
                f"output '{name}': track '{spec.only_while.track}' has no column '{spec.only_while.column}'; "
                f"it has {', '.join(columns) or 'none'}"
            )


def _feature(name: str, track: str, schemas: Mapping[str, Schema]) -> Field:
    if "values" not in schemas[track]:
        found = ", ".join(schemas[track])
        raise RecipeError(f"output '{name}': track '{track}' holds {found}; expected a feature with 'values'")
    return schemas[track]["values"]


def _pooled_field(track: PooledTrack, field: Field, is_own: bool) -> Field:
    """Return what the rows of a track are like after pooling."""
    if is_own or isinstance(track.pool, Nearest):
        return field
    statistics = track.pool.statistics if isinstance(track.pool, Functionals) else ("mean",)
    if statistics in (("first",), ("last",)):
        return field
    if len(statistics) == 1:
        return Field(shape=field.shape, columns=field.columns, unit=field.unit)
    columns = tuple(f"{column}.{statistic}" for statistic in statistics for column in field.columns)
    shape = (*field.shape[:-1], field.shape[-1] * len(statistics)) if field.shape else (len(statistics),)
    return Field(shape=shape, columns=columns, unit=field.unit)


def _has_text(spec: OutputSpec, schemas: Mapping[str, Schema]) -> bool:
    if spec.groups is not None:
        return False
    track = rows_track(spec)
    return track is not None and "text" in schemas[track]


def _describe(timeline: Timeline, spec: OutputSpec) -> str:
    if isinstance(timeline, RowsTimeline):
        kind = type(timeline).__name__.removesuffix("Timeline").lower()
        return f"{kind} of {timeline.track}{', touching' if timeline.rows == 'touching' else ''}"
    if isinstance(timeline, GridTimeline):
        around = f", with {timeline.context_seconds:g} s on either side" if timeline.context_seconds else ""
        return f"grid of {timeline.hop:g} s{around}"
    if isinstance(timeline, WindowsTimeline):
        return f"windows of {timeline.length_seconds:g} s every {timeline.hop_seconds:g} s, {timeline.tail}"
    if isinstance(timeline, SegmentTimeline):
        return "segment"
    if isinstance(timeline, OwnTimeline):
        return f"rows of {spec.tracks[0].name}"
    assert_never(timeline)


def _describe_pools(spec: OutputSpec) -> str:
    pools = {track.name: "none" if track.name == own_track(spec) else describe(track.pool) for track in spec.tracks}
    return (
        next(iter(pools.values()))
        if len(set(pools.values())) == 1
        else "; ".join(f"{name}: {pool}" for name, pool in pools.items())
    )
