"""Where stand-ins lie: in one folder that processes share, each written once and whole."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from ...errors import WeightsError, what_the_system_said
from ..fingerprint import digest

_VERSION = 1
"""Raised when the same parts give other stand-ins, so that those of before are not taken for them."""


def made_once(folder: Path, name: str, parts: object, write: Callable[[Path], None]) -> Path:
    """Return the path of a stand-in, which is written where it is not there yet.

    Parameters
    ----------
    folder
        Where stand-ins lie.
    name
        What its name begins with; a file's with its suffix.
    parts
        JSON-able values that decide its content.
    write
        Writes the file or folder to the path that it is given.

    Raises
    ------
    WeightsError
        If it cannot be written.
    """
    stem, dot, suffix = name.rpartition(".") if "." in name else (name, "", "")
    path = folder.absolute() / f"{stem}-{digest(_VERSION, parts)[:12]}{dot}{suffix}"
    if path.exists():
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".making-", dir=path.parent) as temporary:
            made = Path(temporary) / path.name
            write(made)
            _move(made, path)
    except OSError as error:
        raise WeightsError(
            f"{path.parent}: stand-in weights cannot be written ({what_the_system_said(error)})"
        ) from None
    return path


def _move(made: Path, path: Path) -> None:
    try:
        made.rename(path)
    except OSError:  # a folder cannot replace one that another process has just put there
        if not path.exists():
            raise
