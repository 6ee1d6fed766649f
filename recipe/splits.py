"""The ways in which segments are shared out among splits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

from ..errors import ParameterError

_STRICT: Mapping[str, Any] = {"extra": "forbid", "strict": True}
_RATIO_TOLERANCE = 1e-6

Unit = Literal["segment", "recording", "speaker"]
"""What stays whole: all segments of a unit are in one split."""
UNITS: tuple[Unit, ...] = get_args(Unit)


@dataclass(frozen=True, kw_only=True)
class TableSplit:
    """A CSV file with the column ``split`` and one of ``segment``, ``recording`` and ``speaker``."""

    __pydantic_config__: ClassVar = _STRICT

    file: str
    """Path, from the corpus's folder."""


@dataclass(frozen=True, kw_only=True)
class ListSplit:
    """A text file for every split, with one id a line."""

    __pydantic_config__: ClassVar = _STRICT

    files: dict[str, str]
    """Path of every split's list, from the corpus's folder."""
    by: Unit = "segment"
    """What the ids are."""

    def __post_init__(self) -> None:
        if not self.files or "" in self.files:
            raise ParameterError("'files' must name a file for at least one split, and every split must have a name")


@dataclass(frozen=True, kw_only=True)
class RatioSplit:
    """Parts of given sizes, drawn at random."""

    __pydantic_config__: ClassVar = _STRICT

    by: str
    """What stays whole: a `Unit`, or what a label of the corpus names, as pairs or dialogues."""
    ratios: dict[str, float]
    """Share of the units of every split; they add up to 1."""
    seed: int = 0
    stratify: str | None = None
    """A label of which every split gets about the same share of each value; None: no matter."""

    def __post_init__(self) -> None:
        if len(self.ratios) < 2 or "" in self.ratios or min(self.ratios.values()) <= 0:
            raise ParameterError("'ratios' must name two splits or more, each with a share of more than 0")
        if not abs((total := sum(self.ratios.values())) - 1) < _RATIO_TOLERANCE:
            raise ParameterError(f"ratios must add up to 1, found {total:g}")
        _check_seed(self.seed)


@dataclass(frozen=True, kw_only=True)
class FoldSplit:
    """Folds of about the same size, drawn at random: the splits ``fold0``, ``fold1``, ..."""

    __pydantic_config__: ClassVar = _STRICT

    by: str
    """What stays whole: a `Unit`, or what a label of the corpus names, as pairs or dialogues."""
    folds: int
    seed: int = 0
    stratify: str | None = None
    """A label of which every fold gets about the same share of each value; None: no matter."""

    def __post_init__(self) -> None:
        if self.folds < 2:
            raise ParameterError(f"folds must be at least 2, found {self.folds}")
        _check_seed(self.seed)


@dataclass(frozen=True, kw_only=True)
class LeaveOneOut:
    """A split for every speaker, recording, or value of a label of the corpus, of its name."""

    __pydantic_config__: ClassVar = _STRICT

    leave_one_out: str
    """``speaker``, ``recording``, or the name of the label."""

    def __post_init__(self) -> None:
        if self.leave_one_out == "segment":
            raise ParameterError("'leave_one_out' takes speaker, recording or a label, found segment")


Split = TableSplit | ListSplit | RatioSplit | FoldSplit | LeaveOneOut
SPLITS: Mapping[str, type[Split]] = {
    "file": TableSplit,
    "files": ListSplit,
    "ratios": RatioSplit,
    "folds": FoldSplit,
    "leave_one_out": LeaveOneOut,
}
"""By the key that tells one from the others."""


def _check_seed(seed: int) -> None:
    if not 0 <= seed < 2**32:
        raise ParameterError(f"seed must be from 0 to 2**32 - 1, found {seed}")
