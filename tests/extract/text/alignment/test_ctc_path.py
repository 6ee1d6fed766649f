import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from trimodal.extract.text.alignment import ctc_path
from trimodal.extract.text.alignment.ctc_path import BETWEEN, BLANK, FIRST_CHARACTER, Span, best_path, place_words

A, B, C = range(FIRST_CHARACTER, FIRST_CHARACTER + 3)
OTHER = -1
"""A frame in which the model hears a character that is not in the text."""


def _heard(columns: Sequence[int]) -> NDArray[np.float32]:
    """Return the scores of frames in which the given columns are likeliest by far."""
    scores = np.full((len(columns), FIRST_CHARACTER + 3), -8.0, np.float32)
    scores[:, ctc_path.ANYTHING] = 0
    for frame, column in enumerate(columns):
        if column != OTHER:
            scores[frame, column] = 0
        if column == BLANK:
            scores[frame, BETWEEN] = 0
    return scores


def _edges(spans: Sequence[Span | None]) -> list[tuple[float, float] | None]:
    return [span and (span.start, span.end) for span in spans]


@pytest.mark.parametrize("seed", range(30))
def test_the_path_is_the_best_of_all(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctc_path, "_BLOCK_FRAMES", 2)
    draw = np.random.default_rng(seed)
    frames, states = draw.integers(1, 7), 2 * draw.integers(1, 4) - 1
    scores = draw.normal(size=(frames, 6)).astype(np.float32)
    columns, skippable = draw.permutation(6)[:states], draw.random(states) < 0.5
    skippable[:3] = False
    allowed = [
        path
        for path in itertools.product(range(states), repeat=int(frames))
        if path[0] < 2
        and path[-1] >= states - 2
        and all(0 <= b - a < 2 or (b - a == 2 and skippable[b]) for a, b in itertools.pairwise(path))
    ]
    found = best_path(scores, columns, skippable)
    if not allowed:
        assert found is None
        return
    best = max(allowed, key=lambda path: scores[np.arange(frames), columns[list(path)]].astype(float).sum())
    assert found is not None
    assert tuple(found) == best


def test_long_sounds_in_blocks_give_the_same_path(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = -np.random.default_rng(0).exponential(size=(500, 6)).astype(np.float32)
    words = [[A, B], [C, A, B], [B]] * 20
    at_once = place_words(scores, words)
    monkeypatch.setattr(ctc_path, "_BLOCK_FRAMES", 7)
    assert place_words(scores, words) == at_once


def test_characters_that_are_heard_all_along_bound_their_words_exactly() -> None:
    heard = [BLANK, A, A, A, B, B, BETWEEN, BETWEEN, C, C, A, A, BLANK, BLANK, BLANK]
    assert _edges(place_words(_heard(heard), [[A, B], [C, A]])) == [(1, 6), (8, 12)]


def test_peaks_reach_half_of_the_usual_blank_and_meet_in_the_middle() -> None:
    #        0      1      2  3      4      5  6      7      8      9  10     11     12 13 ...
    heard = [BLANK, BLANK, A, BLANK, BLANK, B, BLANK, BLANK, BLANK, C, BLANK, BLANK, A] + [BLANK] * 20
    assert _edges(place_words(_heard(heard), [[A, B], [C, A]])) == [(1, 7), (8, 14)]
    near = [A, BLANK, BLANK, BLANK, BLANK, B, BLANK, C, BLANK, BLANK, BLANK, BLANK, A]
    assert _edges(place_words(_heard(near), [[A, B], [C, A]])) == [(0, 6.5), (6.5, 13)]


def test_words_of_one_character_meet_in_the_middle() -> None:
    heard = [BLANK] * 4 + [A] + [BLANK] * 4 + [B] + [BLANK] * 4 + [C] + [BLANK] * 9
    assert _edges(place_words(_heard(heard), [[A], [B], [C]])) == [(2, 7), (7, 12), (12, 17)]


def test_the_same_character_twice_needs_a_blank() -> None:
    assert _edges(place_words(_heard([A, A, BLANK, A, B]), [[A, A], [B]])) == [(0, 4), (4, 5)]
    # Nothing says where one ends and the other begins, but a blank must be between.
    (only,) = place_words(_heard([A, A, A]), [[A, A]])
    assert only is not None
    assert only.confidence == pytest.approx(np.exp(-8 / 3))


def test_the_delimiter_is_only_between_words() -> None:
    scores = _heard([A, BETWEEN, B])
    (apart,), (left, _) = place_words(scores, [[A, B]]), place_words(scores, [[A], [B]])
    assert apart is not None
    assert left is not None
    assert (left.confidence, apart.confidence) == (1.0, pytest.approx(np.exp(-8 / 3)))


def test_a_word_that_cannot_be_spelled_leaves_a_place_for_any_sound() -> None:
    heard = [A, A, B, OTHER, OTHER, OTHER, OTHER, C, C, BLANK]
    spans = place_words(_heard(heard), [[A, B], [], [C]])
    assert _edges(spans) == [(0, 3), None, (7, 9)]
    assert [span.confidence for span in spans if span] == [1.0, 1.0]
    (_, after, _) = place_words(_heard([OTHER, OTHER, A, OTHER]), [[], [A], []])
    assert _edges([after]) == [(2, 3)]


def test_confidence_is_the_geometric_mean_over_the_frames_of_the_word() -> None:
    scores = _heard([BLANK, A, A, BLANK, B, BLANK])
    scores[1, A], scores[3, BLANK], scores[4, B] = np.log([0.5, 0.25, 0.125])
    (span,) = place_words(scores, [[A, B]])
    assert span is not None
    assert span.confidence == pytest.approx((0.5 * 1 * 0.25 * 0.125) ** (1 / 4))


@pytest.mark.parametrize("words", [[[A, B, C]], [[A, A]], [[]], []])
def test_texts_that_do_not_fit_have_no_place(words: list[list[int]]) -> None:
    assert place_words(_heard([A, B]), words) == [None] * len(words)
    assert place_words(_heard([]), words) == [None] * len(words)


@given(
    words=st.lists(st.lists(st.integers(A, C), max_size=4), max_size=8),
    frames=st.integers(0, 60),
    seed=st.integers(0, 1000),
)
def test_spans_are_in_order_and_inside(words: list[list[int]], frames: int, seed: int) -> None:
    scores = -np.random.default_rng(seed).exponential(size=(frames, FIRST_CHARACTER + 3)).astype(np.float32)
    spans = place_words(scores, words)
    assert len(spans) == len(words)
    placed = [span for span in spans if span is not None]
    assert not placed or [span is None for span in spans] == [not word for word in words]
    edges = [0.0, *(edge for span in placed for edge in (span.start, span.end)), float(frames)]
    assert edges == sorted(edges)
    assert all(span.end > span.start and 0 <= span.confidence <= 1 for span in placed)
