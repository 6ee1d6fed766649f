"""Files of word vectors: GloVe's text, and word2vec's text and binary; each also as ``.gz``.

They hold gigabytes, of which a recording needs a few hundred rows. One pass over a file notes where every word's row
is, 16 bytes a word; rows are read when they are wanted.

References
----------
J. Pennington, R. Socher and C. Manning, GloVe: Global Vectors for Word Representation, EMNLP 2014.
The word2vec tool, 2013: https://code.google.com/archive/p/word2vec
"""

import gzip
import mmap
import re
import tempfile
import zlib
from array import array
from codecs import BOM_UTF8
from collections.abc import Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import IO, Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import WeightsError

_MOST_DIMENSIONS = 10_000
_LONGEST_LINE = 1 << 20
"""Bytes; a number takes about ten of them."""
_LONGEST_WORD = 10_000
"""Bytes."""
_MOST_BYTES = 1 << 36
"""Of an unpacked file."""
_BLOCK_BYTES = 1 << 22
_OF_UNKNOWN_WORDS = (b"<unk>", b"<UNK>", b"[UNK]", b"UNK")
_ENDS_WITH_NUMBER = re.compile(rb" [+-]?\d+\.\d+(?:[eE][+-]?\d+)?$")


class VectorFile:
    """The vectors of a file by word. Of a word with several rows the first counts.

    Parameters
    ----------
    path
        ``.bin`` and ``.bin.gz`` are word2vec's binary, all else is text. What is packed is unpacked into a temporary
        file that goes when the process does.

    Raises
    ------
    WeightsError
        If a row is not as long as the others, or the first line promises something else; names the row.
    """

    def __init__(self, path: Path) -> None:
        self._rows = _open_rows(path)
        hashes, starts = array("q"), array("q")
        for word, start in self._rows.words():
            hashes.append(hash(word))
            starts.append(start)
        found = np.frombuffer(hashes, np.int64)
        order = np.argsort(found, kind="stable")
        self._hashes, self._starts = found[order], np.frombuffer(starts, np.int64)[order]

    def __len__(self) -> int:
        return len(self._starts)

    def vector(self, word: bytes) -> NDArray[np.float32] | None:
        """Return the vector of a word in UTF-8, of shape (dimensions,); None where the file has none.

        Raises
        ------
        WeightsError
            If the word's row holds what is no finite number.
        """
        key = hash(word)
        place = int(np.searchsorted(self._hashes, key))
        while place < len(self) and self._hashes[place] == key:  # two words can share a hash
            found, vector = self._rows.read(int(self._starts[place]))
            if found == word:
                return vector
            place += 1
        return None

    @cached_property
    def of_unknown_words(self) -> NDArray[np.float32]:
        """The row of ``<unk>``; where the file has none, the mean of all rows, which takes minutes for millions."""
        named = (self.vector(name) for name in _OF_UNKNOWN_WORDS)
        if (vector := next((vector for vector in named if vector is not None), None)) is not None:
            return vector
        total = sum(self._rows.read(int(start))[1].astype(np.float64) for start in np.sort(self._starts))
        return np.asarray(total / len(self), np.float32)


def open_vectors(path: Path) -> VectorFile:
    """Return a file's vectors; they stay open for the next recording while the file is the same."""
    status = path.stat()
    return _vectors(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=2)
def _vectors(path: Path, size: int, mtime_ns: int) -> VectorFile:
    return VectorFile(path)


def vector_dimensions(path: Path) -> int:
    """Return how long the vectors of a file are, from its first line.

    Raises
    ------
    WeightsError
        If the file does not begin as one of word vectors.
    """
    try:
        with gzip.open(path) if _is_packed(path) else open(path, "rb") as file:
            return _header(path, file.read(_LONGEST_LINE))[1]
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from None


class _Rows(Protocol):
    """One way to write rows."""

    def words(self) -> Iterator[tuple[bytes, int]]:
        """Go through the whole file: every word, and the byte at which its row starts."""
        ...

    def read(self, start: int) -> tuple[bytes, NDArray[np.float32]]:
        """Return the word and the vector of a row."""
        ...


class _TextRows:
    """A word and its numbers on a line, between spaces. A word may have spaces in it, as in GloVe's 840B file."""

    def __init__(self, path: Path, data: mmap.mmap, count: int | None, dimensions: int, first: int) -> None:
        self._path, self._data = path, data
        self._count, self._dimensions, self._first = count, dimensions, first

    def words(self) -> Iterator[tuple[bytes, int]]:
        start, found = self._first, 0
        while start < len(self._data):
            line, stop = self._line(start)
            found += 1
            spaces = line.count(b" ")
            word = line[: line.find(b" ")] if spaces == self._dimensions else self._word(line, spaces, found)
            yield word, start
            start = stop
        if self._count not in (None, found):
            raise WeightsError(f"{self._path}: has {found} rows; its first line promises {self._count}")

    def _word(self, line: bytes, spaces: int, number: int) -> bytes:
        word = line.rsplit(b" ", self._dimensions)[0]
        if spaces < self._dimensions or _ENDS_WITH_NUMBER.search(word):
            name = line[:40].partition(b" ")[0].decode(errors="replace")
            raise WeightsError(
                f"{self._path}: row {number} ('{name}') has {spaces} numbers; expected {self._dimensions}, as in the "
                "first line (binary files are called .bin)"
            )
        return word

    def _line(self, start: int) -> tuple[bytes, int]:
        """Return a line and where the next one starts."""
        stop = self._data.find(b"\n", start, start + _LONGEST_LINE)
        if stop < 0 and len(self._data) - start > _LONGEST_LINE:
            raise WeightsError(f"{self._path}: the line at byte {start} has no end; expected a word and its numbers")
        stop = len(self._data) if stop < 0 else stop
        return self._data[start:stop].rstrip(b" \r"), stop + 1

    def read(self, start: int) -> tuple[bytes, NDArray[np.float32]]:
        line, _ = self._line(start)
        word, *numbers = line.rsplit(b" ", self._dimensions)
        try:
            with np.errstate(over="ignore"):  # what is too large becomes infinite and is refused below
                vector = np.array(numbers).astype(np.float32)
        except ValueError:
            raise _not_finite(self._path, word, start) from None
        if not np.isfinite(vector).all():
            raise _not_finite(self._path, word, start)
        return word, vector


class _BinaryRows:
    """A word, a space and little-endian float32; the original tool ends a row with a line feed, others do not."""

    def __init__(self, path: Path, data: mmap.mmap, count: int, dimensions: int, first: int) -> None:
        self._path, self._data = path, data
        self._count, self._bytes, self._first = count, 4 * dimensions, first

    def words(self) -> Iterator[tuple[bytes, int]]:
        start = self._first
        for number in range(self._count):
            start += self._data[start : start + 1] == b"\n"
            space = self._data.find(b" ", start, start + _LONGEST_WORD)
            stop = space + 1 + self._bytes
            if space < 0 or stop > len(self._data):
                raise WeightsError(
                    f"{self._path}: ends or breaks in row {number + 1}; its first line promises {self._count} rows of "
                    f"{self._bytes // 4} numbers"
                )
            yield self._data[start:space], start
            start = stop
        if start + (self._data[start : start + 1] == b"\n") < len(self._data):
            raise WeightsError(f"{self._path}: goes on after the {self._count} rows that its first line promises")

    def read(self, start: int) -> tuple[bytes, NDArray[np.float32]]:
        space = self._data.find(b" ", start)
        word = self._data[start:space]
        vector = np.frombuffer(self._data[space + 1 : space + 1 + self._bytes], "<f4").astype(np.float32)
        if not np.isfinite(vector).all():
            raise _not_finite(self._path, word, start)
        return word, vector


def _open_rows(path: Path) -> _Rows:
    try:
        with tempfile.TemporaryFile(prefix="trimodal-vectors-") if _is_packed(path) else open(path, "rb") as file:
            if _is_packed(path):
                _unpack(path, file)
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:  # nothing can be mapped of an empty file
        raise _empty(path) from None
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from None
    count, dimensions, first = _header(path, data[:_LONGEST_LINE])
    if _is_binary(path):
        assert count is not None  # the header of a binary file says so
        return _BinaryRows(path, data, count, dimensions, first)
    return _TextRows(path, data, count, dimensions, first)


def _header(path: Path, beginning: bytes) -> tuple[int | None, int, int]:
    """Return how many rows a file promises, how long its vectors are, and at which byte its rows start."""
    if not beginning:
        raise _empty(path)
    mark = len(BOM_UTF8) if beginning.startswith(BOM_UTF8) and not _is_binary(path) else 0
    line, end, _ = beginning[mark:].partition(b"\n")
    fields = line.rstrip(b" \r").split(b" ")
    if len(fields) == 2 and fields[0].isdigit() and fields[1].isdigit() and len(line) < 40:
        count, dimensions, first = int(fields[0]), int(fields[1]), mark + len(line) + len(end)
    else:
        count, dimensions, first = None, len(fields) - 1, mark
    if not 1 <= dimensions <= _MOST_DIMENSIONS or count == 0 or (count is None and _is_binary(path)):
        wanted = (
            "the numbers of rows and of columns" if _is_binary(path) else "a word and its numbers, or word2vec's header"
        )
        found = line[:40].decode(errors="replace")
        raise WeightsError(f"{path}: begins with '{found}'; expected a file of word vectors, with {wanted} there")
    return count, dimensions, first


def _unpack(path: Path, target: IO[bytes]) -> None:
    with gzip.open(path) as source:
        while block := source.read(_BLOCK_BYTES):
            target.write(block)
            if target.tell() > _MOST_BYTES:
                raise WeightsError(f"{path}: unpacks to more than {_MOST_BYTES} bytes; expected word vectors")
    target.flush()


def _is_packed(path: Path) -> bool:
    return path.suffix == ".gz"


def _is_binary(path: Path) -> bool:
    return path.name.removesuffix(".gz").endswith(".bin")


def _unreadable(path: Path, error: Exception) -> WeightsError:
    reason = getattr(error, "strerror", None) or str(error)
    return WeightsError(f"{path}: cannot be read ({reason.lower()}); expected a file of word vectors")


def _empty(path: Path) -> WeightsError:
    return WeightsError(f"{path}: is empty; expected a file of word vectors")


def _not_finite(path: Path, word: bytes, start: int) -> WeightsError:
    name = word[:40].decode(errors="replace")
    return WeightsError(f"{path}: the row of '{name}' (byte {start}) holds what is no finite number")
