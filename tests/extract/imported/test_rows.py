from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.errors import TrackError
from trimodal.extract.imported.rows import ImportedRows, check_order, check_times, until_next


def rows(*times: tuple[float, float]) -> ImportedRows:
    return ImportedRows(
        times=np.array(times, np.float64), values=np.arange(len(times))[:, None].astype(np.float32), columns=()
    )


def test_rows_in_order_of_start_then_end_may_overlap() -> None:
    check_order("f", np.array([(0.0, 0), (0, 1), (0, 5), (1, 9), (2, 3)]))
    check_order("f", np.zeros((0, 2)))


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([(0, 1), (2, 3), (1, 9)], r"^f: row 2 \[1, 9\) follows row 1 \[2, 3\); expected the order of time$"),
        ([(0, 5), (0, 1)], r"row 1 \[0, 1\) follows row 0 \[0, 5\)"),
        ([(0, 1), (1, 2), (1, 2)], r"row 2 \[1, 2\) follows row 1 \[1, 2\)"),
        ([(0, 1)] * 9, r"row 1 \[0, 1\) follows row 0 \[0, 1\)"),
    ],
)
def test_rows_that_are_not_in_order_or_repeat(times: list[tuple[float, float]], message: str) -> None:
    with pytest.raises(TrackError, match=message):
        check_order("f", np.array(times, np.float64))


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ((0.0, np.inf), r"f: row 1 \[0, inf\) has a time that is not finite; expected seconds"),
        ((np.nan, 1.0), r"row 1 \[nan, 1\) has a time that is not finite"),
        ((2.0, 1.0), r"row 1 \[2, 1\) has an end before its start"),
        ((0.0, 11.2), r"row 1 \[0, 11\.2\) has an end after 11\.10 s, and the recording lasts 10\.00 s"),
    ],
)
def test_times_that_cannot_be(times: tuple[float, float], message: str) -> None:
    with pytest.raises(TrackError, match=message):
        check_times(Path("f"), rows((0, 1), times), 10.0)


def test_rows_stand_until_the_next_but_not_over_holes() -> None:
    assert until_next(np.array([0.0, 1, 2, 7, 8]), 20.0).tolist() == [1, 2, 3, 8, 9]
    assert until_next(np.array([2.0, 0, 1]), 20.0).tolist() == [3, 1, 2]
    assert until_next(np.array([3.0]), 20.0).tolist() == [20]


@given(st.lists(st.integers(0, 10_000), min_size=2, unique=True).map(lambda starts: np.array(starts) / 100))
def test_ends_lie_behind_starts_and_not_behind_the_next(starts: np.ndarray) -> None:
    ends = until_next(starts, 100.0)
    assert (ends > starts).all()
    ordered = np.argsort(starts)
    assert (ends[ordered][:-1] <= starts[ordered][1:] + 1e-9).all()
