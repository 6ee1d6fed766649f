from itertools import pairwise
from pathlib import Path

import numpy as np

from trimodal.extract.text.alignment.letter_to_sound import letter_to_sound
from trimodal.extract.text.alignment.phrase_listener import CAREFUL, FAST, PhraseListener
from trimodal.media import AudioSelection, probe, read_audio


def _pronunciations(word: str) -> list[str]:
    return [" ".join(letter_to_sound()(word))] * 2


def test_hears_the_phrases_of_its_text_across_windows(media: Path) -> None:
    path = media / "speech" / "had_that_curiosity.wav"
    audio = read_audio(path, probe(path), AudioSelection())
    assert audio is not None
    said = ["i", "had", "that", "curiosity", "beside", "me", "at", "this", "moment"]
    late = np.concatenate([np.zeros(31 * 16_000, np.float32), audio.samples])
    heard = list(PhraseListener(said, _pronunciations, CAREFUL).hear(late))
    assert {"curiosity", "beside", "moment"} <= {word.word for word in heard}
    assert all(one.end_seconds <= other.start_seconds for one, other in pairwise(heard))
    (curiosity,) = (word for word in heard if word.word == "curiosity")
    assert abs(curiosity.start_seconds - 31 - 1.09) < 0.15


def test_hears_nothing_in_no_sound() -> None:
    listener = PhraseListener(["hello", "there"], _pronunciations, FAST)
    assert list(listener.hear(np.zeros(0, np.float32))) == []
