from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
import pytest
from csd_files import cut_off, hostile_sequences, no_sequences, spoil, write_csd

from trimodal.media import TranscriptError, Utterance, read_transcript

WORDS = np.array([[word] for word in (b"sp", b"so", "né".encode(), b"sp", b"on")])
TIMES = np.array([(0, 0.5), (0.5, 0.75), (0.75, 1.5), (1.5, 4.0), (4.0, 4.5)])


@pytest.fixture
def words(tmp_path: Path) -> Path:
    return write_csd(tmp_path / "words.csd", "words", {"talk": (WORDS, TIMES)})


def read(path: Path) -> tuple[Utterance, ...]:
    return read_transcript(path, "talk")


def test_words(words: Path) -> None:
    first, second = read(words)
    assert [(w.text, w.start_seconds, w.end_seconds) for w in first.words] == [("so", 0.5, 0.75), ("né", 0.75, 1.5)]
    assert (second.text, second.start_seconds, second.end_seconds) == ("on", 4.0, 4.5)


@pytest.mark.parametrize(
    ("features", "intervals", "message"),
    [
        (np.zeros((5, 300)), None, r"features' is float64 of shape \(5, 300\); expected 1 columns of words as bytes"),
        (np.array([[b"a", b"b"]]), None, r"shape \(1, 2\); expected 1 columns of words"),
        (None, np.zeros((5, 3)), r"intervals' is float64 of shape \(5, 3\); expected 2 columns of numbers"),
        (None, np.zeros((4, 2)), "5 words and 4 intervals for 'talk'"),
        (None, np.full((5, 2), np.nan), "row 0 of 'talk': 'nan' is not a finite number"),
        (None, -np.ones((5, 2)), "row 0 of 'talk': starts at -1.0 s, before the recording"),
        (None, np.array([[2, 1]] * 5), "row 0 of 'talk': ends at 1.0 s, before its start at 2.0 s"),
        (np.array([[b"\xff"]] * 5), None, r"row 0 of 'talk': b'\\xff' is not UTF-8"),
    ],
)
def test_broken_words(features: object, intervals: object, message: str, tmp_path: Path) -> None:
    entry = (WORDS if features is None else features, TIMES if intervals is None else intervals)
    write_csd(tmp_path / "words.csd", "words", {"talk": entry})
    with pytest.raises(TranscriptError, match=message):
        read(tmp_path / "words.csd")


def test_another_recording(tmp_path: Path) -> None:
    write_csd(tmp_path / "words.csd", "words", {"other": (WORDS, TIMES)})
    with pytest.raises(TranscriptError, match="has 'other'; expected 'talk', the name of the media file"):
        read(tmp_path / "words.csd")


@no_sequences
def test_what_is_no_hdf5_file(content: bytes | None, words: Path) -> None:
    with pytest.raises(TranscriptError, match=r"words\.csd: not a whole HDF5 file"):
        read(cut_off(words, content))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match=r"words\.csd: not a whole HDF5 file"):
        read(tmp_path / "words.csd")


@pytest.mark.parametrize("seed", range(3))
def test_damaged_bytes_do_not_break_out(seed: int, tmp_path: Path) -> None:
    write_csd(tmp_path / "whole.csd", "words", {"talk": (WORDS, TIMES)}, compression=None)
    whole = (tmp_path / "whole.csd").read_bytes()
    random = np.random.default_rng(seed)
    for _ in range(60):
        damaged = bytearray(whole)
        for position in random.integers(len(whole), size=3):
            damaged[position] = random.integers(256)
        (tmp_path / "talk.csd").unlink(missing_ok=True)
        (tmp_path / "talk.csd").write_bytes(damaged)
        with suppress(TranscriptError):
            assert all(utterance.text for utterance in read(tmp_path / "talk.csd"))


@hostile_sequences
def test_hostile_files(edit: Callable[[h5py.File], object], message: str, tmp_path: Path) -> None:
    path = spoil(write_csd(tmp_path / "words.csd", "x", {"v": (WORDS, TIMES)}), edit)
    with pytest.raises(TranscriptError, match=message):
        read_transcript(path, "v")
