from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.media import TranscriptError, Utterance, read_transcript


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"Hello there", "Hello there"),
        (b"  Hello\r\n\r\n\tthere\n", "Hello there"),
        (b"\xef\xbb\xbfHello", "Hello"),
        ("Größe 你好".encode(), "Größe 你好"),
        ("Größe\r\n你好".encode("utf-16"), "Größe 你好"),
        (b"\xfe\xff" + "Größe".encode("utf-16-be"), "Größe"),
    ],
)
def test_text_is_one_utterance_without_times(raw: bytes, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(raw)
    assert read_transcript(path) == (Utterance(text=expected),)


@pytest.mark.parametrize("raw", [b"", b" \r\n\n", b"\xef\xbb\xbf"])
def test_a_file_without_words_holds_no_utterance(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(raw)
    assert read_transcript(path) == ()


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (
            b"a\n\ncaf\xe9",
            r"a\.txt, line 3: byte 0xe9 is not UTF-8; expected text in UTF-8, or in UTF-16",
        ),
        (b"\xff\xfe\x00", r"a\.txt, line 1: byte 0x00 is not UTF-16; expected text in UTF-8"),
        ("Hello".encode("utf-16-le"), "is not text; expected UTF-8, or UTF-16 with its mark"),
        (b"a\0b", "is not text"),
    ],
)
def test_what_is_not_text(raw: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(raw)
    with pytest.raises(TranscriptError, match=message):
        read_transcript(path)


LABELS = "0.500000\t1.250000\tHello  there\n\\\t100.0\t2000.0\n2.000000\t2.500000\t\n3.000000\t3.500000\tBye\n"


def test_labels_of_audacity(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(LABELS)
    assert read_transcript(path) == (
        Utterance(text="Hello there", start_seconds=0.5, end_seconds=1.25),
        Utterance(text="Bye", start_seconds=3.0, end_seconds=3.5),
    )


def test_a_label_without_length_lasts_to_the_next_that_is_later(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("0.5\t0.5\tHello\n0.5\t0.5\tyes\n2.0\t2.5\tthere\n3.0\t3.0\tyou\n3.0\t3.0\too\n")
    found = [(utterance.start_seconds, utterance.end_seconds) for utterance in read_transcript(path)]
    assert found == [(0.5, 2.0), (0.5, 2.0), (2.0, 2.5), (3.0, None), (3.0, None)]


@pytest.mark.parametrize("label", ["1\t2", "1,000000\t2,000000", "1.0\t2"])
def test_labels_with_whole_seconds_or_a_decimal_comma(label: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(f"{label}\thello\n")
    assert read_transcript(path) == (Utterance(text="hello", start_seconds=1.0, end_seconds=2.0),)


@given(st.lists(st.tuples(st.integers(0, 10**10), st.integers(1, 10**9)), min_size=1, max_size=8))
def test_times_of_labels_come_back(
    tmp_path_factory: pytest.TempPathFactory, microseconds: list[tuple[int, int]]
) -> None:
    path = tmp_path_factory.mktemp("labels") / "a.txt"
    times = sorted((start / 1e6, (start + length) / 1e6) for start, length in microseconds)
    path.write_text("".join(f"{start:.6f}\t{end:.6f}\tword\n" for start, end in times))
    assert [(u.start_seconds, u.end_seconds) for u in read_transcript(path)] == times


@pytest.mark.parametrize("text", ["1 2 3 go", "1.5 2.5 times as much", "1\tone\tgo", "so\n0.5\t1.5\tgo"])
def test_text_that_begins_with_numbers_is_no_label(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(text)
    assert read_transcript(path) == (Utterance(text=" ".join(text.split())),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LABELS + "oh\n", r"a\.txt, line 5: 'oh' is no label; expected start<TAB>end<TAB>text in seconds"),
        ("2.0\t1.0\tHello", "line 1: ends at 1.0 s, before its start at 2.0 s"),
        ("-5.0\t1.0\tHello", "line 1: starts at -5.0 s, before the recording"),
        (f"1.0\t{'9' * 400}.0\tHello", "line 1: '999.*' is not a finite number"),
    ],
)
def test_broken_labels(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(text)
    with pytest.raises(TranscriptError, match=message):
        read_transcript(path)


def test_real_text(media: Path) -> None:
    (jfk,) = read_transcript(media / "speech/jfk.txt")
    assert len(jfk.text.split()) == 22
    (sonnet,) = read_transcript(media / "speech/sonnet/plain.txt")
    assert sonnet.text.startswith("1 From fairest creatures we desire increase, That thereby")
