"""Where a long sound can be cut: between words that are recognised as the text has them."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_RUN = 3
"""Words in a row that must be recognised."""
_MOST_PLACES = 32
"""A run of words that occurs more often than this in the text says nothing."""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A recognised word, in seconds from the beginning of the sound."""

    word: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place between two recognised words."""

    token: int
    """What is said next."""
    seconds: float
    """When, from the beginning of the sound."""
    pause_seconds: float


def places(names: Sequence[tuple[int, str]], heard: Sequence[Heard]) -> list[Place]:
    """Return where text and sound may be cut, in order.

    Parameters
    ----------
    names
        What is said: the words with the number of the token that each belongs to, which never falls.
    heard
        What was recognised, in order.
    """
    pairs = anchors([name for _, name in names], [word.word for word in heard])
    return [
        Place(
            token=names[after][0],
            seconds=(heard[left].end_seconds + heard[right].start_seconds) / 2,
            pause_seconds=heard[right].start_seconds - heard[left].end_seconds,
        )
        for (before, left), (after, right) in pairwise(pairs)
        if after == before + 1 and right == left + 1 and names[after][0] != names[before][0]
    ]


def cuts(candidates: Sequence[Place], shortest_seconds: float, longest_seconds: float) -> list[Place]:
    """Choose places that leave pieces of at least ``shortest_seconds``.

    Of those that make a piece of at most ``longest_seconds`` the one with the longest pause is taken; where there is
    none, the next one.
    """
    chosen: list[Place] = []
    start = 0.0
    fitting: list[Place] = []
    for place in candidates:
        if fitting and place.seconds > start + longest_seconds:
            chosen.append(max(fitting, key=lambda place: place.pause_seconds))
            start = chosen[-1].seconds
            fitting = [left for left in fitting if left.seconds >= start + shortest_seconds]
        if place.seconds >= start + shortest_seconds:
            fitting.append(place)
    return [*chosen, *([max(fitting, key=lambda place: place.pause_seconds)] if fitting else [])]


def anchors(text: Sequence[str], heard: Sequence[str]) -> list[tuple[int, int]]:
    """Return pairs of positions with the same word, both in order: those of the longest chain of common runs of three.

    This is the longest common subsequence of Hunt & Szymanski, A fast algorithm for computing longest common
    subsequences, 1977, over runs of three words, as islands of confidence in Moreno et al., A recursive algorithm for
    the forced alignment of very long audio segments, ICSLP 1998.

    Examples
    --------
    >>> anchors("a b c d e".split(), "x b c d y".split())
    [(1, 1), (2, 2), (3, 3)]
    """
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for position in range(len(text) - _RUN + 1):
        places[tuple(text[position : position + _RUN])].append(position)
    tails: list[int] = []  # the smallest text position that a chain of each length ends at
    ends: list[int] = []  # the pair there
    pairs: list[tuple[int, int, int]] = []  # text position, heard position, the pair before it in its chain
    for at in range(len(heard) - _RUN + 1):
        here = places.get(tuple(heard[at : at + _RUN]), [])
        for position in reversed(here if len(here) <= _MOST_PLACES else []):
            length = bisect_left(tails, position)
            pairs.append((position, at, ends[length - 1] if length else -1))
            tails[length : length + 1] = [position]
            ends[length : length + 1] = [len(pairs) - 1]
    chain: list[int] = []
    pair = ends[-1] if ends else -1
    while pair >= 0:
        chain.append(pair)
        pair = pairs[pair][2]
    words: list[tuple[int, int]] = []
    for pair in reversed(chain):
        position, at, _ = pairs[pair]
        # Runs overlap; where two of them do not agree the first one holds.
        run = [(position + offset, at + offset) for offset in range(_RUN)]
        words += [word for word in run if not words or (word[0] > words[-1][0] and word[1] > words[-1][1])]
    return words
