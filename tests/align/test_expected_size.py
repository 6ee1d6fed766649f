from dataclasses import replace

import pytest

from trimodal.align import expected_head_bytes, expected_store_bytes
from trimodal.corpus import Segment
from trimodal.recipe import parse_recipe
from trimodal.store import OutputSchema

RECIPE = parse_recipe(
    """
tracks: {mfcc: {}, words: {}}
align:
  words: {tracks: [mfcc], timeline: words}
  grid: {tracks: [mfcc], timeline: {grid: {rate_hz: 10}}}
  windows: {tracks: [mfcc], timeline: {windows: {length_seconds: 2, hop_seconds: 0.5}}}
  segment: {tracks: [mfcc], timeline: segment}
  own: {tracks: [mfcc], timeline: none, max_length: 300}
""",
    "r.yaml",
)
VALUES = OutputSchema(
    dtype="float32", shape=(1000,), names=(), unit="", timeline="", pool="", gaps="zero", has_text=False
)
ROWS = {"mfcc": 1000.0, "words": 25.0}
SEGMENTS = [
    Segment(id="a", recording="r", start_seconds=-1.0, end_seconds=4.0),
    Segment(id="b", recording="r", start_seconds=8.0),
    Segment(id="c", recording="r", start_seconds=20.0, end_seconds=30.0),
]
"""Of a recording of ten seconds: six seconds in all, and a segment that lies outside and is not kept."""


@pytest.mark.parametrize(
    ("output", "rows"), [("words", 15), ("grid", 60), ("windows", 12), ("segment", 2), ("own", 300 + 200)]
)
def test_rows_by_timeline(output: str, rows: float) -> None:
    recipe = replace(RECIPE, align={output: RECIPE.align[output]})
    found = expected_store_bytes(recipe, {output: VALUES}, SEGMENTS, 10.0, ROWS)
    assert found == pytest.approx(rows * 4000, rel=0.15)


def test_groups_hold_several_rows() -> None:
    recipe = parse_recipe(
        "tracks: {mfcc: {}}\nalign: {a: {tracks: [mfcc], timeline: none, groups: {size: 10, hop: 5}}}", "r.yaml"
    )
    found = expected_store_bytes(recipe, {"a": replace(VALUES, shape=(10, 100))}, SEGMENTS[:1], 10.0, ROWS)
    assert found == pytest.approx(400 / 5 * 4000, rel=0.05)


def test_names_of_columns_take_room() -> None:
    assert expected_head_bytes({"a": replace(VALUES, names=("x",) * 1000)}) > 100_000 + expected_head_bytes({})
