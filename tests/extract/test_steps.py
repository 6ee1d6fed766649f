"""Where the time of a recording goes."""

import time
from collections.abc import Iterator

import pytest

from trimodal.extract.steps import Steps
from trimodal.track import Field, Track, empty_track


class Clock:
    """Stands still, but for what passes in so many words."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_reading_and_writing_are_no_time_of_the_tracks(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(time, "perf_counter", clock)
    told: list[str] = []
    steps = Steps(told.append)

    def batches() -> Iterator[int]:
        for number in range(2):
            clock.seconds += 10.0
            yield number

    def pieces() -> Iterator[Track]:
        with steps.reading():
            clock.seconds += 100.0
        for _ in steps.reading_each(batches()):
            clock.seconds += 1.0
            yield empty_track({"values": Field(shape=(1,))}, [])

    for _ in steps.of("a", pieces()):
        with steps.writing():
            clock.seconds += 1000.0
    assert dict(steps.seconds) == {"a": 2.0}
    assert (steps.reading_seconds, steps.writing_seconds) == (120.0, 2000.0)
    assert told == ["a", "", "a", "", "a"]
