import tracemalloc
from fractions import Fraction
from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from spans import Spans, array, asked, hard, overlap, rows, shared

from trimodal.align import overlap as overlaps
from trimodal.align.overlap import Pairs, coverage, offsets_of, overlap_blocks, overlapping, ranges, starts_inside


def dense(pairs: Pairs, rows: int) -> NDArray[np.float64]:
    """Return the pairs as a matrix of intervals and rows."""
    matrix = np.zeros((len(pairs.counts), rows))
    matrix[np.repeat(np.arange(len(pairs.counts)), pairs.counts), pairs.rows] = pairs.weights
    return matrix


def union(times: Spans, interval: tuple[float, float]) -> Fraction:
    until, total = Fraction(interval[0]), Fraction(0)
    for start, end in sorted(times):
        begin, stop = max(Fraction(start), until), min(Fraction(end), Fraction(interval[1]))
        if stop > begin:
            total += stop - begin
            until = stop
    return total


@hard
@given(rows, asked)
def test_overlap_is_that_of_every_pair(times: Spans, intervals: Spans) -> None:
    found = overlap(array(times), array(intervals))
    expected = [[float(shared(row, interval)) for row in times] for interval in intervals]
    np.testing.assert_allclose(
        dense(found, len(times)), np.reshape(expected, (len(intervals), len(times))), rtol=1e-9, atol=0
    )


def test_overlap_looks_at_no_pair_without_one() -> None:
    starts = np.arange(1000.0)
    times = array([(0.0, 1000.0), *zip(starts, starts + 1, strict=True)])
    assert len(overlap(times, times[1:]).rows) == 2 * 1000


@hard
@given(rows, asked)
def test_coverage_is_that_of_the_union(times: Spans, intervals: Spans) -> None:
    found = coverage(array(times), array(intervals), overlap(array(times), array(intervals)))
    expected = [
        float(union(times, (start, end)) / (Fraction(end) - Fraction(start))) if end > start else 0.0
        for start, end in intervals
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-30)
    assert ((found >= 0) & (found <= 1)).all()


@hard
@given(rows, asked)
def test_a_row_starts_inside_an_interval_or_not(times: Spans, intervals: Spans) -> None:
    found = starts_inside(array(times), array(intervals))
    expected = [[float(first <= start < end) for start, _ in times] for first, end in intervals]
    assert dense(found, len(times)).tolist() == np.reshape(expected, (len(intervals), len(times))).tolist()


@given(rows, asked, st.integers(0, 9))
def test_blocks_are_all_intervals_with_the_rows_they_meet(times: Spans, intervals: Spans, most: int) -> None:
    found = list(overlap_blocks(array(times), array(intervals), most))
    assert [number for some, _ in found for number in range(some.start, some.stop)] == list(range(len(intervals)))
    whole = overlap(array(times), array(intervals))
    for name in ("rows", "weights"):
        joined = np.concatenate([getattr(pairs, name) for _, pairs in found])
        assert joined.tolist() == getattr(whole, name).tolist()
    for some, pairs in found:
        assert pairs.counts.tolist() == whole.counts[some].tolist()
        assert np.count_nonzero(pairs.weights) <= most or some.stop - some.start == 1


@hard
@given(rows, asked)
def test_pairs_that_overlap_by_more_are_those_of_all_pairs(times: Spans, intervals: Spans) -> None:
    with mock.patch.object(overlaps, "BLOCK_PAIRS", 3):
        found = overlapping(array(times), array(intervals), 0.5)
    whole = overlap(array(times), array(intervals))
    whole = whole.where(whole.weights > 0.5)
    for name in ("offsets", "rows", "weights"):
        assert getattr(found, name).tolist() == getattr(whole, name).tolist()


def test_pairs_that_are_not_kept_take_no_memory() -> None:
    """Rows of 1 h at 10 Hz and as many windows of 1 min, of which each meets 600; only the longest row counts."""
    starts = np.arange(36_000) / 10
    times = np.concatenate([[[0.0, 3600.0]], np.stack([starts, starts + 0.1], axis=1)])
    asked = np.stack([starts, starts + 60], axis=1)
    overlapping(times[:9], asked[:9], 0.5)  # compiled
    tracemalloc.start()
    found = overlapping(times, asked, 0.5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert set(found.rows.tolist()) == {0}
    assert peak < 60 * 2**20  # all 22 million pairs would take 350 MiB


@given(st.floats(0, 1e6), st.floats(1e-3, 1.0), st.integers(1, 50))
def test_what_is_wholly_covered_has_a_coverage_of_one(start: float, hop: float, count: int) -> None:
    starts = start + np.arange(count) * hop
    times = np.stack([starts, starts + 1.5 * hop], axis=1)
    whole = np.array([[times[0, 0], times[-1, 1]]])
    assert coverage(times, whole, overlap(times, whole)).tolist() == [1.0]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=8))
def test_ranges_are_those_of_python(pairs: list[tuple[int, int]]) -> None:
    first, last = np.array(pairs, np.int64).reshape(-1, 2).T
    assert ranges(first, last).tolist() == [number for start, stop in pairs for number in range(start, stop)]


@given(st.lists(st.integers(0, 9), max_size=8))
def test_offsets_bound_each_run(counts: list[int]) -> None:
    assert offsets_of(np.array(counts, np.int64)).tolist() == [sum(counts[:end]) for end in range(len(counts) + 1)]
