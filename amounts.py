"""Amounts as people read them."""


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
