"""The rows of annotation files as they are written: a header, and cells with the place where each row stands."""

import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from ..errors import CorpusError
from .encodings import encoding_of

Rows = list[tuple[str, list[str]]]
"""Of every row its place (``line 3``) and its cells, without the blanks and quotes around them."""

_MAX_BYTES = 256 * 2**20
_KEY = re.compile(r"(?P<recording>.+)_(?P<seconds>-?(?:[0-9]+\.?[0-9]*|\.[0-9]+))")
_ATTRIBUTE = re.compile(r"""@attribute\s+('[^']*'|"[^"]*"|\S+)\s+\S""", re.IGNORECASE)


def csv_rows(path: Path) -> tuple[list[str], Rows]:
    """Read a table whose first line is its header; cells are parted by ``;``, else tab, else ``,``, as they are there.

    Raises
    ------
    CorpusError
        If the file cannot be read, or a row has other cells than the header.
    """
    with _lines(path) as lines:
        _, first = _first(path, lines)
        delimiter = _delimiter(first)
        header = _cells(first, delimiter)
        return header, [(place, _as_many(path, place, _cells(line, delimiter), header)) for place, line in lines]


def keyed_rows(path: Path, recording: str) -> tuple[list[str], Rows]:
    """Read one recording's rows of a table whose first cells are ``<recording>_<seconds>``, under the header ``time``.

    Such a file need not have a header: without one, the other columns are ``column2``, ... Of rows of one time the
    first counts.

    Raises
    ------
    CorpusError
        If the file cannot be read, or a row has other cells than the first line.
    """
    with _lines(path) as lines:
        first = _first(path, lines)
        delimiter = _delimiter(first[1])
        header = _keyed_header(_cells(first[1], delimiter))
        rows: dict[str, tuple[str, list[str]]] = {}
        for place, line in chain([first], lines):
            if recording not in line:  # as most lines of a file that has all recordings: no need to take them apart
                continue
            key = _KEY.fullmatch(_cells(line, delimiter)[0])
            if key is not None and key["recording"] == recording and key["seconds"] not in rows:
                cells = _as_many(path, place, _cells(line, delimiter), header)
                rows[key["seconds"]] = (place, [key["seconds"], *cells[1:]])
    return header, list(rows.values())


@dataclass(frozen=True)
class KeyedTable:
    """What is in a table that `keyed_rows` reads."""

    header: list[str]
    """Names of its columns: ``time`` and what is rated."""
    recordings: dict[str, float] = field(default_factory=dict)
    """The last time of every recording, in the order of the file."""
    ragged: list[str] = field(default_factory=list)
    """Places of rows that have other cells than the first line."""
    repeated: list[str] = field(default_factory=list)
    """Keys whose time does not come after that of the recording's row before."""


def keyed_table(path: Path) -> KeyedTable:
    """Look through a table as `keyed_rows` reads it.

    Raises
    ------
    CorpusError
        If the file cannot be read, or a line but the first has no such key.
    """
    with _lines(path) as lines:
        first = _first(path, lines)
        delimiter = _delimiter(first[1])
        table = KeyedTable(_keyed_header(_cells(first[1], delimiter)))
        others = len(table.header) - 1
        for place, line in chain([first], lines):
            written = line.split(delimiter, 1)[0].strip(" '\"")
            key = _KEY.fullmatch(written)
            if key is None and place != first[0]:
                raise CorpusError(f"{path}, {place}: '{written[:40]}'; expected a key like SEW1101_0.00")
            if line.count(delimiter) != others:
                table.ragged.append(place)
            if key is not None:
                seconds = float(key["seconds"])
                if seconds <= table.recordings.get(key["recording"], -math.inf):
                    table.repeated.append(written)
                else:
                    table.recordings[key["recording"]] = seconds
    return table


def header_of(path: Path) -> list[str]:
    """Read the names of the columns of a table as `csv_rows` does, or of an ARFF file (suffix ``.arff``).

    Raises
    ------
    CorpusError
        If the file cannot be read, is empty, or is no ARFF file.
    """
    with _lines(path) as lines:
        if path.suffix.lower() == ".arff":
            return _arff_header(path, lines)
        _, first = _first(path, lines)
        return _cells(first, _delimiter(first))


def arff_rows(path: Path) -> tuple[list[str], Rows]:
    """Read an ARFF file: the names of its attributes and the lines behind ``@data``.

    SciPy's reader refuses attributes of text, which the files of the AVEC challenges have.

    Raises
    ------
    CorpusError
        If the file cannot be read or is none, or a row has other cells than there are attributes.

    References
    ----------
    https://waikato.github.io/weka-wiki/formats_and_processing/arff_stable/
    """
    with _lines(path) as lines:
        header = _arff_header(path, lines)
        written = [(place, line) for place, line in lines if not line.startswith("%")]
    return header, [(place, _as_many(path, place, _cells(line, ","), header)) for place, line in written]


def frame_rows(path: Path, rows_per_second: float | None) -> tuple[list[str], Rows]:
    """Read ``{"frames": {"00000": {"valence": 1, "arousal": -2, "landmarks": [...]}, ...}}``, as AFEW-VA has it.

    Frame n is ``[n, n + 1) / rows_per_second``. Lists and mappings in a frame are left out.

    Raises
    ------
    CorpusError
        If the file cannot be read or is no such JSON, or the rate is not known.
    """
    if rows_per_second is None:
        raise CorpusError(f"{path}: its frames have no times; expected their rate (in a manifest: fps)")
    with _lines(path) as lines:
        text = "\n".join(line for _, line in lines)
    try:
        found = [(float(int(number)), dict(frame)) for number, frame in json.loads(text)["frames"].items()]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:80]}"
        raise CorpusError(f"{path}: not JSON with numbered frames ({reason})") from None
    frames = sorted(found, key=lambda numbered: numbered[0])
    names = {name: None for _, frame in frames for name, value in frame.items() if not isinstance(value, list | dict)}
    rows = []
    for number, frame in frames:
        values = ["" if frame.get(name) is None else str(frame[name]) for name in names]
        times = [str(number / rows_per_second), str((number + 1) / rows_per_second)]
        rows.append((f"frame {number:.0f}", times + values))
    return ["start", "end", *names], rows


@contextmanager
def _lines(path: Path) -> Iterator[Iterator[tuple[str, str]]]:
    """Give the lines of a text that are not blank, each behind its place; no more of it is held than one."""
    try:
        size = path.stat().st_size
        if size > _MAX_BYTES:
            raise CorpusError(
                f"{path}: {size / 2**20:.0f} MiB; expected an annotation of at most {_MAX_BYTES >> 20} MiB"
            )
        with open(path, encoding=encoding_of(path), errors="replace") as file:
            yield ((f"line {number}", line.strip("\r\n ")) for number, line in enumerate(file, 1) if line.strip())
    except OSError as error:
        raise CorpusError(
            f"{path}: cannot be read ({(error.strerror or '').lower()}); expected an annotation"
        ) from None


def _arff_header(path: Path, lines: Iterator[tuple[str, str]]) -> list[str]:
    """Read the names of the attributes, up to ``@data``."""
    header: list[str] = []
    for place, line in lines:
        word = line.split(maxsplit=1)[0].lower()
        if word == "@data":
            return header
        if attribute := _ATTRIBUTE.match(line):
            header.append(attribute[1].strip("'\""))
        elif word != "@relation" and not word.startswith("%"):
            raise CorpusError(f"{path}, {place}: '{line[:40]}'; expected @relation, @attribute or @data")
    raise CorpusError(f"{path}: has no @data; expected an ARFF file")


def _keyed_header(first: list[str]) -> list[str]:
    """Return the names of the columns of a table with keys, whose first line may be a row."""
    names = [f"column{number}" for number in range(2, len(first) + 1)] if _KEY.fullmatch(first[0]) else first[1:]
    return ["time", *names]


def _first(path: Path, lines: Iterator[tuple[str, str]]) -> tuple[str, str]:
    first = next(lines, None)
    if first is None:
        raise CorpusError(f"{path}: is empty; expected a line with the names of the columns")
    return first


def _delimiter(line: str) -> str:
    return next((delimiter for delimiter in ";\t" if delimiter in line), ",")


def _cells(line: str, delimiter: str) -> list[str]:
    return [cell.strip(" '\"") for cell in line.split(delimiter)]


def _as_many(path: Path, place: str, cells: list[str], header: list[str]) -> list[str]:
    if len(cells) != len(header):
        raise CorpusError(f"{path}, {place}: has {len(cells)} cells; expected {len(header)}")
    return cells
