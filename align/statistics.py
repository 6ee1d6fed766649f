"""Statistics of the rows that count for each interval."""

import math

import numpy as np
from numpy.typing import NDArray

from ..recipe.pools import Statistic
from .compiled import compiled
from .overlap import Pairs

_LOOKED_UP: tuple[tuple[Statistic, ...], ...] = (("first",), ("last",))


def prepared(values: NDArray[np.generic], statistics: tuple[Statistic, ...]) -> NDArray[np.generic]:
    """Return the rows as `statistics_of` takes them, once for all intervals.

    They lie side by side in memory and, where they are more than looked up, have a type that machine code has.
    """
    if values.dtype == np.float16 and statistics not in _LOOKED_UP:
        return values.astype(np.float32)
    return np.ascontiguousarray(values)


def statistics_of(
    values: NDArray[np.generic], pairs: Pairs, whole: NDArray[np.float64], statistics: tuple[Statistic, ...]
) -> NDArray[np.generic]:
    """Return statistics of the rows that count for each interval, side by side along the last axis.

    Parameters
    ----------
    values
        Shape (T, ...), `prepared`.
    pairs
        The rows that count for each of R intervals, and how much.
    whole
        Shape (T,): how much a row counts of which nothing is left out.
    statistics
        Which.
    """
    if statistics in _LOOKED_UP:  # a row as it is keeps its type
        return _edge_rows(values, pairs, statistics[0])
    flat = flattened(values)
    found = np.zeros((len(statistics), len(pairs.counts), flat.shape[1]), np.float32)
    for place, statistic in zip(found, statistics, strict=True):
        _statistic(flat, pairs, whole, statistic, place)
    if len(statistics) == 1:
        return found.reshape(-1, *values.shape[1:])
    return np.concatenate(list(found.reshape(*found.shape[:2], *(values.shape[1:] or (1,)))), axis=-1)


def _statistic(
    flat: NDArray[np.generic],
    pairs: Pairs,
    whole: NDArray[np.float64],
    statistic: Statistic,
    found: NDArray[np.float32],
) -> None:
    """Write one statistic into ``found``, shape (R, columns), which holds zeros; they stay where no row counts."""
    offsets, rows = pairs.offsets, pairs.rows
    match statistic:
        case "mean":
            _mean(offsets, rows, pairs.weights, flat, found)
        case "std":
            _deviation(offsets, rows, pairs.weights, flat, found)
        case "sum":
            _sum(offsets, rows, pairs.weights / whole[rows], flat, found)
        case "max":
            _largest(offsets, rows, flat, found)
        case "min":
            _smallest(offsets, rows, flat, found)
        case "first" | "last":
            found[:] = _edge_rows(flat, pairs, statistic)


@compiled
def _mean(
    offsets: NDArray[np.integer],
    rows: NDArray[np.integer],
    weights: NDArray[np.float64],
    flat: NDArray[np.generic],
    found: NDArray[np.float32],
) -> None:
    """Write the weighted mean of the rows of every interval, made in float64.

    Rows are multiplied by their share and not by their weight: the tiniest of these would lose digits.
    """
    means = np.empty(flat.shape[1])
    for interval in range(len(offsets) - 1):
        total = 0.0
        for pair in range(offsets[interval], offsets[interval + 1]):
            total += weights[pair]
        means[:] = 0.0
        for pair in range(offsets[interval], offsets[interval + 1]):
            share, row = weights[pair] / total, rows[pair]
            for column in range(len(means)):
                means[column] += share * flat[row, column]
        found[interval] = means


@compiled
def _deviation(
    offsets: NDArray[np.integer],
    rows: NDArray[np.integer],
    weights: NDArray[np.float64],
    flat: NDArray[np.generic],
    found: NDArray[np.float32],
) -> None:
    """Write the weighted standard deviation of the rows of every interval around its own mean.

    The difference of two squares would keep no digits of a small deviation.
    """
    means, squares = np.empty(flat.shape[1]), np.empty(flat.shape[1])
    for interval in range(len(offsets) - 1):
        total = 0.0
        for pair in range(offsets[interval], offsets[interval + 1]):
            total += weights[pair]
        means[:], squares[:] = 0.0, 0.0
        for pair in range(offsets[interval], offsets[interval + 1]):
            share, row = weights[pair] / total, rows[pair]
            for column in range(len(means)):
                means[column] += share * flat[row, column]
        for pair in range(offsets[interval], offsets[interval + 1]):
            share, row = weights[pair] / total, rows[pair]
            for column in range(len(means)):
                deviation = flat[row, column] - means[column]
                squares[column] += share * (deviation * deviation)
        found[interval] = np.sqrt(squares)


@compiled
def _sum(
    offsets: NDArray[np.integer],
    rows: NDArray[np.integer],
    weights: NDArray[np.float64],
    flat: NDArray[np.generic],
    found: NDArray[np.float32],
) -> None:
    """Write the weighted sum of the rows of every interval, made in float64."""
    sums = np.empty(flat.shape[1])
    for interval in range(len(offsets) - 1):
        sums[:] = 0.0
        for pair in range(offsets[interval], offsets[interval + 1]):
            weight, row = weights[pair], rows[pair]
            for column in range(len(sums)):
                sums[column] += weight * flat[row, column]
        found[interval] = sums


@compiled
def _largest(
    offsets: NDArray[np.integer],
    rows: NDArray[np.integer],
    flat: NDArray[np.generic],
    found: NDArray[np.float32],
) -> None:
    """Write the largest numbers of the rows of every interval."""
    for interval in range(len(offsets) - 1):
        for pair in range(offsets[interval], offsets[interval + 1]):
            row, is_first = rows[pair], pair == offsets[interval]
            for column in range(flat.shape[1]):
                if is_first or flat[row, column] > found[interval, column]:
                    found[interval, column] = flat[row, column]


@compiled
def _smallest(
    offsets: NDArray[np.integer],
    rows: NDArray[np.integer],
    flat: NDArray[np.generic],
    found: NDArray[np.float32],
) -> None:
    """Write the smallest numbers of the rows of every interval."""
    for interval in range(len(offsets) - 1):
        for pair in range(offsets[interval], offsets[interval + 1]):
            row, is_first = rows[pair], pair == offsets[interval]
            for column in range(flat.shape[1]):
                if is_first or flat[row, column] < found[interval, column]:
                    found[interval, column] = flat[row, column]


def _edge_rows(values: NDArray[np.generic], pairs: Pairs, edge: Statistic) -> NDArray[np.generic]:
    """Return the first or the last row that counts for each interval, in the type of ``values``."""
    counted = pairs.counts > 0
    place = pairs.offsets[:-1] if edge == "first" else pairs.offsets[1:] - 1
    return picked(values, pairs.rows[place[counted]], counted)


def picked(values: NDArray[np.generic], rows: NDArray[np.integer], where: NDArray[np.bool_]) -> NDArray[np.generic]:
    """Return the given rows in the places ``where``, and zeros in the others."""
    found = np.zeros((len(where), *values.shape[1:]), values.dtype)
    found[where] = values[rows]
    return found


def flattened(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return the same rows, each as a vector."""
    return values.reshape(len(values), math.prod(values.shape[1:]))
