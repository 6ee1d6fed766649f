"""Whether what is still to come has room on the disk."""

import shutil
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from ...amounts import size
from ...errors import StoppedError, TrackError

_SEEN_SECONDS = 60.0
"""Media from which the size of the rest may be told."""
_LOOK_EVERY_SECONDS = 60.0
"""Media after which it is told again."""
_LEAST_FREE_BYTES = 16 * 2**20
"""Below which nothing is begun: tables, notes and logs need room, too."""
_SURE_PART = 0.5
"""Of an estimate: it is within a factor of two of what comes."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """How much room a run is likely to take, from what headers, schemas and rates say."""

    tracks_bytes: float
    """Of the tracks that are not there yet."""
    sound_bytes: float
    """Of the decoded sound of the longest recordings, one for each worker, which lies in the work folder meanwhile."""
    store_bytes: float
    """Of the whole store, which is there beside the one that it replaces; 0: none is written."""
    media_seconds: float
    """How long the media last whose tracks are not there yet."""

    def __str__(self) -> str:
        kinds = [f"{size(self.tracks_bytes)} of tracks"]
        kinds += [f"{size(self.sound_bytes)} of sound meanwhile"] if self.sound_bytes else []
        kinds += [f"{size(self.store_bytes)} of store"] if self.store_bytes else []
        return ", ".join([*kinds[:-2], " and ".join(kinds[-2:])])


def check_room(estimate: Estimate, work: Path, store: Path | None) -> int:
    """Return how many bytes are free in the work folder.

    Raises
    ------
    TrackError
        If not even half of what is estimated has room.
    """
    short = _short_of_room(estimate, work, store, _SURE_PART)
    if short is not None:
        raise TrackError(f"{short}; make room, or give folders on a larger disk")
    return shutil.disk_usage(work).free


def _short_of_room(estimate: Estimate, work: Path, store: Path | None, part: float) -> str | None:
    """Say which folder's disk has no room for a part of what is to come; None: there is room."""
    wanted: defaultdict[int, float] = defaultdict(float)
    places = [(work, estimate.tracks_bytes + estimate.sound_bytes)]
    places += [] if store is None else [(_existing(store), estimate.store_bytes)]
    for place, bytes_there in places:
        wanted[place.stat().st_dev] += bytes_there * part
    for place, _ in places:
        free = shutil.disk_usage(place).free
        is_least = place == work and free < _LEAST_FREE_BYTES
        if wanted[place.stat().st_dev] > free or is_least:
            least = f" ({size(_LEAST_FREE_BYTES)} must be)" if is_least else ""
            return f"{place}: about {estimate} are to come and {size(free)} are free{least}"
    return None


def _existing(path: Path) -> Path:
    """Return the folder in which a store will be made, or will be made first."""
    return next(folder for folder in path.absolute().parents if folder.is_dir())


class Forecast:
    """Tells from the tracks that are there how much room the others take.

    Parameters
    ----------
    estimate
        What is to come, as it was told before.
    work
        The work folder.
    store
        The store that will be written; None: none.
    """

    def __init__(self, estimate: Estimate, work: Path, store: Path | None) -> None:
        self._estimate = estimate
        self._work = work
        self._store = store
        self._left_seconds = estimate.media_seconds
        self._seen_seconds = 0.0
        self._seen_bytes = 0
        self._next_look_seconds = min(_SEEN_SECONDS, estimate.media_seconds / 10)

    def add(self, media_seconds: float, size_bytes: int) -> int | None:
        """Take the size of a recording's tracks into account that were made now.

        Returns
        -------
        int or None
            How many bytes the rest is likely to take; None where that is not looked at now.

        Raises
        ------
        StoppedError
            See `check`.
        """
        self._left_seconds -= media_seconds
        self._seen_seconds += media_seconds
        self._seen_bytes += size_bytes
        if self._seen_seconds < self._next_look_seconds:
            return None
        self._next_look_seconds = self._seen_seconds + _LOOK_EVERY_SECONDS
        return self.check()

    def check(self) -> int:
        """Return how many bytes of tracks are likely to be still to come.

        Raises
        ------
        StoppedError
            If there is no room for them and for the store, or for anything.
        """
        still = self._seen_bytes / max(self._seen_seconds, 1e-9) * max(self._left_seconds, 0.0)
        estimate = replace(self._estimate, tracks_bytes=still)
        short = _short_of_room(estimate, self._work, self._store, 1.0)
        if short is not None:
            raise StoppedError(f"{short}; make room and run the same command again, or give folders on a larger disk")
        return int(still)
