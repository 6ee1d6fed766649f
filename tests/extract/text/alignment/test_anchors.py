import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from trimodal.extract.text.alignment.anchors import Heard, Place, anchors, cuts, places

_WORDS = st.lists(st.sampled_from("abcdef"), max_size=40)


@given(text=_WORDS, heard=_WORDS)
def test_anchors_are_the_same_words_in_order(text: list[str], heard: list[str]) -> None:
    pairs = anchors(text, heard)
    assert all(text[position] == heard[at] for position, at in pairs)
    assert all(one[0] < other[0] and one[1] < other[1] for one, other in pairwise(pairs))


def test_repeated_texts_keep_their_order() -> None:
    verse = ["in", "the", "beginning", "was", "the", "word", "and", "the", "word", "was", "good"]
    pairs = anchors(verse * 4, verse * 4)
    assert pairs == [(number, number) for number in range(4 * len(verse))]


def test_words_that_were_not_heard_are_no_anchors() -> None:
    assert anchors(list("abcdef"), list("abxdef")) == [(3, 3), (4, 4), (5, 5)]


def _heard(words: list[str], pauses: dict[int, float]) -> list[Heard]:
    heard, at = [], 0.0
    for number, word in enumerate(words):
        at += pauses.get(number, 0.0)
        heard.append(Heard(word=word, start_seconds=at, end_seconds=at + 0.5))
        at += 0.5
    return heard


def test_places_are_between_the_words_of_different_tokens() -> None:
    names = [(0, "one"), (1, "twenty"), (1, "two"), (2, "four")]
    found = places(names, _heard([name for _, name in names], {3: 0.2}))
    assert [(place.token, round(place.seconds, 3), round(place.pause_seconds, 3)) for place in found] == [
        (1, 0.5, 0.0),
        (2, 1.6, 0.2),
    ]


def test_cuts_are_in_the_longest_pauses() -> None:
    words = [f"w{number}" for number in range(80)]
    found = places(list(enumerate(words)), _heard(words, {25: 0.3, 40: 0.6, 70: 0.4}))
    assert [place.token for place in cuts(found, 10.0, 30.0)] == [40, 70]


@given(seconds=st.lists(st.floats(0.1, 500), max_size=60), seed=st.integers(0, 9))
def test_pieces_are_long_enough(seconds: list[float], seed: int) -> None:
    pause = random.Random(seed).random
    candidates = [
        Place(token=number, seconds=at, pause_seconds=pause()) for number, at in enumerate(sorted(set(seconds)), 1)
    ]
    chosen = cuts(candidates, 10.0, 30.0)
    assert all(place in candidates for place in chosen)
    assert all(later - earlier >= 10 for earlier, later in pairwise([0.0, *(place.seconds for place in chosen)]))
