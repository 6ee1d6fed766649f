from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.interpolate import PchipInterpolator, interp1d
from spans import Spans, array, middle, rows, seconds

from trimodal.align.interpolation import distinct_middles, interpolate, nearest
from trimodal.align.overlap import ROUNDING_SECONDS

moments_of = st.lists(seconds, max_size=12)


def values_of(times: Spans) -> np.ndarray:
    number = np.arange(len(times))
    return np.stack([number**2 % 7, -number], axis=1).astype(np.float64)


def knots(times: Spans) -> list[tuple[float, int]]:
    """Return the middles that differ, in order, each with its first row."""
    known: list[tuple[float, int]] = []
    last = -np.inf
    for row in sorted(range(len(times)), key=lambda row: middle(times[row])):
        if middle(times[row]) - last > ROUNDING_SECONDS:
            known.append((middle(times[row]), row))
        last = middle(times[row])
    return known


def slow(times: Spans, moment: float, max_gap: float) -> list[float] | None:
    """Return the linear value at a moment, found by walking through the rows; None where there is none."""
    values = values_of(times)
    for (before, left), (after, right) in pairwise(knots(times)):
        if before <= moment <= after and after - before <= max_gap + ROUNDING_SECONDS:
            share = (moment - before) / (after - before)
            return (values[left] * (1 - share) + values[right] * share).tolist()
    return of_the_row(times, moment)


def slow_pchip(times: Spans, moment: float, max_gap: float) -> list[float] | None:
    """Return SciPy's curve through the run of rows that a moment lies in, each run a curve of its own."""
    runs: list[list[tuple[float, int]]] = []
    for at, row in knots(times):
        if not runs or at - runs[-1][-1][0] > max_gap + ROUNDING_SECONDS:
            runs.append([])
        runs[-1].append((at, row))
    for run in runs:
        at = [knot for knot, _ in run]
        if len(run) > 1 and at[0] <= moment <= at[-1]:
            return PchipInterpolator(at, values_of(times)[[row for _, row in run]])(moment).tolist()
    return of_the_row(times, moment)


def of_the_row(times: Spans, moment: float) -> list[float] | None:
    """Return the value of the nearest row, where the moment lies in it."""
    known, values = knots(times), values_of(times)
    least = min((abs(found - moment) for found, _ in known), default=0.0)
    for found, row in known:
        if abs(found - moment) <= least + ROUNDING_SECONDS:  # of those as near the earlier
            start, end = times[row]
            return values[row].tolist() if start <= moment < end or found == moment else None
    return None


@given(rows, moments_of, st.sampled_from([1e-3, 0.5, 1.0, 2.0, 1e7]))
@example([(0.0, 1.0), (1.0, 2.0), (4.0, 6.0)], [-0.5, 0.0, 0.5, 1.0, 1.75, 2.0, 4.0, 5.5, 6.0], 1.0)
@example([(1.0, 1.0)], [0.5, 1.0, 1.5], 1.0)
@example([(0.0, 0.0), (0.0, 1e-323), (0.0, 1.0)], [0.0, 1e-323, 0.25], 1.0)
@example([], [0.0], 1.0)
def test_linear_is_that_of_a_slow_walk(times: Spans, moments: list[float], max_gap: float) -> None:
    found, observed = interpolate(array(times), values_of(times), np.array(moments), max_gap, monotone=False)
    expected = [slow(times, moment, max_gap) for moment in moments]
    assert observed.tolist() == [one is not None for one in expected]
    np.testing.assert_allclose(found, np.reshape([one or [0, 0] for one in expected], (-1, 2)), rtol=1e-9, atol=1e-6)


@given(rows, moments_of, st.sampled_from([1e-3, 0.5, 1.0, 2.0, 1e7]))
@example([(0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (7.0, 8.0), (8.0, 9.0)], [0.5, 1.25, 2.5, 2.75, 5.0, 7.5, 8.25], 1.0)
@example([(0.0, 9.0), (0.5, 1.5), (1.0, 1.0), (2.0, 2.0), (2.0, 2.0)], [0.0, 1.0, 1.5, 2.0, 4.0, 4.5], 1.0)
@example([(1.0, 1.0)], [0.5, 1.0, 1.5], 1.0)
@example([], [0.0], 1.0)
def test_pchip_is_scipys_run_by_run(times: Spans, moments: list[float], max_gap: float) -> None:
    found, observed = interpolate(array(times), values_of(times), np.array(moments), max_gap, monotone=True)
    expected = [slow_pchip(times, moment, max_gap) for moment in moments]
    assert observed.tolist() == [one is not None for one in expected]
    np.testing.assert_allclose(found, np.reshape([one or [0, 0] for one in expected], (-1, 2)), rtol=1e-9, atol=1e-9)


starts = st.lists(st.floats(0.01, 1.0), min_size=2, max_size=12).map(lambda steps: np.cumsum([0.0, *steps]))


@pytest.mark.parametrize("monotone", [False, True], ids=["linear", "pchip"])
@given(edges=starts, share=st.lists(st.floats(0, 1), max_size=12))
def test_on_rows_without_a_hole_it_is_scipys(edges: np.ndarray, share: list[float], monotone: bool) -> None:
    times = np.stack([edges[:-1], edges[1:]], axis=1)
    values = values_of(times.tolist())
    middles = times.mean(axis=1)
    moments = np.clip(middles[0] + np.array(share) * (middles[-1] - middles[0]), middles[0], middles[-1])
    found, observed = interpolate(times, values, moments, 2.0, monotone)
    assert observed.all()
    reference = PchipInterpolator(middles, values) if monotone else interp1d(middles, values, axis=0)
    np.testing.assert_allclose(found, reference(moments) if len(middles) > 1 else values[[0] * len(moments)], atol=1e-9)


@pytest.mark.parametrize("monotone", [False, True], ids=["linear", "pchip"])
def test_nothing_is_bridged_across_a_hole(monotone: bool) -> None:
    """Two runs of rows: inside each it is SciPy's curve through that run alone, in the hole there is nothing."""
    edges = np.arange(6) * 0.1
    times = np.concatenate([np.stack([start + edges[:-1], start + edges[1:]], axis=1) for start in (0.0, 2.0)])
    values = np.random.default_rng(0).normal(size=(10, 3))
    moments = np.array([0.3, 2.21, 1.0, 0.07, 0.499, 0.5, 1.999, 2.0, 2.3])
    found, observed = interpolate(times, values, moments, 0.5, monotone)
    assert observed.tolist() == [True, True, False, True, True, False, False, True, True]
    kind = PchipInterpolator if monotone else lambda x, y: interp1d(x, y, axis=0)
    first, second = (kind(times[run].mean(axis=1), values[run]) for run in (slice(0, 5), slice(5, 10)))
    np.testing.assert_allclose(found[[0, 3]], first(moments[[0, 3]]))
    np.testing.assert_allclose(found[[1, 8]], second(moments[[1, 8]]))
    # Between the outermost middle of a run and the end of its row that row counts.
    np.testing.assert_array_equal(found[[4, 7]], values[[4, 5]])
    assert not found[~observed].any()


def test_pchip_does_not_overshoot() -> None:
    edges = np.arange(7.0)
    values = np.array([[0.0], [0], [0], [1], [1], [1]])
    times = np.stack([edges[:-1], edges[1:]], axis=1)
    found, _ = interpolate(times, values, np.linspace(0.5, 5.5, 101), 1.0, monotone=True)
    assert (np.diff(found[:, 0]) >= 0).all()
    assert (found.min(), found.max()) == (0, 1)


def test_values_stay_finite_however_near_the_rows_lie() -> None:
    times = array([(0.0, 0.0), (0.0, 1e-323), (0.0, 1.0), (0.0, 1.0 + 1e-12)])
    values = np.array([[1.0], [3e38], [-3e38], [3e38]])
    for monotone in (False, True):
        found, observed = interpolate(times, values, np.array([0.0, 1e-323, 0.25, 0.5]), 1.0, monotone)
        assert np.isfinite(found).all()
        assert observed.all()


@given(rows)
def test_distinct_middles_are_in_order_and_apart(times: Spans) -> None:
    middles, row = distinct_middles(array(times))
    assert (np.diff(middles) > ROUNDING_SECONDS).all()
    assert middles.tolist() == [middle(times[one]) for one in row]
    assert (len(middles) > 0) == (len(times) > 0)


@pytest.mark.parametrize(
    ("moment", "expected"), [(-5.0, 0), (0.4, 0), (0.5, 0), (0.5 + 1e-12, 0), (0.5 + 1e-6, 1), (7.0, 2)]
)
def test_nearest_prefers_the_earlier(moment: float, expected: int) -> None:
    assert nearest(np.array([0.0, 1.0, 3.0]), np.array([moment])).tolist() == [expected]
