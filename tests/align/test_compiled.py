from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given
from spans import Spans, array, asked, hard, overlap, rows

from trimodal.align import label_reducers, statistics
from trimodal.align import overlap as overlaps
from trimodal.align.compiled import compiled

Loop = Callable[..., Any]


def python_code(loop: Loop) -> Loop:
    """Return what a compiled loop was made of."""
    return loop.__wrapped__  # type: ignore[attr-defined, no-any-return]


@hard
@given(rows, asked)
def test_overlaps_by_machine_code_are_those_by_python_code(times: Spans, intervals: Spans) -> None:
    found = overlap(array(times), array(intervals))
    loops: list[Loop] = [overlaps._shared_seconds, overlaps._covered]
    for loop in loops:
        arguments = array(times), array(intervals), found.offsets, found.rows
        assert loop(*arguments).tobytes() == python_code(loop)(*arguments).tobytes()
    first, last = found.offsets[:-1], found.offsets[1:]
    assert overlaps.ranges(first, last).tolist() == python_code(overlaps.ranges)(first, last).tolist()


@hard
@given(rows, asked)
def test_statistics_by_machine_code_are_those_by_python_code(times: Spans, intervals: Spans) -> None:
    found = overlap(array(times), array(intervals))
    pairs = found.where(found.weights >= overlaps.ROUNDING_SECONDS)
    values = np.random.default_rng(0).normal(size=(len(times), 3)).astype(np.float32)
    weighted: list[Loop] = [statistics._mean, statistics._deviation, statistics._sum]
    plain: list[Loop] = [statistics._largest, statistics._smallest]
    for loop in (*weighted, *plain):
        weights = (pairs.weights,) if loop in weighted else ()
        made = []
        for way in (loop, python_code(loop)):
            made.append(np.zeros((len(intervals), 3), np.float32))
            way(pairs.offsets, pairs.rows, *weights, values, made[-1])
        assert made[0].tobytes() == made[1].tobytes()


@hard
@given(rows, asked)
def test_reducers_of_labels_by_machine_code_are_those_by_python_code(times: Spans, intervals: Spans) -> None:
    pairs = overlap(array(times), array(intervals))
    values = np.random.default_rng(0).integers(0, 4, len(times)).astype(np.float64)
    loops: list[Loop] = [*label_reducers._REDUCERS.values(), label_reducers._nearest]
    for loop in loops:
        made = []
        for way in (loop, python_code(loop)):
            made.append(np.zeros(len(intervals)))
            way(pairs.offsets, pairs.rows, np.maximum(pairs.weights, 0.0), values, made[-1])
        assert made[0].tobytes() == made[1].tobytes()


def test_where_machine_code_cannot_be_kept_it_is_made_all_the_same() -> None:
    """Numba cannot keep a function that stands in no file, as little as one for which no folder can be written to."""
    names: dict[str, Any] = {}
    exec("def doubled(number):\n    return 2 * number", names)
    with pytest.raises(RuntimeError, match="cannot cache function"):
        numba.njit(names["doubled"], cache=True)
    assert compiled(names["doubled"])(21) == 42
