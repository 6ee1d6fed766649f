import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.align.groups import group_rows


def slow(count: int, size: int, hop: int, length: int, pad: bool) -> list[list[int]]:
    """Return the rows of every group of one segment, with -1 in the places that are filled up."""
    groups, start, reached = [], 0, 0
    while start + size <= count:
        groups.append(list(range(start, start + size)))
        start, reached = start + hop, start + size
    if pad and reached < count and start < count:
        groups.append(list(range(start, count)))
    return [group + [-1] * (length - len(group)) for group in groups]


@given(
    st.lists(st.integers(0, 30), max_size=5), st.integers(1, 12), st.integers(1, 12), st.integers(0, 5), st.booleans()
)
def test_groups_are_those_of_a_slow_loop(counts: list[int], size: int, hop: int, more: int, pad: bool) -> None:
    index, group_counts = group_rows(np.array(counts, np.int64), size, hop, size + more, pad)
    expected = [slow(count, size, hop, size + more, pad) for count in counts]
    first = np.cumsum([0, *counts])
    flat = [
        [row if row < 0 else row + start for row in group]
        for start, groups in zip(first, expected, strict=False)
        for group in groups
    ]
    assert index.tolist() == flat
    assert index.shape == (len(flat), size + more)
    assert group_counts.tolist() == [len(groups) for groups in expected]


def test_ten_frames_that_share_five_with_the_group_before() -> None:
    """The grouping that the Cross-BERT paper describes: 25 frames, groups of 10, overlap 5."""
    index, counts = group_rows(np.array([25]), size=10, hop=5, rows=10, pad=False)
    assert index[:, 0].tolist() == [0, 5, 10, 15]
    assert (np.diff(index, axis=1) == 1).all()
    assert counts.tolist() == [4]


def test_five_frames_and_five_zeros() -> None:
    """The grouping that its released code has: five groups of 5 frames, filled up to 10."""
    index, counts = group_rows(np.array([25]), size=5, hop=5, rows=10, pad=False)
    assert index[:, :5].ravel().tolist() == list(range(25))
    assert (index[:, 5:] == -1).all()
    assert counts.tolist() == [5]


@pytest.mark.parametrize(("pad", "expected"), [(False, 298), (True, 299)])
def test_sequences_of_75_labels_of_a_recording_of_7501(pad: bool, expected: int) -> None:
    """RECOLA's gold standard has 7501 rows of 40 ms: (7501 - 75) // 25 + 1 whole sequences; padding makes one more."""
    assert group_rows(np.array([7501]), size=75, hop=25, rows=75, pad=pad)[1].tolist() == [expected]
