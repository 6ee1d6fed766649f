"""What a recipe says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from ..corpus import Segment
from ..errors import ParameterError
from ..extract import Extractor
from ..windows import Windows
from .labels import Label
from .pools import Functionals, Pool
from .splits import Split
from .timelines import RowsTimeline, Timeline

Gaps = Literal["zero", "hold", "interpolate"]
"""What stands where nothing was observed; `align.gaps` makes it."""

_STRICT: Mapping[str, Any] = {"extra": "forbid", "strict": True}


@dataclass(frozen=True, kw_only=True)
class PooledTrack:
    """A track of an output and how its rows are brought together."""

    name: str
    pool: Pool = field(default=Functionals(statistics=("mean",)))


@dataclass(frozen=True, kw_only=True)
class Groups:
    """Consecutive rows of an output put together into one: rows of shape (length, ...)."""

    __pydantic_config__: ClassVar = _STRICT

    size: int
    """Rows in a group."""
    hop: int
    """Rows from the start of one group to that of the next."""
    tail: Literal["drop", "pad"] = "drop"
    """Whether the rows that fill no whole group are left out, or make one that is filled up."""
    length: int | None = None
    """Rows to which every group is filled up: with zeros, or with its last row where gaps hold or are interpolated;
    None: its size."""

    def __post_init__(self) -> None:
        if self.size < 1 or self.hop < 1:
            raise ParameterError(f"size and hop of groups must be at least 1, found {self.size} and {self.hop}")
        if self.length is not None and self.length < self.size:
            raise ParameterError(f"the length of groups must be at least their size {self.size}, found {self.length}")

    @property
    def rows(self) -> int:
        """Rows of a group, those that fill it up included."""
        return self.size if self.length is None else self.length


@dataclass(frozen=True, kw_only=True)
class While:
    """Counts only rows whose middle lies where another track's column is high enough: where somebody speaks."""

    __pydantic_config__: ClassVar = _STRICT

    track: str = "voice_activity"
    """Name of a feature track."""
    column: str = "speech"
    """One of its columns."""
    at_least: float = 0.5
    """What its value must be."""


@dataclass(frozen=True, kw_only=True)
class By:
    """Other tracks for some segments: by who speaks in them, or by a label that is text."""

    __pydantic_config__: ClassVar = _STRICT

    column: str = "speaker"
    """``speaker``, or the name of a label of the recipe that is text."""
    tracks: dict[str, str]
    """The track that stands for the first of the output's in segments with that value."""

    def value(self, segment: Segment) -> str:
        """Return what a segment has in the column."""
        return segment.speaker if self.column == "speaker" else str(segment.labels.get(self.column, ""))


@dataclass(frozen=True, kw_only=True)
class OutputSpec:
    """What a trainer reads: tracks brought onto a timeline, their columns side by side."""

    tracks: tuple[PooledTrack, ...]
    timeline: Timeline
    gaps: Gaps = "zero"
    """What stands where nothing was observed, for which the mask is False in any case."""
    dtype: Literal["float32", "float16", "uint8"] | None = None
    """Type that the store keeps values in; None: as they are. Only uint8 values can be kept as uint8."""
    only_while: While | None = None
    by: By | None = None
    own_words: str | None = None
    """Name of a track of words, where several people may speak at once: only rows that the segment's speaker says."""
    groups: Groups | None = None
    max_length: int | None = None
    """Most rows of a segment; None: all."""
    keep: Literal["first", "last"] = "first"
    """Which rows to keep of more."""

    def used_tracks(self) -> set[str]:
        """Return the names of all tracks that the output is made of."""
        used = {track.name for track in self.tracks} | set(self.by.tracks.values() if self.by else ())
        used |= {self.timeline.track} if isinstance(self.timeline, RowsTimeline) else set()
        used |= {self.own_words} if self.own_words else set()
        return used | ({self.only_while.track} if self.only_while else set())


@dataclass(frozen=True, kw_only=True)
class StoreSpec:
    """How the store is written."""

    __pydantic_config__: ClassVar = _STRICT

    shard_megabytes: float = 256.0
    """A shard is closed before its arrays get larger than this; one recording is only split where it alone is."""
    compression: Literal["none", "gzip", "blosc2"] = "none"
    """How values are packed; what is not packed can be mapped, and is read many times as fast."""

    def __post_init__(self) -> None:
        if not 0 < self.shard_megabytes < float("inf"):
            raise ParameterError(f"shard_megabytes must be positive, found {self.shard_megabytes}")


Statistics = Literal["default", "none", "folds"] | tuple[str, ...]
"""Of which splits columns have statistics: those named; ``folds``: for every split a table of all others; ``default``:
``folds`` where the recipe makes folds, else ``train`` where there is such a split."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A whole recipe, checked."""

    name: str
    description: str
    layouts: tuple[str, ...]
    """Layouts of the corpora that it is for; empty: all."""
    tracks: Mapping[str, Extractor]
    align: Mapping[str, OutputSpec]
    segments: Windows | None
    """What segments are cut into; None: they stay whole."""
    labels: Mapping[str, Label] | None
    """Labels by the name that they get; None: all that the corpus has."""
    split: Split | None
    """How segments are shared out; None: as the corpus has them."""
    statistics: Statistics
    store: StoreSpec
    text: str
    """The YAML it was read from."""
    dry_weights: bool = False
    """Whether models are tiny and random, so that no number means anything; see `dry_recipe`."""
