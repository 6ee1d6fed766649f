"""The hidden folder beside a store in which a new one is made, and what killed writers left of theirs."""

import fcntl
import os
import re
import shutil
import uuid
from contextlib import suppress
from pathlib import Path

_NAME = re.compile(r"\.(.+)\.([0-9a-f]{12})\.(tmp|old)")
"""Of such a folder: the store, the maker, and whether it is the store to come or the one that it replaces."""


class HiddenFolder:
    """A new folder that becomes a store; locked as long as the process lives that makes it.

    Parameters
    ----------
    store
        The folder to make, without links in its path.

    Raises
    ------
    OSError
        If a folder cannot be made there.
    """

    def __init__(self, store: Path) -> None:
        clear_leftovers(store)
        self._store = store
        self.path = store.with_name(f".{store.name}.{uuid.uuid4().hex[:12]}.tmp")
        self.path.mkdir(parents=True)
        self._lock = os.open(self.path, os.O_RDONLY)
        _lock(self._lock)

    def become_store(self) -> None:
        """Take the place of the store, whether there is one or not."""
        if self._store.exists():
            replaced = self.path.with_suffix(".old")
            self._store.replace(replaced)
            self.path.replace(self._store)
            shutil.rmtree(replaced, ignore_errors=True)
        else:
            self.path.replace(self._store)

    def close(self) -> None:
        """Remove the folder where it did not become a store, and let go of the lock."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def clear_leftovers(store: Path) -> None:
    """Remove what killed writers of a store left beside it.

    Where one was killed while it replaced the store, the old one gets its name back. Folders of writers that are alive
    stay, and so do all on a file system that knows no locks.
    """
    found = sorted(store.parent.glob(".*.*")) if store.parent.is_dir() else []
    names = {path: name for path in found if (name := _NAME.fullmatch(path.name)) and name[1] == store.name}
    alive = {name[2] for path, name in names.items() if name[3] == "tmp" and not _is_left(path)}
    for path, name in names.items():
        if name[2] in alive:
            continue
        if name[3] == "old" and not store.exists():
            path.replace(store)
        else:
            shutil.rmtree(path, ignore_errors=True)


def shown(folder: Path) -> Path:
    """Return the store that a folder is to become: what the user knows; any other folder is returned as it is."""
    name = _NAME.fullmatch(folder.name)
    return folder if name is None else folder.with_name(name[1])


def _is_left(folder: Path) -> bool:
    """Return whether the process that made a folder is gone."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        return _lock(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Lock a folder until its descriptor is closed; return whether that could be done."""
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
