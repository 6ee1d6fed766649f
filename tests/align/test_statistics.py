from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from spans import Span, Spans, array, counted, feature, hard, numbered, rows, spans

from trimodal.align.pooling import pool
from trimodal.recipe.pools import STATISTICS, Functionals, Statistic


def slow_statistic(statistic: Statistic, times: Spans, values: NDArray[np.float32], interval: Span) -> Fraction | None:
    """Return a statistic of one column; None where no row overlaps."""
    weights = [counted(row, interval) for row in times]
    met = [
        (weight, Fraction(float(value)), row)
        for weight, value, row in zip(weights, values, times, strict=True)
        if weight
    ]
    if not met:
        return None
    found = [value for _, value, _ in met]
    total = sum(weights)
    mean = sum(weight * value for weight, value, _ in met) / total
    return {
        "mean": mean,
        "std": Fraction(float(sum(weight * (value - mean) ** 2 for weight, value, _ in met) / total) ** 0.5),
        "max": max(found),
        "min": min(found),
        "sum": sum(
            (weight / (Fraction(end) - Fraction(start)) * value for weight, value, (start, end) in met), Fraction(0)
        ),
        "first": found[0],
        "last": found[-1],
    }[statistic]


@hard
@example([(0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (2.5, 2.5)], [(0.5, 2.5), (3.0, 4.0), (2.5, 2.5), (0.0, 1e-10)])
@given(rows, spans)
def test_every_statistic_is_that_of_a_slow_loop(times: Spans, intervals: Spans) -> None:
    track = numbered(times)
    found = pool(track, array(intervals), Functionals(statistics=STATISTICS))
    for pooled, interval in zip(found.values.reshape(len(intervals), 7, 2), intervals, strict=True):
        for got, statistic in zip(pooled, STATISTICS, strict=True):
            expected = [slow_statistic(statistic, times, column, interval) or 0 for column in track.values.T]
            np.testing.assert_allclose(got, np.array(expected, np.float64), rtol=1e-6, atol=1e-6, err_msg=statistic)


@given(rows, spans, st.sampled_from(STATISTICS))
def test_a_statistic_alone_is_the_same_as_among_others(times: Spans, intervals: Spans, statistic: Statistic) -> None:
    track, others = numbered(times, 1), STATISTICS
    alone = pool(track, array(intervals), Functionals(statistics=(statistic,)))
    together = pool(track, array(intervals), Functionals(statistics=others))
    np.testing.assert_array_equal(alone.values[:, 0], together.values[:, others.index(statistic)])
    assert alone.coverage.tolist() == together.coverage.tolist()


def test_a_small_deviation_keeps_its_digits_beside_a_huge_value() -> None:
    track = feature([(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)], np.array([1, 2, 1e12], np.float32))
    assert pool(track, array([(0.0, 2.0)]), Functionals(statistics=("std",))).values.tolist() == [0.5]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((), (4, 2)), ((3,), (4, 6)), ((2, 2, 3), (4, 2, 2, 6))],
    ids=["number", "vector", "picture"],
)
def test_statistics_stand_side_by_side_along_the_last_axis(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).normal(size=(8, *shape)).astype(np.float32)
    track = feature([(float(row), row + 1.0) for row in range(8)], values)
    found = pool(track, array([(2.0 * row, 2.0 * row + 2) for row in range(4)]), Functionals()).values
    pairs = values.reshape(4, 2, *(shape or (1,)))
    assert found.shape == expected
    np.testing.assert_allclose(found, np.concatenate([pairs.mean(axis=1), pairs.std(axis=1)], axis=-1), rtol=1e-5)
