import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.errors import TrackError
from trimodal.extract.video.face_schema import FACES
from trimodal.extract.video.face_shape import FaceShape
from trimodal.extract.video.ibug68 import LANDMARKS, MEAN_SHAPE, STABLE
from trimodal.track import Track, empty_track

_COLUMNS = FaceShape().schema["values"].columns


def _shape(points: np.ndarray, starts: list[float] | None = None, people: list[int] | None = None) -> Track:
    count = len(points)
    begin = np.array(starts if starts is not None else np.arange(count) / 10)
    fields = {
        "values": points.astype(np.float32),
        "row": np.arange(count),
        "track": np.array(people or [0] * count, np.int32),
    }
    track = Track(schema=LANDMARKS, times=np.column_stack([begin, begin + 0.1]), fields=fields)
    return FaceShape().extract({"landmarks": track})


def _column(track: Track, name: str) -> np.ndarray:
    return track.values[:, _COLUMNS.index(name)]


def _group(track: Track, start: str, end: str = "") -> np.ndarray:
    return track.values[:, [name.startswith(start) and name.endswith(end) for name in _COLUMNS]]


def _face(seed: int) -> np.ndarray:
    return MEAN_SHAPE * 100 + np.random.default_rng(seed).normal(0, 3, (68, 2))


def test_there_are_316_columns_in_their_groups() -> None:
    assert len(set(_COLUMNS)) == 316
    track = empty_track(FaceShape().schema)
    stable, distances = _group(track, "distance_stable_"), _group(track, "distance_")
    assert _group(track, "", "_from_mean").shape[1] == _group(track, "", "_from_previous").shape[1] == 98
    assert stable.shape[1] == 49
    assert distances.shape[1] - 49 == 37
    assert _group(track, "angle_").shape[1] == 34
    assert _COLUMNS[:4] == ("x17_from_mean", "y17_from_mean", "x18_from_mean", "y18_from_mean")
    assert not {"x60_from_mean", "x64_from_mean", "x16_from_mean"} & set(_COLUMNS)
    assert {"distance_21_36", "distance_26_42", "distance_59_61", "distance_63_65", "angle_17_18_19"} < set(_COLUMNS)


def test_the_mean_shape_differs_from_itself_by_nothing() -> None:
    made = _shape((MEAN_SHAPE * 80 + (30, 40))[None])
    np.testing.assert_allclose(_group(made, "", "_from_mean"), 0, atol=1e-5)
    middle = np.median(MEAN_SHAPE[STABLE], axis=0)
    assert _column(made, "distance_stable_57")[0] == pytest.approx(np.hypot(*(MEAN_SHAPE[57] - middle)), abs=1e-5)
    assert _column(made, "distance_17_18")[0] == pytest.approx(np.hypot(*(MEAN_SHAPE[18] - MEAN_SHAPE[17])), abs=1e-5)


@given(
    scale=st.floats(0.3, 10),
    angle=st.floats(-3.1, 3.1),
    shift=st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
    seed=st.integers(0, 1000),
)
def test_turning_scaling_and_moving_the_face_change_nothing(
    scale: float, angle: float, shift: tuple[float, float], seed: int
) -> None:
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    faces = np.stack([_face(seed), _face(seed + 1)])
    np.testing.assert_allclose(_shape(faces @ turn.T + shift).values, _shape(faces).values, atol=5e-3)


def test_a_point_that_moves_shows_where_and_when() -> None:
    still, moved = MEAN_SHAPE * 100, MEAN_SHAPE * 100
    moved = moved.copy()
    moved[57] += (3, 10)  # the lower lip, which is no stable point
    made = _shape(np.stack([still, moved, moved, still]))
    np.testing.assert_allclose(_column(made, "x57_from_mean"), [0, 0.03, 0.03, 0], atol=1e-5)
    np.testing.assert_allclose(_column(made, "y57_from_mean"), [0, 0.10, 0.10, 0], atol=1e-5)
    np.testing.assert_allclose(_column(made, "x57_from_previous"), [0, 0.03, 0, -0.03], atol=1e-5)
    np.testing.assert_allclose(_column(made, "y57_from_previous"), [0, 0.10, 0, -0.10], atol=1e-5)
    assert np.abs(_column(made, "y48_from_previous")).max() < 1e-5


def test_changes_start_anew_after_a_hole_and_never_mix_people() -> None:
    points = np.stack([_face(seed) for seed in range(6)])
    made = _shape(points, starts=[0.0, 0.0, 0.1, 0.1, 0.5, 0.6], people=[1, 2, 2, 1, 1, 1])
    aligned = _group(made, "", "_from_mean")
    changes = _group(made, "", "_from_previous")
    np.testing.assert_array_equal(changes[[0, 1, 4]], 0)  # first rows of two people, and the first after the hole
    np.testing.assert_allclose(changes[2], aligned[2] - aligned[1], atol=1e-6)
    np.testing.assert_allclose(changes[3], aligned[3] - aligned[0], atol=1e-6)
    np.testing.assert_allclose(changes[5], aligned[5] - aligned[4], atol=1e-6)


def test_a_row_that_is_left_out_is_a_hole() -> None:
    points = np.stack([_face(0), np.zeros((68, 2)), _face(1)])
    made = _shape(points)
    np.testing.assert_array_equal(made.fields["row"], [0, 2])
    np.testing.assert_array_equal(_group(made, "", "_from_previous"), 0)
    assert [(gap.start_seconds, gap.reason) for gap in made.gaps] == [(0.1, "landmarks that coincide")]


def test_angles_are_known_and_those_of_coinciding_points_are_0() -> None:
    points = MEAN_SHAPE * 100
    points[[17, 18, 19]] = [[-60, -50], [-50, -50], [-50, -60]]
    points[[22, 23, 24]] = [[20, -50], [30, -50], [40, -50]]
    points[[63, 65]] = [5, 50]  # closed lips
    made = _shape(points[None])
    assert _column(made, "angle_17_18_19")[0] == pytest.approx(np.pi / 2, abs=1e-5)
    assert _column(made, "angle_22_23_24")[0] == pytest.approx(np.pi, abs=1e-3)
    assert _column(made, "distance_63_65")[0] == 0
    assert _column(made, "angle_62_63_65")[0] == 0


def test_no_landmarks_make_no_rows() -> None:
    assert len(FaceShape().extract({"landmarks": empty_track(LANDMARKS)})) == 0


def test_refuses_a_track_that_holds_no_landmarks() -> None:
    with pytest.raises(TrackError, match="expected a track of face_landmarks"):
        FaceShape().extract({"landmarks": empty_track(FACES)})
