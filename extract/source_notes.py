"""What was found out about source files, kept in the work folder until they change."""

import json
import re
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from .. import __version__
from ..errors import MediaError
from ..media import list_pictures
from .fingerprint import digest

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_SLUG_LENGTH = 60


class SourceNotes:
    """Notes on files and folders of pictures, each under a name of its own; they hold while size and time stay.

    Parameters
    ----------
    work
        The work folder.
    """

    def __init__(self, work: Path) -> None:
        self._folder = work / "sources"

    def read(self, path: Path, name: str) -> object | None:
        """Return what is noted; None: nothing, the file changed since, or another version noted it."""
        with suppress(OSError, ValueError, MediaError):
            found = json.loads(self._file(path, name).read_text(encoding="utf-8"))
            known = _state(path)
            if isinstance(found, Mapping) and {key: found.get(key) for key in known} == known:
                return found.get("found")
        return None

    def write(self, path: Path, name: str, found: object) -> None:
        """Note something that JSON can hold."""
        write_json(self._file(path, name), {**_state(path), "found": found})

    def _file(self, path: Path, name: str) -> Path:
        return self._folder / f"{slug(path.stem)}-{digest(str(path.absolute()), name)[:16]}.json"


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write a file that is there as a whole, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        temporary.write_text(json.dumps(content), encoding="utf-8")
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def slug(name: str) -> str:
    """Return the readable part of a file name. It need not be unique: a hash stands beside it."""
    return _UNSAFE.sub("-", name).strip(".-")[:_SLUG_LENGTH] or "recording"


def _state(path: Path) -> dict[str, object]:
    """Return what tells without reading it whether a file, or any picture of a folder, may have changed."""
    known: dict[str, object] = {"path": str(path.absolute()), "trimodal": __version__}
    if path.is_dir():
        states = [(picture.name, picture.stat()) for picture in list_pictures(path)]
        return {**known, "pictures": digest([[name, status.st_size, status.st_mtime_ns] for name, status in states])}
    status = path.stat()
    return {**known, "bytes": status.st_size, "mtime_ns": status.st_mtime_ns}
