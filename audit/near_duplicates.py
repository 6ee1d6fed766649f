"""Texts that are the same, or nearly, in different groups."""

import re
import unicodedata
from collections.abc import Sequence

from ..errors import require_packages

SHORTEST_WORDS = 5
"""Shorter texts do not count: everybody says "I don't know"."""
SHORTEST_CHARACTERS = 8
"""Nor do shorter ones of scripts without spaces, in which five words have about as many."""
SIMILARITY = 0.8
"""Least Jaccard index of the sets of shingles."""
_SHINGLE_LETTERS = 5
_SHINGLE_CHARACTERS = 2
_PERMUTATIONS = 128
# Thai, Lao, Burmese, Khmer, and the characters and syllables of Chinese and Japanese.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])\w)+")


def near_duplicates(texts: Sequence[str], groups: Sequence[str]) -> list[tuple[int, int]]:
    """Return pairs of texts from different groups that are nearly the same.

    Texts are compared without case and punctuation, as sets of runs of five letters; of scripts without spaces, as
    sets of runs of two characters. MinHash (Broder 1997) finds the pairs to compare, of which it can miss some that are
    barely similar enough.

    Parameters
    ----------
    texts, groups
        Texts, and the group of each.

    Returns
    -------
    list of pairs
        Numbers of the texts. Of texts that are equal, and in the same group, only the first one counts.
    """
    require_packages("the search for texts that are nearly the same", ["datasketch"], "extract")
    from datasketch import MinHash, MinHashLSH

    first: dict[str, dict[str, int]] = {}
    for number, (text, group) in enumerate(zip(texts, groups, strict=True)):
        words = _words(text)
        unspaced = _is_unspaced(words)
        if len(words) >= (SHORTEST_CHARACTERS if unspaced else SHORTEST_WORDS):
            first.setdefault(("" if unspaced else " ").join(words), {}).setdefault(group, number)
    found = [tuple(sorted(numbers.values())[:2]) for numbers in first.values() if len(numbers) > 1]
    shingles = [_shingles(text) for text in first]
    members = list(first.values())
    hashes = MinHash.bulk([[shingle.encode() for shingle in one] for one in shingles], num_perm=_PERMUTATIONS)
    index = MinHashLSH(threshold=SIMILARITY, num_perm=_PERMUTATIONS)
    for number, one in enumerate(hashes):
        for other in index.query(one):
            if _jaccard(shingles[number], shingles[other]) >= SIMILARITY:
                found += _across(members[other], members[number])
        index.insert(number, one)
    return sorted((one, other) for one, other in found)


def _words(text: str) -> list[str]:
    """Return the words of a text, or its characters where it is of a script without spaces."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def _is_unspaced(words: Sequence[str]) -> bool:
    """Whether most of the words are single characters of a script without spaces."""
    return 2 * sum(re.match(f"[{_UNSPACED}]", word) is not None for word in words) > len(words)


def _shingles(text: str) -> frozenset[str]:
    length = _SHINGLE_CHARACTERS if _is_unspaced(_words(text)) else _SHINGLE_LETTERS
    return frozenset(text[start : start + length] for start in range(len(text) - length + 1))


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)


def _across(one: dict[str, int], other: dict[str, int]) -> list[tuple[int, int]]:
    """Return the first pair of numbers that are in different groups, if there is any."""
    pairs = ((a, b) for group, a in one.items() for another, b in other.items() if group != another)
    return [(min(pair), max(pair)) for pair in list(pairs)[:1]]
