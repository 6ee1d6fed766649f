"""Giving one stream to several readers."""

from collections import deque
from collections.abc import Iterator
from typing import TypeVar

T = TypeVar("T")


def broadcast(source: Iterator[T], count: int) -> list[Iterator[T]]:
    """Return ``count`` iterators over the same items.

    An item is kept only until the slowest reader has it. ``itertools.tee`` keeps up to 57 items longer: gigabytes of
    frames.
    """
    waiting: list[deque[T]] = [deque() for _ in range(count)]

    def read(own: deque[T]) -> Iterator[T]:
        while True:
            if not own:
                try:
                    item = next(source)
                except StopIteration:
                    return
                for queue in waiting:
                    queue.append(item)
                del item
            yield own.popleft()

    return [read(own) for own in waiting]
