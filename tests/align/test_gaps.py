from itertools import pairwise
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from trimodal.align.gaps import fill
from trimodal.align.overlap import offsets_of

Policy = Literal["zero", "hold", "interpolate"]
segments = st.lists(st.lists(st.none() | st.floats(-(2.0**99), 2.0**99, width=32), max_size=6), max_size=5)


def slow(times: NDArray[np.float64], found: list[float | None], policy: Policy) -> list[float]:
    """Return the rows of one segment, filled one by one."""
    known = [row for row, value in enumerate(found) if value is not None]
    filled = []
    for row, value in enumerate(found):
        before, after = [one for one in known if one < row], [one for one in known if one > row]
        left, right = found[before[-1]] if before else None, found[after[0]] if after else None
        if value is not None:
            filled.append(value)
        elif policy == "zero" or not known or (policy == "hold" and left is None):
            filled.append(0.0)
        elif policy == "hold":
            filled.append(left)
        elif left is None or right is None:
            filled.append(right if left is None else left)
        else:
            middles = times.mean(axis=1)
            span = middles[after[0]] - middles[before[-1]]
            share = (middles[row] - middles[before[-1]]) / span if span > 0 else 0.0
            filled.append(left + (right - left) * share)
    return filled


@given(segments, st.sampled_from(["zero", "hold", "interpolate"]), st.integers(0, 2**32 - 1))
def test_every_segment_is_filled_from_its_own_rows(found: list[list[float | None]], policy: Policy, seed: int) -> None:
    random = np.random.default_rng(seed)
    counts = [len(segment) for segment in found]
    starts = [np.sort(random.integers(0, 5, count) + random.random(count)) for count in counts]
    starts = np.concatenate([np.zeros(0), *starts])
    times = np.stack([starts, starts + 0.5], axis=1)
    cells = [value for segment in found for value in segment]
    values = np.array([[value or 0.0, -(value or 0.0)] for value in cells], np.float32).reshape(-1, 2)
    observed = np.array([value is not None for value in cells], bool)
    offsets = offsets_of(np.array(counts, np.int64))
    given_values = values.copy()
    filled = fill(values, observed, times, offsets, policy)
    expected = [
        slow(times[first:last], segment, policy)
        for segment, (first, last) in zip(found, pairwise(offsets), strict=True)
    ]
    flat = np.array([value for segment in expected for value in segment])
    scale = np.abs(values).max(initial=1)
    np.testing.assert_allclose(filled, np.stack([flat, -flat], axis=1).reshape(-1, 2), rtol=1e-5, atol=1e-6 * scale)
    np.testing.assert_array_equal(values, given_values)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("zero", [0, 2, 0, 0, 8, 0, 0, 0, 5]),
        ("hold", [0, 2, 2, 2, 8, 8, 0, 0, 5]),
        ("interpolate", [2, 2, 4, 6, 8, 8, 5, 5, 5]),
    ],
)
def test_two_segments_filled_by_hand(policy: Policy, expected: list[float]) -> None:
    values = np.array([0, 2, 0, 0, 8, 0, 0, 0, 5], np.float32)
    times = np.stack([np.arange(9.0), np.arange(1.0, 10.0)], axis=1)
    filled = fill(values, values > 0, times, np.array([0, 6, 9]), policy)
    assert filled.tolist() == expected


def test_what_is_held_keeps_its_type_and_shape() -> None:
    pictures = np.zeros((3, 2, 2), np.uint8)
    pictures[1] = [[1, 2], [3, 255]]
    times = np.array([[0.0, 1.0], [1.0, 2.0], [2.0, 3.0]])
    filled = fill(pictures, np.array([False, True, False]), times, np.array([0, 3]), "hold")
    assert filled.dtype == np.uint8
    assert filled.tolist() == [pictures[0].tolist(), pictures[1].tolist(), pictures[1].tolist()]
