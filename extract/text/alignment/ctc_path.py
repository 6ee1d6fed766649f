"""The likeliest way of a known text through the frames of a CTC model (pure numpy)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLANK, BETWEEN, ANYTHING, FIRST_CHARACTER = 0, 1, 2, 3
"""Columns of the scores: the blank, what may stand between words, what fits every sound, and the characters."""

_BLOCK_FRAMES = 2048
"""Frames whose moves are held at once."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """Where a word lies, in frames; a boundary may fall inside a frame."""

    start: float
    end: float
    confidence: float
    """Geometric mean, over the frames from its first character to its last, of the probability of what the path takes
    there relative to that of the likeliest token of the frame; in [0, 1], and 1 where the model hears just this."""


def place_words(scores: NDArray[np.float32], words: Sequence[Sequence[int]]) -> list[Span | None]:
    """Find where in the sound the words of a text are said.

    The path is that of CTC (Graves et al., Connectionist temporal classification, ICML 2006): every character takes one
    frame or more, between two may be blanks, between two that are the same must be one. A model's word delimiter is
    allowed wherever a blank is between words, and never asked for. A word that cannot be spelled leaves a place that
    fits any sound.

    Characters are short peaks with blanks between them, shorter than the sounds that they stand for. Where one sound
    ends and the next begins is taken to be the middle between their peaks (as in Kuerzinger et al., CTC-segmentation,
    SPECOM 2020), so a word reaches half of the median blank between two characters of a word (of this text; of words,
    where all have but one) beyond its own first and last one, and never beyond the middle of what is between it and
    its neighbour.

    Parameters
    ----------
    scores
        Shape (frames, columns), natural logarithms of probabilities, each relative to the likeliest token of its frame.
    words
        For every word the columns of its characters; none where it cannot be spelled.

    Returns
    -------
    list of Span or None
        One for every word: None for those without characters, and for all where the text has more characters than the
        sound has frames. Spans are in order and do not overlap.
    """
    characters, gaps = _text_states(words)
    columns = np.empty(2 * len(characters) + 1, np.intp)
    columns[::2], columns[1::2] = gaps, characters
    skippable = np.zeros(len(columns), bool)
    skippable[3::2] = characters[1:] != characters[:-1]
    path = best_path(scores, columns, skippable) if len(characters) else None
    if path is None:
        return [None] * len(words)
    own_states = np.arange(1, len(columns), 2)
    first, stop = np.searchsorted(path, own_states, "left"), np.searchsorted(path, own_states, "right")
    blanks = first[1:] - stop[:-1]
    inside = blanks[gaps[1:-1] == BLANK]
    reach = float(np.median(inside if len(inside) else blanks)) / 2 if len(blanks) else 0.0
    room = np.array([2 * first[0], *blanks, 2 * (len(path) - stop[-1])])  # before each character, and after the last
    taken = scores[np.arange(len(path)), columns[path]].astype(np.float64)
    spans: list[Span | None] = []
    end = 0
    for word in words:
        begin, end = end, end + len(word)
        spans.append(
            Span(
                start=float(first[begin] - min(reach, room[begin] / 2)),
                end=float(stop[end - 1] + min(reach, room[end] / 2)),
                confidence=float(np.exp(taken[first[begin] : stop[end - 1]].mean())),
            )
            if word
            else None
        )
    return spans


def _text_states(words: Sequence[Sequence[int]]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the columns of all characters, and those of what may stand before each of them and after the last."""
    characters: list[int] = []
    gaps = [BETWEEN]
    for word in words:
        if not word:
            gaps[-1] = ANYTHING
            continue
        characters += word
        gaps += [*[BLANK] * (len(word) - 1), BETWEEN]
    return np.array(characters, np.intp), np.array(gaps, np.intp)


def best_path(
    scores: NDArray[np.float32], columns: NDArray[np.intp], skippable: NDArray[np.bool_]
) -> NDArray[np.intp] | None:
    """Return the likeliest sequence of states, one for every frame (Viterbi, exact).

    It starts in one of the first two states and ends in one of the last two; from frame to frame it stays, goes on to
    the next state, or from state ``j - 2`` to ``j`` where ``skippable[j]``. The time is that of frames x states; the
    memory is that of the states of every 2048th frame, from which the frames between are computed again.

    Parameters
    ----------
    scores
        Shape (frames, columns), logarithms.
    columns
        Shape (states,): the column of every state.
    skippable
        Shape (states,): whether the state before may be left out.

    Returns
    -------
    ndarray of int or None
        Shape (frames,); None where there are fewer frames than such a path needs.
    """
    frames, states = len(scores), len(columns)
    if not frames:
        return None
    penalty = np.where(skippable, 0.0, -np.inf)
    best = np.full(states, -np.inf)
    best[:2] = scores[0, columns[:2]]
    checkpoints = {0: best}
    last_start = (frames - 1) // _BLOCK_FRAMES * _BLOCK_FRAMES
    for frame in range(1, last_start + 1):
        best = _arrivals(best, penalty).max(axis=0) + scores[frame, columns]
        if frame % _BLOCK_FRAMES == 0:
            checkpoints[frame] = best
    path = np.empty(frames, np.intp)
    path[-1] = states - 1
    for start, best in reversed(checkpoints.items()):
        stop = min(start + _BLOCK_FRAMES, frames - 1)
        # A path rises by two states a frame at most: those further below the last one do not matter.
        low = max(0, path[stop] - 2 * (stop - start) - 1)
        near = slice(low, path[stop] + 1)
        best = best[near]
        moves = np.empty((stop - start, len(best)), np.uint8)
        for frame in range(start + 1, stop + 1):
            arrivals = _arrivals(best, penalty[near])
            moves[frame - start - 1] = arrivals.argmax(axis=0)
            best = arrivals.max(axis=0) + scores[frame, columns[near]]
        if start == last_start:
            if best[-2:].max() == -np.inf:
                return None
            path[-1] -= int(best[-1] < best[-2:].max())
        for frame in range(stop, start, -1):
            path[frame - 1] = path[frame] - moves[frame - start - 1, path[frame] - low]
    return path


def _arrivals(best: NDArray[np.float64], penalty: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return shape (3, states): the score of coming to each state by staying, from the one before, from two before."""
    arrivals = np.full((3, len(best)), -np.inf)
    arrivals[0] = best
    arrivals[1, 1:] = best[:-1]
    arrivals[2, 2:] = best[:-2] + penalty[2:]
    return arrivals
