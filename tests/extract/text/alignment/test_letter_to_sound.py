import random

from trimodal.extract.text.alignment.letter_to_sound import LetterToSound, dictionary_path, letter_to_sound


def test_words_that_no_dictionary_has_are_said_by_analogy() -> None:
    pronounce = letter_to_sound()
    assert pronounce("blockchain") == ("B", "L", "AA", "K", "CH", "EY", "N")
    assert pronounce("selfies") == ("S", "EH", "L", "F", "IY", "Z")


def test_words_held_out_of_the_dictionary_are_mostly_right() -> None:
    entries = [line.split() for line in dictionary_path().read_text("utf-8").splitlines()]
    entries = [entry for entry in entries if entry[0].isalpha() and 4 <= len(entry[0]) <= 16 and 3 <= len(entry) <= 9]
    random.Random(0).shuffle(entries)
    held_out, known = entries[:200], entries[200:20_200]
    pronounce = LetterToSound([word for word, *_ in known], [phones for _, *phones in known])
    right = [list(pronounce(word)) == phones for word, *phones in held_out]
    consonants = [phone for phone in pronounce("strength") if phone in ("S", "T", "R", "NG", "TH")]
    assert sum(right) > 0.4 * len(right)
    assert consonants == ["S", "T", "R", "NG", "TH"]


def test_letters_that_stand_for_two_sounds_or_none() -> None:
    pronounce = LetterToSound(["box", "fox", "knot", "knob", "not"] * 8, [s.split() for s in _SOUNDS] * 8)
    assert pronounce("knox") == ("N", "AA", "K", "S")


_SOUNDS = ["B AA K S", "F AA K S", "N AA T", "N AA B", "N AA T"]


def test_what_has_no_letters_has_no_sound() -> None:
    pronounce = letter_to_sound()
    assert pronounce("") == ()
    assert pronounce("привет 12") == ()
    assert pronounce("a" * 1000) != ()
