"""One run at a time in a work folder."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import UsageError, what_the_system_said

LOCK_FILE = ".lock"
TEMPORARY_FOLDER = "temporary"
"""Where workers have their temporary files, in folders that go with them; what is in it at the start of a run is left
over from one that was killed."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def locked(work: Path) -> Iterator[None]:
    """Keep other runs out of a work folder, and clear away what killed ones left half-written.

    The system lets go of the lock with the process, however it ends.

    Raises
    ------
    UsageError
        If another run is in it, or it cannot be written, now or later.
    """
    from filelock import FileLock, Timeout

    try:
        work.mkdir(parents=True, exist_ok=True)
        lock = FileLock(work / LOCK_FILE, timeout=0)
        lock.acquire()
    except Timeout:
        raise UsageError(
            f"{work}: another run is at work in this folder; wait for it, or give another --work"
        ) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"{work}: cannot be written ({reason}); give a work folder that can") from None
    try:
        for leftover in work.glob("*/**/.*.tmp"):
            leftover.unlink(missing_ok=True)
        shutil.rmtree(work / TEMPORARY_FOLDER, ignore_errors=True)
        with _needing_room(work):
            yield
    finally:
        lock.release()


@contextmanager
def _needing_room(work: Path) -> Iterator[None]:
    """Say which folder's disk is full where tables, notes or records have no room.

    Raises
    ------
    UsageError
        In the place of the system's error.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        reason = what_the_system_said(error)
        raise UsageError(f"{work}: cannot be written ({reason}); make room and run the same command again") from error
