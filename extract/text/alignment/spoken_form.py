"""What is said where a transcript writes a word: numbers, abbreviations, signs and spellings read out in English.

Where a token can be read in more than one way (1984 as a year or a number, WHO as a word or spelled) all of them are
given; the sound decides.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import product
from typing import Any

_LONGEST_TOKEN = 64
"""Characters; what is longer is no word."""
_MOST_DIGITS = 15
"""Of a number that is read as one; longer ones are read digit by digit."""
_MOST_FORMS = 8

_SIGNS = {"&": "and", "@": "at", "%": "percent", "+": "plus", "=": "equals"}
_ANNOTATION = re.compile(
    r"[\[<{*].*|.*[\]>}*]|\((?:laugh|chuckl|cough|sigh|breath|inaudible|unintelligible|applause|music|noise|cross).*",
    re.DOTALL,
)
"""A note of the transcriber, which nobody says."""
_ABBREVIATIONS = {
    "approx.": "approximately",
    "apt.": "apartment",
    "ave.": "avenue",
    "blvd.": "boulevard",
    "capt.": "captain",
    "co.": "company",
    "col.": "colonel",
    "corp.": "corporation",
    "dept.": "department",
    "dr.": "doctor|drive",
    "e.g.": "for example|e g",
    "etc.": "et cetera",
    "gen.": "general",
    "gov.": "governor",
    "hon.": "honorable",
    "i.e.": "that is|i e",
    "inc.": "incorporated|ink",
    "jr.": "junior",
    "lt.": "lieutenant",
    "ltd.": "limited",
    "maj.": "major",
    "mr.": "mister",
    "mr": "mister",
    "mrs.": "missus",
    "mrs": "missus",
    "ms.": "miz",
    "mt.": "mount",
    "no.": "number|no",
    "prof.": "professor",
    "rep.": "representative",
    "rev.": "reverend",
    "sen.": "senator",
    "sgt.": "sergeant",
    "sr.": "senior",
    "st.": "saint|street",
    "vs.": "versus",
    "vs": "versus",
}
_UNITS = {
    "c": "degrees celsius",
    "cm": "centimeters",
    "f": "degrees fahrenheit",
    "ft": "feet",
    "g": "grams|g",
    "gb": "gigabytes",
    "ghz": "gigahertz",
    "hz": "hertz",
    "in": "inches",
    "k": "thousand|k",
    "kg": "kilograms|kilos",
    "khz": "kilohertz",
    "km": "kilometers",
    "lb": "pounds",
    "lbs": "pounds",
    "m": "meters|million",
    "mb": "megabytes",
    "mg": "milligrams",
    "min": "minutes",
    "ml": "milliliters",
    "mm": "millimeters",
    "mph": "miles per hour",
    "ms": "milliseconds",
    "oz": "ounces",
    "s": "seconds|s",
    "x": "times|x",
}
_SCALES = {"k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion", "": ""}
_CURRENCIES = {
    "$": ("dollar", "dollars", "cents"),
    "\N{POUND SIGN}": ("pound", "pounds", "pence"),
    "\N{EURO SIGN}": ("euro", "euros", "cents"),
}

_TYPOGRAPHY = str.maketrans(
    {
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{HYPHEN}": "-",
        "\N{NON-BREAKING HYPHEN}": "-",
        "\N{MINUS SIGN}": "-",
        "\N{EN DASH}": "--",
        "\N{EM DASH}": "--",
        "\N{FRACTION SLASH}": "/",
        "\N{HORIZONTAL ELLIPSIS}": "...",
    }
)

Form = tuple[str, ...]
"""Words in lower case, of letters a to z and apostrophes; a hyphen at the end marks a word that was broken off."""


def is_word(token: str) -> bool:
    """Whether a token of a transcript is a word: it has a letter or digit of any script, or is a sign that is read out.

    Everything else (dashes, dots, emoji) stands for no sound.
    """
    return token in _SIGNS or any(character.isalnum() for character in token)


def spoken_forms(token: str) -> list[Form]:
    """Return the ways in which a token may be said, the likeliest first; none where it cannot be said in English.

    Examples
    --------
    >>> spoken_forms("Dr.")
    [('doctor',), ('drive',)]
    >>> spoken_forms("$5.50")
    [('five', 'dollars', 'and', 'fifty', 'cents'), ('five', 'dollars', 'fifty', 'cents'), ('five', 'fifty')]
    >>> spoken_forms("th-")
    [('th-',)]
    """
    if len(token) > _LONGEST_TOKEN or _ANNOTATION.fullmatch(token):
        return []
    plain = _plain(token).strip(" \"'(),;:!?`~_|\\/")
    if plain.rstrip(".").upper() != "NO":  # "no." is more often the end of a sentence than a number
        for written in (plain.lower(), plain.lower().rstrip(".")):
            if written in _ABBREVIATIONS:
                return _split(_ABBREVIATIONS[written])
    bare = re.sub(r"^(?:\.+(?!\d+$)|#|-{2,})+|(?:\.|-{2,})+$", "", plain)
    return [form for form in _unique(_read(bare)) if form][:_MOST_FORMS]


def _plain(token: str) -> str:
    """Return a token without accents, with plain quotes, dashes and digits."""
    decomposed = unicodedata.normalize("NFKD", token.translate(_TYPOGRAPHY)).translate(_TYPOGRAPHY)
    return "".join(
        str(unicodedata.digit(character)) if character.isdigit() else character
        for character in decomposed
        if not unicodedata.combining(character)
    )


def _read(text: str) -> list[Form]:
    if text in _SIGNS:
        return [(_SIGNS[text],)]
    if re.fullmatch(r"[A-Za-z']+", text):
        return _read_letters(text)
    if re.fullmatch(r"(?:[A-Za-z]\.)+[A-Za-z]?", text):
        return [tuple(text.replace(".", "").lower())]
    if re.fullmatch(r"[A-Za-z']+-", text):
        return [(text.lower(),)]
    for pattern, reader in _PATTERNS:
        if match := pattern.fullmatch(text):
            return reader(*match.groups())
    return _read_parts(text)


def _read_letters(text: str) -> list[Form]:
    letters = text.strip("'").lower()
    if not letters:
        return []
    spelled = tuple(letters.replace("'", ""))
    if re.fullmatch(r"[A-Z]{2,6}'?s", text):  # several TVs, a TV's
        return [(letters,), (*spelled[:-2], f"{spelled[-2]}'s")]
    if 2 <= len(letters) <= 6 and (text.isupper() or not re.search("[aeiouy]", letters)):
        return [(letters,), spelled]
    return [(text.lower().rstrip("'"),)]


def _read_parts(text: str) -> list[Form]:
    """Read what hyphens and the like join, or runs of letters, numbers and signs, one after the other."""
    joined = [part for part in re.split(r"[-/_:\"]+", text) if part]
    if len(joined) > 1 or joined != [text]:
        return [sum(forms, ()) for forms in _product([_read(part)[:3] for part in joined])]
    parts = re.findall(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|[A-Za-z]+(?:'[A-Za-z]+)*|[&@%+=]|\.(?=[A-Za-z])", text)
    readings = [[("dot",), ()] if part == "." else _read(part)[:2] for part in parts]
    return [sum(forms, ()) for forms in _product(readings)]


def _product(readings: Sequence[Sequence[Form]]) -> Iterable[tuple[Form, ...]]:
    if len(readings) > 6:  # every choice would be too many
        readings = [reading[:1] for reading in readings]
    return product(*readings)


def _read_integer(digits: str) -> list[Form]:
    number = digits.replace(",", "")
    if len(number) > _MOST_DIGITS:
        return [_words(number, group=1)]
    spelled = _words(number, group=1)
    if number.startswith("0") and len(number) > 1:
        return [spelled, _words(number, group=1, zero="oh")]
    forms = [_words(number)]
    if len(number) == 4 and digits == number:
        hundreds = [(*_words(number[:2]), "hundred")] if number.endswith("00") else []
        pairs = [_words(number, group=2, zero="oh")]
        year = [*hundreds, *pairs] if number[1:3] != "00" else []
        forms = [*year, *forms] if number[0] in "12" and number[1] != "0" else [*forms, *pairs]
    if "hundred" in forms[-1] or "hundred" in forms[0] or "thousand" in forms[-1]:
        forms.append(_words(number, andword="and"))
    if len(number) == 3:
        forms.append((*_words(number[0]), *_words(number[1:], group=2, zero="oh")))
    return [*forms, spelled] if len(number) > 2 else forms


def _read_decimal(whole: str, fraction: str) -> list[Form]:
    before = _read_integer(whole)[0] if whole else ()
    after = _words(fraction, group=1)
    return [(*before, "point", *after), (*_words(whole or "0"), "point", *_words(fraction))]


def _read_percent(number: str) -> list[Form]:
    return [(*form, "percent") for form in _read(number)[:2]]


def _read_ordinal(number: str) -> list[Form]:
    digits = number.replace(",", "")
    return [] if len(digits) > _MOST_DIGITS else [_ordinal(digits), _ordinal(digits, "and")]


def _read_decade(century: str, decade: str) -> list[Form]:
    tens = _plural(_words(f"{decade}0")) if decade != "0" else ("hundreds",)
    named = [("two", "thousands")] if century + decade == "200" else []
    return [*named, (*_words(century), *tens) if century else tens]


def _read_time(hours: str, minutes: str, half: str | None) -> list[Form]:
    suffix = (half[0].lower(), "m") if half else ()
    hour = _words(str(int(hours)))
    if minutes == "00":
        return [(*hour, *suffix), (*hour, "o'clock", *suffix), (*hour, "hundred")]
    minute = _words(minutes, group=2, zero="oh") if minutes[0] == "0" else _words(minutes)
    return [(*hour, *minute, *suffix)]


def _read_hour(hour: str, half: str) -> list[Form]:
    return [(*_words(hour), half.lower(), "m")]


def _read_money(sign: str, whole: str, fraction: str | None, scale: str) -> list[Form]:
    one, many, cents = _CURRENCIES[sign]
    if scale or (fraction and len(fraction) != 2):
        amount = _read_decimal(whole, fraction)[0] if fraction else _read_integer(whole)[0]
        scaled = (_SCALES[scale.lower()],) if scale else ()
        return [(*amount, *scaled, many), (*amount, *scaled)]
    amounts = _unique([_words(whole.replace(",", "")), *_read_integer(whole)[:2]])
    if not fraction or fraction == "00":
        return [(*amount, one if whole == "1" else many) for amount in amounts]
    amount, small = amounts[0], _words(str(int(fraction)))
    named = (*amount, one if whole == "1" else many)
    return [(*named, "and", *small, cents), (*named, *small, cents), (*amount, *_words(fraction, group=2, zero="oh"))]


def _read_measure(number: str, unit: str) -> list[Form]:
    if unit.lower() not in _UNITS:
        return _read_parts(f"{number} {unit}")
    return [(*amount, *name) for name in _split(_UNITS[unit.lower()]) for amount in _read(number)[:2]]


def _read_fraction(above: str, below: str) -> list[Form]:
    over, under = _words(above), _words(below)
    parts = {"2": ("half",), "4": ("quarter",)}.get(below, _ordinal(below))
    named = (*over, *(parts if above == "1" else _plural(parts)))
    if above == "1":
        return [named, ("a", *parts), (*over, *under), (*over, "over", *under)]
    return [named, (*over, *under), (*over, "over", *under)] if int(above) < int(below) else [(*over, *under), named]


def _read_range(first: str, last: str) -> list[Form]:
    one, other = _read_integer(first), _read_integer(last)
    return [(*one[0], "to", *other[0]), (*one[0], *other[0]), (*_words(first, group=1), *_words(last, group=1))]


def _read_negative(number: str) -> list[Form]:
    forms = _read(number)[:2]
    return [*forms, *(("minus", *form) for form in forms), *(("negative", *form) for form in forms)]


_NUMBER = r"\d{1,3}(?:,\d{3})+|\d+"
_PATTERNS: tuple[tuple[re.Pattern[str], Callable[..., list[Form]]], ...] = (
    (re.compile(rf"({_NUMBER})"), _read_integer),
    (re.compile(rf"({_NUMBER}|)\.(\d+)"), _read_decimal),
    (re.compile(rf"((?:{_NUMBER})(?:\.\d+)?)%"), _read_percent),
    (re.compile(rf"({_NUMBER})(?:st|nd|rd|th)", re.IGNORECASE), _read_ordinal),
    (re.compile(r"'?(\d\d|)(\d)0'?s"), _read_decade),
    (re.compile(r"(\d{1,2}):(\d\d)(am|pm|a\.m|p\.m)?", re.IGNORECASE), _read_time),
    (re.compile(r"(\d{1,2})([ap])\.?m", re.IGNORECASE), _read_hour),
    (re.compile(rf"([$\u00a3\u20ac])({_NUMBER})(?:\.(\d+))?(k|m|mn|b|bn|)", re.IGNORECASE), _read_money),
    (re.compile(rf"(\d{{1,{_MOST_DIGITS}}})-(\d{{1,{_MOST_DIGITS}}})"), _read_range),
    (re.compile(r"(\d{1,3})/(\d{1,3})"), _read_fraction),
    (re.compile(rf"((?:{_NUMBER})(?:\.\d+)?)([A-Za-z]{{1,3}})"), _read_measure),
    (re.compile(rf"-((?:{_NUMBER})(?:\.\d+)?%?)"), _read_negative),
)


def _words(number: str, group: int = 0, zero: str = "zero", andword: str = "") -> Form:
    text = _engine().number_to_words(number, group=group, zero=zero, andword=andword)
    return tuple(re.findall(r"[a-z]+", text))


def _ordinal(number: str, andword: str = "") -> Form:
    return tuple(re.findall(r"[a-z]+", _engine().ordinal(_engine().number_to_words(number, andword=andword))))


def _plural(words: Form) -> Form:
    last = words[-1]
    return (*words[:-1], "halves" if last == "half" else f"{last[:-1]}ies" if last.endswith("y") else f"{last}s")


def _split(alternatives: str) -> list[Form]:
    return [tuple(form.split()) for form in alternatives.split("|")]


def _unique(forms: Iterable[Form]) -> list[Form]:
    return list(dict.fromkeys(forms))


@cache
def _engine() -> Any:
    with _without_type_checks():
        import inflect
    return inflect.engine()


@contextmanager
def _without_type_checks() -> Iterator[None]:
    """Keep inflect from rewriting its functions, while it is imported, so that they check types: that takes 1.4 s."""
    import typeguard

    checked = typeguard.typechecked
    typeguard.typechecked = lambda function: function  # type: ignore[assignment]
    try:
        yield
    finally:
        typeguard.typechecked = checked
