from hypothesis import given
from hypothesis import strategies as st

from trimodal.extract.running.groups import make_groups

SECONDS = st.lists(st.floats(0, 10_000, allow_nan=False), max_size=200)


@given(SECONDS, st.integers(1, 64))
def test_every_item_is_in_one_group_and_the_first_are_longest(seconds: list[float], workers: int) -> None:
    groups = make_groups(range(len(seconds)), seconds, workers)
    assert sorted(index for group in groups for index in group) == list(range(len(seconds)))
    longest = [max(seconds[index] for index in group) for group in groups]
    assert longest == sorted(longest, reverse=True)


@given(SECONDS, st.integers(1, 64))
def test_no_group_is_longer_than_a_minute_or_one_item(seconds: list[float], workers: int) -> None:
    for group in make_groups(range(len(seconds)), seconds, workers):
        assert len(group) == 1 or sum(seconds[index] for index in group) <= 60.001


def test_short_ones_share_a_group_and_every_worker_has_some() -> None:
    groups = make_groups(range(1000), [3.0] * 1000, 4)
    sizes = [len(group) for group in groups]
    assert sizes[0] == 20
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-8:] == [1] * 8
    assert len(make_groups(range(8), [3.0] * 8, 4)) == 8
    assert [len(group) for group in make_groups(range(800), [0.0] * 800, 4)][:3] == [50, 47, 44]
    assert make_groups([], [], 4) == []
