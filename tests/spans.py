"""Rows and intervals for tests of alignment: strategies, hard cases, and what they share, reckoned without rounding."""

import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import example
from hypothesis import strategies as st
from numpy.typing import NDArray

from trimodal.align.overlap import ROUNDING_SECONDS, Pairs, overlap_blocks
from trimodal.track import Field, Track

Span = tuple[float, float]
Spans = list[Span]

# Whole numbers make equal edges likely; the others are huge, tiny and ragged.
seconds = (
    st.integers(-3, 12).map(float)
    | st.floats(-1e6, 1e6)
    | st.floats(0, 1e-9)
    | st.sampled_from([1e6, np.nextafter(1e6, 2e6), 5e-324, 1e-300])
)
span = st.tuples(seconds, seconds).map(lambda pair: (min(pair), max(pair))) | seconds.map(lambda at: (at, at))
spans = st.lists(span, max_size=12)
rows = spans.map(sorted)
asked = st.lists(span | st.tuples(seconds, seconds), max_size=12)
"""Intervals that a track may be asked for, some of which end before they start: nothing lies in these."""

HARD: list[tuple[Spans, Spans]] = [
    ([], [(0.0, 1.0)]),
    ([(0.0, 1.0)], []),
    ([(0.0, 1.0), (1.0, 2.0)], [(1.0, 2.0), (0.0, 1.0), (1.0, 1.0), (2.0, 3.0), (-1.0, 0.0)]),
    ([(0.0, 9.0), (1.0, 2.0), (3.0, 4.0)], [(5.0, 8.0), (2.0, 3.0), (0.0, 9.0)]),
    ([(1.0, 1.0), (1.0, 2.0), (2.0, 2.0), (5.0, 5.0)], [(1.0, 2.0), (4.0, 6.0), (5.0, 5.0)]),
    ([(0.0, 1e6), (2e6, 2e6 + 1e-9)], [(2e6, 2e6 + 1.0), (2e6, 3e6), (1e6, 2e6)]),
    ([(0.0, 1.0), (1.0, 1.0), (1.0, 2.0)], [(2.0, 1.0), (1.5, 0.5), (1.0, 1.0), (0.5, 0.5), (3.0, -3.0)]),
    ([(-1e6, 0.0), (0.0, 5e-324)], [(0.0, 1e6), (0.0, 1.0), (0.0, 5e-324)]),
]


def hard(test: Callable[..., None]) -> Callable[..., None]:
    """Add the hard cases to a property of rows and intervals."""
    for times, intervals in HARD:
        test = example(times, intervals)(test)
    return test


def array(found: Spans) -> NDArray[np.float64]:
    return np.array(found, np.float64).reshape(-1, 2)


def feature(times: Spans, values: Any, *, columns: tuple[str, ...] = (), unit: str = "") -> Track:
    """Return a track of ``values``, whose type and shape are its schema's."""
    values = np.asarray(values)
    field = Field(dtype=str(values.dtype), shape=values.shape[1:], columns=columns, unit=unit)
    return Track(schema={"values": field}, times=array(times), fields={"values": values})


def numbered(times: Spans, columns: int = 2) -> Track:
    """Return a track whose values are small whole numbers, all different, large and small in turn."""
    number = np.arange(len(times) * columns, dtype=np.float32).reshape(len(times), columns)
    return feature(times, np.where(number % 3 == 1, -number, number))


def overlap(times: NDArray[np.float64], intervals: NDArray[np.float64]) -> Pairs:
    """Return by how many seconds each row overlaps each interval, all at once."""
    ((_, pairs),) = overlap_blocks(times, intervals, most_pairs=sys.maxsize)
    return pairs


def shared(row: Span, interval: Span) -> Fraction:
    """Return by how much a row overlaps an interval."""
    start, end = max(row[0], interval[0]), min(row[1], interval[1])
    return max(Fraction(end) - Fraction(start), Fraction(0))


def counted(row: Span, interval: Span) -> Fraction:
    """Return the same, with overlaps that are rounding left out."""
    found = shared(row, interval)
    return found if float(found) >= ROUNDING_SECONDS else Fraction(0)


def middle(span: Span) -> float:
    return (span[0] + span[1]) / 2
