"""What a label of the segments is: where it comes from, and what becomes of its values."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar, Literal

from ..errors import ParameterError

Value = float | str
Reducer = Literal["mean", "median", "mode", "last", "nearest", "value"]
"""How the rows of a track that overlap the segment become one number. ``mean`` weighs each by its overlap. For the
others each counts as it is: their median; the most frequent value, of several the smallest; the last row; the row whose
middle is nearest to the segment's; the one value that all of them have."""
Rule = Literal["sign", "round", "positive", "nonnegative", "mosi7", "mosei7"]
"""How a number becomes a class; see `trimodal.align.label_values`."""


@dataclass(frozen=True, kw_only=True)
class Label:
    """A label, and what is done to its values: in the order in which it stands here.

    Raises
    ------
    ParameterError
        If parameters exclude each other or are outside their range.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid", "strict": True}

    column: str = ""
    """A label of the corpus; empty: the one of this name. Of a track: one of its columns; empty: the only one."""
    track: str = ""
    """A feature track, instead of a label of the corpus."""
    reduce: Reducer = "mean"
    """How its rows become one number."""
    at: str = ""
    """Another track, of whose rows in the segment only the moments count at which they begin; empty: all time does."""
    missing: float | None = None
    """The number of segments in which it has no row, before all else; None: they are left out."""
    merge: Mapping[str, Value] = field(default_factory=dict)
    """What replaces a value, by the value (numbers as text)."""
    drop: tuple[Value, ...] = ()
    """Segments with one of these are left out."""
    keep: tuple[Value, ...] = ()
    """Segments with any other are left out; empty: none."""
    scale: float = 1.0
    """Factor of numbers."""
    offset: float = 0.0
    """What is added to them."""
    clip: tuple[float, float] | None = None
    """The lowest and the highest number; what lies outside becomes these."""
    bins: tuple[float, ...] = ()
    """Edges of classes: class 0 lies below the first, class k in ``[edge k - 1, edge k)``, the last class from the last
    edge on."""
    rule: Rule | None = None
    """Another way to classes."""

    def __post_init__(self) -> None:
        if not self.track and self.reduce != "mean":
            raise ParameterError(f"'reduce: {self.reduce}' is for the rows of a 'track', which is not given")
        if not self.track and self.missing is not None:
            raise ParameterError(f"'missing: {self.missing:g}' is for the rows of a 'track', which is not given")
        if self.missing is not None and not math.isfinite(self.missing):
            raise ParameterError(f"missing must be finite, found {self.missing}")
        if not self.track and self.at:
            raise ParameterError(f"'at: {self.at}' is for the rows of a 'track', which is not given")
        if not math.isfinite(self.scale) or not self.scale or not math.isfinite(self.offset):
            raise ParameterError(f"scale must be finite and not 0, offset finite, found {self.scale} and {self.offset}")
        if self.clip is not None and not self.clip[0] < self.clip[1]:
            raise ParameterError(f"clip must be the lowest and the highest number, found {list(self.clip)}")
        if not all(low < high for low, high in pairwise((-math.inf, *self.bins, math.inf))):
            raise ParameterError(f"bins must be finite edges that rise, found {list(self.bins)}")
        if self.bins and self.rule:
            raise ParameterError("'bins' and 'rule' both make classes; expected one of them")
        if len({isinstance(value, str) for value in self.merge.values()}) > 1:
            raise ParameterError("'merge' makes text of some values and numbers of others; expected one of both")

    @property
    def computes(self) -> bool:
        """Whether it computes with the values, so that they must be numbers."""
        return (self.scale, self.offset) != (1.0, 0.0) or self.clip is not None or bool(self.bins or self.rule)
