import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from spans import Spans, array, seconds, spans

from trimodal.align.overlap import offsets_of
from trimodal.align.timelines import (
    Intervals,
    capped,
    grid_intervals,
    row_intervals,
    segment_intervals,
    window_intervals,
)
from trimodal.extract.text.words import WORDS
from trimodal.track import Track
from trimodal.windows import Tail, Windows


def words(times: Spans) -> Track:
    count = len(times)
    texts = np.array([f"w{row}" for row in range(count)], np.dtypes.StringDType())
    fields = {name: field.empty(count) for name, field in WORDS.items()} | {"text": texts}
    return Track(schema=WORDS, times=array(times), fields=fields)


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


@given(spans.map(sorted), spans)
@example([(0.0, 2.0), (0.0, 9.0), (1.0, 1.0)], [(0.0, 1.0), (1.0, 2.0)])
@example([(0.0, 1.00001), (1.0, 2.0)], [(1.0, 2.0)])
def test_the_words_that_touch_a_segment(times: Spans, segments: Spans) -> None:
    made = row_intervals(words(times), array(segments), "touching")
    expected = [
        [row for row, (start, end) in enumerate(times) if min(end, last) - max(start, first) > 1e-5]
        for first, last in segments
    ]
    assert made.rows is not None
    assert made.rows.tolist() == [row for rows in expected for row in rows]
    assert made.offsets.tolist() == [sum(map(len, expected[:end])) for end in range(len(expected) + 1)]
    assert made.times.tolist() == [list(times[row]) for rows in expected for row in rows]


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


def test_context_is_on_either_side_of_every_interval() -> None:
    made = grid_intervals(array([(1.0, 2.2), (2.2, 3.0)]), 0.5, context_seconds=2.0)
    expected = [[-1.0, 3.5], [-0.5, 4.0], [0.0, 4.2], [0.2, 4.7], [0.7, 5.0]]
    np.testing.assert_allclose(made.times, expected)
    assert made.offsets.tolist() == [0, 3, 5]


@given(segments_of_a_grid, hops, st.floats(0, 9))
@example([(1.0, 2.2), (2.2, 3.0)], 0.5, 2.0)
def test_context_widens_the_grid_and_nothing_else(segments: Spans, hop: float, context: float) -> None:
    bare, made = grid_intervals(array(segments), hop), grid_intervals(array(segments), hop, context)
    expected = [[start - context, end + context] for start, end in bare.times.tolist()]
    assert made.times.tolist() == expected
    assert made.offsets.tolist() == bare.offsets.tolist()


@given(segments_of_a_grid, st.floats(0.1, 9), st.floats(0.1, 9), st.sampled_from(["drop", "anchor", "pad", "partial"]))
def test_windows_are_those_of_each_segment(segments: Spans, length: float, hop: float, tail: Tail) -> None:
    windows = Windows(length_seconds=length, hop_seconds=hop, tail=tail)
    made = window_intervals(array(segments), windows)
    alone = [windows.times(start, end) for start, end in segments]
    assert made.rows is None
    assert made.offsets.tolist() == [sum(map(len, alone[:end])) for end in range(len(alone) + 1)]
    np.testing.assert_array_equal(made.times, np.concatenate([np.zeros((0, 2)), *alone]))


@given(st.lists(st.integers(0, 9), max_size=6), st.integers(1, 5), st.booleans())
def test_of_every_segment_the_first_or_last_rows_are_kept(counts: list[int], most: int, keep_last: bool) -> None:
    offsets = offsets_of(np.array(counts, np.int64))
    number = np.arange(offsets[-1])
    given_intervals = Intervals(times=np.stack([number, number + 1.0], axis=1), offsets=offsets, rows=number[::-1])
    made = capped(given_intervals, most, keep_last)
    cut = slice(-most, None) if keep_last else slice(most)
    expected = [row for first, last in pairwise(offsets) for row in range(first, last)[cut]]
    assert made.times[:, 0].tolist() == expected
    assert made.rows is not None
    assert made.rows.tolist() == [int(offsets[-1]) - 1 - row for row in expected]
    assert np.diff(made.offsets).tolist() == [min(count, most) for count in counts]
