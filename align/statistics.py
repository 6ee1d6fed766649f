"""Statistics of the rows that count for each interval, by sparse weights."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ..recipe.pools import Statistic

BLOCK_VALUES = 1 << 22
"""Numbers that are gathered at once: overlapping windows repeat every row many times."""


def statistics_of(
    values: NDArray[np.generic], weights: csr_array, whole: NDArray[np.float64], statistics: tuple[Statistic, ...]
) -> NDArray[np.generic]:
    """Return statistics of the rows that count for each interval, side by side along the last axis.

    Parameters
    ----------
    values
        Shape (T, ...).
    weights
        Shape (R, T): how much each row counts.
    whole
        Shape (T,): how much a row counts of which nothing is left out.
    statistics
        Which.
    """
    if statistics in (("first",), ("last",)):  # a row as it is keeps its type
        return _edge_rows(values, weights, statistics[0])
    flat = flattened(values)
    found = np.zeros((len(statistics), weights.shape[0], flat.shape[1]), np.float32)
    # One interval alone can be as long as the recording.
    for columns in slices(flat.shape[1], BLOCK_VALUES // max(weights.nnz, 1)):
        for number, statistic in enumerate(statistics):
            found[number, :, columns] = _statistic(flat[:, columns], weights, whole, statistic)
    row = values.shape[1:] if len(statistics) == 1 else values.shape[1:] or (1,)
    return np.concatenate(list(found.reshape(*found.shape[:2], *row)), axis=-1)


def _statistic(
    flat: NDArray[np.generic], weights: csr_array, whole: NDArray[np.float64], statistic: Statistic
) -> NDArray[np.generic]:
    """Return one statistic, shape (R, columns); zero where no row counts."""
    if statistic in ("first", "last"):
        return _edge_rows(flat, weights, statistic)
    if statistic in ("max", "min"):
        counted = np.diff(weights.indptr) > 0
        found = np.zeros((len(counted), flat.shape[1]), flat.dtype)
        if counted.any():
            reduce = np.maximum if statistic == "max" else np.minimum
            found[counted] = reduce.reduceat(flat.take(weights.indices, axis=0), weights.indptr[:-1][counted], axis=0)
        return found
    if statistic == "sum":
        return _product(weights, weights.data / whole[weights.indices], flat)
    # Shares and not seconds: the tiniest of these would lose digits when they are multiplied.
    counts = np.diff(weights.indptr)
    shares = weights.data / np.repeat(weights @ np.ones(len(flat)), counts)
    mean = _product(weights, shares, flat)
    if statistic == "mean":
        return mean
    # Around each interval's own mean: the difference of two squares would keep no digits of a small deviation.
    deviations = flat.take(weights.indices, axis=0) - np.repeat(mean, counts, axis=0)
    each = csr_array((shares, np.arange(len(shares)), weights.indptr), shape=(len(counts), len(shares)))
    return np.sqrt(np.asarray(each @ deviations**2, np.float64))


def _product(weights: csr_array, data: NDArray[np.float64], flat: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return ``weights @ flat`` with other data in the weights; in float64, of which only rows that count are made."""
    counts = np.zeros(len(flat), bool)
    counts[weights.indices] = True
    used, place = np.flatnonzero(counts), np.cumsum(counts) - 1
    those = csr_array((data, place[weights.indices], weights.indptr), shape=(weights.shape[0], len(used)))
    return np.asarray(those @ flat.take(used, axis=0).astype(np.float64), np.float64)


def _edge_rows(values: NDArray[np.generic], weights: csr_array, edge: Statistic) -> NDArray[np.generic]:
    """Return the first or the last row that counts for each interval, in the type of ``values``."""
    counted = np.diff(weights.indptr) > 0
    place = weights.indptr[:-1] if edge == "first" else weights.indptr[1:] - 1
    return picked(values, weights.indices[place[counted]], counted)


def picked(values: NDArray[np.generic], rows: NDArray[np.integer], where: NDArray[np.bool_]) -> NDArray[np.generic]:
    """Return the given rows in the places ``where``, and zeros in the others."""
    found = np.zeros((len(where), *values.shape[1:]), values.dtype)
    found[where] = values[rows]
    return found


def flattened(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return the same rows, each as a vector."""
    return values.reshape(len(values), math.prod(values.shape[1:]))


def slices(length: int, most: int) -> Iterator[slice]:
    """Yield slices that cover ``length`` places, of at most ``most`` each, but at least one."""
    step = max(most, 1)
    for start in range(0, length, step):
        yield slice(start, start + step)
