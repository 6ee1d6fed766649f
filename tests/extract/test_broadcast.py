import gc
import weakref
from collections.abc import Iterator
from itertools import zip_longest

from trimodal.extract.broadcast import broadcast


class _Batch:
    """Stands for a batch of frames; can be watched."""


def test_every_reader_gets_every_item_in_order() -> None:
    one, other = broadcast(iter(range(5)), 2)
    assert [next(one), next(one), next(other)] == [0, 1, 0]
    assert list(one) == [2, 3, 4]
    assert list(other) == [1, 2, 3, 4]


def test_no_item_is_kept_once_all_readers_have_it() -> None:
    alive: weakref.WeakSet[_Batch] = weakref.WeakSet()
    most = 0

    def batches() -> Iterator[_Batch]:
        for _ in range(100):
            batch = _Batch()
            alive.add(batch)
            yield batch
            del batch

    for count in (1, 3):
        for items in zip_longest(*broadcast(batches(), count)):
            del items
            gc.collect()
            most = max(most, len(alive))
    assert most <= 2
