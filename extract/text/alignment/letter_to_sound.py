"""Pronunciations of English words that no dictionary has, by analogy with those that it has."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...weights import single_file

_LETTERS = "'abcdefghijklmnopqrstuvwxyz"
_LONGEST = 16
"""Letters, and phones, of the longest word that is learnt from."""
_LEARNABLE = re.compile(rf"[a-z']{{1,{_LONGEST}}}")
_CONTEXT = 5
"""Letters on either side that are compared."""
_ROUNDS = 3
_EVERY = 8
"""The costs of the alignment are estimated from every eighth word."""
_NEVER = np.float32(1e6)

_Costs = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
"""Of a letter that is silent (27 + 1,), one phone (28, P + 1) or two (28, P + 1, P + 1); the last phone is padding."""


def dictionary_path() -> Path:
    """Return the pronunciations of 134,000 words (CMUdict) that ship inside pocketsphinx."""
    return single_file("pocketsphinx", "model/en-us/cmudict-en-us.dict")


class LetterToSound:
    """A memory of words with their pronunciations, every letter aligned to the phones that it stands for.

    A letter of a new word sounds as it most often does in the remembered words that share the most letters around it:
    the length of the same letters to the left, plus that of the same letters to the right, at most five each. This is
    the memory-based learning of van den Bosch & Daelemans, Data-oriented methods for grapheme-to-phoneme conversion,
    EACL 1993. Of words held out from CMUdict 7.6 % of the phones and 34 % of the words are wrong; the joint n-grams of
    Bisani & Ney, Joint-sequence models for grapheme-to-phoneme conversion, 2008, reach 5.9 % and 24.5 %.

    Parameters
    ----------
    words
        Letters a to z and apostrophes, at most 16 each.
    pronunciations
        The phones of each word, at least one, at most 16 and at most two for every letter.
    """

    def __init__(self, words: Sequence[str], pronunciations: Sequence[Sequence[str]]) -> None:
        self._phones = sorted({phone for phones in pronunciations for phone in phones})
        letters, sounds, counts = _arrays(words, pronunciations, self._phones)
        padding = len(self._phones)
        some = slice(None, None, _EVERY)
        costs = _first_costs(letters[some], sounds[some], counts[some], padding)
        for _ in range(_ROUNDS):
            spans = _spans(letters[some], sounds[some], counts[some], costs)
            costs = _costs(letters[some], _codes(spans, sounds[some], padding), padding)
        codes = _codes(_spans(letters, sounds, counts, costs), sounds, padding)
        around = np.pad(letters, ((0, 0), (_CONTEXT, _CONTEXT)))
        self._contexts, self._codes = [], []
        for letter in range(len(_LETTERS) + 1):
            row, column = np.nonzero(letters == letter) if letter else (np.zeros(0, np.intp), np.zeros(0, np.intp))
            self._contexts.append(np.ascontiguousarray(around[row, column + np.arange(2 * _CONTEXT + 1)[:, None]]))
            self._codes.append(codes[row, column])

    def __call__(self, word: str) -> tuple[str, ...]:
        """Return the phones of a word; other characters than a to z and the apostrophe are silent."""
        letters = [_LETTERS.index(letter) + 1 for letter in word if letter in _LETTERS]
        around = [*[0] * _CONTEXT, *letters, *[0] * _CONTEXT]
        sounds: list[str] = []
        for position, letter in enumerate(letters):
            if len(self._codes[letter]):
                sounds += self._sounds(letter, around[position : position + 2 * _CONTEXT + 1])
        return tuple(sounds)

    def _sounds(self, letter: int, around: Sequence[int]) -> list[str]:
        contexts = self._contexts[letter]
        likeness = _same(contexts[_CONTEXT - 1 :: -1], around[_CONTEXT - 1 :: -1])
        likeness += _same(contexts[_CONTEXT + 1 :], around[_CONTEXT + 1 :])
        codes, counts = np.unique(self._codes[letter][likeness == likeness.max()], return_counts=True)
        first, second = divmod(int(codes[counts.argmax()]), len(self._phones) + 1)
        return [self._phones[phone - 1] for phone in (first, second) if phone]


def _same(contexts: NDArray[np.uint8], around: Sequence[int]) -> NDArray[np.uint8]:
    """Return how many letters, from the first on, every column of ``contexts`` shares with ``around``."""
    length = np.zeros(contexts.shape[1], np.uint8)
    same = np.ones(contexts.shape[1], bool)
    for row, letter in zip(contexts, around, strict=True):
        same &= row == letter
        length += same
    return length


@cache
def letter_to_sound() -> LetterToSound:
    """Return what the dictionary inside pocketsphinx teaches; the first call takes about a second."""
    words: list[str] = []
    pronunciations: list[list[str]] = []
    for line in dictionary_path().read_text("utf-8").splitlines():
        word, *phones = line.split()
        if _LEARNABLE.fullmatch(word) and 0 < len(phones) <= min(_LONGEST, 2 * len(word)):
            words.append(word)
            pronunciations.append(phones)
    return LetterToSound(words, pronunciations)


def _arrays(
    words: Sequence[str], pronunciations: Sequence[Sequence[str]], phones: Sequence[str]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.intp]]:
    """Return letters (n, 16), 0 where a word has ended; phones (n, 16), their number where it has; phone counts."""
    number_of_letter = np.zeros(256, np.uint8)
    number_of_letter[list(_LETTERS.encode())] = np.arange(1, len(_LETTERS) + 1)
    letters = number_of_letter[np.array(words, f"S{_LONGEST}").view(np.uint8).reshape(-1, _LONGEST)]
    number_of_phone = {phone: number for number, phone in enumerate(phones)}
    counts = np.array([len(sounds) for sounds in pronunciations], np.intp)
    sounds = np.full((len(words), _LONGEST), len(phones), np.uint8)
    sounds[np.arange(_LONGEST) < counts[:, None]] = [number_of_phone[phone] for s in pronunciations for phone in s]
    return letters, sounds, counts


def _first_costs(
    letters: NDArray[np.uint8], sounds: NDArray[np.uint8], counts: NDArray[np.intp], padding: int
) -> _Costs:
    """Return costs from how often a letter and a phone are at about the same place in their words."""
    single = np.full((len(_LETTERS) + 1, padding + 1), 1e-3)
    place = np.arange(_LONGEST) * counts[:, None] / (letters > 0).sum(axis=1)[:, None]
    for shift in (-1, 0, 1):
        near = np.take_along_axis(sounds, np.clip(place.round().astype(np.intp) + shift, 0, _LONGEST - 1), axis=1)
        both = (letters > 0) & (near < padding)
        np.add.at(single, (letters[both], near[both]), 1.0)
    often = single.sum(axis=1)
    double = np.full((len(_LETTERS) + 1, padding + 1, padding + 1), 0.01) + 1e-5 * often[:, None, None]
    return _logarithms(0.3 * often, single, double)


def _costs(letters: NDArray[np.uint8], codes: NDArray[np.int32], padding: int) -> _Costs:
    """Return costs from how often a letter stands for which phones."""
    table = np.full((len(_LETTERS) + 1, padding + 1, padding + 1), 1e-3)
    table[:, :, 0] = 0.1
    spoken = letters > 0
    np.add.at(table.reshape(len(table), -1), (letters[spoken], codes[spoken]), 1.0)
    shifted = np.zeros_like(table)  # a code counts phones from 1, an array of phones from 0
    shifted[:, :padding, :padding] = table[:, 1:, 1:]
    return _logarithms(table[:, 0, 0], np.roll(table[:, :, 0], -1, axis=1), shifted + 1e-9)


def _logarithms(silent: NDArray[np.float64], single: NDArray[np.float64], double: NDArray[np.float64]) -> _Costs:
    total = silent + single[:, :-1].sum(axis=1) + double[:, :-1, :-1].sum(axis=(1, 2))
    costs = tuple(-np.log(often.T / total).T.astype(np.float32) for often in (silent, single, double))
    none, one, two = costs
    none[0], one[0], two[0] = 0, _NEVER, _NEVER
    one[:, -1], two[:, -1], two[:, :, -1] = _NEVER, _NEVER, _NEVER
    return none, one, two


def _spans(
    letters: NDArray[np.uint8], sounds: NDArray[np.uint8], counts: NDArray[np.intp], costs: _Costs
) -> NDArray[np.intp]:
    """Return how many phones each letter stands for on the cheapest path, shape (n, 16), all words at once."""
    none, one, two = costs
    words = len(letters)
    best = np.full((_LONGEST + 1, words), _NEVER)
    best[0] = 0
    taken = np.zeros((_LONGEST, _LONGEST + 1, words), np.uint8)
    for position in range(_LONGEST):
        letter = letters[:, position]
        following = np.full_like(best, _NEVER)
        for end in range(min(2 * (position + 1), _LONGEST) + 1):
            cost = best[end] + none[letter]
            for count in range(1, min(end, 2) + 1):
                heard = (
                    one[letter, sounds[:, end - 1]]
                    if count == 1
                    else two[letter, sounds[:, end - 2], sounds[:, end - 1]]
                )
                other = best[end - count] + heard
                taken[position, end][other < cost] = count
                cost = np.minimum(cost, other)
            following[end] = cost
        best = following
    spans = np.zeros((words, _LONGEST), np.intp)
    stops = counts.copy()
    for position in reversed(range(_LONGEST)):
        spans[:, position] = taken[position, stops, np.arange(words)]
        stops -= spans[:, position]
    return spans


def _codes(spans: NDArray[np.intp], sounds: NDArray[np.uint8], padding: int) -> NDArray[np.int32]:
    """Return for every letter its phones as one number: ``first * (P + 1) + second``, counted from 1, 0 for none."""
    starts = np.cumsum(spans, axis=1) - spans
    first, second = (
        np.take_along_axis(sounds, np.minimum(starts + shift, _LONGEST - 1), axis=1).astype(np.int32) + 1
        for shift in (0, 1)
    )
    return np.where(spans >= 1, first * (padding + 1), 0) + np.where(spans == 2, second, 0)
