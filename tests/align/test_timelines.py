import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from trimodal.align.overlap import offsets_of, ranges
from trimodal.align.timelines import grid_intervals, row_intervals, segment_intervals
from trimodal.extract.text.words import WORDS
from trimodal.track import Track

Spans = list[tuple[float, float]]

# Whole numbers make equal edges likely; the others are huge, tiny and ragged.
seconds = st.integers(-3, 12).map(float) | st.floats(-1e6, 1e6) | st.floats(0, 1e-9)
spans = st.lists(st.tuples(seconds, seconds).map(lambda pair: (min(pair), max(pair))), max_size=12)


def array(found: Spans) -> NDArray[np.float64]:
    return np.array(found, np.float64).reshape(-1, 2)


def words(times: Spans) -> Track:
    count = len(times)
    texts = np.array([f"w{row}" for row in range(count)], np.dtypes.StringDType())
    fields = {name: field.empty(count) for name, field in WORDS.items()} | {"text": texts}
    return Track(schema=WORDS, times=array(times), fields=fields)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=8))
def test_ranges_are_those_of_python(pairs: list[tuple[int, int]]) -> None:
    first, last = np.array(pairs, np.int64).reshape(-1, 2).T
    assert ranges(first, last).tolist() == [number for start, stop in pairs for number in range(start, stop)]


@given(st.lists(st.integers(0, 9), max_size=8))
def test_offsets_bound_each_run(counts: list[int]) -> None:
    assert offsets_of(np.array(counts, np.int64)).tolist() == [sum(counts[:end]) for end in range(len(counts) + 1)]


@given(spans.map(sorted), spans)
@example([(0.0, 2.0), (0.0, 2.0), (1.0, 1.0)], [(0.0, 1.0), (1.0, 2.0)])
@example([(0.0, 100.0), (1.0, 2.0)], [(0.0, 10.0), (40.0, 60.0)])
@example([], [(0.0, 1.0)])
@example([(0.0, 1.0)], [])
def test_a_segment_has_the_words_with_their_middle_in_it(times: Spans, segments: Spans) -> None:
    made = row_intervals(words(times), array(segments))
    expected = [
        [row for row, (start, end) in enumerate(times) if first <= (start + end) / 2 < last] for first, last in segments
    ]
    assert made.rows is not None
    assert made.rows.tolist() == [row for rows in expected for row in rows]
    assert made.offsets.tolist() == [sum(map(len, expected[:end])) for end in range(len(expected) + 1)]
    assert made.times.tolist() == [list(times[row]) for rows in expected for row in rows]


@given(spans.map(sorted), st.lists(seconds, min_size=2, max_size=8).map(sorted))
def test_adjoining_segments_get_each_word_once(times: Spans, edges: list[float]) -> None:
    made = row_intervals(words(times), array(list(pairwise(edges))))
    inside = [row for row, (start, end) in enumerate(times) if edges[0] <= (start + end) / 2 < edges[-1]]
    assert made.rows is not None
    assert sorted(made.rows.tolist()) == inside


hops = st.sampled_from([0.04, 0.1, 1 / 3, 1.0, 2.5, 1e9])
segments_of_a_grid = st.lists(
    st.tuples(seconds, st.floats(0, 50) | st.integers(0, 50).map(float) | st.floats(0, 1e-9)).map(
        lambda pair: (pair[0], pair[0] + pair[1])
    ),
    max_size=5,
)


@given(segments_of_a_grid, hops)
@example([(0.0, 1.0)], 0.1)
@example([(1e6, 1e6 + 7.3)], 0.1)
@example([(0.0, 0.3 + 1e-12)], 0.1)
def test_a_grid_runs_through_each_segment(segments: Spans, hop: float) -> None:
    made = grid_intervals(array(segments), hop)
    assert made.rows is None
    assert len(made.offsets) == len(segments) + 1
    for number, (start, end) in enumerate(segments):
        times = made.times[made.offsets[number] : made.offsets[number + 1]]
        assert len(times) == max(0, math.ceil((end - start) / hop - 1e-6))
        if len(times):
            assert times[0, 0] == start
            assert times[-1, 1] == end
        np.testing.assert_array_equal(times[1:, 0], times[:-1, 1])
        assert (times[:, 0] <= times[:, 1]).all()
        np.testing.assert_allclose(times[:, 0], [start + step * hop for step in range(len(times))], rtol=0, atol=1e-9)


@given(st.floats(-1e6, 1e6), st.floats(0, 1e-3), st.floats(1e-6, 1e-3))
def test_a_grid_finer_than_the_clock_stays_in_order(start: float, length: float, hop: float) -> None:
    times = grid_intervals(array([(start, start + length)]), hop).times
    assert (np.diff(times.ravel()) >= 0).all()
    assert (times >= start).all()
    assert (times <= start + length).all()


@pytest.mark.parametrize(
    ("segment", "hop", "expected"),
    [
        ((1.0, 2.0), 0.5, [(1.0, 1.5), (1.5, 2.0)]),
        ((1.0, 2.25), 0.5, [(1.0, 1.5), (1.5, 2.0), (2.0, 2.25)]),
        ((1.0, 1.25), 0.5, [(1.0, 1.25)]),
        ((0.0, 1.0 + 1e-9), 0.5, [(0.0, 0.5), (0.5, 1.0 + 1e-9)]),
        ((1.0, 1.0), 0.5, []),
    ],
)
def test_grids_computed_by_hand(segment: tuple[float, float], hop: float, expected: Spans) -> None:
    assert grid_intervals(array([segment]), hop).times.tolist() == array(expected).tolist()


@given(spans)
def test_a_segment_is_its_own_interval(segments: Spans) -> None:
    made = segment_intervals(array(segments))
    assert made.rows is None
    assert made.times.tolist() == array(segments).tolist()
    assert made.offsets.tolist() == list(range(len(segments) + 1))
