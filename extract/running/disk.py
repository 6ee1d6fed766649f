"""Whether what is still to come has room on the disk."""

import shutil
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from ...errors import TrackError

_SEEN_SECONDS = 60.0
"""Media from which the size of the rest may be told."""
_LOOK_EVERY_SECONDS = 60.0
"""Media after which it is told again."""
_LEAST_FREE_BYTES = 16 * 2**20
_SURE_PART = 0.5
"""Of an estimate: it is within a factor of two of what comes."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """How much room a run is likely to take, from what headers, schemas and rates say."""

    tracks_bytes: float
    """Of the tracks that are not there yet."""
    store_bytes: float
    """Of the whole store, which is there beside the one that it replaces; 0: none is written."""
    media_seconds: float
    """How long the media last whose tracks are not there yet."""


def check_room(estimate: Estimate, work: Path, store: Path | None) -> int:
    """Return how many bytes are free in the work folder.

    Raises
    ------
    TrackError
        If not even half of what is estimated has room.
    """
    places = [(work, estimate.tracks_bytes)]
    places += [] if store is None else [(_existing(store), estimate.store_bytes)]
    wanted: defaultdict[int, float] = defaultdict(float)
    for place, size in places:
        wanted[place.stat().st_dev] += size
    for place, _ in places:
        free = shutil.disk_usage(place).free
        if wanted[place.stat().st_dev] * _SURE_PART > free:
            kinds = f"{estimate.tracks_bytes / 1e9:.1f} GB of tracks"
            kinds += "" if store is None else f" and {estimate.store_bytes / 1e9:.1f} GB of store"
            raise TrackError(
                f"{place}: about {kinds} are to come and {free / 1e9:.1f} GB are free; "
                "make room, or give folders on a larger disk"
            )
    return shutil.disk_usage(work).free


def _existing(path: Path) -> Path:
    """Return the folder in which a store will be made, or will be made first."""
    return next(folder for folder in path.absolute().parents if folder.is_dir())


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
