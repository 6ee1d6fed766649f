"""What is said at the end of a run."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_MOST_REASONS = 3
"""That are named for each track, the largest first."""


def duration(seconds: float) -> str:
    """Return a length of time: in hours from one hour on.

    Examples
    --------
    >>> duration(17.25), duration(5400)
    ('17.2 s', '1.50 h')
    """
    return f"{seconds:.1f} s" if seconds < 3600 else f"{seconds / 3600:.2f} h"


def size(size_bytes: float) -> str:
    """Return an amount of data: in gigabytes from one on, else in megabytes.

    Examples
    --------
    >>> size(2e6), size(51.2e9)
    ('2.0 MB', '51.2 GB')
    """
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes < 1e9 else f"{size_bytes / 1e9:.1f} GB"


def gaps_by_track(gaps: "pd.DataFrame") -> str:
    """Return how long each track of a store could not observe anything, and why; empty where there are no gaps.

    Parameters
    ----------
    gaps
        The store's table of gaps: track, start, end (seconds), reason.
    """
    lost = (gaps["end"] - gaps["start"]).groupby([gaps["track"], gaps["reason"]]).sum()
    tracks = lost.groupby(level="track").sum().sort_values(ascending=False, kind="stable")
    return ", ".join(
        f"{track} {duration(total)} ({_reasons(lost.xs(track, level='track'))})" for track, total in tracks.items()
    )


def _reasons(lost: "pd.Series[float]") -> str:
    largest = lost.sort_values(ascending=False, kind="stable")[:_MOST_REASONS]
    more = len(lost) - len(largest)
    named = [f"{reason} {duration(seconds)}" if len(lost) > 1 else str(reason) for reason, seconds in largest.items()]
    return ", ".join(named) + (f" and {more} other reasons" if more else "")
