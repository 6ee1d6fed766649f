"""Sharing work out: long items first, short ones together."""

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")

_GROUP_SECONDS = 60.0
"""Media that make a group worth sending."""
_MOST_ITEMS = 256
_GROUPS_PER_WORKER = 4
"""A group is such a part of what is left for each worker. Groups get smaller towards the end, so that a worker that is
late keeps the others waiting for little: guided self-scheduling (Polychronopoulos and Kuck, 1987)."""


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
    groups: list[list[Item]] = []
    left_seconds, filled, limit, count = sum(seconds), 0.0, 0.0, 0
    for number, index in enumerate(sorted(range(len(items)), key=lambda index: -seconds[index])):
        if not groups or filled + seconds[index] > limit or len(groups[-1]) >= count:
            groups.append([])
            filled, limit = 0.0, min(_GROUP_SECONDS, left_seconds / (workers * _GROUPS_PER_WORKER))
            count = min(_MOST_ITEMS, -(-(len(items) - number) // (workers * _GROUPS_PER_WORKER)))
        groups[-1].append(items[index])
        filled += seconds[index]
        left_seconds -= seconds[index]
    return groups
