from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.errors import ParameterError, TrackError
from trimodal.extract.face_frames import faces_in_frames
from trimodal.extract.video.face_geometry import _FACE_MODEL, FaceGeometry
from trimodal.extract.video.face_landmarks import FaceLandmarks
from trimodal.extract.video.face_schema import FACES
from trimodal.extract.video.faces import Faces
from trimodal.extract.video.ibug68 import LANDMARKS, MEAN_SHAPE, STABLE
from trimodal.media import Sampling, probe, read_frames
from trimodal.track import Gap, Track, concatenate, empty_track

_PIXELS = 100


def _landmarks(points: np.ndarray, gaps: tuple[Gap, ...] = ()) -> Track:
    count = len(points)
    fields = {
        "values": points.astype(np.float32),
        "row": np.arange(count),
        "track": np.arange(count, dtype=np.int32),
    }
    times = np.arange(count)[:, None] / 10 + [0.0, 0.1]
    return Track(schema=LANDMARKS, times=times, fields=fields, gaps=gaps)


def _measure(points: np.ndarray, **parameters: float) -> dict[str, np.ndarray]:
    geometry = FaceGeometry(**parameters)  # type: ignore[arg-type]
    made = geometry.extract({"landmarks": _landmarks(points)})
    return dict(zip(geometry.schema["values"].columns, made.values.T, strict=True))


def _seen(pitch: float, yaw: float, roll: float, distance: float = 1.0, focal: float = 800.0) -> np.ndarray:
    """Return the model's stable points as a camera sees them: rolled, then pitched up, then turned to the right."""
    p, y, r = np.radians([pitch, yaw, roll])
    rolled = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])  # x towards y: clockwise
    pitched = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])  # the front, -z, towards -y
    turned = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])  # the front, -z, towards x
    space = _FACE_MODEL @ (turned @ pitched @ rolled).T + (0, 0, distance)
    points = np.zeros((68, 2))
    points[:] = MEAN_SHAPE * _PIXELS
    points[STABLE] = focal * space[:, :2] / space[:, 2:]
    return points


@given(pitch=st.floats(-40, 40), yaw=st.floats(-60, 60), roll=st.floats(-170, 170), focal=st.floats(100, 5000))
def test_finds_the_pose_of_the_projected_model(pitch: float, yaw: float, roll: float, focal: float) -> None:
    found = _measure(_seen(pitch, yaw, roll, focal=focal)[None])
    angles = [found["pitch_deg"][0], found["yaw_deg"][0], found["roll_deg"][0]]
    np.testing.assert_allclose(angles, [pitch, yaw, roll], atol=0.5)


def test_signs_of_the_angles() -> None:
    up = _seen(20, 0, 0)
    assert up[30, 1] - up[27, 1] < _seen(0, 0, 0)[30, 1] - _seen(0, 0, 0)[27, 1]  # the tip of the nose rises
    right = _seen(0, 20, 0)
    assert right[30, 0] > right[27, 0]  # and goes to the right of the picture
    clockwise = _seen(0, 0, 20)
    assert clockwise[45, 1] > clockwise[36, 1]  # the eye on the right of the picture is lower


@pytest.mark.parametrize("distance", [0.5, 3.0])
def test_distance_stands_for_perspective(distance: float) -> None:
    points = _seen(15, -30, 10, distance=distance)[None]
    right, default = _measure(points, distance_metres=distance), _measure(points)
    for name, truth in (("pitch_deg", 15), ("yaw_deg", -30), ("roll_deg", 10)):
        assert abs(right[name][0] - truth) < 0.1
        assert abs(default[name][0] - truth) < 3  # and matters little


@given(scale=st.floats(0.2, 20), x=st.floats(-500, 2000), y=st.floats(-500, 2000))
def test_neither_place_nor_size_in_the_picture_changes_anything(scale: float, x: float, y: float) -> None:
    points = _seen(10, 20, -15)[None]
    before, after = _measure(points), _measure(points * scale + (x, y))
    for name, value in before.items():
        np.testing.assert_allclose(after[name], value, atol=0.1 if name.endswith("deg") else 2e-3)


def test_openings_computed_by_hand() -> None:
    points = MEAN_SHAPE * _PIXELS
    points[36:42] = [[0, 0], [10, -3], [20, -5], [30, 0], [20, 1], [10, 3]]  # lids 6 and 6 apart, corners 30
    points[42:48] = [[70, 0], [80, -3], [90, -3], [100, 0], [90, 3], [80, 0]]  # lids 3 and 6 apart, corners 30
    points[27:36, 1] += 40
    points[[48, 54]] = [[20, 80], [70, 80]]
    points[[61, 62, 63]] = [[40, 78], [45, 77], [50, 78]]
    points[[67, 66, 65]] = [[40, 82], [45, 87], [50, 82]]
    found = _measure(points[None])
    assert found["right_eye_aspect_ratio"][0] == pytest.approx(6 / 30)
    assert found["left_eye_aspect_ratio"][0] == pytest.approx(4.5 / 30)
    assert found["eye_aspect_ratio"][0] == pytest.approx(5.25 / 30)
    assert found["mouth_opening"][0] == pytest.approx(6 / 100)  # (4 + 10 + 4) / 3 over 100
    assert found["mouth_width"][0] == pytest.approx(50 / 100)


def test_landmarks_that_make_no_face_leave_a_gap_and_row_says_which_remain() -> None:
    face, same, line = MEAN_SHAPE * _PIXELS, np.full((68, 2), 3.0), np.arange(136).reshape(68, 2)
    shut = face.copy()
    shut[36] = shut[39]
    before = (Gap(start_seconds=5.0, end_seconds=6.0, reason="no face"),)
    made = FaceGeometry().extract({"landmarks": _landmarks(np.stack([same, face, line, shut, face]), before)})
    np.testing.assert_array_equal(made.fields["row"], [1, 4])
    np.testing.assert_array_equal(made.fields["track"], [1, 4])
    np.testing.assert_allclose(made.times[:, 0], [0.1, 0.4])
    assert made.gaps[0] == before[0]
    assert [round(gap.start_seconds, 3) for gap in made.gaps[1:]] == [0.0, 0.2, 0.3]
    assert {gap.reason for gap in made.gaps[1:]} == {"landmarks that coincide"}


@given(seed=st.integers(0, 10**6), size=st.sampled_from([1e-3, 1.0, 1e6]))
def test_any_points_make_finite_rows_or_gaps(seed: int, size: float) -> None:
    points = np.random.default_rng(seed).integers(-3, 3, (4, 68, 2)) * size
    made = FaceGeometry().extract({"landmarks": _landmarks(points)})  # a Track refuses what is not finite
    assert len(made) + len(made.gaps) == 4


def test_no_landmarks_make_no_rows() -> None:
    made = FaceGeometry().extract({"landmarks": empty_track(LANDMARKS)})
    assert len(made) == 0
    assert not made.gaps


def test_refuses_a_track_that_holds_no_landmarks() -> None:
    with pytest.raises(TrackError, match="expected a track of face_landmarks"):
        FaceGeometry().extract({"landmarks": empty_track(FACES)})


@pytest.mark.parametrize("distance", [0.1, 2000.0, float("nan")])
def test_refuses_distances_outside_their_range(distance: float) -> None:
    with pytest.raises(ParameterError, match=r"distance_metres must be from 0\.2 to 1000, found"):
        FaceGeometry(distance_metres=distance)


@pytest.mark.parametrize(("clip", "mirrored"), [("happy", False), ("table", True)])
def test_roll_follows_the_portrait_and_nothing_else_moves(sample: Path, clip: str, mirrored: bool) -> None:
    path = sample / f"{clip}.mp4"
    faces, landmarks = Faces(sampling=Sampling(fps=4)), FaceLandmarks()
    found = concatenate(faces.schema, list(faces.extract(read_frames(path, probe(path), faces.sampling))))
    frames = read_frames(path, probe(path), Sampling(), only=found.times[:, 0])
    points = concatenate(landmarks.schema, list(landmarks.extract(faces_in_frames(frames, found))))
    geometry = FaceGeometry()
    made = geometry.extract({"landmarks": points})
    pitch, yaw, roll, _, _, eyes, opening, width = made.values.T
    counter_clockwise = 6 * np.sin(1.7 * made.times[:, 0])  # as examples/make_sample.py turns the portrait
    truth = counter_clockwise if mirrored else -counter_clockwise
    assert (roll - truth).std() < 0.5  # the head is tilted in the portrait itself
    assert abs((roll - truth).mean()) < 5
    assert pitch.std() < 2
    assert yaw.std() < 2
    assert np.abs([pitch.mean(), yaw.mean()]).max() < 10  # she looks into the camera
    assert eyes.std() < 0.03
    assert 0.2 < eyes.mean() < 0.5
    assert opening.std() < 0.03
    assert 0.5 < width.mean() < 1
