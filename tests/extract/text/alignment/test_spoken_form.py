import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.extract.text.alignment.spoken_form import is_word, spoken_forms


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("Hello,", "hello"),
        ("\N{LEFT DOUBLE QUOTATION MARK}don\N{RIGHT SINGLE QUOTATION MARK}t\N{RIGHT DOUBLE QUOTATION MARK}", "don't"),
        ("café", "cafe"),
        ("7", "seven"),
        ("٣", "three"),
        ("250", "two hundred and fifty"),
        ("1,250", "one thousand two hundred fifty"),
        ("1984", "nineteen eighty four"),
        ("1900", "nineteen hundred"),
        ("2004", "two thousand four"),
        ("2004", "twenty oh four"),
        ("007", "oh oh seven"),
        ("99999999999999999999", " ".join(["nine"] * 20)),
        ("3.14", "three point one four"),
        (".5", "point five"),
        ("50%", "fifty percent"),
        ("22nd", "twenty second"),
        ("1920s", "nineteen twenties"),
        ("'90s", "nineties"),
        ("2000s", "two thousands"),
        ("7:05pm", "seven oh five p m"),
        ("10:00", "ten o'clock"),
        ("5am", "five a m"),
        ("$1", "one dollar"),
        ("$5.50", "five dollars and fifty cents"),
        ("$3.5m", "three point five million dollars"),
        ("£3", "three pounds"),
        ("3/4", "three quarters"),
        ("½", "one half"),
        ("9/11", "nine eleven"),
        ("12-15", "twelve to fifteen"),
        ("-5", "minus five"),
        ("5kg", "five kilograms"),
        ("5xyz", "five xyz"),
        ("B2B", "b two b"),
        ("Dr.", "doctor"),
        ("Dr.", "drive"),
        ("no.", "no"),
        ("etc.,", "et cetera"),
        ("U.S.", "u s"),
        ("TV", "t v"),
        ("NASA", "nasa"),
        ("TVs", "t v's"),
        ("so-happy", "so happy"),
        ("mid-90s", "mid nineties"),
        ("AT&T", "a t and t"),
        ("user@mail.com", "user at mail dot com"),
        ("&", "and"),
        ("th-", "th-"),
        ("that--", "that"),
        ("(really)", "really"),
        ("qqq", "q q q"),
    ],
)
def test_a_token_may_be_said_as(token: str, said: str) -> None:
    assert tuple(said.split()) in spoken_forms(token)


@pytest.mark.parametrize(
    "token", ["[laughter]", "(laughs)", "<unk>", "*sighs*", "привет", "你好", "😀", "...", "--", "", "a" * 65]
)
def test_what_cannot_be_said_has_no_form(token: str) -> None:
    assert spoken_forms(token) == []


@pytest.mark.parametrize("token", ["a", "7", "привет", "你好", "[laughter]", "&", "@", "%", "x😀"])
def test_words(token: str) -> None:
    assert is_word(token)


@pytest.mark.parametrize("token", ["😀", "--", "...", "", "'", "_", "$"])
def test_no_words(token: str) -> None:
    assert not is_word(token)


@given(st.text(max_size=80) | st.text("0123456789.,:/-$%'stndrdthkmKM ", max_size=20))
def test_forms_are_few_and_of_letters(token: str) -> None:
    forms = spoken_forms(token)
    assert len(forms) <= 8
    assert len(set(forms)) == len(forms)
    for form in forms:
        assert form
        assert all(word and set(word) <= set("abcdefghijklmnopqrstuvwxyz'-") for word in form)


def test_other_packages_keep_their_type_checks() -> None:
    """In a process of its own: inflect is imported once."""
    code = (
        "import typeguard; before = typeguard.typechecked; from trimodal.extract.text.alignment import spoken_form; "
        "assert spoken_form.spoken_forms('21st'); import inflect; assert typeguard.typechecked is before"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
