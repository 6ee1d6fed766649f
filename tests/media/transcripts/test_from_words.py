import pytest

from trimodal.media import Utterance, Word
from trimodal.media.transcripts.from_words import between_pauses, utterance_of

A = Word(text="a", start_seconds=0.0, end_seconds=1.0)
B = Word(text="b", start_seconds=1.5, end_seconds=2.0, confidence=0.5)
OPEN = Word(text="open")


@pytest.mark.parametrize(("pause", "count"), [(0.999, 1), (1.0, 2), (5.0, 2)])
def test_a_pause_ends_an_utterance(pause: float, count: int) -> None:
    words = [A, Word(text="b", start_seconds=1.0 + pause, end_seconds=9.0)]
    utterances = between_pauses(words, "ann")
    assert len(utterances) == count
    assert [word for utterance in utterances for word in utterance.words] == words
    assert {utterance.speaker for utterance in utterances} == {"ann"}


def test_a_word_without_time_fills_the_pause() -> None:
    late = Word(text="b", start_seconds=8.0, end_seconds=9.0)
    (utterance,) = between_pauses([A, OPEN, late])
    assert utterance.words == (A, OPEN, late)


@pytest.mark.parametrize(
    ("words", "given", "times"),
    [
        ([A, B], (None, None), (0.0, 2.0)),
        ([B, A], (None, None), (0.0, 2.0)),
        ([A, B], (0.5, 3.0), (0.0, 3.0)),
        ([OPEN, A, B], (None, None), (None, 2.0)),
        ([A, B, OPEN], (None, 5.0), (0.0, 5.0)),
        ([A, B, OPEN], (None, None), (0.0, None)),
        ([Word(text=""), A], (None, None), (0.0, 1.0)),
    ],
)
def test_times_of_an_utterance(
    words: list[Word], given: tuple[float | None, float | None], times: tuple[float | None, float | None]
) -> None:
    utterance = utterance_of(words, "", *given)
    assert (utterance.start_seconds, utterance.end_seconds) == times
    assert utterance.words == tuple(word for word in words if word.text)


@pytest.mark.parametrize("words", [[], [OPEN], [Word(text="")]])
def test_words_without_any_time_are_text(words: list[Word]) -> None:
    assert utterance_of(words) == Utterance(text=" ".join(word.text for word in words))
