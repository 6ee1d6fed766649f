import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.align.label_values import LeftOutError, label_value
from trimodal.errors import CorpusError
from trimodal.recipe.labels import Label, Rule, Value


@pytest.mark.parametrize(
    ("rule", "classes"),
    [
        ("sign", [-1, -1, -1, -1, -1, -1, 0, 1, 1, 1, 1, 1, 1]),
        ("round", [-3, -2, -2, -2, -1, 0, 0, 0, 1, 2, 2, 2, 3]),
        ("positive", [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]),
        ("nonnegative", [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1]),
        ("mosei7", [-3, -3, -2, -2, -1, -1, 0, 1, 1, 2, 2, 3, 3]),
        ("mosi7", [1, 1, 2, 2, 3, 3, 0, 4, 4, 5, 5, 6, 6]),
    ],
)
def test_rules_at_every_half(rule: Rule, classes: list[int]) -> None:
    """Edges lie on whole numbers: classes below 0 hold their lower edge, those above 0 their upper one."""
    halves = np.arange(-3, 3.5, 0.5)
    assert [label_value(Label(rule=rule), float(value)) for value in halves] == classes


def test_beyond_the_ends_of_the_scale() -> None:
    assert [label_value(Label(rule="mosei7"), value) for value in (-7.0, 7.0)] == [-3, 3]
    assert [label_value(Label(clip=(-3.0, 3.0), rule="mosi7"), value) for value in (-7.0, 7.0)] == [1, 6]
    with pytest.raises(CorpusError, match=r"is 3\.5; expected a number from -3 to 3 for the rule mosi7"):
        label_value(Label(rule="mosi7"), 3.5)


@pytest.mark.parametrize(
    ("value", "expected"), [(-0.7, 1), (-0.71, 0), (-0.1, 2), (0.0, 2), (0.1, 3), (0.7, 4), (9, 4)]
)
def test_a_bin_holds_its_lower_edge(value: float, expected: int) -> None:
    assert label_value(Label(bins=(-0.7, -0.1, 0.1, 0.7)), value) == expected


@given(value=st.floats(-1e6, 1e6), edges=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5, unique=True))
def test_bins_are_those_of_numpy(value: float, edges: list[float]) -> None:
    assert label_value(Label(bins=tuple(sorted(edges))), value) == np.digitize(value, sorted(edges))


def test_rules_apply_in_their_order() -> None:
    label = Label(merge={"5": 40.0}, drop=(7.0,), scale=0.1, offset=1.0, clip=(0.0, 4.0), bins=(2.0, 4.0))
    assert [label_value(label, value) for value in (5.0, 9.0, 10.0, -90.0)] == [2, 0, 1, 0]
    assert label_value(Label(scale=0.1, offset=1.0, clip=(0.0, 4.0)), 5.0) == 1.5


@pytest.mark.parametrize(
    ("value", "expected"), [("hap", "hap"), ("exc", "hap"), ("sad", "sad"), ("xxx", "is 'xxx'"), ("fru", "is none of")]
)
def test_merge_drop_and_keep(value: str, expected: str) -> None:
    label = Label(merge={"exc": "hap"}, drop=("xxx",), keep=("hap", "sad"))
    if not expected.startswith("is "):
        assert label_value(label, value) == expected
    else:
        with pytest.raises(LeftOutError, match=f"^{expected}"):
            label_value(label, value)


def test_text_merges_into_numbers() -> None:
    label = Label(merge={"ang": 0.0, "hap": 1.0}, drop=("xxx",), keep=(0.0, 1.0))
    assert label_value(label, "hap") == 1.0
    with pytest.raises(LeftOutError, match="is none of those to keep"):
        label_value(label, "sad")
    with pytest.raises(CorpusError, match="is 'sad', for which 'merge' has no number"):
        label_value(Label(merge={"ang": 0.0}), "sad")
    with pytest.raises(CorpusError, match="is 2, for which 'merge' has no text"):
        label_value(Label(merge={"1": "low"}), 2.0)


@pytest.mark.parametrize(
    ("label", "value", "message"),
    [
        (Label(scale=2.0), "joy", "is 'joy'; expected a number to compute with"),
        (Label(scale=10.0), 1e308, "becomes inf; expected a finite number after 'scale' and 'offset'"),
        (Label(drop=("1",)), 1.0, "is 1, a number and the recipe names '1'"),
        (Label(keep=(1.0,)), "joy", "is 'joy', text and the recipe names the number 1"),
        (Label(merge={"joy": 1.0}), 2.0, "is 2, a number; 'merge' replaces 'joy'"),
    ],
)
def test_rules_that_do_not_go_with_the_value(label: Label, value: Value, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        label_value(label, value)
