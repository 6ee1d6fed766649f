"""The timelines that tracks can be brought onto."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from ..errors import ParameterError
from ..windows import Windows

_STRICT: Mapping[str, Any] = {"extra": "forbid", "strict": True}


RowChoice = Literal["middle", "touching"]
"""Which rows of a track belong to a segment: those with their ``middle`` in it, so that of adjoining segments each row
is in exactly one; or all that are ``touching`` it, that overlap it by more than 10 µs, as CMU's SDK chooses them."""


@dataclass(frozen=True, kw_only=True)
class RowsTimeline:
    """The rows of a track that belong to the segment."""

    __pydantic_config__: ClassVar = _STRICT

    track: str
    """Name of the track."""
    rows: RowChoice = "middle"
    """Which rows belong to it."""


@dataclass(frozen=True, kw_only=True)
class WordsTimeline(RowsTimeline):
    """Words."""

    track: str = "words"


@dataclass(frozen=True, kw_only=True)
class TokensTimeline(RowsTimeline):
    """The sub-words of a tokeniser."""

    track: str = "tokens"


@dataclass(frozen=True, kw_only=True)
class FramesTimeline(RowsTimeline):
    """The rows of any track."""


@dataclass(frozen=True, kw_only=True)
class LabelsTimeline(RowsTimeline):
    """The clock of an annotation."""


@dataclass(frozen=True, kw_only=True)
class OwnTimeline:
    """The rows of the output's own first track, as they are."""

    __pydantic_config__: ClassVar = _STRICT


@dataclass(frozen=True, kw_only=True)
class GridTimeline:
    """Intervals of one length, one after the other from the segment's start; the last one ends with the segment."""

    __pydantic_config__: ClassVar = _STRICT

    hop_seconds: float | None = None
    """Length of an interval."""
    rate_hz: float | None = None
    """Intervals per second, instead of their length."""
    context_seconds: float = 0.0
    """By how much each row's interval is longer than the hop, before and after it: windows around their moment."""

    def __post_init__(self) -> None:
        given = [value for value in (self.hop_seconds, self.rate_hz) if value is not None]
        if len(given) != 1:
            raise ParameterError(f"a grid takes one of 'hop_seconds' and 'rate_hz', found {len(given)} of them")
        if not 1e-4 <= self.hop < float("inf"):
            raise ParameterError(f"a grid's hop must be at least 0.0001 s, found {self.hop:g} s")
        if not 0 <= self.context_seconds < float("inf"):
            raise ParameterError(f"a grid's context_seconds must be at least 0, found {self.context_seconds:g}")

    @property
    def hop(self) -> float:
        """Length of an interval in seconds."""
        if self.hop_seconds is not None:
            return self.hop_seconds
        return 1 / self.rate_hz if self.rate_hz else 0.0


@dataclass(frozen=True, kw_only=True)
class WindowsTimeline(Windows):
    """Sliding windows from the segment's start."""


@dataclass(frozen=True, kw_only=True)
class SegmentTimeline:
    """One interval: the segment."""

    __pydantic_config__: ClassVar = _STRICT


Timeline = RowsTimeline | GridTimeline | WindowsTimeline | SegmentTimeline | OwnTimeline
TIMELINES: Mapping[str, type[Timeline]] = {
    "words": WordsTimeline,
    "tokens": TokensTimeline,
    "frames": FramesTimeline,
    "labels": LabelsTimeline,
    "grid": GridTimeline,
    "windows": WindowsTimeline,
    "segment": SegmentTimeline,
    "none": OwnTimeline,
}
