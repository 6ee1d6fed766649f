from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.errors import ParameterError
from trimodal.extract.text.cleaning import STEPS, check_steps, cleaned


def _clean(text: str, *steps: str) -> str:
    return " ".join(word for words in cleaned(text.split(), steps) for word in words)


@pytest.mark.parametrize(
    ("step", "text", "expected"),
    [
        ("lower", "Hello ÄRGER", "hello ärger"),
        ("upper", "Straße", "STRASSE"),
        ("nfc", "e\u0301", "é"),
        ("nfkc", "\ufb01ne \uff11\uff12", "fine 12"),
        ("quotes", "\u201cdon\u2019t\u201d \u2018so\u2019", "\"don't\" 'so'"),
        ("entities", "Q&amp;A &lt;i&gt;&nbsp;no", "Q&A <i> no"),
        ("tags", "<i>Hello there</i> {\\an8}you <v Ann>yes <00:01.500>no", "Hello there you yes no"),
        ("tags", "I <3 a<b", "I <3 a<b"),
        ("asides", "[soft music] Well (laughs loudly) ♪ la ♪ *sighs* yes", "Well la yes"),
        ("asides", "5 * 3 * 2", "5 * 3 * 2"),
        ("urls", "see https://example.org/a?b=c or www.example.org now", "see or now"),
        ("punctuation", "Well... it's 3.5, rock-n-roll -- yes?! «so» 10:30", "Well it's 3.5 rock-n-roll yes so 10:30"),
        ("punctuation", "你好\uff0c世界\u3002", "你好 世界"),
        (
            "treebank",
            "Don't I can't it's WE'LL cannot GONNA wanna",
            "Do n't I ca n't it 's WE 'LL can not GON NA wan na",
        ),
        ("treebank", "don\u2019t gonnas 'tis o'clock n't 's", "do n\u2019t gonnas 'tis o'clock n't 's"),
        ("characters", "你好\uff0c世界。OK吗 「今天」3点", "你 好\uff0c 世 界。 OK 吗 「今 天」 3 点"),
        ("characters", "ラ\u30fcメン・そば が\u3099 (𠀀々) don't", "ラ \u30fc メ ン・ そ ば が\u3099 (𠀀 々) don't"),
        ("digits", "route 66 mp3", "route mp"),
        ("variants", "A(2) TOMATO (3) (4)x", "A TOMATO (3) (4)x"),
        ("p2fa", "{NS} sp HELLO {LG} SPOKEN sil spn", "HELLO SPOKEN"),
        ("sphinx", "<s> WELL(2) <sil> ++LAUGHTER++ YES </s>", "WELL YES"),
    ],
)
def test_step(step: str, text: str, expected: str) -> None:
    assert _clean(text, step) == expected


def test_the_rules_of_iemocap_with_lower_case_and_contractions() -> None:
    text = "<s> WELL(2) <sil> I'M ++GARBAGE++ ++LAUGHTER++ ++BREATHING++ SO </s>"
    assert _clean(text, "iemocap", "lower", "contractions") == "well <sil> i am ++laughter++ ++breathing++ so"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("it's", "it is"),
        ("It\u2019s,", "It is,"),
        ("I'M", "I AM"),
        ("I'd've", "I would have"),
        ("couldn't've", "could not have"),
        ("won't", "will not"),
        ("can't", "cannot"),
        ("'cause", "because"),
        ("y'all're", "you all are"),
        ("gonna", "going to"),
        ("'don't'", "'do not'"),
        ("n't", "not"),
        ("John's", "John's"),
        ("o'clock", "o'clock"),
        ("begonna", "begonna"),
    ],
)
def test_contraction(word: str, expected: str) -> None:
    assert _clean(word, "contractions") == expected


def test_every_word_says_what_it_became() -> None:
    found = cleaned(["<i>It's", "[soft", "music]", "over</i>"], ["tags", "asides", "contractions", "lower"])
    assert found == [("it", "is"), (), (), ("over",)]


def test_steps_are_taken_in_their_order() -> None:
    assert _clean("It's", "contractions", "punctuation") == "It is"
    assert _clean("&lt;i&gt;so", "entities", "tags") == "so"
    assert _clean("&lt;i&gt;so", "tags", "entities") == "<i>so"


def test_white_space_takes_words_apart_and_none_are_none() -> None:
    assert cleaned(["New  York\n", "", "x"], []) == [("New", "York"), (), ("x",)]
    assert cleaned([], ["lower"]) == []


_ODD = st.sampled_from("ab'\u2019[]()*<>{}\\+&#10; \n\u2028\u0301\u03a3.3~")


@given(
    st.lists(st.text(_ODD, max_size=9) | st.text(max_size=9)),
    st.lists(st.sampled_from(sorted(STEPS))),
)
def test_every_word_keeps_its_place(words: list[str], steps: list[str]) -> None:
    found = cleaned(words, steps)
    assert len(found) == len(words)
    assert all(piece and not any(character.isspace() for character in piece) for pieces in found for piece in pieces)


def test_unknown_step() -> None:
    check_steps(list(STEPS))
    with pytest.raises(ParameterError, match="no cleaning step is called 'lowr'; did you mean 'lower'"):
        check_steps(["upper", "lowr"])


def test_every_step_is_in_the_docs() -> None:
    page = (Path(__file__).parents[3] / "docs" / "text.md").read_text(encoding="utf-8")
    assert [step for step in STEPS if f"| `{step}` |" not in page] == []
