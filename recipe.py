"""Recipes: YAML files that say which tracks to extract and which outputs to make of them. Strict about every key."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from .errors import ParameterError, RecipeError, did_you_mean
from .extract import EXTRACTORS, Extractor
from .extract.plan import check_needs

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

T = TypeVar("T")

_STRICT: Mapping[str, Any] = {"extra": "forbid", "strict": True}
_UNKNOWN_KEY = "unexpected_keyword_argument"
_IN_YAML = {"a valid array": "a list", "an object": "a mapping", "a valid string": "text"}
_OUTPUT_NAME = re.compile(r"[A-Za-z0-9_-]+")
_BATCH_KEYS = ("id", "labels")
"""What batches hold beside the outputs."""
_FOLDER = Path(__file__).parent / "recipes"
_LARGEST_RECIPE = 100_000
"""Characters; no recipe needs more, and megabytes take long to parse."""
_PLAIN_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("map", "seq", "str", "int", "float", "bool", "null")}
_TEXT_TAG = "tag:yaml.org,2002:str"


@dataclass(frozen=True, kw_only=True)
class WordsTimeline:
    """The words of a words track that have their middle in the segment."""

    __pydantic_config__: ClassVar = _STRICT

    track: str = "words"
    """Name of the words track."""


@dataclass(frozen=True, kw_only=True)
class GridTimeline:
    """Intervals of one length, one after the other from the segment's start; the last one ends with the segment."""

    __pydantic_config__: ClassVar = _STRICT

    hop_seconds: float | None = None
    """Length of an interval."""
    rate_hz: float | None = None
    """Intervals per second, instead of their length."""

    def __post_init__(self) -> None:
        given = [value for value in (self.hop_seconds, self.rate_hz) if value is not None]
        if len(given) != 1:
            raise ParameterError(f"a grid takes one of 'hop_seconds' and 'rate_hz', found {len(given)} of them")
        if not (given[0] > 0 and 0 < self.hop < float("inf")):
            raise ParameterError(f"a grid's hop or rate must be positive, found {given[0]}")

    @property
    def hop(self) -> float:
        """Length of an interval in seconds."""
        return self.hop_seconds if self.hop_seconds is not None else 1 / (self.rate_hz or 1.0)


@dataclass(frozen=True, kw_only=True)
class SegmentTimeline:
    """One interval: the segment."""

    __pydantic_config__: ClassVar = _STRICT


Timeline = WordsTimeline | GridTimeline | SegmentTimeline
TIMELINES: Mapping[str, type[Timeline]] = {
    "words": WordsTimeline,
    "grid": GridTimeline,
    "segment": SegmentTimeline,
}


@dataclass(frozen=True, kw_only=True)
class OutputSpec:
    """What a trainer reads: tracks brought onto a timeline, their columns side by side."""

    tracks: tuple[str, ...]
    """Names of feature tracks."""
    timeline: Timeline
    pool: Literal["mean"] = "mean"
    """``mean``: weighted by overlap."""
    gaps: Literal["zero"] = "zero"
    """What stands where nothing was observed."""


@dataclass(frozen=True, kw_only=True)
class StoreSpec:
    """How the store is written."""

    __pydantic_config__: ClassVar = _STRICT

    shard_megabytes: float = 256.0
    """A shard is closed when its arrays reach this size."""

    def __post_init__(self) -> None:
        if not 0 < self.shard_megabytes < float("inf"):
            raise ParameterError(f"shard_megabytes must be positive, found {self.shard_megabytes}")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A whole recipe, checked."""

    name: str
    description: str
    tracks: Mapping[str, Extractor]
    align: Mapping[str, OutputSpec]
    labels: tuple[str, ...] | None
    """Labels to keep; None: all that the corpus has."""
    store: StoreSpec
    text: str
    """The YAML it was read from."""


def recipe_names() -> list[str]:
    """Return the names of the recipes that come with the package."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def load_recipe(name_or_path: str) -> Recipe:
    """Load a recipe by name, or from a YAML file.

    Raises
    ------
    RecipeError
        Names the file, the line, the key, and the nearest valid one.
    """
    text, source = recipe_text(name_or_path)
    return parse_recipe(text, source)


def recipe_text(name_or_path: str) -> tuple[str, str]:
    """Return a recipe's YAML and the file it is in.

    Raises
    ------
    RecipeError
        If there is no such recipe or file.
    """
    if name_or_path in recipe_names():
        path = _FOLDER / f"{name_or_path}.yaml"
    else:
        path = Path(name_or_path)
        if path.suffix not in (".yaml", ".yml"):
            hint = did_you_mean(name_or_path, recipe_names())
            raise RecipeError(f"no recipe is called '{name_or_path}'; {hint}; or give the path of a .yaml file")
    try:
        return path.read_text(encoding="utf-8"), str(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or str(error)).lower() if isinstance(error, OSError) else "not text in UTF-8"
        raise RecipeError(f"{path}: {reason}; expected a recipe in YAML") from None


def parse_recipe(text: str, source: str) -> Recipe:
    """Parse a recipe from YAML; ``source`` is the file name for messages. Raises `RecipeError`."""
    return _Parser(text, source).recipe()


@dataclass(frozen=True, kw_only=True)
class _RecipeFile:
    """The top level of the YAML file."""

    __pydantic_config__: ClassVar = _STRICT

    name: str = ""
    description: str = ""
    tracks: dict[str, dict[str, Any] | None]
    align: dict[str, dict[str, Any]]
    labels: tuple[str, ...] | None = None
    store: StoreSpec = field(default_factory=StoreSpec)


@dataclass(frozen=True, kw_only=True)
class _OutputFile:
    """An output in the YAML file, its timeline not yet read."""

    __pydantic_config__: ClassVar = _STRICT

    tracks: tuple[str, ...]
    timeline: Any
    pool: Literal["mean"] = "mean"
    gaps: Literal["zero"] = "zero"


class _Parser:
    """Turns YAML into a recipe; every error says where."""

    def __init__(self, text: str, source: str) -> None:
        self._text = text
        self._source = source
        self._root, self._data = self._load()

    def recipe(self) -> Recipe:
        top = self._build(_RecipeFile, self._data, ())
        tracks = {name: self._extractor(name, entry or {}) for name, entry in top.tracks.items()}
        try:
            check_needs(tracks)
        except RecipeError as error:
            raise self._error(str(error), ("tracks",)) from None
        if not top.align:
            raise self._error("'align' has no output; expected at least one", ("align",))
        return Recipe(
            name=top.name or Path(self._source).stem,
            description=top.description,
            tracks=tracks,
            align={name: self._output(name, entry, tracks) for name, entry in top.align.items()},
            labels=top.labels,
            store=top.store,
            text=self._text,
        )

    def _extractor(self, name: str, entry: Mapping[str, Any]) -> Extractor:
        where = ("tracks", name)
        kind = entry.get("extractor", name)
        if not isinstance(kind, str) or kind not in EXTRACTORS:
            line = (*where, "extractor") if "extractor" in entry else where
            raise self._error(f"no extractor is called '{kind}'; {did_you_mean(str(kind), EXTRACTORS)}", line)
        fields = {key: value for key, value in entry.items() if key != "extractor"}
        return self._build(EXTRACTORS[kind], fields, where)

    def _output(self, name: str, entry: Mapping[str, Any], tracks: Mapping[str, Extractor]) -> OutputSpec:
        where = ("align", name)
        if not _OUTPUT_NAME.fullmatch(name) or name in _BATCH_KEYS:
            message = (
                f"'{name}' cannot name an output; expected letters, digits, '-' and '_', and none of {_BATCH_KEYS}"
            )
            raise self._error(message, where)
        parsed = self._build(_OutputFile, entry, where)
        if not parsed.tracks:
            raise self._error("'tracks' is empty; expected at least one track", (*where, "tracks"))
        timeline = self._timeline(parsed.timeline, (*where, "timeline"))
        used = [(track, "tracks") for track in parsed.tracks]
        used += [(timeline.track, "timeline")] if isinstance(timeline, WordsTimeline) else []
        for track, key in used:
            if track not in tracks:
                raise self._error(f"no track is called '{track}'; {_hint(track, tracks)}", (*where, key))
        return OutputSpec(tracks=parsed.tracks, timeline=timeline, pool=parsed.pool, gaps=parsed.gaps)

    def _timeline(self, given: object, where: tuple[str, ...]) -> Timeline:
        chosen = {given: None} if isinstance(given, str) else given
        if not isinstance(chosen, dict):
            raise self._error(f"'timeline' is {json.dumps(given)[:60]}; expected a name, or a mapping with one", where)
        if len(chosen) != 1:
            raise self._error(f"a timeline has one name, found {len(chosen)}", where)
        name, fields = next(iter(chosen.items()))
        if name not in TIMELINES:
            raise self._error(f"no timeline is called '{name}'; {did_you_mean(name, TIMELINES)}", where)
        return self._build(TIMELINES[name], {} if fields is None else fields, (*where, name))

    def _build(self, kind: type[T], value: Any, where: tuple[str, ...]) -> T:
        """Build a dataclass from plain values, strictly."""
        from pydantic import TypeAdapter, ValidationError

        try:
            # Strict mode reads a JSON array as a tuple, which it refuses from a Python list.
            built: T = TypeAdapter(kind).validate_json(json.dumps(value), strict=True)
            return built
        except ValidationError as invalid:
            # A misspelt key also leaves the right one missing: the misspelling is the better message.
            errors = sorted(invalid.errors(include_url=False), key=lambda error: error["type"] != _UNKNOWN_KEY)
            raise self._invalid(kind, errors[0], where) from None
        except (ValueError, OverflowError) as error:  # an integer of thousands of digits, a number that rounds to none
            raise self._error(f"a number is out of range ({error})", where) from None

    def _invalid(self, kind: type[Any], error: Mapping[str, Any], where: tuple[str, ...]) -> RecipeError:
        place = (*where, *(str(part) for part in error["loc"]))
        key = place[-1] if place else ""
        if error["type"] == _UNKNOWN_KEY:
            known = _field_names(kind, error["loc"][:-1])
            return self._error(f"unknown key '{key}'; {_hint(key, known)}", place)
        if error["type"] in ("missing_argument", "missing", "missing_keyword_only_argument"):
            return self._error(f"the key '{key}' is missing", place[:-1])
        if error["type"] == "json_invalid":
            return self._error(f"cannot be read ({error['ctx']['error'].partition(' at line')[0]})", place)
        if error["type"] == "value_error":
            return self._error(str(error["ctx"]["error"]), place)
        expected = error["msg"].removeprefix("Input should be ")
        expected = _IN_YAML.get(expected, expected)
        return self._error(f"'{key}' is {json.dumps(error['input'])[:60]}; expected {expected}", place)

    def _error(self, message: str, place: tuple[str, ...]) -> RecipeError:
        path = f"{'.'.join(place)}: " if place else ""
        return self._error_at(_line(self._root, place), f"{path}{message}")

    def _error_at(self, line: int, message: str) -> RecipeError:
        return RecipeError(f"{self._source}, line {line}: {' '.join(message.split())}")

    def _load(self) -> tuple["Node", Any]:
        """Return the tree with its line numbers and the plain values; duplicate keys are errors, tags are not run."""
        if len(self._text) > _LARGEST_RECIPE:
            raise self._error_at(1, f"{len(self._text)} characters; expected a recipe of at most {_LARGEST_RECIPE}")
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        try:
            root = YAML(typ="safe", pure=True).compose(self._text)
            self._check_plain(root)
            data = YAML(typ="safe", pure=True).load(self._text)
        except MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise self._error_at(line, f"not valid YAML ({error.problem})") from None
        except (YAMLError, RecursionError) as error:
            line = self._text.count("\n", 0, getattr(error, "position", 0)) + 1
            raise self._error_at(line, f"not valid YAML ({error})") from None
        except (ValueError, KeyError) as error:  # a value that is not what its tag says, an integer without end
            raise RecipeError(f"{self._source}: not valid YAML ({error})") from None
        if not isinstance(data, dict):
            found = "nothing" if data is None else "a list" if isinstance(data, list) else "a single value"
            raise self._error_at(1, f"holds {found}; expected the keys 'tracks' and 'align'")
        return root, data

    def _check_plain(self, root: "Node | None") -> None:
        """Refuse what is more than text, numbers, lists and mappings.

        An alias is a node that is met twice: a few nested ones stand for millions of values.
        """
        waiting = [] if root is None else [root]
        met: set[int] = set()
        while waiting:
            node = waiting.pop()
            line = int(node.start_mark.line) + 1
            if id(node) in met:
                raise self._error_at(line, "is repeated by an alias (*); expected every value to be written out")
            met.add(id(node))
            if node.tag not in _PLAIN_TAGS:
                found = str(node.tag).removeprefix("tag:yaml.org,2002:")
                raise self._error_at(line, f"has a value of type '{found}'; expected text, number, list or mapping")
            for child in node.value if isinstance(node.value, list) else ():
                if isinstance(child, tuple) and child[0].tag != _TEXT_TAG:
                    line = int(child[0].start_mark.line) + 1
                    raise self._error_at(line, "has a key that is not text; put it in quotes")
                waiting.extend(child if isinstance(child, tuple) else [child])


def _hint(word: str, known: Collection[str]) -> str:
    return did_you_mean(word, known) if known else "there are none"


def _field_names(kind: type[Any], path: tuple[int | str, ...]) -> list[str]:
    """Return the field names of a dataclass, or of the dataclass that lies along ``path`` in it."""
    import typing
    from dataclasses import fields, is_dataclass

    for part in path:
        kind = typing.get_type_hints(kind).get(str(part), object)
    return [one.name for one in fields(kind)] if is_dataclass(kind) else []


def _line(node: "Node", place: tuple[str, ...]) -> int:
    """Return the line of the deepest node along ``place`` that is there."""
    line = int(node.start_mark.line)
    for key in place:
        pairs = node.value if isinstance(node.value, list) else []
        found = next((pair for pair in pairs if isinstance(pair, tuple) and str(pair[0].value) == key), None)
        if found is None:
            break
        line, node = int(found[0].start_mark.line), found[1]
    return line + 1
