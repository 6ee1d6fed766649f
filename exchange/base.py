"""What an exporter is: a frozen dataclass of options that writes a store as one file."""

import os
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ..errors import StoreError
from ..store import FeatureStore


@dataclass(frozen=True, kw_only=True)
class Exporter(ABC):
    """Base of the formats. Its fields are the options that users give."""

    name: ClassVar[str]
    """What users call the format."""

    @abstractmethod
    def write(self, store: FeatureStore, path: Path) -> list[str]:
        """Write the file, and return what is not in it, one line each.

        Raises
        ------
        StoreError
            If the store does not fit the format, or the file cannot be written.
        """


def check_is_no_folder(path: Path) -> None:
    """Check that a file can have a name; raises `StoreError`."""
    if path.is_dir():
        raise StoreError(f"{path}: a folder; expected the name of a file to write")


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to; it gets its name when all went well, and is removed otherwise.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """
    check_is_no_folder(path)
    temporary = path.with_name(f".{path.name[:80]}.{uuid.uuid4().hex[:12]}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else " ".join(str(error).split())
        raise StoreError(f"{path}: cannot be written ({reason.lower()}); expected a folder with room for it") from None
    finally:
        temporary.unlink(missing_ok=True)
