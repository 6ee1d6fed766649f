"""Which track is being made at a moment, and how long each has taken."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from ..track import Track
from .running.work import Tell

Batch = TypeVar("Batch")


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
        """By track, without what is read for it."""
        self.reading_seconds = 0.0
        """Of media and what else a track is made of: hashing, decoding, resampling."""
        self.writing_seconds = 0.0
        """Of tracks."""

    def of(self, track: str, pieces: Iterator[Track]) -> Iterator[Track]:
        """Yield the pieces of a track; what passes until each is there is its time."""
        while True:
            self._tell(track)
            started = time.perf_counter() - self.reading_seconds
            piece = next(pieces, None)
            self.seconds[track] += time.perf_counter() - self.reading_seconds - started
            if piece is None:
                return
            self._tell("")
            yield piece

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Count what passes as reading."""
        started = time.perf_counter()
        yield
        self.reading_seconds += time.perf_counter() - started

    def reading_each(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """Yield batches; what passes until each is there is reading."""
        while True:
            with self.reading():
                batch = next(batches, None)
            if batch is None:
                return
            yield batch

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Count what passes as writing."""
        started = time.perf_counter()
        yield
        self.writing_seconds += time.perf_counter() - started
