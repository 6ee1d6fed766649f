from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.errors import TrackError
from trimodal.track import TEXT, Field, Gap, Track, concatenate, empty_track, numpy_dtype

SCHEMA = {"values": Field(shape=(2,), columns=("x", "y"), unit="m"), "word": Field(dtype=TEXT)}
GAP = Gap(start_seconds=1.0, end_seconds=2.0, reason="no face")


def fields(rows: int) -> dict[str, Any]:
    return {
        "values": np.arange(2 * rows, dtype=np.float32).reshape(rows, 2),
        "word": np.array([f"w{row}" for row in range(rows)], np.dtypes.StringDType()),
    }


def track(times: list[tuple[float, float]], **changed: Any) -> Track:
    array = np.array(times, np.float64).reshape(-1, 2)
    return Track(**{"schema": SCHEMA, "times": array, "fields": fields(len(times)), "gaps": (GAP,)} | changed)


times_in_order = st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1e4)), max_size=20).map(
    lambda rows: [(start, start + length) for start, length in sorted(rows)]
)


@given(times_in_order)
def test_intervals_with_starts_in_order_make_a_track(times: list[tuple[float, float]]) -> None:
    made = track(times)
    assert len(made) == len(times)
    assert made.values.shape == (len(times), 2)
    assert f"Track({len(times)} rows" in repr(made)


@given(times_in_order.filter(len), st.data())
def test_one_wrong_time_is_found_and_named(times: list[tuple[float, float]], data: st.DataObject) -> None:
    row = data.draw(st.integers(0, len(times) - 1))
    start, end = times[row]
    wrong = data.draw(st.sampled_from([(start, start - 1.0), (np.nan, end), (start, np.inf)]))
    with pytest.raises(TrackError, match=rf"^row {row} (ends before it starts|has a time that is not finite)"):
        track([*times[:row], wrong, *times[row + 1 :]])


@given(times_in_order, st.lists(st.integers(0, 19)))
def test_selected_rows_keep_their_times_and_fields(times: list[tuple[float, float]], chosen: list[int]) -> None:
    made = track(times)
    index = np.array(sorted({row for row in chosen if row < len(times)}), np.intp)
    part = made.rows(index)
    np.testing.assert_array_equal(part.times, made.times[index])
    np.testing.assert_array_equal(part.values, made.values[index])
    assert part.gaps == made.gaps


@given(times_in_order, st.integers(0, 20))
def test_pieces_join_to_the_whole(times: list[tuple[float, float]], cut: int) -> None:
    made = track(times)
    joined = concatenate(SCHEMA, [made.rows(slice(0, cut)), made.rows(slice(cut, None))])
    np.testing.assert_array_equal(joined.times, made.times)
    for name in SCHEMA:
        np.testing.assert_array_equal(joined.fields[name], made.fields[name])
    assert joined.gaps == (GAP, GAP)


def test_pieces_out_of_order() -> None:
    with pytest.raises(TrackError, match=r"row 1 starts at 0\.0 s, before the row above it at 5\.0 s"):
        concatenate(SCHEMA, [track([(5, 6)]), track([(0, 1)])])


@pytest.mark.parametrize("made", [concatenate(SCHEMA, []), empty_track(SCHEMA)])
def test_an_empty_track(made: Track) -> None:
    assert len(made) == 0 and made.values.shape == (0, 2) and made.gaps == ()
    assert made.values.dtype == np.float32 and made.fields["word"].dtype == np.dtypes.StringDType()


def test_an_empty_track_says_why() -> None:
    assert empty_track(SCHEMA, [GAP]).gaps == (GAP,)


def test_repr_is_short() -> None:
    shown = repr(track([(0, 2), (0.5, 1)]))
    assert shown == "Track(2 rows in [0.000, 2.000) s: values float32[2], word StringDType()[]; 1 gaps)"


def test_rows_that_touch_or_have_no_length_are_allowed() -> None:
    assert len(track([(0, 1), (1, 1), (1, 2)])) == 3


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (np.zeros((1, 2), np.float32), r"times must be float64 of shape \(T, 2\), found float32 of shape \(1, 2\)"),
        (np.zeros(2), r"times must be float64 of shape \(T, 2\), found float64 of shape \(2,\)"),
        (np.zeros((1, 3)), r"found float64 of shape \(1, 3\)"),
        (np.array([[1.0, np.nan]]), "row 0 has a time that is not finite"),
        (np.array([[2.0, 1.0]]), r"row 0 ends before it starts: \[2\.0, 1\.0\)"),
    ],
)
def test_wrong_times(times: np.ndarray, message: str) -> None:
    with pytest.raises(TrackError, match=message):
        Track(schema=SCHEMA, times=times, fields=fields(1))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"values": np.zeros((1, 3), np.float32)}, r"field 'values' must be float32 \(2, 2\), found float32 \(1, 3\)"),
        ({"values": np.zeros((2, 2))}, r"field 'values' must be float32 \(2, 2\), found float64 \(2, 2\)"),
        ({"word": np.array(["a", "b"])}, r"field 'word' must be text \(2,\), found <U1 \(2,\)"),
        ({"values": np.array([[0, 0], [np.nan, 0]], np.float32)}, "'values' has a value that is not finite in row 1"),
        ({"values": np.array([[np.inf, 0], [0, 0]], np.float32)}, "'values' has a value that is not finite in row 0"),
        ({"extra": np.zeros(2)}, r"the fields \['extra', 'values', 'word'\], its schema has \['values', 'word'\]"),
    ],
)
def test_wrong_fields(changed: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(TrackError, match=message):
        track([(0, 1), (1, 2)], fields=fields(2) | changed)


def test_a_missing_field() -> None:
    with pytest.raises(TrackError, match=r"track has the fields \[\], its schema has \['values', 'word'\]"):
        track([], fields={})


@pytest.mark.parametrize(("shape", "columns"), [((), ("x",)), ((3,), ("x", "y")), ((2, 3), ("x", "y"))])
def test_columns_that_do_not_fit(shape: tuple[int, ...], columns: tuple[str, ...]) -> None:
    with pytest.raises(TrackError, match=rf"cannot have {len(columns)} column names"):
        Field(shape=shape, columns=columns)


@pytest.mark.parametrize(("dtype", "expected"), [("text", np.dtypes.StringDType()), ("int32", np.dtype(np.int32))])
def test_dtype_names(dtype: str, expected: np.dtype[Any]) -> None:
    assert numpy_dtype(dtype) == expected
    assert Field(dtype=dtype, shape=(2,)).empty(3).shape == (3, 2)
