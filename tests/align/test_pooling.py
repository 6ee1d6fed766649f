from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from trimodal.align.overlap import ROUNDING_SECONDS, coverage, overlap
from trimodal.align.pooling import Pooled, pool, pool_made_from
from trimodal.recipe.pools import Functionals
from trimodal.track import Field, Track

Spans = list[tuple[float, float]]

# Whole numbers make equal edges likely; the others are huge, tiny and ragged.
seconds = (
    st.integers(-3, 12).map(float)
    | st.floats(-1e6, 1e6)
    | st.floats(0, 1e-9)
    | st.sampled_from([1e6, np.nextafter(1e6, 2e6), 5e-324, 1e-300])
)
spans = st.lists(st.tuples(seconds, seconds).map(lambda pair: (min(pair), max(pair))), max_size=12)
rows = spans.map(sorted)

HARD: list[tuple[Spans, Spans]] = [
    ([], [(0.0, 1.0)]),
    ([(0.0, 1.0)], []),
    ([(0.0, 1.0), (1.0, 2.0)], [(1.0, 2.0), (0.0, 1.0), (1.0, 1.0), (2.0, 3.0), (-1.0, 0.0)]),
    ([(0.0, 9.0), (1.0, 2.0), (3.0, 4.0)], [(5.0, 8.0), (2.0, 3.0), (0.0, 9.0)]),
    ([(1.0, 1.0), (1.0, 2.0), (2.0, 2.0), (5.0, 5.0)], [(1.0, 2.0), (4.0, 6.0), (5.0, 5.0)]),
    ([(0.0, 1e6), (2e6, 2e6 + 1e-9)], [(2e6, 2e6 + 1.0), (2e6, 3e6), (1e6, 2e6)]),
    ([(-1e6, 0.0), (0.0, 5e-324)], [(0.0, 1e6), (0.0, 1.0), (0.0, 5e-324)]),
]


def array(found: Spans) -> NDArray[np.float64]:
    return np.array(found, np.float64).reshape(-1, 2)


def feature(times: Spans, values: NDArray[np.float32]) -> Track:
    return Track(schema={"values": Field(shape=values.shape[1:])}, times=array(times), fields={"values": values})


MEAN = Functionals(statistics=("mean",))


def pool_mean(track: Track, intervals: NDArray[np.float64]) -> Pooled:
    return pool(track, intervals, MEAN)


def shared(row: tuple[float, float], interval: tuple[float, float]) -> Fraction:
    start, end = max(row[0], interval[0]), min(row[1], interval[1])
    return max(Fraction(end) - Fraction(start), Fraction(0))


def counted(row: tuple[float, float], interval: tuple[float, float]) -> Fraction:
    seconds = shared(row, interval)
    return seconds if float(seconds) >= ROUNDING_SECONDS else Fraction(0)


def union(times: Spans, interval: tuple[float, float]) -> Fraction:
    until, total = Fraction(interval[0]), Fraction(0)
    for start, end in sorted(times):
        begin, stop = max(Fraction(start), until), min(Fraction(end), Fraction(interval[1]))
        if stop > begin:
            total += stop - begin
            until = stop
    return total


def hard(test: Callable[..., None]) -> Callable[..., None]:
    for times, intervals in HARD:
        test = example(times, intervals)(test)
    return test


@hard
@given(rows, spans)
def test_overlap_is_that_of_every_pair(times: Spans, intervals: Spans) -> None:
    found = overlap(array(times), array(intervals))
    expected = [[float(shared(row, interval)) for row in times] for interval in intervals]
    np.testing.assert_allclose(found.toarray(), np.reshape(expected, (len(intervals), len(times))), rtol=1e-9, atol=0)


def test_overlap_looks_at_no_pair_without_one() -> None:
    starts = np.arange(1000.0)
    times = array([(0.0, 1000.0), *zip(starts, starts + 1, strict=True)])
    assert overlap(times, times[1:]).nnz == 2 * 1000


@hard
@given(rows, spans)
def test_coverage_is_that_of_the_union(times: Spans, intervals: Spans) -> None:
    found = coverage(array(times), array(intervals))
    expected = [
        float(union(times, (start, end)) / (Fraction(end) - Fraction(start))) if end > start else 0.0
        for start, end in intervals
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-30)
    assert ((found >= 0) & (found <= 1)).all()


@hard
@given(rows, spans)
def test_mask_is_whether_coverage_is_positive(times: Spans, intervals: Spans) -> None:
    pooled = pool_mean(feature(times, np.ones((len(times), 2), np.float32)), array(intervals))
    expected = [any(counted(row, interval) > 0 for row in times) for interval in intervals]
    assert pooled.observed.tolist() == expected
    assert (pooled.coverage > 0).tolist() == expected
    assert (pooled.coverage.astype(np.float32) > 0).tolist() == expected
    assert not pooled.values[~pooled.observed].any()


finite = st.floats(-(2.0**99), 2.0**99, width=32)


@given(rows, spans, st.data())
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
@given(rows, spans)
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
    np.testing.assert_allclose(pooled.values, [mean], rtol=1e-6)
    assert pooled.coverage.tolist() == [covered]
    assert pooled.observed.tolist() == [covered > 0]


@given(st.floats(0, 1e6), st.floats(1e-3, 1.0), st.integers(1, 50))
def test_what_is_wholly_covered_has_a_coverage_of_one(start: float, hop: float, count: int) -> None:
    starts = start + np.arange(count) * hop
    times = np.stack([starts, starts + 1.5 * hop], axis=1)
    assert coverage(times, np.array([[times[0, 0], times[-1, 1]]])).tolist() == [1.0]


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


def made_word_by_word(made_from: list[int], times: Spans) -> Track:
    schema = {"values": Field(shape=(2,)), "row": Field(dtype="int64")}
    values = np.array([(row + 1.0, -row) for row in made_from], np.float32).reshape(-1, 2)
    return Track(schema=schema, times=array(times), fields={"values": values, "row": np.array(made_from, np.int64)})


@given(st.sets(st.integers(0, 15)).map(sorted), st.lists(st.integers(0, 15), max_size=20))
@example([], [3])
@example([3], [])
@example([0, 1], [5, 0])
def test_every_word_takes_its_own_row(made_from: list[int], asked: list[int]) -> None:
    pooled = pool_made_from(
        made_word_by_word(made_from, [(0.0, 0.0)] * len(made_from)), np.array(asked, np.intp), ("mean",)
    )
    assert pooled.observed.tolist() == [row in made_from for row in asked]
    assert pooled.coverage.tolist() == [float(row in made_from) for row in asked]
    assert pooled.values.tolist() == [[row + 1.0, -row] if row in made_from else [0.0, 0.0] for row in asked]


@given(rows)
def test_words_take_their_own_rows_whatever_their_times(times: Spans) -> None:
    assume(times)
    pooled = pool_made_from(made_word_by_word(list(range(len(times))), times), np.arange(len(times)), ("mean",))
    assert pooled.values[:, 0].tolist() == [row + 1.0 for row in range(len(times))]
    assert pooled.observed.all()


def test_edges_that_miss_each_other_by_rounding_do_not_overlap() -> None:
    added = np.concatenate([[0.0], np.cumsum(np.full(10, 0.1))])  # 0.6, 0.7, ...
    multiplied = np.arange(11) * 0.1  # 0.6000000000000001, 0.7000000000000001, ...
    times, asked = (np.stack([edges[:-1], edges[1:]], axis=1) for edges in (added, multiplied))
    assert overlap(times[::2], asked).nnz > 5
    track = feature([(float(start), float(end)) for start, end in times[::2]], np.ones(5, np.float32))
    assert pool_mean(track, asked).observed.tolist() == [True, False] * 5
