"""Files of miniatures, changed in one place."""

from pathlib import Path


def change(path: Path, old: str, new: str, encoding: str = "utf-8") -> None:
    """Put a text in place of the first one like ``old`` in a file of UTF-8, which is written in another encoding."""
    text = path.read_bytes().decode()
    assert old in text, path
    path.write_bytes(text.replace(old, new, 1).encode(encoding))
