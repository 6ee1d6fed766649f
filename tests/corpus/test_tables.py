import codecs
from pathlib import Path

import pytest

from trimodal.corpus import CorpusError
from trimodal.corpus.findings import Findings
from trimodal.corpus.tables import TableRow, read_table, read_text

TEXT = "Name,Value\nZoë,1\n"


def read(tmp_path: Path, content: str | bytes, *columns: str, delimiter: str = ",") -> tuple[list[TableRow], Findings]:
    path, findings = tmp_path / "labels.csv", Findings()
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(path, columns, findings, delimiter), findings


@pytest.mark.parametrize(
    "raw",
    [TEXT.encode(), codecs.BOM_UTF8 + TEXT.encode(), TEXT.encode("utf-16"), TEXT.replace("\n", "\r\n").encode()],
    ids=["plain", "mark", "utf-16", "crlf"],
)
def test_encodings_that_say_what_they_are(raw: bytes, tmp_path: Path) -> None:
    rows, findings = read(tmp_path, raw, "Name", "Value")
    assert [(row["Name"], row.number("Value"), row.line) for row in rows] == [("Zoë", 1.0, 2)]
    assert findings == Findings()


def test_another_encoding_is_read_as_windows_1252_and_is_a_problem(tmp_path: Path) -> None:
    rows, findings = read(tmp_path, "Name\nyes\nit\x92s\n".encode("latin-1"), "Name")
    assert [row["Name"] for row in rows] == ["yes", "it\u2019s"]
    place = f"{tmp_path / 'labels.csv'}, line 3: byte 11"
    assert findings.problems == [f"{place} is not UTF-8; the file is read as Windows-1252"]


def test_cells_have_blanks_around_them_quotes_and_lines_of_their_own(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, ' Name ; Value\n\n "a; ""b""\nc"; 1.50 \nd\u2028e\x85;2\n', "Name", "Value", delimiter=";")
    assert [(row["Name"], row["Value"], row.line) for row in rows] == [
        ('a; "b"\nc', "1.50", 3),
        ("d\u2028e\x85", "2", 5),
    ]
    assert rows[1].place == f"{tmp_path / 'labels.csv'}, line 5"


def test_more_columns_are_noted(tmp_path: Path) -> None:
    rows, findings = read(tmp_path, "a,Name,b\n1,x,2\n", "Name")
    assert rows[0].cells == {"a": "1", "Name": "x", "b": "2"}
    assert findings.notes == [f"{tmp_path / 'labels.csv'}: 2 columns are not used: a, b"]
    assert findings.problems == []


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is empty; expected a line with the names"),
        ("Nmae,Value\n", "has no column 'Name'; did you mean 'Nmae'"),
        ("Name,Name\n", "has more than one column 'Name'"),
        ("Name,Value\na\n", "line 2: has 1 cells; expected 2, as many as the header"),
        ("Name,Value\na,1\nb,2,3\n", "line 3: has 3 cells; expected 2"),
        ('Name,Value\n"a,1\n', "line 2: not CSV"),
        ("Name,Value\na\0,1\n", "holds a NUL character"),
    ],
)
def test_what_is_no_table(content: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=problem):
        read(tmp_path, content, "Name")


@pytest.mark.parametrize("cell", ["", "x", "nan", "inf", "-1e999"])
def test_what_is_no_number(cell: str, tmp_path: Path) -> None:
    rows, _ = read(tmp_path, f"Name,Value\na,{cell}\n", "Name", "Value")
    with pytest.raises(CorpusError, match=f"line 2: 'Value' is '{cell}'; expected a finite number"):
        rows[0].number("Value")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="cannot be read"):
        read_text(tmp_path / "none.csv", Findings())
    with open(tmp_path / "large.csv", "wb") as file:
        file.truncate(2**28 + 1)
    with pytest.raises(CorpusError, match="256 MiB; expected a text file of at most 256 MiB"):
        read_text(tmp_path / "large.csv", Findings())
