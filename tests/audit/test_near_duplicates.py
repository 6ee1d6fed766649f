import random
import subprocess
import sys

import pytest

from trimodal.audit.near_duplicates import SIMILARITY, near_duplicates

LONG = "I have never in my life seen anything quite as wonderful as this"


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        (LONG, LONG, True),
        (LONG, f"  {LONG.upper()}!!", True),
        (LONG, LONG.replace("seen", "\u017feen"), True),  # a long s, which NFKC makes an s
        (LONG, f"{LONG} film", True),
        (LONG, LONG.replace("quite ", ""), True),
        (LONG, LONG.replace("quite as wonderful", "half as terrible"), False),
        (LONG, "Tell me what you want for dinner tonight", False),
        ("I do not know", "I do not know", False),
        ("I do not know that", "I do not know that", True),
        ("", "", False),
        # As CH-SIMS has it: no spaces, and punctuation of its own.
        ("我从来没有见过这么好的东西", "我从来没有见过这么好的东西", True),
        ("我觉得这件事情，你应该先跟我商量一下。", "我觉得这件事情你应该先跟我商量一下啊！", True),  # noqa: RUF001
        ("我觉得这件事情，你应该先跟我商量一下。", "你怎么到现在才来，我们已经等了一个小时。", False),  # noqa: RUF001
        ("我不知道啊", "我不知道啊", False),
        ("こんなに素晴らしいものは見たことがない", "こんなに素晴らしいものは見たことがないよ", True),
        ("ฉันไม่เคยเห็นอะไรที่ยอดเยี่ยมขนาดนี้", "ฉันไม่เคยเห็นอะไรที่ยอดเยี่ยมขนาดนี้!", True),
        ("나는 이렇게 멋진 것을 본 적이 없어", "나는 이렇게 멋진 것을 본 적이 없어", True),
        ("나는 몰라", "나는 몰라", False),
    ],
)
def test_what_counts_as_nearly_the_same(one: str, other: str, found: bool) -> None:
    assert near_duplicates([one, other], ["train", "test"]) == ([(0, 1)] if found else [])
    assert near_duplicates([one, other], ["train", "train"]) == []


def test_each_text_of_a_group_counts_once() -> None:
    texts = [LONG, LONG, f"{LONG} film", "something else that is not like it", LONG]
    assert near_duplicates(texts, ["train", "train", "test", "test", "train"]) == [(0, 2)]


def test_equal_in_two_groups_and_near_in_a_third() -> None:
    assert near_duplicates([LONG, LONG, f"{LONG} film"], ["a", "b", "c"]) == [(0, 1), (0, 2)]


def test_no_texts() -> None:
    assert near_duplicates([], []) == []


def test_every_planted_pair_is_found_among_many_texts() -> None:
    words = [f"{syllable}{ending}" for syllable in ("ka", "lo", "mi", "ne", "pu", "ra") for ending in "bdfgklmnprst"]
    choose = random.Random(0)
    texts = [" ".join(choose.choices(words, k=12)) for _ in range(1500)]
    copies = [texts[number].replace(" ", ", ", 3) + " so" for number in range(50)]
    pairs = near_duplicates([*texts, *copies], ["train"] * len(texts) + ["test"] * len(copies))
    assert pairs == [(number, len(texts) + number) for number in range(50)]
    assert 0.5 < SIMILARITY < 1


def test_without_its_package_it_says_what_to_install() -> None:
    script = """
import sys
sys.modules["datasketch"] = None
from trimodal.audit.near_duplicates import near_duplicates
near_duplicates([], [])
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "needs the package 'datasketch', which is not installed; pip install 'trimodal[extract]'" in result.stderr
