from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.extract.text.alignment.placing import line, place
from trimodal.extract.text.alignment.timed_words import Aligner, NoAligner, Stretch, TimedWord
from trimodal.media import Audio, Utterance, Word

_AUDIO = Audio(samples=np.zeros(160_000, np.float32), rate=16_000, start_seconds=1.0)


class _Evenly:
    """Finds every word, all of the same length; remembers what it was asked."""

    def __init__(self) -> None:
        self.stretches: list[Stretch] = []

    def align(self, stretches: Sequence[Stretch]) -> list[list[TimedWord | None]]:
        self.stretches += stretches
        return [self._words(stretch) for stretch in stretches]

    def _words(self, stretch: Stretch) -> list[TimedWord | None]:
        edges = np.linspace(stretch.start_seconds, stretch.end_seconds, len(stretch.tokens) + 1).tolist()
        return [
            TimedWord(text=token, start=start, end=end, confidence=0.5, origin="aligned")
            for token, (start, end) in zip(stretch.tokens, pairwise(edges), strict=True)
        ]


def _no_aligner() -> Aligner:
    raise AssertionError("nothing is missing")


def _placed(
    utterances: Sequence[Utterance], audio: Audio | None, make: Callable[[], Aligner]
) -> list[list[TimedWord | None]]:
    return place([line(utterance, (), "given") for utterance in utterances], audio, make, 0.25)


def _times(words: Sequence[TimedWord | None]) -> list[tuple[str, float, float]]:
    return [(word.text, round(word.start, 6), round(word.end, 6)) for word in words if word is not None]


def test_given_words_are_not_looked_for() -> None:
    words = (Word(text="a", start_seconds=2.0, end_seconds=2.5, confidence=0.5), Word(text="--", start_seconds=2.5))
    (placed,) = _placed([Utterance(text="a --", words=words)], _AUDIO, _no_aligner)
    assert placed == [TimedWord(text="a", start=2.0, end=2.5, confidence=0.5, origin="given")]


def test_words_without_a_time_are_looked_for_between_the_given_ones() -> None:
    words = (
        Word(text="before"),
        Word(text="a", start_seconds=3.0, end_seconds=3.5),
        Word(text="b"),
        Word(text="c"),
        Word(text="d", start_seconds=5.5, end_seconds=6.0),
    )
    aligner = _Evenly()
    utterance = Utterance(text="before a b c d", start_seconds=2.5, end_seconds=6.0, words=words)
    (placed,) = _placed([utterance], _AUDIO, lambda: aligner)
    assert _times(placed) == [("before", 2.25, 3.0), ("a", 3.0, 3.5), ("b", 3.5, 4.5), ("c", 4.5, 5.5), ("d", 5.5, 6.0)]
    assert [word.origin for word in placed if word] == ["aligned", "given", "aligned", "aligned", "given"]
    assert [list(stretch.tokens) for stretch in aligner.stretches] == [["before"], ["b", "c"]]


def test_utterances_without_times_are_looked_for_together_between_their_neighbours() -> None:
    utterances = [
        Utterance(text="a", start_seconds=2.0, end_seconds=3.0),
        Utterance(text="b"),
        Utterance(text="c d"),
        Utterance(text="e", start_seconds=6.0, end_seconds=7.0),
    ]
    aligner = _Evenly()
    placed = _placed(utterances, _AUDIO, lambda: aligner)
    assert [list(stretch.tokens) for stretch in aligner.stretches] == [["a"], ["b", "c", "d"], ["e"]]
    assert (aligner.stretches[1].start_seconds, aligner.stretches[1].end_seconds) == (2.75, 6.25)
    assert [word.text for words in placed for word in words if word] == ["a", "b", "c", "d", "e"]


def test_a_cleaned_word_shares_its_time_in_proportion_to_its_letters() -> None:
    words = (Word(text="I'm", start_seconds=2.0, end_seconds=2.4), Word(text="x", start_seconds=3.0, end_seconds=3.5))
    one = line(Utterance(text="I'm x", words=words), ("contractions",), "recognised")
    assert list(one.tokens) == ["I", "am", "x"]
    assert [word and (word.start, round(word.end, 6), word.origin) for word in one.found] == [
        (2.0, 2.133333, "recognised"),
        (pytest.approx(2.133333, abs=1e-6), 2.4, "recognised"),
        (3.0, 3.5, "recognised"),
    ]


@pytest.mark.parametrize(("start", "end"), [(4.0, 3.0), (10.9, 30.0), (0.0, 1.5), (-3.0, 2.0), (1.0, 11.0)])
@pytest.mark.parametrize("make", [_Evenly, NoAligner])
def test_impossible_times_lose_no_word_and_stay_inside(make: Callable[[], Aligner], start: float, end: float) -> None:
    (placed,) = _placed([Utterance(text="a b", start_seconds=start, end_seconds=end)], _AUDIO, make)
    times = [(text, *edges) for text, *edges in _times(placed)]
    assert [text for text, *_ in times] == ["a", "b"]
    assert all(_AUDIO.start_seconds <= low <= high <= _AUDIO.end_seconds for _, low, high in times)


@pytest.mark.parametrize(("start", "end"), [(20.0, 21.0), (11.0, 12.0), (-3.0, -2.0), (0.0, 1.0), (20.0, None)])
def test_what_lies_outside_the_sound_has_no_place(start: float, end: float | None) -> None:
    inside = Utterance(text="c", start_seconds=2.0, end_seconds=3.0)
    outside = Utterance(text="a b", start_seconds=start, end_seconds=end)
    first, second = _placed([outside, inside], _AUDIO, NoAligner)
    assert first == [None, None]
    assert _times(second) == [("c", 2.0, 3.0)]


def test_words_behind_a_given_one_share_what_is_left_of_the_sound() -> None:
    words = (Word(text="a", start_seconds=10.0, end_seconds=10.5), Word(text="b"), Word(text="c"))
    (placed,) = _placed([Utterance(text="a b c", start_seconds=10.0, end_seconds=20.0, words=words)], _AUDIO, NoAligner)
    assert _times(placed) == [("a", 10.0, 10.5), ("b", 10.5, 10.75), ("c", 10.75, 11.0)]


def test_given_words_stay_where_their_neighbours_cannot_be_placed() -> None:
    words = (Word(text="a"), Word(text="b", start_seconds=1.0, end_seconds=2.0), Word(text="c"))
    (placed,) = _placed([Utterance(text="a b c", end_seconds=4.0, words=words)], None, _no_aligner)
    assert placed[0] is None
    assert _times(placed) == [("b", 1.0, 2.0), ("c", 2.0, 4.0)]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([(2.0, None), (2.0, 3.0), (5.0, 6.0)], (2.0, 5.0)),  # the next one starts with it
        ([(2.0, None), (1.0, 3.0)], (2.0, 11.0)),  # no later one: to the end of the sound
        ([(2.0, None), (8.0, 9.0), (4.0, 5.0)], (2.0, 4.0)),  # in any order
        ([(2.0, None)], (2.0, 11.0)),
        ([(None, 6.0), (7.0, 8.0)], (1.0, 6.0)),
    ],
)
def test_an_open_end_lasts_to_the_next_start_that_is_later(
    times: list[tuple[float | None, float | None]], expected: tuple[float, float]
) -> None:
    utterances = [Utterance(text="a", start_seconds=start, end_seconds=end) for start, end in times]
    placed = _placed(utterances, _AUDIO, NoAligner)
    assert _times(placed[0]) == [("a", *expected)]


def test_an_open_start_begins_with_the_last_end_that_is_earlier() -> None:
    times = [(1.0, 9.0), (1.0, 2.0), (None, 5.0), (3.0, 4.0)]
    utterances = [Utterance(text="a", start_seconds=start, end_seconds=end) for start, end in times]
    assert _times(_placed(utterances, _AUDIO, NoAligner)[2]) == [("a", 2.0, 5.0)]


_SECONDS = st.none() | st.floats(0, 12)


@st.composite
def _utterances(draw: st.DrawFn) -> list[Utterance]:
    utterances = []
    for _ in range(draw(st.integers(0, 5))):
        texts = draw(st.lists(st.sampled_from(["a", "bb", "--", "ccc", "&"]), max_size=4))
        times = [draw(st.none() | st.tuples(st.floats(0, 12), st.floats(0, 3))) for _ in texts]
        words = tuple(
            Word(text=text) if time is None else Word(text=text, start_seconds=time[0], end_seconds=sum(time))
            for text, time in zip(texts, times, strict=True)
        )
        given_words = words if any(times) and draw(st.booleans()) else ()
        utterances.append(
            Utterance(text=" ".join(texts), start_seconds=draw(_SECONDS), end_seconds=draw(_SECONDS), words=given_words)
        )
    return utterances


@given(utterances=_utterances(), heard=st.booleans(), make=st.sampled_from([_Evenly, NoAligner]))
def test_every_word_comes_back_once_and_in_order_and_inside_the_sound(
    utterances: list[Utterance], heard: bool, make: Callable[[], Aligner]
) -> None:
    placed = _placed(utterances, _AUDIO if heard else None, make)
    assert len(placed) == len(utterances)
    for utterance, words in zip(utterances, placed, strict=True):
        tokens = [text for text in utterance.text.split() if text != "--"]
        assert [word.text if word else text for text, word in zip(tokens, words, strict=True)] == tokens
        given_words = [word for word in utterance.words if word.text != "--"] or [None] * len(tokens)
        for word, given_word in zip(words, given_words, strict=True):
            if given_word is not None and given_word.start_seconds is not None:
                assert word is not None
                assert (word.start, word.end) == (given_word.start_seconds, given_word.end_seconds)
            elif word is not None:
                assert word.start <= word.end
                assert not heard or _AUDIO.start_seconds <= word.start <= word.end <= _AUDIO.end_seconds
