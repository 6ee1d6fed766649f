"""Plain text: the words and nothing else."""

from pathlib import Path

from ...errors import TranscriptError
from .model import Utterance


def read_plain(path: Path) -> list[Utterance]:
    """Read a text file as one utterance without times."""
    return [Utterance(text=" ".join(decode(path).split()))]


def decode(path: Path) -> str:
    """Return a file's text from UTF-8, or UTF-16 where it starts with that byte order mark.

    Raises
    ------
    TranscriptError
        If the bytes are neither.
    """
    raw = path.read_bytes()
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise TranscriptError(
            f"{path}: byte {error.start} is not {encoding}; expected text in UTF-8 or UTF-16"
        ) from None
