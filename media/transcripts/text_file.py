"""The text of a transcript file: of bounded size, in a known encoding, in numbered lines."""

from pathlib import Path

from ...errors import TranscriptError

_MAX_BYTES = 64 * 2**20


def read_bytes(path: Path) -> bytes:
    """Return the content of a file of at most 64 MiB.

    Raises
    ------
    TranscriptError
        If the file cannot be read or is larger.
    """
    try:
        size = path.stat().st_size
        if size > _MAX_BYTES:
            raise TranscriptError(
                f"{path}: {size / 2**20:.0f} MiB; expected a transcript of at most {_MAX_BYTES >> 20} MiB"
            )
        return path.read_bytes()
    except OSError as error:
        raise TranscriptError(f"{path}: {(error.strerror or str(error)).lower()}; expected a transcript") from None


def read_text(path: Path) -> str:
    """Return the text of a file; see `read_bytes` and `decode`."""
    return decode(path, read_bytes(path))


def decode(path: Path, raw: bytes) -> str:
    r"""Return text from UTF-8, or UTF-16 where it starts with that byte order mark; its lines end in ``\n``.

    Marks of byte order inside, as programs that join files leave them, are dropped. Other encodings are not guessed: a
    wrong guess gives wrong words and nobody notices.

    Raises
    ------
    TranscriptError
        If the content of the file is in neither encoding; names the line.
    """
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise TranscriptError(
            f"{path}, line {line}: byte 0x{raw[error.start]:02x} is not {encoding.removesuffix('-sig').upper()}; "
            "expected text in UTF-8, or in UTF-16 with its mark"
        ) from None
    return text.replace("\ufeff", "").replace("\r\n", "\n").replace("\r", "\n")


def numbered_lines(path: Path, text: str) -> list[tuple[str, str]]:
    """Return the lines of a file's text that are not blank, each behind its place (``file, line 3``)."""
    return [(f"{path}, line {number}", line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
