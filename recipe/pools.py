"""The rules by which the rows of a track become one row for an interval."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from ..errors import ParameterError

_STRICT: Mapping[str, Any] = {"extra": "forbid", "strict": True}

Statistic = Literal["mean", "std", "max", "min", "sum", "first", "last"]
"""A rule without parameters over the rows that overlap an interval."""


@dataclass(frozen=True, kw_only=True)
class Functionals:
    """Several statistics of the rows that overlap the interval, side by side.

    ``mean`` and ``std`` weigh every row by the length of its overlap, ``sum`` by the part of the row that overlaps;
    ``max``, ``min``, ``first`` and ``last`` take every row that overlaps as it is.
    """

    __pydantic_config__: ClassVar = _STRICT

    statistics: tuple[Statistic, ...] = ("mean", "std")
    """Which, in this order."""

    def __post_init__(self) -> None:
        if not self.statistics or len(set(self.statistics)) < len(self.statistics):
            raise ParameterError("'statistics' must name at least one, and each once")


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """The row whose middle is nearest to the interval's middle; of two as near the earlier."""

    __pydantic_config__: ClassVar = _STRICT

    tolerance_seconds: float | None = None
    """Longest distance; None: any."""

    def __post_init__(self) -> None:
        if self.tolerance_seconds is not None and not 0 <= self.tolerance_seconds < float("inf"):
            raise ParameterError(f"tolerance_seconds must be at least 0, found {self.tolerance_seconds}")


@dataclass(frozen=True, kw_only=True)
class Interpolation:
    """The value at the interval's middle, between the middles of the rows on either side.

    Before the first middle and after the last one the row itself counts, as far as it reaches.
    """

    __pydantic_config__: ClassVar = _STRICT

    max_gap_seconds: float = 1.0
    """Longest distance of two middles to interpolate across; what is longer is a hole."""

    def __post_init__(self) -> None:
        if not 0 < self.max_gap_seconds < float("inf"):
            raise ParameterError(f"max_gap_seconds must be positive, found {self.max_gap_seconds}")


@dataclass(frozen=True, kw_only=True)
class Linear(Interpolation):
    """On straight lines."""


@dataclass(frozen=True, kw_only=True)
class Pchip(Interpolation):
    """On monotone cubic pieces (Fritsch and Butland 1984, as SciPy computes them)."""


@dataclass(frozen=True, kw_only=True)
class Intersect:
    """The unweighted mean of all rows that touch the interval: the rule of the CMU Multimodal SDK's ``align``.

    A row that overlaps by a millisecond counts as much as any other. Intervals shorter than ``epsilon_seconds`` have no
    value.

    References
    ----------
    https://github.com/CMU-MultiComp-Lab/CMU-MultimodalSDK, ``mmdatasdk/dataset/dataset.py``
    """

    __pydantic_config__: ClassVar = _STRICT

    epsilon_seconds: float = 1e-5
    """Overlaps up to this count as none; the SDK writes it as 10e-6."""

    def __post_init__(self) -> None:
        if not 0 <= self.epsilon_seconds < float("inf"):
            raise ParameterError(f"epsilon_seconds must be at least 0, found {self.epsilon_seconds}")


@dataclass(frozen=True, kw_only=True)
class Inside:
    """The unweighted mean of the rows whose start lies in the interval: the rule of MMSA-FET.

    Where MMSA-FET gives NaN, because no row starts there, nothing is observed.

    References
    ----------
    https://github.com/thuiar/MMSA-FET, ``dataset.py``
    """

    __pydantic_config__: ClassVar = _STRICT


Pool = Functionals | Nearest | Linear | Pchip | Intersect | Inside
STATISTICS: tuple[Statistic, ...] = ("mean", "std", "max", "min", "sum", "first", "last")
POOLS: Mapping[str, type[Pool]] = {
    "functionals": Functionals,
    "nearest": Nearest,
    "linear": Linear,
    "pchip": Pchip,
    "intersect": Intersect,
    "inside": Inside,
}
"""Beside these, every statistic is the name of a pool: functionals of it alone."""


def describe(pool: Pool) -> str:
    """Return a pool in the words of recipes."""
    if isinstance(pool, Functionals):
        return " and ".join(pool.statistics)
    if isinstance(pool, Nearest):
        return "nearest" if pool.tolerance_seconds is None else f"nearest within {pool.tolerance_seconds:g} s"
    if isinstance(pool, Interpolation):
        return f"{type(pool).__name__.lower()} across at most {pool.max_gap_seconds:g} s"
    return type(pool).__name__.lower()
