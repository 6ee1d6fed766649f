"""Encodings of the text files that corpora come with: UTF-8, UTF-16 with its mark, or else Windows-1252."""

import codecs
from collections.abc import Iterable
from pathlib import Path

FOREIGN = "cp1252"
"""How what is neither is read, so that its ASCII is right at least; layouts say so."""
_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BLOCK_BYTES = 2**20


def encoding_of(path: Path) -> str:
    """Return the name of a text's encoding; no more of it is held than a block."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with open(path, "rb") as file:
        if file.read(2) in _MARKS:
            return "utf-16"
        file.seek(0)
        try:
            while block := file.read(_BLOCK_BYTES):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return FOREIGN
    return "utf-8-sig"


def foreign_lines(paths: Iterable[Path]) -> list[str]:
    """Return ``<path>, line <number>`` of the first line that is not text in UTF-8, of every file that has one.

    Files that cannot be read are left to whoever reads them.
    """
    found = []
    for path in paths:
        try:
            if encoding_of(path) == FOREIGN:
                with open(path, "rb") as file:
                    number = next(number for number, line in enumerate(file, 1) if not _is_utf8(line))
                found.append(f"{path}, line {number}")
        except OSError:
            continue
    return found


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
