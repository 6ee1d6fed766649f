"""Work in another order whenever it is shared out."""

import random
from collections.abc import Sequence

from trimodal.extract.running.work import Item


class ShuffledGroups:
    """Takes the place of `make_groups`; every second time some items are together."""

    def __init__(self) -> None:
        self.orders: list[tuple[str, ...]] = []
        """Ids of the items, each time."""

    def __call__(self, items: Sequence[Item], seconds: Sequence[float], workers: int) -> list[list[Item]]:
        order = random.Random(len(self.orders)).sample(items, len(items))
        self.orders.append(tuple(item.id for item in order))
        return [order[:2], order[2:3], order[3:]] if len(self.orders) % 2 else [[item] for item in order]
