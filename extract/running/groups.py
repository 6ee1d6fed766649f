"""Sharing work out: long items first, short ones together."""

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")

_GROUP_SECONDS = 60.0
"""Media that make a group worth sending."""
_MOST_ITEMS = 256
_GROUPS_PER_WORKER = 4
"""At least so many, where there are items enough: a group that is late then costs little."""


def make_groups(items: Sequence[Item], seconds: Sequence[float], workers: int) -> list[list[Item]]:
    """Put items together into groups of about equal length, those of long items first.

    Parameters
    ----------
    items
        What to do.
    seconds
        How long the media of each last, 0 where it is not known.
    workers
        How many will share the groups.

    Returns
    -------
    list
        Every item is in one group; those of a minute and more are alone in theirs.
    """
    count = min(_MOST_ITEMS, max(1, -(-len(items) // (workers * _GROUPS_PER_WORKER))))
    limit = min(_GROUP_SECONDS, sum(seconds) / (workers * _GROUPS_PER_WORKER))
    groups: list[list[Item]] = []
    filled = limit
    for index in sorted(range(len(items)), key=lambda index: -seconds[index]):
        if not groups or filled + seconds[index] > limit or len(groups[-1]) >= count:
            groups.append([])
            filled = 0.0
        groups[-1].append(items[index])
        filled += seconds[index]
    return groups
