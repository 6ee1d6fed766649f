from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
import pytest

from trimodal.media import TranscriptError, Utterance, read_transcript

WORDS = [b"sp", b"so", "né".encode(), b"sp", b"on"]
TIMES = [(0, 0.5), (0.5, 0.75), (0.75, 1.5), (1.5, 4.0), (4.0, 4.5)]


def write(path: Path, features: object = None, intervals: object = None, name: str = "talk") -> None:
    with h5py.File(path, "w") as file:
        entry = file.create_group(f"CMU_MOSI_TimestampedWords/data/{name}")
        entry["features"] = np.array([[word] for word in WORDS]) if features is None else features
        entry["intervals"] = np.array(TIMES) if intervals is None else intervals
        file["CMU_MOSI_TimestampedWords/metadata/root name"] = np.array([b'"words"'])


def read(path: Path) -> tuple[Utterance, ...]:
    return read_transcript(path, "talk")


def test_words(tmp_path: Path) -> None:
    write(tmp_path / "words.csd")
    first, second = read(tmp_path / "words.csd")
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
    write(tmp_path / "words.csd", features, intervals)
    with pytest.raises(TranscriptError, match=message):
        read(tmp_path / "words.csd")


def test_another_recording(tmp_path: Path) -> None:
    write(tmp_path / "words.csd", name="other")
    with pytest.raises(TranscriptError, match="has 'other'; expected 'talk', the name of the media file"):
        read(tmp_path / "words.csd")


@pytest.mark.parametrize("content", [None, b"", b"hello", b"\x89HDF\r\n\x1a\n" + b"\0" * 500])
def test_what_is_no_hdf5_file(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "words.csd").write_bytes(content)
    with pytest.raises(TranscriptError, match=r"words\.csd: not a whole HDF5 file"):
        read(tmp_path / "words.csd")


@pytest.mark.parametrize("seed", range(3))
def test_damaged_bytes_do_not_break_out(seed: int, tmp_path: Path) -> None:
    write(tmp_path / "whole.csd")
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


def test_several_sequences(tmp_path: Path) -> None:
    write(tmp_path / "words.csd")
    with h5py.File(tmp_path / "words.csd", "a") as file:
        file.create_group("more")
    with pytest.raises(TranscriptError, match="has 2 groups; expected one computational sequence"):
        read(tmp_path / "words.csd")


@pytest.mark.parametrize("link", [h5py.ExternalLink("secret.h5", "/x"), h5py.SoftLink("/elsewhere"), None])
def test_links_are_not_followed(link: object, tmp_path: Path) -> None:
    write(tmp_path / "words.csd")
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["x"] = np.array([[word] for word in WORDS])
    with h5py.File(tmp_path / "words.csd", "a") as file:
        entry = file["CMU_MOSI_TimestampedWords/data/talk"]
        del entry["features"]
        if link is not None:
            entry["features"] = link
    with pytest.raises(
        TranscriptError, match="/data/talk' has no dataset 'features'; expected a computational sequence"
    ):
        read(tmp_path / "words.csd")


def test_data_outside_the_file_is_not_read(tmp_path: Path) -> None:
    write(tmp_path / "words.csd")
    (tmp_path / "secret.txt").write_bytes(b"secret")
    with h5py.File(tmp_path / "words.csd", "a") as file:
        entry = file["CMU_MOSI_TimestampedWords/data/talk"]
        del entry["features"]
        entry.create_dataset("features", (5, 1), "S1", external=[(str(tmp_path / "secret.txt"), 0, 5)])
    with pytest.raises(TranscriptError, match="is not in the file, or larger than 64 MiB"):
        read(tmp_path / "words.csd")


def test_a_shape_that_promises_terabytes_is_not_believed(tmp_path: Path) -> None:
    write(tmp_path / "words.csd")
    with h5py.File(tmp_path / "words.csd", "a") as file:
        entry = file["CMU_MOSI_TimestampedWords/data/talk"]
        del entry["features"]
        entry.create_dataset("features", (10**12, 1), "S32", chunks=(1000, 1))
    with pytest.raises(TranscriptError, match="larger than 64 MiB"):
        read(tmp_path / "words.csd")
