from bisect import bisect_left
from collections.abc import Callable
from fractions import Fraction
from unittest import mock

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from spans import HARD, Span, Spans, array, asked, counted, feature, hard, middle, numbered, overlap, rows

from trimodal.align import pooling
from trimodal.align.overlap import ROUNDING_SECONDS
from trimodal.align.pooling import Pooled, pool, pool_made_from
from trimodal.recipe.pools import STATISTICS, Functionals, Inside, Intersect, Linear, Nearest, Pchip, Pool, Statistic
from trimodal.track import Field, Track, empty_track

MEAN = Functionals(statistics=("mean",))


def pool_mean(track: Track, intervals: NDArray[np.float64]) -> Pooled:
    return pool(track, intervals, MEAN)


@hard
@given(rows, asked)
def test_mask_is_whether_coverage_is_positive(times: Spans, intervals: Spans) -> None:
    pooled = pool_mean(feature(times, np.ones((len(times), 2), np.float32)), array(intervals))
    expected = [any(counted(row, interval) > 0 for row in times) for interval in intervals]
    assert pooled.observed.tolist() == expected
    assert (pooled.coverage > 0).tolist() == expected
    assert (pooled.coverage.astype(np.float32) > 0).tolist() == expected
    assert not pooled.values[~pooled.observed].any()


finite = st.floats(-(2.0**99), 2.0**99, width=32)


@given(rows, asked, st.data())
def test_the_mean_is_weighted_by_overlap(times: Spans, intervals: Spans, data: st.DataObject) -> None:
    values = data.draw(arrays(np.float32, (len(times), 2), elements=finite))
    pooled = pool_mean(feature(times, values), array(intervals))
    assert pooled.values.dtype == np.float32
    assert pooled.values.shape == (len(intervals), 2)
    for found, interval in zip(pooled.values, intervals, strict=True):
        weights = [counted(row, interval) for row in times]
        if not any(weights):
            continue
        for column in range(2):
            exact = sum(
                weight * Fraction(float(value)) for weight, value in zip(weights, values[:, column], strict=True)
            )
            np.testing.assert_allclose(
                found[column], float(exact / sum(weights)), rtol=1e-6, atol=1e-9 * np.abs(values).max()
            )


@hard
@example([(0.0, 1e-320), (0.0, 5e-324)], [(0.0, 1.0)])
@given(rows, asked)
def test_the_mean_of_a_constant_is_that_constant(times: Spans, intervals: Spans) -> None:
    constant = np.array([0.1, -3e38, 1e-30], np.float32)
    pooled = pool_mean(feature(times, np.tile(constant, (len(times), 1))), array(intervals))
    expected = np.where(pooled.observed[:, None], constant, np.float32(0))
    np.testing.assert_array_equal(pooled.values, expected)


@pytest.mark.parametrize(
    ("times", "interval", "mean", "covered"),
    [
        ([(0.0, 1.0), (1.0, 2.0)], (0.0, 1.0), 10.0, 1.0),
        ([(0.0, 1.0), (1.0, 2.0)], (1.0, 2.0), 20.0, 1.0),
        ([(0.0, 1.0), (1.0, 2.0)], (0.5, 1.25), 40 / 3, 1.0),
        ([(0.0, 1.0), (1.0, 2.0)], (1.5, 3.5), 20.0, 0.25),
        ([(0.0, 1.0), (1.0, 2.0)], (2.0, 3.0), 0.0, 0.0),
        ([(0.0, 2.0), (1.0, 3.0)], (0.0, 4.0), 15.0, 0.75),
        ([(0.0, 4.0), (1.0, 2.0)], (0.0, 4.0), 12.0, 1.0),
        ([(0.0, 1.0), (3.0, 4.0)], (0.0, 4.0), 15.0, 0.5),
        ([(1.0, 1.0), (2.0, 2.0)], (0.0, 4.0), 0.0, 0.0),
        ([(0.0, 1.0), (1.0, 2.0)], (0.5, 0.5), 0.0, 0.0),
    ],
)
def test_means_computed_by_hand(times: Spans, interval: tuple[float, float], mean: float, covered: float) -> None:
    pooled = pool_mean(feature(times, np.array([10, 20], np.float32)), array([interval]))
    np.testing.assert_allclose(pooled.values, [mean], rtol=1e-6, atol=1e-6)
    assert pooled.coverage.tolist() == [covered]
    assert pooled.observed.tolist() == [covered > 0]


@pytest.mark.parametrize("shape", [(), (3,), (2, 2, 3)])
def test_rows_of_any_shape_are_pooled(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
    pooled = pool_mean(feature([(0.0, 1.0), (1.0, 4.0)], values), array([(0.0, 4.0), (9.0, 10.0)]))
    np.testing.assert_allclose(pooled.values, [(values[0] + 3 * values[1]) / 4, np.zeros(shape)], rtol=1e-5)


def test_pictures_of_bytes_are_pooled() -> None:
    picture = np.array([[[0, 255]], [[255, 255]]], np.uint8)
    schema = {"values": Field(dtype="uint8", shape=(1, 2))}
    track = Track(schema=schema, times=array([(0.0, 1.0), (1.0, 2.0)]), fields={"values": picture})
    assert pool_mean(track, array([(0.0, 2.0)])).values.tolist() == [[[127.5, 255.0]]]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float64"])
@pytest.mark.parametrize("statistic", STATISTICS)
def test_rows_of_any_type_are_pooled(dtype: str, statistic: Statistic) -> None:
    values = np.array([[1, 9], [0, 9], [1, 1], [1, 0]], dtype)[:, ::-1]  # not side by side in memory
    track = feature([(float(row), row + 1.0) for row in range(4)], values)
    found = pool(track, array([(0.0, 2.0), (1.0, 4.0)]), Functionals(statistics=(statistic,)))
    reduce = {"first": lambda own: own[0], "last": lambda own: own[-1]}.get(
        statistic, lambda own: getattr(np, statistic)(own.astype(np.float64), axis=0)
    )
    np.testing.assert_allclose(found.values, [reduce(values[:2]), reduce(values[1:])], rtol=1e-6)


def test_edges_that_miss_each_other_by_rounding_do_not_overlap() -> None:
    added = np.concatenate([[0.0], np.cumsum(np.full(10, 0.1))])  # 0.6, 0.7, ...
    multiplied = np.arange(11) * 0.1  # 0.6000000000000001, 0.7000000000000001, ...
    times, asked = (np.stack([edges[:-1], edges[1:]], axis=1) for edges in (added, multiplied))
    assert len(overlap(times[::2], asked).rows) > 5
    track = feature([(float(start), float(end)) for start, end in times[::2]], np.ones(5, np.float32))
    assert pool_mean(track, asked).observed.tolist() == [True, False] * 5


RULES: list[Pool] = [
    *(Functionals(statistics=(one,)) for one in STATISTICS),
    Functionals(),
    Intersect(),
    Inside(),
    Nearest(),
    Nearest(tolerance_seconds=0.5),
    Linear(),
    Pchip(),
]


def by_every_rule(test: Callable[..., None]) -> Callable[..., None]:
    """Make a property of rows, intervals and a rule, with the hard cases for each rule."""
    for rule in RULES:
        for times, intervals in HARD:
            test = example(times, intervals, rule)(test)
    return given(rows, asked, st.sampled_from(RULES))(test)


@by_every_rule
def test_small_blocks_give_the_same_numbers(times: Spans, intervals: Spans, rule: Pool) -> None:
    whole = pool(numbered(times), array(intervals), rule)
    with mock.patch.object(pooling, "BLOCK_PAIRS", 3), mock.patch.object(pooling, "BLOCK_VALUES", 3):
        in_blocks = pool(numbered(times), array(intervals), rule)
    np.testing.assert_allclose(in_blocks.values, whole.values, rtol=1e-6, atol=1e-6)
    assert in_blocks.observed.tolist() == whole.observed.tolist()
    assert in_blocks.coverage.tolist() == whole.coverage.tolist()


@by_every_rule
def test_by_every_rule_the_mask_says_whether_there_is_coverage(times: Spans, intervals: Spans, rule: Pool) -> None:
    found = pool(numbered(times), array(intervals), rule)
    assert found.observed.dtype == bool
    assert (found.coverage.astype(np.float32) > 0).tolist() == found.observed.tolist()
    assert (found.coverage <= 1).all()
    assert np.isfinite(found.values).all()
    assert not found.values[~found.observed].any()


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("intervals", [[], [(0.0, 1.0), (2.0, 2.0)]], ids=["none", "two"])
def test_of_a_track_without_rows_nothing_is_observed(rule: Pool, intervals: Spans) -> None:
    found = pool(empty_track({"values": Field(dtype="uint8", shape=(2, 3))}), array(intervals), rule)
    assert not found.observed.any()
    assert not found.values.any()
    assert len(found.values) == len(found.observed) == len(found.coverage) == len(intervals)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float16", "float32"])
@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("intervals", [[], [(0.0, 2.0), (5.0, 6.0)]], ids=["none", "two"])
def test_rows_as_they_are_keep_their_type(dtype: str, rule: Pool, intervals: Spans) -> None:
    found = pool(feature([(0.0, 1.0), (1.0, 2.0)], np.array([[1, 2], [3, 250]], dtype)), array(intervals), rule)
    is_a_row = isinstance(rule, Nearest) or rule in (
        Functionals(statistics=("first",)),
        Functionals(statistics=("last",)),
    )
    assert found.values.dtype == (dtype if is_a_row else "float32")


def slow_sdk(times: Spans, values: NDArray[np.float32], interval: Span, epsilon: float = 10e-6) -> list[float] | None:
    """The CMU Multimodal SDK's rule for one interval: clip the rows that intersect, drop slivers, average plainly."""
    start, end = interval
    if abs(end - start) < epsilon:
        return None
    met = []
    for (row_start, row_end), value in zip(times, values, strict=True):
        if row_end - start > -epsilon and end - row_start > -epsilon:
            clipped = max(row_start, start), min(row_end, end)
            if clipped[1] - clipped[0] > epsilon:
                met.append(value)
    return None if not met else np.mean(np.array(met, np.float64), axis=0).tolist()


@hard
@example([(0.0, 1.0), (1.0, 2.0), (1.0, 1.0 + 9e-6)], [(0.999, 1.5), (1.0 - 5e-6, 2.0), (1.0, 1.0 + 9e-6)])
@given(rows, asked)
def test_intersect_gives_the_numbers_of_the_sdk(times: Spans, intervals: Spans) -> None:
    track = numbered(times)
    found = pool(track, array(intervals), Intersect())
    expected = [slow_sdk(times, track.values, interval) for interval in intervals]
    assert found.observed.tolist() == [one is not None for one in expected]
    for got, one in zip(found.values, expected, strict=True):
        np.testing.assert_allclose(got, [0, 0] if one is None else one, rtol=1e-6, atol=1e-6)


def test_golden_numbers_of_the_sdk() -> None:
    """Rows as the SDK has them of a word, with its epsilon of 10 us, reckoned by hand."""
    track = feature(
        [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (2.5, 2.5), (3.0, 4.0)],
        np.array([[1, -8], [2, -4], [6, 0], [100, 100], [11, 4]], np.float32),
    )
    words = [
        (0.5, 2.25),  # rows 0, 1 and 2, each fully, however little of it: (1 + 2 + 6) / 3, (-8 - 4 + 0) / 3
        (1.0, 2.0),  # row 1 alone: rows 0 and 2 touch it at an edge
        (0.999995, 2.000005),  # so it is here: 5 us of rows 0 and 2 are less than epsilon
        (0.99998, 2.00002),  # 20 us of both are more: (1 + 2 + 6) / 3
        (2.4, 2.6),  # row 2: a row without length (row 3) covers nothing
        (3.5, 9.0),  # row 4: what lies beyond the rows does not count
        (1.5, 1.500005),  # a word shorter than epsilon has none
        (5.0, 6.0),  # no row is there
    ]
    found = pool(track, array(words), Intersect())
    assert found.values.tolist() == [[3, -4], [2, -4], [2, -4], [3, -4], [6, 0], [11, 4], [0, 0], [0, 0]]
    assert found.observed.tolist() == [True] * 6 + [False] * 2


@hard
@example([(0.0, 1.0), (1.0, 2.0), (2.0, 2.0)], [(0.1, 0.9), (1.0, 2.0), (0.0, 2.0), (2.0, 3.0)])
@given(rows, asked)
def test_inside_gives_the_numbers_of_a_search_of_starts(times: Spans, intervals: Spans) -> None:
    track, starts = numbered(times), [start for start, _ in times]
    found = pool(track, array(intervals), Inside())
    for got, observed, (start, end) in zip(found.values, found.observed, intervals, strict=True):
        chosen = track.values[bisect_left(starts, start) : bisect_left(starts, end)].astype(np.float64)
        assert observed == (len(chosen) > 0)
        np.testing.assert_allclose(got, chosen.mean(axis=0) if len(chosen) else [0, 0], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Functionals(statistics=("mean",)), (0.1 * 10 + 1 * 20 + 0.3 * 60) / 1.4),
        (Intersect(), 30),
        (Inside(), 40),
        (Functionals(statistics=("sum",)), 0.1 * 10 + 20 + 0.3 * 60),
    ],
    ids=["mean", "intersect", "inside", "sum"],
)
def test_published_rules_differ_at_the_edges_of_a_word(rule: Pool, expected: float) -> None:
    track = feature([(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)], np.array([10, 20, 60], np.float32))
    np.testing.assert_allclose(pool(track, array([(0.9, 2.3)]), rule).values, [expected], rtol=1e-6, atol=1e-6)


@given(rows, asked, st.none() | st.sampled_from([0.0, 0.25, 1.0, 1e3]))
@example([(0.0, 2.0), (0.5, 1.5), (0.75, 1.25)], [(0.0, 0.0), (1.0, 1.0), (9.0, 9.0)], None)
@example([(0.0, 1.0), (1.0, 2.0)], [(0.5, 1.5), (2.0, 2.0), (2.0, 2.2)], 0.5)
def test_nearest_is_that_of_a_slow_search(times: Spans, intervals: Spans, tolerance: float | None) -> None:
    track = numbered(times)
    found = pool(track, array(intervals), Nearest(tolerance_seconds=tolerance))
    for got, observed, interval in zip(found.values, found.observed, intervals, strict=True):
        distances = [abs(middle(row) - middle(interval)) for row in times]
        assert observed == (bool(times) and (tolerance is None or min(distances) <= tolerance + ROUNDING_SECONDS))
        if observed:
            # Distances that differ by rounding are equal, and of equal ones the earlier middle counts.
            near = [row for row, distance in enumerate(distances) if distance <= min(distances) + 2 * ROUNDING_SECONDS]
            assert got.tolist() in track.values[near].tolist()
            if len({distances[row] for row in near}) == 1:
                assert got.tolist() == track.values[min(near, key=lambda row: middle(times[row]))].tolist()


def test_of_rows_as_near_the_earlier_counts_whatever_the_rounding() -> None:
    starts = np.arange(1000) * 0.04
    frames = np.stack([starts, starts + 0.04], axis=1)
    track = feature(frames.tolist(), np.arange(1000, dtype=np.float32))
    asked = np.stack([starts[::2], starts[::2] + 0.08], axis=1)  # each has its middle where two frames meet
    assert pool(track, asked, Nearest()).values.tolist() == list(range(0, 1000, 2))


def made_of(made_from: list[int]) -> Track:
    """Return a track of rows without length, each made from a row of another."""
    schema = {"values": Field(shape=(2,)), "row": Field(dtype="int64")}
    values = np.array([(number**2 - 7.0, -number) for number in range(len(made_from))], np.float32).reshape(-1, 2)
    fields = {"values": values, "row": np.array(made_from, np.int64)}
    return Track(schema=schema, times=np.zeros((len(made_from), 2)), fields=fields)


@given(
    st.lists(st.integers(-1, 6), max_size=12),
    st.lists(st.integers(0, 6), max_size=12),
    st.sampled_from(STATISTICS),
)
@example([], [3], "mean")
@example([3], [], "mean")
@example([0, 0, -1, 2, 0], [0, 1, 2, 0], "sum")
def test_every_word_takes_the_rows_made_from_it(made_from: list[int], asked: list[int], statistic: Statistic) -> None:
    track = made_of(made_from)
    found = pool_made_from(track, np.array(asked, np.intp), (statistic,))
    assert found.observed.tolist() == [row in made_from for row in asked]
    assert found.coverage.tolist() == [float(row in made_from) for row in asked]
    reduce = {"first": lambda own: own[0], "last": lambda own: own[-1]}.get(
        statistic, lambda own: getattr(np, statistic)(own, axis=0)
    )
    for got, row in zip(found.values, asked, strict=True):
        own = track.values[np.array(made_from, int) == row].astype(np.float64)
        np.testing.assert_allclose(got, reduce(own) if len(own) else [0, 0], rtol=1e-6, atol=1e-6)


@given(rows)
def test_words_take_their_own_rows_whatever_their_times(times: Spans) -> None:
    assume(times)
    schema = {"values": Field(), "row": Field(dtype="int64")}
    number = np.arange(len(times))
    track = Track(schema=schema, times=array(times), fields={"values": number.astype(np.float32), "row": number})
    found = pool_made_from(track, number, ("mean",))
    assert found.values.tolist() == number.tolist()
    assert found.observed.all()
