import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.errors import ParameterError
from trimodal.windows import Tail, Windows

tails = st.sampled_from(["drop", "anchor", "pad", "partial"])


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ("drop", [[1, 5], [3, 7], [5, 9]]),
        ("anchor", [[1, 5], [3, 7], [5, 9], [6, 10]]),
        ("pad", [[1, 5], [3, 7], [5, 9], [7, 11]]),
        ("partial", [[1, 5], [3, 7], [5, 9], [7, 10]]),
    ],
)
def test_tail_rules(tail: Tail, expected: list[list[float]]) -> None:
    windows = Windows(length_seconds=4, hop_seconds=2, tail=tail)
    assert windows.times(1.0, 10.0).tolist() == expected


@pytest.mark.parametrize(("tail", "count"), [("drop", 0), ("anchor", 0), ("pad", 1), ("partial", 1)])
def test_a_stretch_shorter_than_a_window(tail: Tail, count: int) -> None:
    assert len(Windows(length_seconds=4, hop_seconds=2, tail=tail).times(0.0, 1.0)) == count


@pytest.mark.parametrize("tail", ["drop", "anchor", "pad", "partial"])
def test_windows_that_fit_exactly_have_no_tail(tail: Tail) -> None:
    windows = Windows(length_seconds=0.3, hop_seconds=0.1, tail=tail)
    assert len(windows.times(0.0, 0.3 + 3 * 0.1)) == 4  # 0.3 + 3 * 0.1 is a little less than 0.6


def test_published_count_of_windows_of_three_seconds() -> None:
    """RECOLA: 7501 frames of 40 ms, sequences of 75 with hop 25 give (7501 - 75) // 25 + 1 = 298."""
    assert len(Windows(length_seconds=75 * 0.04, hop_seconds=25 * 0.04).times(0.0, 7501 * 0.04)) == 298


@given(
    length=st.floats(0.01, 10),
    hop=st.floats(0.01, 10),
    start=st.floats(-10, 1e4),
    room=st.floats(0, 50),
    tail=tails,
)
def test_windows_lie_in_order_and_inside(length: float, hop: float, start: float, room: float, tail: Tail) -> None:
    times = Windows(length_seconds=length, hop_seconds=hop, tail=tail).times(start, start + room)
    assert (np.diff(times[:, 0]) >= 0).all()
    assert (times[:, 1] > times[:, 0]).all()
    slack = 2e-6 * length + 1e-9
    if tail != "pad":
        assert (times[:, 1] <= start + room + slack).all()
    if tail != "partial":
        np.testing.assert_allclose(times[:, 1] - times[:, 0], length, atol=1e-9)
    if hop <= length and tail != "drop" and (room >= length or tail != "anchor") and room > slack:
        assert times[-1, 1] >= start + room - slack


@pytest.mark.parametrize(("length", "hop"), [(0, 1), (1, 0), (-1, 1), (float("nan"), 1), (1, float("inf"))])
def test_lengths_must_be_positive(length: float, hop: float) -> None:
    with pytest.raises(ParameterError, match=r"must be at least 0\.0001, found"):
        Windows(length_seconds=length, hop_seconds=hop)


@given(
    edges=st.lists(st.tuples(st.floats(0, 100), st.floats(0, 20)), max_size=8),
    length=st.floats(0.1, 5),
    hop=st.floats(0.1, 5),
    tail=tails,
)
def test_several_stretches_at_once_as_one_by_one(
    edges: list[tuple[float, float]], length: float, hop: float, tail: Tail
) -> None:
    windows = Windows(length_seconds=length, hop_seconds=hop, tail=tail)
    stretches = np.array([(start, start + room) for start, room in edges]).reshape(-1, 2)
    times, counts = windows.over(stretches)
    alone = [windows.times(start, end) for start, end in stretches]
    assert counts.tolist() == [len(one) for one in alone]
    np.testing.assert_array_equal(times, np.concatenate([np.zeros((0, 2)), *alone]))


def slow(length: float, hop: float, tail: Tail, start: float, end: float) -> list[tuple[float, float]]:
    """Return the windows of a stretch, laid one by one; a millionth of a window is rounding."""
    slack, windows = 1e-6 * length, []
    while start + len(windows) * hop + length <= end + slack:
        windows.append((start + len(windows) * hop, start + len(windows) * hop + length))
    following = start + len(windows) * hop
    covered = windows[-1][1] if windows else start
    if covered < end - slack:
        if tail == "anchor" and windows:
            windows.append((end - length, end))
        elif tail in ("pad", "partial") and following < end - slack:
            windows.append((following, following + length if tail == "pad" else end))
    return windows


hundredths = st.integers(1, 500).map(lambda number: number / 100)


@given(hundredths, hundredths, st.integers(-100, 100).map(float), st.integers(0, 2000).map(lambda n: n / 100), tails)
def test_windows_are_those_of_a_slow_loop(length: float, hop: float, start: float, room: float, tail: Tail) -> None:
    windows = Windows(length_seconds=length, hop_seconds=hop, tail=tail)
    expected = np.array(slow(length, hop, tail, start, start + room)).reshape(-1, 2)
    np.testing.assert_allclose(windows.times(start, start + room), expected, atol=1e-12)


@pytest.mark.parametrize("tail", ["pad", "partial"])
def test_a_window_that_would_begin_at_the_end_is_rounding(tail: Tail) -> None:
    windows = Windows(length_seconds=0.1, hop_seconds=0.3, tail=tail)
    assert windows.times(0.1, np.nextafter(0.1 + 0.3, 1)).tolist() == [[0.1, 0.2]]
