"""Whether what is still to come has room on the disk."""

import shutil
from pathlib import Path

from ...errors import TrackError

_SEEN_SECONDS = 60.0
"""Media from which the size of the rest may be told."""
_LOOK_EVERY_SECONDS = 60.0
"""Media after which it is told again."""
_LEAST_FREE_BYTES = 16 * 2**20


class Forecast:
    """Tells from the tracks that are there how much room the others take.

    Parameters
    ----------
    work
        The work folder.
    media_seconds
        How long the media last whose tracks are still to be made.
    """

    def __init__(self, work: Path, media_seconds: float) -> None:
        self._work = work
        self._left_seconds = media_seconds
        self._seen_seconds = 0.0
        self._seen_bytes = 0
        self._next_look_seconds = min(_SEEN_SECONDS, media_seconds / 10)

    def add(self, media_seconds: float, size_bytes: int) -> int | None:
        """Take the size of a recording's tracks into account that were made now.

        Returns
        -------
        int or None
            How many bytes the rest is likely to take; None where that is not looked at now.

        Raises
        ------
        TrackError
            If there is no room for them.
        """
        self._left_seconds -= media_seconds
        self._seen_seconds += media_seconds
        self._seen_bytes += size_bytes
        if self._seen_seconds < self._next_look_seconds:
            return None
        self._next_look_seconds = self._seen_seconds + _LOOK_EVERY_SECONDS
        return self.check()

    def check(self) -> int:
        """Return how many bytes are likely to be still to come.

        Raises
        ------
        TrackError
            If there is no room for them, or for anything.
        """
        still = int(self._seen_bytes / max(self._seen_seconds, 1e-9) * max(self._left_seconds, 0.0))
        free = shutil.disk_usage(self._work).free
        if max(still, _LEAST_FREE_BYTES) > free:
            raise TrackError(
                f"{self._work}: about {still / 1e9:.1f} GB of tracks are still to come and {free / 1e9:.1f} GB are "
                f"free; make room and run the same command again, or give a work folder on another disk"
            )
        return still
