"""The text files that corpora come with: their encodings, and tables with a header."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import CorpusError, did_you_mean
from .encodings import FOREIGN
from .findings import Findings, counted

_MAX_BYTES = 256 * 2**20
_BLANKS = " \t\r\n\xa0"
"""Not all that Python takes for blanks: U+0085 is an ellipsis of Windows-1252 that was read as Latin-1."""


@dataclass(frozen=True)
class TableRow:
    """A row of a table: ``row["name"]`` is the cell of a column without the blanks around it."""

    path: Path
    line: int
    """The line on which it begins."""
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        """Return the cell of a column."""
        return self.cells[column]

    @property
    def place(self) -> str:
        """Where it stands: ``labels.csv, line 3``."""
        return f"{self.path}, line {self.line}"

    def number(self, column: str) -> float:
        """Return a cell as a finite number.

        Raises
        ------
        CorpusError
            If it is none; names file and line.
        """
        try:
            number = float(self[column])
        except ValueError:
            number = float("nan")
        if not abs(number) < float("inf"):
            raise CorpusError(f"{self.place}: '{column}' is '{self[column][:40]}'; expected a finite number")
        return number


def read_text(path: Path, findings: Findings) -> str:
    """Return the text of a file of at most 256 MiB; a byte order mark goes.

    It is UTF-8, or UTF-16 with its mark. What is neither is read as Windows-1252, which is a problem worth a line: the
    text may be wrong where it is not ASCII.

    Raises
    ------
    CorpusError
        If the file cannot be read, is larger, or holds NUL characters, which no text has.
    """
    try:
        size = path.stat().st_size
        if size > _MAX_BYTES:
            raise CorpusError(f"{path}: {size / 2**20:.0f} MiB; expected a text file of at most {_MAX_BYTES >> 20} MiB")
        raw = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({(error.strerror or str(error)).lower()})") from None
    try:
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        findings.problem(f"{path}, line {line}: byte {error.start} is not UTF-8; the file is read as Windows-1252")
        text = raw.decode(FOREIGN, errors="replace")
    if "\0" in text:
        raise CorpusError(f"{path}: holds a NUL character; expected text in UTF-8")
    return text


def read_table(
    path: Path,
    columns: Sequence[str],
    findings: Findings,
    delimiter: str = ",",
    optional: Sequence[str] = (),
    others: Literal["problem", "note"] = "problem",
) -> list[TableRow]:
    """Return the rows of a table whose first line is its header; see `read_text`.

    Parameters
    ----------
    path
        The file.
    columns
        The columns that must be there.
    findings
        Told of other columns.
    delimiter
        What stands between cells.
    optional
        Columns that need not be there and are used where they are.
    others
        What other columns are; a note where it is not known which ones the published table has.

    Raises
    ------
    CorpusError
        If the file cannot be read, is no table, lacks a column, or a row has other cells than the header; names the
        line.
    """
    lines = numbered_rows(path, read_text(path, findings), delimiter)
    if not lines:
        raise CorpusError(f"{path}: is empty; expected a line with the names of the columns")
    (_, header), *rows = lines
    header = [name.strip() for name in header]
    for column in columns:
        if header.count(column) != 1:
            problem = "has no column" if column not in header else "has more than one column"
            raise CorpusError(f"{path}: {problem} '{column}'; {did_you_mean(column, header)}")
    if more := [name for name in header if name not in (*columns, *optional)]:
        found = f"{path}: {counted('columns are not used', more)}"
        (findings.note if others == "note" else findings.problem)(found)
    for line, cells in rows:
        if len(cells) != len(header):
            raise CorpusError(
                f"{path}, line {line}: has {len(cells)} cells; expected {len(header)}, as many as the header"
            )
    return [
        TableRow(path, line, dict(zip(header, (cell.strip(_BLANKS) for cell in cells), strict=True)))
        for line, cells in rows
    ]


def numbered_rows(path: Path, text: str, delimiter: str = ",") -> list[tuple[int, list[str]]]:
    """Return the rows of a table that are not blank, each behind the line on which it begins.

    Raises
    ------
    CorpusError
        If it is no table; names the line.
    """
    # Not str.splitlines, which also splits at U+0085 and U+2028, of which transcripts are full.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    rows, last_line = [], 0
    try:
        for cells in reader:
            if cells:
                rows.append((last_line + 1, cells))
            last_line = reader.line_num
    except csv.Error as error:
        raise CorpusError(f"{path}, line {reader.line_num}: not CSV ({error})") from None
    return rows
