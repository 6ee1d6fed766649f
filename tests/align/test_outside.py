import numpy as np
import pytest

from trimodal.align import all_outside, rows_outside
from trimodal.track import Field, Track

Spans = list[tuple[float, float]]


def track(times: Spans) -> Track:
    return Track(
        schema={"values": Field()},
        times=np.array(times, np.float64).reshape(-1, 2),
        fields={"values": np.zeros(len(times), np.float32)},
    )


@pytest.mark.parametrize(
    ("times", "gaps"),
    [
        ([(0, 1), (9, 10)], []),
        ([], []),
        # A label of 40 ms that begins with the end of the recording, as RECOLA has it: within the tolerance.
        ([(9.96, 10), (10.0, 10.04)], []),
        ([(9.5, 10.5), (10.0, 10.2)], [(10.0, 10.2, "1 rows lie after the recording ends")]),
        ([(10.5, 11), (10.6, 10.8)], [(10.5, 11.0, "2 rows lie after the recording ends")]),
        (
            [(-3, -2), (-1, 0.5), (-0.1, 0.1), (12, 13)],
            [
                (-3.0, 0.5, "2 rows lie before the recording begins"),
                (12.0, 13.0, "1 rows lie after the recording ends"),
            ],
        ),
    ],
)
def test_rows_with_their_middle_outside(times: Spans, gaps: list[tuple[float, float, str]]) -> None:
    found = rows_outside(track(times), 10.0)
    assert [(gap.start_seconds, gap.end_seconds, gap.reason) for gap in found] == gaps


@pytest.mark.parametrize(
    ("times", "gaps"),
    [
        ([(-3, -2), (-1, 0)], [(-3.0, 0.0, "2 rows lie outside the recording")]),
        ([(10, 11), (12, 13)], [(10.0, 13.0, "2 rows lie outside the recording")]),
        ([(-1, 0), (-1, 0.5), (11, 12)], []),
        ([], []),
    ],
)
def test_tracks_of_which_nothing_lies_inside(times: Spans, gaps: list[tuple[float, float, str]]) -> None:
    found = all_outside(track(times), 10.0)
    assert [(gap.start_seconds, gap.end_seconds, gap.reason) for gap in found] == gaps
