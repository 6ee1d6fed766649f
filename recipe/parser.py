"""From YAML to a recipe."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from ..corpus import LAYOUTS
from ..errors import RecipeError, did_you_mean
from ..extract import EXTRACTORS, Extractor
from ..extract.plan import check_needs
from ..windows import Windows
from .builder import Builder, hint
from .labels import Label
from .model import By, Groups, OutputSpec, PooledTrack, Recipe, Statistics, StoreSpec, While
from .pools import POOLS, STATISTICS, Functionals, Pool
from .splits import SPLITS, Split
from .timelines import TIMELINES, RowsTimeline, Timeline
from .yaml_tree import YamlTree

_STRICT: Mapping[str, Any] = {"extra": "forbid", "strict": True}
_OUTPUT_NAME = re.compile(r"[A-Za-z0-9_-]+")
_SEGMENTS = "segments"
"""As the windows of a track: those into which segments are cut."""
_BATCH_KEYS = ("id", "labels")
"""What batches hold beside the outputs."""


def parse_recipe(text: str, source: str) -> Recipe:
    """Parse a recipe from YAML; ``source`` is the file name for messages. Raises `RecipeError`."""
    return _Parser(text, source).recipe()


@dataclass(frozen=True, kw_only=True)
class _RecipeFile:
    """The top level of the YAML file."""

    __pydantic_config__: ClassVar = _STRICT

    name: str = ""
    description: str = ""
    layouts: Any = None
    tracks: dict[str, dict[str, Any] | None]
    align: dict[str, dict[str, Any]]
    segments: Any = None
    labels: Any = None
    split: Any = None
    statistics: Any = None
    store: StoreSpec = field(default_factory=StoreSpec)


@dataclass(frozen=True, kw_only=True)
class _OutputFile:
    """An output in the YAML file, its timeline and pools not yet read."""

    __pydantic_config__: ClassVar = _STRICT

    tracks: Any
    timeline: Any
    pool: Any = "mean"
    gaps: Literal["zero", "hold", "interpolate"] = "zero"
    dtype: Literal["float32", "float16", "uint8"] | None = None
    only_while: While | None = None
    by: By | None = None
    own_words: str | None = None
    groups: Groups | None = None
    max_length: int | None = None
    keep: Literal["first", "last"] = "first"


class _Parser:
    """Turns YAML into a recipe; every error says where."""

    def __init__(self, text: str, source: str) -> None:
        self._text = text
        self._source = source
        self._tree = YamlTree(text, source)
        self._builder = Builder(self._tree)

    def recipe(self) -> Recipe:
        top = self._builder.build(_RecipeFile, self._tree.data, ())
        segments = self._segments(top.segments)
        tracks = {name: self._extractor(name, entry or {}, segments) for name, entry in top.tracks.items()}
        try:
            check_needs(tracks)
        except RecipeError as error:
            raise self._tree.error(str(error), ("tracks",)) from None
        if not top.align:
            raise self._tree.error("'align' has no output; expected at least one", ("align",))
        return Recipe(
            name=top.name or Path(self._source).stem,
            description=top.description,
            layouts=self._layouts(top.layouts),
            tracks=tracks,
            align={name: self._output(name, entry, tracks) for name, entry in top.align.items()},
            segments=segments,
            labels=self._labels(top.labels, tracks),
            split=self._split(top.split),
            statistics=self._statistics(top.statistics),
            store=top.store,
            text=self._text,
        )

    def _layouts(self, given: Any) -> tuple[str, ...]:
        if given is None:
            return ()
        if not isinstance(given, list) or not given or not all(isinstance(name, str) for name in given):
            raise self._tree.error(f"'layouts' is {json.dumps(given)[:60]}; expected a list of names", ("layouts",))
        for name in given:
            if name not in LAYOUTS:
                raise self._tree.error(f"no layout is called '{name}'; {hint(name, LAYOUTS)}", ("layouts",))
        return tuple(given)

    def _segments(self, given: Any) -> Windows | None:
        if given is None:
            return None
        _, parameters = self._builder.chosen(given, ("windows",), ("segments",), "kind of segments")
        return self._builder.build(Windows, parameters, ("segments", "windows"))

    def _labels(self, given: Any, tracks: Mapping[str, Extractor]) -> dict[str, Label] | None:
        """Return the labels: a list of those of the corpus, or a mapping with the rules of each."""
        if given is None:
            return None
        if isinstance(given, list) and all(isinstance(name, str) for name in given):
            given = dict.fromkeys(given)
        if not isinstance(given, dict):
            found = json.dumps(given)[:60]
            message = f"'labels' is {found}; expected a list of names, or names with their rules"
            raise self._tree.error(message, ("labels",))
        labels = {
            name: self._builder.build(Label, {} if rules is None else rules, ("labels", name))
            for name, rules in given.items()
        }
        for name, label in labels.items():
            for key, used in (("track", label.track), ("at", label.at)):
                if used and used not in tracks:
                    raise self._tree.error(f"no track is called '{used}'; {hint(used, tracks)}", ("labels", name, key))
        return labels

    def _split(self, given: Any) -> Split | None:
        if given is None:
            return None
        kinds = [key for key in SPLITS if isinstance(given, dict) and key in given]
        if len(kinds) != 1:
            message = (
                f"'split' is {json.dumps(given)[:60]}; expected a mapping with one of the keys {', '.join(SPLITS)}"
            )
            raise self._tree.error(message, ("split",))
        return self._builder.build(SPLITS[kinds[0]], given, ("split",))

    def _statistics(self, given: Any) -> Statistics:
        if given is None:
            return "default"
        if given in ("none", "folds"):
            return "none" if given == "none" else "folds"
        splits = given["split"] if isinstance(given, dict) and set(given) == {"split"} else None
        names = splits if isinstance(splits, list) else [splits]
        if not names or not all(isinstance(name, str) and name for name in names) or len(set(names)) < len(names):
            message = f"'statistics' is {json.dumps(given)[:60]}; expected none, folds, or {{split: NAME}}"
            raise self._tree.error(message, ("statistics",))
        return tuple(names)

    def _extractor(self, name: str, entry: Mapping[str, Any], segments: Windows | None) -> Extractor:
        where = ("tracks", name)
        kind = entry.get("extractor", name)
        if not isinstance(kind, str) or kind not in EXTRACTORS:
            line = (*where, "extractor") if "extractor" in entry else where
            raise self._tree.error(f"no extractor is called '{kind}'; {did_you_mean(str(kind), EXTRACTORS)}", line)
        fields = {key: value for key, value in entry.items() if key != "extractor"}
        if fields.get("windows") == _SEGMENTS:
            if segments is None:
                message = "the recipe has no 'segments' whose windows these are; expected them, or a length and a hop"
                raise self._tree.error(message, (*where, "windows"))
            fields["windows"] = asdict(segments)
        return self._builder.build(EXTRACTORS[kind], fields, where)

    def _output(self, name: str, entry: Mapping[str, Any], tracks: Mapping[str, Extractor]) -> OutputSpec:
        where = ("align", name)
        if not _OUTPUT_NAME.fullmatch(name) or name in _BATCH_KEYS:
            message = (
                f"'{name}' cannot name an output; expected letters, digits, '-' and '_', and none of {_BATCH_KEYS}"
            )
            raise self._tree.error(message, where)
        parsed = self._builder.build(_OutputFile, entry, where)
        if parsed.max_length is not None and parsed.max_length < 1:
            raise self._tree.error(f"max_length must be at least 1, found {parsed.max_length}", (*where, "max_length"))
        spec = OutputSpec(
            tracks=self._pooled(parsed, where),
            timeline=self._timeline(parsed.timeline, (*where, "timeline")),
            gaps=parsed.gaps,
            dtype=parsed.dtype,
            only_while=parsed.only_while,
            by=parsed.by,
            own_words=parsed.own_words,
            groups=parsed.groups,
            max_length=parsed.max_length,
            keep=parsed.keep,
        )
        for key, used in _uses(spec):
            if used not in tracks:
                raise self._tree.error(f"no track is called '{used}'; {hint(used, tracks)}", (*where, key))
        return spec

    def _pooled(self, parsed: _OutputFile, where: tuple[str, ...]) -> tuple[PooledTrack, ...]:
        """Return the tracks of an output: a list that shares the output's pool, or a mapping with a pool for each."""
        common = self._pool(parsed.pool, (*where, "pool"))
        given, place = parsed.tracks, (*where, "tracks")
        if isinstance(given, dict):
            pools = {name: common if pool is None else self._pool(pool, (*place, name)) for name, pool in given.items()}
        elif isinstance(given, list) and all(isinstance(name, str) for name in given):
            pools = dict.fromkeys(given, common)
            if len(pools) < len(given):
                raise self._tree.error("a track occurs twice; expected each once", place)
        else:
            found = json.dumps(given)[:60]
            raise self._tree.error(f"'tracks' is {found}; expected a list of names, or names with their pools", place)
        if not pools:
            raise self._tree.error("'tracks' is empty; expected at least one track", place)
        return tuple(PooledTrack(name=name, pool=pool) for name, pool in pools.items())

    def _pool(self, given: object, where: tuple[str, ...]) -> Pool:
        if isinstance(given, str) and given in STATISTICS:
            return Functionals(statistics=(given,))
        name, parameters = self._builder.chosen(given, (*STATISTICS, *POOLS), where, "pool")
        if name not in POOLS:
            raise self._tree.error(f"'{name}' has no parameters; expected 'pool: {name}'", where)
        return self._builder.build(POOLS[name], parameters, (*where, name))

    def _timeline(self, given: object, where: tuple[str, ...]) -> Timeline:
        name, parameters = self._builder.chosen(given, TIMELINES, where, "timeline")
        return self._builder.build(TIMELINES[name], parameters, (*where, name))


def _uses(spec: OutputSpec) -> list[tuple[str, str]]:
    """Return every track that an output uses, with the key under which it is named."""
    uses = [("tracks", track.name) for track in spec.tracks]
    uses += [("by", name) for name in spec.by.tracks.values()] if spec.by else []
    uses += [("timeline", spec.timeline.track)] if isinstance(spec.timeline, RowsTimeline) else []
    uses += [("own_words", spec.own_words)] if spec.own_words else []
    return uses + ([("only_while", spec.only_while.track)] if spec.only_while else [])
