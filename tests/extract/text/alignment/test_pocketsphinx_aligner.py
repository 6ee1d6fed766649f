import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimodal.extract.text.alignment.phrase_listener import PhraseListener
from trimodal.extract.text.alignment.pocketsphinx_aligner import DOUBTFUL, PocketsphinxAligner, acoustic_model, match
from trimodal.extract.text.alignment.timed_words import SAMPLE_RATE, Stretch, TimedWord, fitness
from trimodal.media import Audio, AudioSelection, probe, read_audio, read_transcript


def _audio(path: Path) -> Audio:
    audio = read_audio(path, probe(path), AudioSelection(sample_rate=SAMPLE_RATE))
    assert audio is not None
    return audio


def _align(text: str, audio: Audio) -> list[TimedWord | None]:
    stretch = Stretch(tokens=text.split(), samples=audio.samples, start_seconds=audio.start_seconds)
    (words,) = PocketsphinxAligner().align([stretch])
    return words


def _errors(words: list[TimedWord | None], times: list[tuple[float, float]]) -> np.ndarray:
    """Return how far the boundaries of the placed words are from the given ones, in seconds."""
    pairs = [(word, given) for word, given in zip(words, times, strict=True) if word is not None]
    return np.abs([(word.start - start, word.end - end) for word, (start, end) in pairs]).ravel()


@pytest.fixture(scope="session")
def acoustic(media: Path) -> tuple[Audio, list[str], list[tuple[float, float]]]:
    """A clip of 27 seconds, its 58 words and when they are."""
    utterances = read_transcript(media / "speech" / "acoustic_corpus.TextGrid")
    words = [word for utterance in utterances for word in utterance.words]
    times = [(word.start_seconds or 0.0, word.end_seconds or 0.0) for word in words]
    return _audio(media / "speech" / "acoustic_corpus.wav"), [word.text for word in words], times


def test_boundaries_are_where_careful_people_put_them(
    acoustic: tuple[Audio, list[str], list[tuple[float, float]]],
) -> None:
    audio, tokens, times = acoustic
    words = _align(" ".join(tokens), audio)
    assert all(word is not None and word.origin == "aligned" for word in words)
    errors = _errors(words, times)
    assert np.median(errors) <= 0.011
    assert np.mean(errors < 0.051) > 0.94
    assert np.percentile(errors, 95) < 0.05


def test_words_that_are_not_said_cost_themselves_and_little_more(
    acoustic: tuple[Audio, list[str], list[tuple[float, float]]],
) -> None:
    audio, tokens, times = acoustic
    false = [f"elephant{ending}" for ending in ("", "s", "'s", "ine", "ish", "like", "-ears", "-trunk")]
    words = _align(" ".join([*tokens[:20], *false, *tokens[20:]]), audio)
    assert words[20:28] == [None] * 8
    rest = words[:20] + words[28:]
    assert sum(word is not None for word in rest) > 0.6 * len(tokens)
    assert np.mean(_errors(rest, times) < 0.1) > 0.9


def test_what_is_not_said_at_all_is_not_listened_for(
    acoustic: tuple[Audio, list[str], list[tuple[float, float]]], media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decoding says it is hopeless; recognition, which takes as long again, is left out."""
    audio, tokens, _ = acoustic
    listened: list[int] = []
    hear = PhraseListener.hear
    monkeypatch.setattr(PhraseListener, "hear", lambda self, samples: listened.append(1) or hear(self, samples))
    (sonnet,) = read_transcript(media / "speech" / "sonnet" / "plain.txt")
    words = _align(" ".join(sonnet.text.split()[: len(tokens)]), audio)
    assert 0 < fitness(words) < 0.01
    assert not listened
    _align(" ".join([*tokens[:20], *(["elephant"] * 8), *tokens[20:]]), audio)
    assert listened


def test_a_text_longer_than_a_minute_is_cut_where_it_is_recognised(media: Path) -> None:
    names = ("acoustic_corpus.wav", "jfk.flac", "had_that_curiosity.wav")
    texts = ("acoustic_corpus.lab", "jfk.txt", "had_that_curiosity.words.json")
    clips = [_audio(media / "speech" / name) for name in names]
    said = [" ".join(part.text for part in read_transcript(media / "speech" / name)) for name in texts[1:]]
    said.insert(0, (media / "speech" / texts[0]).read_text())
    times, begin = [], 0.0
    for clip, text in zip(clips, said, strict=True):
        times += [(word.start + begin, word.end + begin) for word in _align(text, clip) if word is not None]
        begin += len(clip.samples) / SAMPLE_RATE
    samples = np.concatenate([clip.samples for clip in clips] * 2)
    twice = [*times, *((start + begin, end + begin) for start, end in times)]
    words = _align(" ".join(said * 2), Audio(samples=samples, rate=SAMPLE_RATE, start_seconds=0.0))
    assert all(word is not None for word in words)
    errors = _errors(words, twice)
    assert np.mean(errors < 0.05) > 0.9
    assert np.mean(errors < 1) > 0.97


def test_numbers_signs_and_names_are_placed(media: Path) -> None:
    audio = _audio(media / "talking" / "grid-bbaf2n.mpg")  # bin blue at f two now
    words = _align("Bin, blue @ F 2 [laughter] now!", audio)
    assert [word.text if word else None for word in words] == ["Bin,", "blue", "@", "F", "2", None, "now!"]
    assert _errors(words, [(0, 0)] * 7).max() < 3
    by_name = {word.text: word for word in words if word}
    assert by_name["2"].start == pytest.approx(1.64, abs=0.05)
    assert by_name["@"].start == pytest.approx(1.36, abs=0.05)


def test_words_of_another_recording_fit_badly(media: Path) -> None:
    audio = _audio(media / "talking" / "grid-bbaf2n.mpg")
    assert fitness(_align("bin blue at f two now", audio)) > 2 * DOUBTFUL
    assert fitness(_align("the meeting starts at nine in the morning", audio)) < DOUBTFUL


def test_what_comes_out_does_not_depend_on_what_came_before(media: Path) -> None:
    grid = [_audio(media / "talking" / f"grid-{name}.mpg") for name in ("bbaf2n", "swwp2s")]
    texts = ("bin blue at f two now", "set white with p two soon zorblax")
    stretches = [
        Stretch(tokens=text.split(), samples=audio.samples, start_seconds=0.0)
        for text, audio in zip(texts, grid, strict=True)
    ]
    together = PocketsphinxAligner().align([*stretches, stretches[0]])
    assert together[0] == together[2] == PocketsphinxAligner().align(stretches[:1])[0]
    assert together[1] == PocketsphinxAligner().align(stretches[1:])[0]


@pytest.mark.parametrize(
    ("tokens", "samples"),
    [
        ([], 16_000),
        (["hello"], 0),
        (["hello"], 400),
        (["hello"] * 1_000_000, 16_000),
        (["привет", "😀"], 16_000),
        (["[noise]"], 16_000),
    ],
)
def test_what_cannot_be_said_in_the_sound_is_not_placed(tokens: list[str], samples: int) -> None:
    stretch = Stretch(tokens=tokens, samples=np.zeros(samples, np.float32), start_seconds=0.0)
    assert PocketsphinxAligner().align([stretch]) == [[None] * len(tokens)]


_TOKENS = st.lists(
    st.sampled_from(["bin", "blue", "at", "F", "2", "now", "zorblax", "th-", "😀", "1984", "[x]", "你好", "so-so"])
    | st.text(st.characters(exclude_categories=["Cs", "Z", "C"]), min_size=1, max_size=6),
    max_size=8,
)


@settings(max_examples=25)
@given(tokens=_TOKENS, first=st.integers(0, 30_000), length=st.integers(0, 16_000))
def test_times_are_in_order_and_inside_the_sound(
    sound: np.ndarray, aligner: PocketsphinxAligner, tokens: list[str], first: int, length: int
) -> None:
    stretch = Stretch(tokens=tokens, samples=sound[first : first + length], start_seconds=7.0)
    (words,) = aligner.align([stretch])
    assert len(words) == len(tokens)
    placed = [word for word in words if word is not None]
    assert all(word.text == token for word, token in zip(words, tokens, strict=True) if word is not None)
    assert all(one.end <= other.start for one, other in pairwise(placed))
    for word in placed:
        assert 7.0 <= word.start < word.end <= stretch.end_seconds
        assert 0 <= word.confidence <= 1
        assert math.isfinite(word.confidence)


@pytest.fixture(scope="session")
def aligner() -> PocketsphinxAligner:
    return PocketsphinxAligner()


@pytest.fixture(scope="session")
def sound(media: Path) -> np.ndarray:
    """Two seconds of speech."""
    return _audio(media / "talking" / "grid-bbaf2n.mpg").samples


def test_match_finds_the_way_in_which_words_were_said() -> None:
    assert match([[("a",), ("a", "b")], [("b", "c"), ("c",)]], ["a", "b", "c"]) in ([(0, 1), (1, 3)], [(0, 2), (2, 3)])
    assert match([[("a",)], [("b",), ()]], ["a"]) == [(0, 1), (1, 1)]
    assert match([[("a",)]], ["a", "b"]) is None
    assert match([[("a",)]], []) is None
    assert match([], []) == []


def test_the_model_is_part_of_the_fingerprint() -> None:
    files = acoustic_model()
    assert {"dictionary", "means", "variances", "mdef"} <= set(files)
    assert all(path.is_file() for path in files.values())
