"""Which track is being made at a moment, and how long each has taken."""

import time
from collections import defaultdict
from collections.abc import Iterator

from ..track import Track
from .running.work import Tell


class Steps:
    """Follows the work on one recording.

    Parameters
    ----------
    tell
        Told whenever another track is being made, or none.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self.seconds: defaultdict[str, float] = defaultdict(float)
        """By track."""

    def of(self, track: str, pieces: Iterator[Track]) -> Iterator[Track]:
        """Yield the pieces of a track; what passes until each is there is its time."""
        while True:
            self._tell(track)
            started = time.perf_counter()
            piece = next(pieces, None)
            self.seconds[track] += time.perf_counter() - started
            if piece is None:
                return
            self._tell("")
            yield piece
