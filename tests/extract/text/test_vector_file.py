import gzip
from pathlib import Path

import numpy as np
import pytest

from trimodal.errors import WeightsError
from trimodal.extract.text import vector_file
from trimodal.extract.text.vector_file import VectorFile, open_vectors, vector_dimensions

ROWS = {"the": [0.5, -1.0, 2.0], "über": [1e-3, 0.0, 4.0], "The": [7.0, 8.0, 9.0]}


def _text(header: bool = False, end: str = "\n") -> bytes:
    lines = [f"{len(ROWS)} 3"] * header + [f"{word} {' '.join(map(str, row))}" for word, row in ROWS.items()]
    return (end.join(lines) + end).encode()


def _binary(feed: bytes = b"\n", header: bytes = b"3 3\n") -> bytes:
    return header + b"".join(word.encode() + b" " + np.array(row, "<f4").tobytes() + feed for word, row in ROWS.items())


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("glove.txt", _text()),
        ("glove.txt", _text(end="\r\n")),
        ("glove.txt", _text().rstrip()),
        ("word2vec.txt", _text(header=True)),
        ("fasttext.vec", _text(header=True, end=" \n")),
        ("word2vec.bin", _binary()),
        ("gensim.bin", _binary(feed=b"")),
        ("glove.txt.gz", _text()),
        ("word2vec.bin.gz", _binary()),
    ],
)
def test_reads_every_kind(name: str, content: bytes, tmp_path: Path) -> None:
    path = _write(tmp_path / name, content)
    assert vector_dimensions(path) == 3
    file = VectorFile(path)
    assert len(file) == 3
    for word, row in ROWS.items():
        np.testing.assert_allclose(file.vector(word.encode()), row, rtol=1e-6)
    assert file.vector(b"none") is None
    assert file.vector(b"") is None
    np.testing.assert_allclose(file.of_unknown_words, np.mean(list(ROWS.values()), axis=0), rtol=1e-6)


def test_words_with_spaces_as_in_glove_840b(tmp_path: Path) -> None:
    path = _write(tmp_path / "v.txt", b", 0.1 0.2\n. . . 0.3 0.4\nat name@domain.com 0.5 0.6\n")
    file = VectorFile(path)
    np.testing.assert_allclose(file.vector(b". . ."), [0.3, 0.4])
    np.testing.assert_allclose(file.vector(b"at name@domain.com"), [0.5, 0.6])
    assert file.vector(b".") is None


@pytest.mark.parametrize("content", [b"a 1.0 2.0\nb 3.0 4.0\n", b"2 2\na 1.0 2.0\nb 3.0 4.0\n"])
def test_a_byte_order_mark_is_of_no_word(content: bytes, tmp_path: Path) -> None:
    path = _write(tmp_path / "v.txt", b"\xef\xbb\xbf" + content)
    assert vector_dimensions(path) == 2
    file = VectorFile(path)
    assert file.vector(b"a").tolist() == [1.0, 2.0]  # type: ignore[union-attr]
    assert len(file) == 2


def test_an_empty_file_has_no_dimensions(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"v\.txt: is empty; expected a file of word vectors"):
        vector_dimensions(_write(tmp_path / "v.txt", b""))


def test_the_first_of_two_rows_counts(tmp_path: Path) -> None:
    file = VectorFile(_write(tmp_path / "v.txt", b"a 1.0 2.0\nb 3.0 4.0\na 5.0 6.0\n"))
    assert file.vector(b"a").tolist() == [1.0, 2.0]  # type: ignore[union-attr]


def test_words_that_share_a_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_file, "hash", lambda word: len(word), raising=False)
    file = VectorFile(_write(tmp_path / "v.txt", b"a 1.0\nb 2.0\nlong 3.0\n"))
    assert [file.vector(word).tolist() for word in (b"a", b"b", b"long")] == [[1.0], [2.0], [3.0]]  # type: ignore[union-attr]
    assert file.vector(b"c") is None


def test_the_row_of_unknown_words(tmp_path: Path) -> None:
    file = VectorFile(_write(tmp_path / "v.txt", b"a 1.0 2.0\n<unk> 3.0 4.0\n"))
    assert file.of_unknown_words.tolist() == [3.0, 4.0]


def test_a_file_stays_open_until_it_changes(tmp_path: Path) -> None:
    path = _write(tmp_path / "v.txt", b"a 1.0\n")
    assert open_vectors(path) is open_vectors(path)
    _write(path, b"a 2.0\nb 1.0\n")
    assert open_vectors(path).vector(b"a").tolist() == [2.0]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("v.txt", b"", r"v\.txt: is empty; expected a file of word vectors"),
        ("v.txt.gz", gzip.compress(b"", mtime=0), r"v\.txt\.gz: is empty; expected a file of word vectors"),
        (
            "v.txt",
            b"hello\nworld\n",
            "begins with 'hello'; expected a file of word vectors, with a word and its numbers",
        ),
        ("v.txt", b"a 1.0 2.0\nb 3.0\n", r"row 2 \('b'\) has 1 numbers; expected 2, as in the first line"),
        ("v.txt", b"a 1.0 2.0\nb 3.0 4.0 5.0\n", r"row 2 \('b'\) has 3 numbers; expected 2"),
        ("v.txt", b"a 1.0 2.0\n\nb 3.0 4.0\n", r"row 2 \(''\) has 0 numbers; expected 2"),
        ("v.txt", b"3 2\na 1.0 2.0\nb 3.0 4.0\n", "has 2 rows; its first line promises 3"),
        ("v.txt", b"2 3\na 1.0 2.0\nb 3.0 4.0\n", r"row 1 \('a'\) has 2 numbers; expected 3"),
        ("v.txt", b"2 99999\na 1.0\n", "begins with '2 99999'"),
        ("v.txt", b"0 2\n", "begins with '0 2'"),
        ("v.txt", b"a 1.0\n" + b"b" * (1 << 21), "the line at byte 6 has no end"),
        ("v.txt.gz", None, "cannot be read"),
        ("v.bin", _binary()[:-6], "ends or breaks in row 3; its first line promises 3 rows of 3 numbers"),
        ("v.bin", _binary(header=b"4 3\n"), "ends or breaks in row 4; its first line promises 4 rows"),
        ("v.bin", _binary(header=b"2 3\n"), "goes on after the 2 rows that its first line promises"),
        ("v.bin", _text(), "begins with 'the 0.5 -1.0 2.0'; expected .* the numbers of rows and of columns"),
    ],
)
def test_refuses(name: str, content: bytes | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(_text())[:-9] if content is None else content)
    with pytest.raises(WeightsError, match=message):
        VectorFile(path)


@pytest.mark.parametrize("number", ["nan", "inf", "1e99", "x", "1,5"])
def test_refuses_what_is_no_number_when_the_word_occurs(number: str, tmp_path: Path) -> None:
    file = VectorFile(_write(tmp_path / "v.txt", f"a 1.0 2.0\nb 3.0 {number}\n".encode()))
    assert file.vector(b"a") is not None
    with pytest.raises(WeightsError, match=r"the row of 'b' \(byte 10\) holds what is no finite number"):
        file.vector(b"b")


def test_refuses_a_binary_row_that_is_not_finite(tmp_path: Path) -> None:
    file = VectorFile(_write(tmp_path / "v.bin", b"1 1\na " + np.array([np.nan], "<f4").tobytes()))
    with pytest.raises(WeightsError, match=r"the row of 'a' \(byte 4\) holds what is no finite number"):
        file.vector(b"a")


def test_refuses_what_unpacks_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_file, "_MOST_BYTES", 10)
    with pytest.raises(WeightsError, match="unpacks to more than 10 bytes"):
        VectorFile(_write(tmp_path / "v.txt.gz", _text()))


def test_the_dimensions_of_a_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "v.txt.gz").write_bytes(b"not packed")
    with pytest.raises(WeightsError, match="cannot be read"):
        vector_dimensions(tmp_path / "v.txt.gz")
