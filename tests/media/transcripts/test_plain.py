from pathlib import Path

import pytest

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
        (b"caf\xe9", "byte 3 is not utf-8-sig; expected text in UTF-8 or UTF-16"),
        (b"\xff\xfe\x00", "byte 2 is not utf-16; expected text in UTF-8 or UTF-16"),
        ("Hello".encode("utf-16-le"), "is not text; expected UTF-8, or UTF-16 with its mark"),
        (b"a\0b", "is not text"),
    ],
)
def test_what_is_not_text(raw: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(raw)
    with pytest.raises(TranscriptError, match=message):
        read_transcript(path)


def test_real_text(media: Path) -> None:
    (jfk,) = read_transcript(media / "speech/jfk.txt")
    assert len(jfk.text.split()) == 22
    (sonnet,) = read_transcript(media / "speech/sonnet/plain.txt")
    assert sonnet.text.startswith("1 From fairest creatures we desire increase, That thereby")
