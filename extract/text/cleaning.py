"""Cleaning of transcripts: named steps that turn the words of an utterance into others, in the order that is asked.

A step is a function of an utterance's text in which every word stands on a line of its own. It keeps the number of
lines: so markup around several words is found, and what comes out knows the word that it was.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from ...errors import ParameterError, did_you_mean

Step = Callable[[str], str]

_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>|<[\d:.]{1,20}>|\{\\[^{}]{0,200}\}")
_ASIDE = re.compile(r"\[[^\[\]]*\]|\([^()]*\)|\*(?=\S)[^*]+(?<=\S)\*|[♩♪♫♬]+")
_URL = re.compile(r"(?:\b[a-z][a-z0-9+.-]{1,20}://|\bwww\.)\S+", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_VARIANT = re.compile(r"(?<=\S)\(\d+\)$", re.MULTILINE)
_IEMOCAP = re.compile(r"^(?:</?s>|\+\+garbage\+\+)$", re.IGNORECASE | re.MULTILINE)
_SPHINX = re.compile(r"^(?:</?s>|<sil>|\+\+[^+\n]+\+\+)$", re.IGNORECASE | re.MULTILINE)
_P2FA = re.compile(r"^(?:sp|sil|spn|\{[a-z]+\})$", re.IGNORECASE | re.MULTILINE)
_TREEBANK_PAIRS = (("can", "not"), ("gim", "me"), ("gon", "na"), ("got", "ta"), ("lem", "me"), ("wan", "na"))
_TREEBANK = re.compile(
    r"(?<=\w)(?=n['\u2019]t\b)|(?<=\w)(?=['\u2019](?:s|m|d|ll|re|ve)\b)"
    + "".join(rf"|(?<=\b{one})(?={other}\b)" for one, other in _TREEBANK_PAIRS),
    re.IGNORECASE,
)
_UNSPACED = (
    "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f\u3105-\u312f\u31a0-\u31bf"
)
"""Han, kana and bopomofo, which are written without spaces."""
_OPENING = r"(\[{<\u2018\u201c\u3008\u300a\u300c\u300e\u3010\u3014\u3016\uff08\uff3b\uff5b\uff62"
_CHARACTER = re.compile(rf"[{_OPENING}]{{0,9}}[{_UNSPACED}][^\w\s{_OPENING}]*")
"""One of them with the marks that open before it and follow it."""
_WORD = re.compile(r"['\u2019]?[^\W\d_]+(?:['\u2019][^\W\d_]+)*")

_QUOTES = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u2032`\u00b4", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"')
    | dict.fromkeys("\u2010\u2011", "-")
)
_INSIDE_WORDS = "'\u2019-"
"""Marks that `punctuation` leaves between two letters or digits."""
_INSIDE_NUMBERS = ".,:"
"""Marks that it leaves between two digits."""

_WHOLE = {
    "ain't": "are not",
    "can't": "cannot",
    "'cause": "because",
    "'em": "them",
    "gimme": "give me",
    "gonna": "going to",
    "gotta": "got to",
    "how'd": "how did",
    "lemme": "let me",
    "let's": "let us",
    "ma'am": "madam",
    "shan't": "shall not",
    "'til": "until",
    "'tis": "it is",
    "'twas": "it was",
    "wanna": "want to",
    "what'd": "what did",
    "where'd": "where did",
    "why'd": "why did",
    "won't": "will not",
    "y'all": "you all",
}
_ENDINGS = {"'ve": "have", "n't": "not", "'ll": "will", "'re": "are", "'d": "would", "'m": "am"}
_PRONOUNS = ("he", "she", "it", "that", "this", "there", "here", "what", "who", "where", "when", "why", "how", "so")
_INDEFINITE = tuple(f"{some}{body}" for some in ("every", "some", "any", "no") for body in ("one", "body", "thing"))
_BEFORE_IS = frozenset(_PRONOUNS + _INDEFINITE)
"""After any other word ``'s`` is taken for the genitive and stays."""


def check_steps(steps: Sequence[str]) -> None:
    """Check that every step is known.

    Raises
    ------
    ParameterError
        Names the first that is not, and the nearest one that is.
    """
    for step in steps:
        if step not in STEPS:
            raise ParameterError(f"no cleaning step is called '{step}'; {did_you_mean(step, STEPS)}")


def cleaned(words: Sequence[str], steps: Sequence[str]) -> list[tuple[str, ...]]:
    """Return, for every word of an utterance, the words that it becomes.

    Parameters
    ----------
    words
        The words of one utterance, in order.
    steps
        Names in `STEPS`, in the order in which they are taken.

    Returns
    -------
    list of tuple
        One for every word: empty where nothing is left of it, several words where it is taken apart, as it is by every
        white space within it.
    """
    text = "\n".join(" ".join(word.split()) for word in words)
    for step in steps:
        text = STEPS[step](text)
    return [tuple(line.split()) for line in text.split("\n")] if words else []


def _removed(pattern: re.Pattern[str], text: str) -> str:
    """Return the text without what the pattern finds, on as many lines; what stood around it are words of their own."""
    return pattern.sub(lambda found: "\n" * found[0].count("\n") or " ", text)


def _contractions(text: str) -> str:
    return _WORD.sub(lambda found: _expanded_as_written(found[0]), text)


def _expanded_as_written(word: str) -> str:
    plain = word.lower().replace("\u2019", "'")
    expanded = _expanded(plain)
    if expanded == plain:
        return word
    if len(word) > 1 and word.isupper():
        return expanded.upper()
    return expanded[0].upper() + expanded[1:] if word[0].isupper() else expanded


def _expanded(word: str) -> str:
    if word in _WHOLE:
        return _WHOLE[word]
    if word.endswith("'s") and (stem := word.removesuffix("'s")) in _BEFORE_IS:
        return f"{stem} is"
    for short, full in _ENDINGS.items():
        if word.endswith(short):
            return f"{_expanded(word.removesuffix(short))} {full}".lstrip()
    return word


def _punctuation(text: str) -> str:
    kept = []
    for place, character in enumerate(text):
        before, after = text[place - 1 : place], text[place + 1 : place + 2]
        in_word = character in _INSIDE_WORDS and before.isalnum() and after.isalnum()
        in_number = character in _INSIDE_NUMBERS and before.isdigit() and after.isdigit()
        is_mark = unicodedata.category(character)[0] in "PS"
        kept.append(" " if is_mark and not in_word and not in_number else character)
    return "".join(kept)


def _entities(text: str) -> str:
    return "\n".join(" ".join(html.unescape(line).split()) for line in text.split("\n"))


STEPS: Mapping[str, Step] = {
    "lower": str.lower,
    "upper": str.upper,
    "nfc": partial(unicodedata.normalize, "NFC"),
    "nfkc": partial(unicodedata.normalize, "NFKC"),
    "quotes": lambda text: text.translate(_QUOTES),
    "contractions": _contractions,
    "entities": _entities,
    "tags": partial(_removed, _TAG),
    "asides": partial(_removed, _ASIDE),
    "urls": partial(_removed, _URL),
    "punctuation": _punctuation,
    "treebank": partial(_TREEBANK.sub, " "),
    "characters": partial(_CHARACTER.sub, r" \g<0> "),
    "digits": partial(_removed, _DIGITS),
    "variants": partial(_removed, _VARIANT),
    "iemocap": lambda text: _removed(_IEMOCAP, _removed(_VARIANT, text)),
    "sphinx": lambda text: _removed(_SPHINX, _removed(_VARIANT, text)),
    "p2fa": partial(_removed, _P2FA),
}
"""What docs/text.md lists."""
