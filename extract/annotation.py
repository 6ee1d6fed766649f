"""Annotations as tracks: one number for every row, made of what the raters said."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..corpus import Ratings
from ..errors import CorpusError, ParameterError, did_you_mean
from ..track import Field, Gap, Schema, Track
from .base import AnnotationExtractor

_ROUNDING_SECONDS = 1e-6
"""Less between two rows is no gap: files print times with a few digits."""


@dataclass(frozen=True, kw_only=True)
class RatedAnnotation(AnnotationExtractor):
    """What the raters of an annotation said, row by row.

    A row in which one of the raters that count has no value is a gap, as is what no row covers. A recording without
    the annotation has no row at all.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    name: ClassVar[str] = "annotation"

    raters: str = "mean"
    """``mean`` of all, their ``ewe`` (see `evaluator_weighted_estimator`), or one column of the file by name."""
    delay_seconds: float = 0.0
    """How late raters answer: a row says what happened so much earlier, and moves there."""
    scale: float = 1.0
    """Factor of every value."""
    unit: str = ""
    """Unit of the values, after that."""

    def __post_init__(self) -> None:
        if not math.isfinite(self.delay_seconds):
            raise ParameterError(f"delay_seconds must be finite, found {self.delay_seconds}")
        if not math.isfinite(self.scale) or not self.scale:
            raise ParameterError(f"scale must be finite and not 0, found {self.scale}")

    @property
    def schema(self) -> Schema:
        """``values``: one number, in float64 so that it stays what the file says."""
        return {"values": Field(dtype="float64", shape=(1,), columns=(self.annotation,), unit=self.unit)}

    def extract(self, ratings: Ratings, duration_seconds: float) -> Track:
        """Make one value of every row.

        Raises
        ------
        CorpusError
            If there is no such rater, no two raters agree in the least, or the rows go on for more than 1 s and 1 %
            after the end of the recording: then their clock, or their recording, is another.
        """
        _check_end(ratings, duration_seconds)
        values = self._combined(ratings) * self.scale
        times = ratings.times - self.delay_seconds
        rated = ~np.isnan(values)
        gaps = [*_holes(times, duration_seconds), *_unrated(times, rated)]
        return Track(
            schema=self.schema,
            times=times[rated],
            fields={"values": values[rated, None]},
            gaps=tuple(sorted(gaps, key=lambda gap: gap.start_seconds)),
        )

    def _combined(self, ratings: Ratings) -> NDArray[np.float64]:
        if self.raters in ratings.raters:
            return ratings.values[:, ratings.raters.index(self.raters)]
        if self.raters == "mean":
            return np.asarray(ratings.values.mean(axis=1), np.float64)
        if self.raters == "ewe":
            combined = evaluator_weighted_estimator(ratings.values)
            if combined is None:
                raise CorpusError(f"{ratings.path}: no rater agrees with the others; expected 'raters: mean' or a name")
            return combined
        hint = did_you_mean(self.raters, (*ratings.raters, "mean", "ewe"))
        raise CorpusError(f"{ratings.path}: has no rater '{self.raters}'; {hint}")


def evaluator_weighted_estimator(values: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the mean of the raters, each weighted by how well he agrees with the others.

    The weight is Pearson's correlation with the mean of the other raters over the rows in which all have a value; 0
    where it is negative, or where one of the two is constant. The reference correlates with the mean of all raters,
    with which everyone agrees in part by being in it.

    Parameters
    ----------
    values
        Shape (T, raters); NaN where there is no value.

    Returns
    -------
    ndarray or None
        Shape (T,): NaN where a rater has no value. None if all weights are 0. A single rater is taken as he is.

    References
    ----------
    Grimm and Kroschel 2005, Evaluation of natural emotions using self assessment manikins, ASRU, 381-385.
    """
    count = values.shape[1]
    if count == 1:
        return values[:, 0]
    complete = values[np.isfinite(values).all(axis=1)]
    weights = np.zeros(count)
    for rater in range(count):
        weights[rater] = max(0.0, _correlation(complete[:, rater], np.delete(complete, rater, axis=1).mean(axis=1)))
    if not weights.any():
        return None
    return np.asarray(values @ (weights / weights.sum()), np.float64)


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return Pearson's correlation; 0 where one of the two is constant."""
    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _check_end(ratings: Ratings, duration_seconds: float) -> None:
    limit = duration_seconds * 1.01 + 1.0
    if (late := ratings.times[:, 1] > limit).any():
        row = int(np.argmax(late))
        raise CorpusError(
            f"{ratings.path}, {ratings.places[row]}: lasts until {ratings.times[row, 1]:.2f} s, the recording until "
            f"{duration_seconds:.2f} s; expected {limit:.2f} s at most (1 s and 1 % more), on the recording's clock"
        )


def _holes(times: NDArray[np.float64], duration_seconds: float) -> list[Gap]:
    """Return the stretches of the recording that no row covers."""
    starts = np.minimum(np.append(times[:, 0], duration_seconds), duration_seconds)
    ends = np.maximum(np.insert(np.maximum.accumulate(times[:, 1]), 0, 0.0), 0.0)
    return [
        Gap(start_seconds=float(ends[row]), end_seconds=float(starts[row]), reason="the annotation has no row")
        for row in np.flatnonzero(starts - ends > _ROUNDING_SECONDS)
    ]


def _unrated(times: NDArray[np.float64], rated: NDArray[np.bool_]) -> list[Gap]:
    """Return the stretches whose rows lack a value, one for every run of rows."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], ~rated, [False]])))
    return [
        Gap(start_seconds=float(times[first, 0]), end_seconds=float(times[last - 1, 1]), reason="a rater has no value")
        for first, last in zip(edges[::2], edges[1::2], strict=True)
    ]
