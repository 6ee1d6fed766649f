"""The rows of annotation files as they are written: a header, and cells with the place where each row stands."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from ..errors import CorpusError

Rows = list[tuple[str, list[str]]]
"""Of every row its place (``line 3``) and its cells, without the blanks and quotes around them."""

_MAX_BYTES = 256 * 2**20
_KEY = re.compile(r"(?P<recording>.+)_(?P<seconds>-?[0-9.]+)")
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


def csv_header(path: Path) -> list[str]:
    """Read the names of the columns of a table as `csv_rows` does.

    Raises
    ------
    CorpusError
        If the file cannot be read or is empty.
    """
    with _lines(path) as lines:
        _, first = _first(path, lines)
        return _cells(first, _delimiter(first))


def keyed_rows(path: Path, recording: str) -> tuple[list[str], Rows]:
    """Read one recording's rows of a table whose first cells are ``<recording>_<seconds>``, under the header ``time``.

    Such a file need not have a header: without one, the other columns are ``column2``, ...

    Raises
    ------
    CorpusError
        If the file cannot be read, or a row has other cells than the first line.
    """
    with _lines(path) as lines:
        first = _first(path, lines)
        delimiter = _delimiter(first[1])
        header = _cells(first[1], delimiter)
        if _KEY.fullmatch(header[0]):
            header = ["", *(f"column{number}" for number in range(2, len(header) + 1))]
        rows = []
        for place, line in chain([first], lines):
            if recording not in line:  # as most lines of a file that has all recordings: no need to take them apart
                continue
            key = _KEY.fullmatch(_cells(line, delimiter)[0])
            if key is not None and key["recording"] == recording:
                cells = _as_many(path, place, _cells(line, delimiter), header)
                rows.append((place, [key["seconds"], *cells[1:]]))
    return ["time", *header[1:]], rows


def keyed_recordings(path: Path) -> dict[str, int]:
    """Return the recordings of a table as `keyed_rows` reads it, in the order of the file, with their numbers of rows.

    Raises
    ------
    CorpusError
        If the file cannot be read, or a line but the first has no such key.
    """
    counts: dict[str, int] = {}
    with _lines(path) as lines:
        first = _first(path, lines)
        delimiter = _delimiter(first[1])
        for place, line in chain([first], lines):
            written = line.split(delimiter, 1)[0].strip(" '\"")
            key = _KEY.fullmatch(written)
            if key is not None:
                counts[key["recording"]] = counts.get(key["recording"], 0) + 1
            elif place != first[0]:
                raise CorpusError(f"{path}, {place}: '{written[:40]}'; expected a key like SEW1101_0.00")
    return counts


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
    header: list[str] = []
    with _lines(path) as lines:
        for place, line in lines:
            word = line.split(maxsplit=1)[0].lower()
            if word == "@data":
                break
            if attribute := _ATTRIBUTE.match(line):
                header.append(attribute[1].strip("'\""))
            elif word != "@relation" and not word.startswith("%"):
                raise CorpusError(f"{path}, {place}: '{line[:40]}'; expected @relation, @attribute or @data")
        else:
            raise CorpusError(f"{path}: has no @data; expected an ARFF file")
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
        with open(path, "rb") as file:
            is_utf16 = file.read(2) in (b"\xff\xfe", b"\xfe\xff")
        with open(path, encoding="utf-16" if is_utf16 else "utf-8-sig") as file:
            yield ((f"line {number}", line.strip("\r\n ")) for number, line in enumerate(file, 1) if line.strip())
    except OSError as error:
        raise CorpusError(
            f"{path}: cannot be read ({(error.strerror or '').lower()}); expected an annotation"
        ) from None
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: not text in UTF-8 ({error.reason})") from None


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
