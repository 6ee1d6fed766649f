import tracemalloc
from collections import Counter
from fractions import Fraction
from statistics import median
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spans import Spans, array, asked, counted, hard, rows

from trimodal.align import label_reducers
from trimodal.align.label_reducers import extent, reduced
from trimodal.recipe.labels import Reducer
from trimodal.windows import Windows

REDUCERS: tuple[Reducer, ...] = ("mean", "median", "mode", "last", "nearest", "value")


def slow(times: Spans, values: list[float], segment: tuple[float, float], reducer: Reducer) -> float | None:
    """The rules as docs/labels.md says them."""
    met = [row for row, span in enumerate(times) if counted(span, segment)]
    own = [values[row] for row in met]
    if not own:
        return None
    if reducer == "mean":
        weights = [counted(times[row], segment) for row in met]
        return float(sum(Fraction(v) * w for v, w in zip(own, weights, strict=True)) / sum(weights))
    if reducer == "mode":
        counts = Counter(own)
        return min(value for value in own if counts[value] == max(counts.values()))
    if reducer == "nearest":
        return values[min(met, key=lambda row: abs(np.mean(times[row]) - np.mean(segment)))]
    return {"median": median(own), "last": own[-1], "value": min(own)}[reducer]


@hard
@given(rows, asked)
def test_every_reducer_is_that_of_a_slow_loop(times: Spans, segments: Spans) -> None:
    values = [float(row % 3) for row in range(len(times))]
    for reducer in REDUCERS:
        expected = [slow(times, values, segment, reducer) for segment in segments]
        with mock.patch.object(label_reducers, "BLOCK_PAIRS", 3):
            found, is_there = reduced(array(times), np.array(values), array(segments), reducer)
        assert is_there.tolist() == [value is not None for value in expected]
        known = [value for value in expected if value is not None]
        np.testing.assert_allclose(found[is_there], known, rtol=1e-9, atol=1e-12)


@given(rows, asked, st.floats(-1e3, 1e3))
def test_the_mean_of_one_value_is_that_value(times: Spans, segments: Spans, value: float) -> None:
    """So that 0.1 stays 0.1 where a class begins."""
    found, is_there = reduced(array(times), np.full(len(times), value), array(segments), "mean")
    assert set(found[is_there].tolist()) <= {value}


def test_the_smallest_and_the_largest_value() -> None:
    times, values = array([(0, 1), (1, 2), (2, 3)]), np.array([5.0, -2.0, 3.0])
    lowest, highest = extent(times, values, array([(0, 3), (0, 1), (1, 3), (9, 9)]))
    assert (lowest.tolist(), highest.tolist()) == ([-2, 5, -2, 0], [5, 5, 3, 0])


@pytest.mark.parametrize("reducer", REDUCERS)
def test_windows_that_overlap_take_no_memory_for_each_pair(reducer: Reducer) -> None:
    """Labels of 1 h at 100 Hz in windows of 4 s every 40 ms: 36 million pairs, which would take 550 MiB."""
    starts = np.arange(360_000) / 100
    times, values = np.stack([starts, starts + 0.01], axis=1), np.round(np.sin(starts), 1)
    windows = Windows(length_seconds=4, hop_seconds=0.04).times(0, 3600)
    reduced(times[:9], values[:9], windows[:1], reducer)  # compiled
    tracemalloc.start()
    found, is_there = reduced(times, values, windows, reducer)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert is_there.all()
    assert len(found) == 89_901
    assert peak < 40 * 2**20
