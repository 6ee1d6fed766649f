from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from recognition_models import tones

from trimodal.errors import WeightsError
from trimodal.extract.text.alignment.ctc_aligner import CtcAligner
from trimodal.extract.text.alignment.timed_words import Stretch, TimedWord

pytestmark = pytest.mark.usefixtures("one_thread")


def _spoken(words: list[str], seed: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the sound of words with pauses around them, and when each is said, shape (words, 2)."""
    text = f" {' '.join(words)} "
    seconds = np.random.default_rng(seed).uniform(0.08, 0.25, len(text))
    edges = np.cumsum([0, *seconds])
    stops = np.cumsum([len(word) + 1 for word in words])
    spans = [(edges[stop - len(word)], edges[stop]) for word, stop in zip(words, stops, strict=True)]
    return tones(text, seconds), np.array(spans)


def _words(count: int, seed: int) -> list[str]:
    """Return words in which no letter follows itself: its tone would go on."""
    draw = np.random.default_rng(seed)
    return ["".join(draw.permutation(list("abcd"))[: draw.integers(1, 5)]) for _ in range(count)]


def _times(words: list[TimedWord | None]) -> NDArray[np.float64]:
    return np.array([(word.start, word.end) for word in words if word is not None])


@pytest.fixture
def aligner(tone_ctc: Path) -> CtcAligner:
    return CtcAligner(str(tone_ctc), "cpu")


def test_words_are_found_where_they_are_said(aligner: CtcAligner) -> None:
    words = _words(30, 5)
    sound, truth = _spoken(words, 6)
    (found,) = aligner.align([Stretch(tokens=words, samples=sound, start_seconds=100.0)])
    assert [word and (word.text, word.origin) for word in found] == [(word, "aligned") for word in words]
    errors = _times(found) - 100 - truth
    assert np.abs(errors).max() < 0.04
    assert np.abs(errors.mean(axis=0)).max() < 0.01  # neither starts nor ends are off in general


def test_long_sounds_are_aligned_through_chunks(aligner: CtcAligner) -> None:
    words = _words(150, 7)
    sound, truth = _spoken(words, 8)
    assert len(sound) > 75 * 16_000
    (found,) = aligner.align([Stretch(tokens=words, samples=sound, start_seconds=0.0)])
    errors = np.abs(_times(found) - truth)
    assert np.median(errors) < 0.01
    assert errors.max() < 0.06


def test_many_stretches_at_once_give_what_each_alone_gives(aligner: CtcAligner) -> None:
    stretches = [
        Stretch(tokens=words, samples=_spoken(words, seed)[0], start_seconds=float(seed))
        for seed, words in enumerate([["ab", "cd"], ["a"], ["dcb", "abc", "d"], ["ab", "cd"]])
    ]
    together = aligner.align(stretches)
    for stretch, found in zip(stretches, together, strict=True):
        (alone,) = aligner.align([stretch])
        np.testing.assert_array_equal(_times(found), _times(alone))


def test_words_that_cannot_be_spelled_are_none_and_leave_their_time(aligner: CtcAligner) -> None:
    said = ["abc", "dad", "cab"]
    sound, truth = _spoken(said, 3)
    (found,) = aligner.align(
        [Stretch(tokens=["ABC!", "42", "ca\N{COMBINING ACUTE ACCENT}b"], samples=sound, start_seconds=0.0)]
    )
    first, none, last = found
    assert none is None
    assert np.abs(_times([first, last]) - truth[[0, 2]]).max() < 0.04


def test_the_wrong_text_has_less_confidence(aligner: CtcAligner) -> None:
    words = ["abc", "dad", "cab"]
    sound, _ = _spoken(words, 3)
    right, wrong = aligner.align(
        [Stretch(tokens=tokens, samples=sound, start_seconds=0.0) for tokens in (words, ["cdb", "bcb", "dbd"])]
    )
    confidences = [[word.confidence for word in words if word] for words in (right, wrong)]
    assert [len(each) for each in confidences] == [3, 3]
    assert np.mean(confidences[0]) > 0.9 > 0.5 > np.mean(confidences[1])


@pytest.mark.parametrize("samples", [0, 50, 399, 800])
def test_what_does_not_fit_into_the_sound_is_not_placed(aligner: CtcAligner, samples: int) -> None:
    stretch = Stretch(tokens=["abcd", "a"], samples=np.zeros(samples, np.float32), start_seconds=0.0)
    assert aligner.align([stretch]) == [[None, None]]
    assert aligner.align([]) == []


def test_sound_may_be_mapped_from_a_file(aligner: CtcAligner, tmp_path: Path) -> None:
    sound, _ = _spoken(["abc"], 3)
    sound.tofile(tmp_path / "sound")
    mapped = np.memmap(tmp_path / "sound", np.float32, "r")
    from_file, from_memory = (
        aligner.align([Stretch(tokens=["abc"], samples=samples, start_seconds=0.0)]) for samples in (mapped, sound)
    )
    assert from_file == from_memory


def test_refuses_folders_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such folder; expected a transformers model"):
        CtcAligner(str(tmp_path / "none"), "cpu")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(WeightsError, match=r"holds no weights; expected model\.safetensors"):
        CtcAligner(str(tmp_path), "cpu")
