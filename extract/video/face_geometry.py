"""Head pose, and how far eyes and mouth are open, from the landmarks of a face."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from ...track import Schema, Track
from ..base import CPU, Execution, TrackExtractor
from .ibug68 import LEFT_EYE, MEAN_SHAPE, OUTER_EYE_CORNERS, RIGHT_EYE, STABLE, dropped, measures, usable_rows

_COLUMNS = (
    "pitch_deg",
    "yaw_deg",
    "roll_deg",
    "right_eye_aspect_ratio",
    "left_eye_aspect_ratio",
    "eye_aspect_ratio",
    "mouth_opening",
    "mouth_width",
)
_EYE_CORNERS_METRES = 0.09
_DEPTH_METRES = np.array(
    [0.0, -0.006, -0.013, -0.021, -0.002, -0.007, -0.009, -0.007, -0.002, 0.020, 0.009, 0.009, 0.020]
)
"""How far each stable point lies behind the root of the nose."""
_FACE_MODEL = np.column_stack([MEAN_SHAPE[STABLE] * _EYE_CORNERS_METRES, _DEPTH_METRES - _DEPTH_METRES.mean()])
"""The stable points in space, shape (13, 3), in metres from their mean: x to the right, y down, z away."""


@dataclass(frozen=True, kw_only=True)
class FaceGeometry(TrackExtractor):
    """Head pose, eye aspect ratio and mouth opening of every face.

    **Pose.** The angles between the head and the line of sight to it: pitch is positive when the face looks up, yaw
    when it turns to the right of the picture (the person's left), roll when it is turned clockwise in the picture
    (towards the person's left shoulder). The head is rolled first, then pitched, then turned (``R = Ry Rx Rz``), so
    that pitch and yaw alone say where it looks. All are 0 for a face that looks straight into the camera.

    A track knows neither the camera nor the size of the picture, so two things are assumed. The optical axis goes
    through the middle of the face's stable points: the angles are to the line of sight, and to the camera's axis
    only where the face is in the middle of the picture. And the face is `distance_metres` away, which stands in for the
    focal length: that is the distance times the pixels per metre of the face. Both make the angles independent of where
    in the picture and how large a face is.

    The pose is that of a generic rigid face whose 13 stable points (nose 27 to 35, eye corners 36, 39, 42, 45) are
    projected closest to the landmarks (least squares, Levenberg-Marquardt). Seen from the front it is the mean shape of
    iBUG 300-W with the outer eye corners 90 mm apart. Its depths are round numbers and no measurements: the outer eye
    corners 20 mm and the inner ones 9 mm behind the root of the nose, the tip of the nose 21 mm before it. A face of
    another shape has a constant error, above all in pitch: compare within one person.

    **Eyes.** The eye aspect ratio is ``(|p2 - p6| + |p3 - p5|) / (2 |p1 - p4|)`` (Soukupova and Cech), of either eye
    (the person's own right and left) and the mean of both.

    **Mouth.** The mean distance of the three pairs of opposite points on the inner edge of the lips, and the
    distance of the mouth's outer corners; both over the distance of the outer eye corners. That shrinks when the head
    is turned, so both grow with it.

    Landmarks that coincide or lie on one line make no row, but a gap.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.

    References
    ----------
    T. Soukupova, J. Cech, Real-time eye blink detection using facial landmarks, Computer Vision Winter Workshop 2016

    D. DeMenthon, L. Davis, Model-based object pose in 25 lines of code, IJCV 15, 1995 (where the search starts)
    """

    name: ClassVar[str] = "face_geometry"
    packages: ClassVar[tuple[str, ...]] = ("cv2",)
    needs: ClassVar[tuple[str, ...]] = ("landmarks",)

    landmarks: str = "face_landmarks"
    """The track of landmarks."""
    distance_metres: float = 1.0
    """How far from the camera a face is taken to be; beyond half a metre it matters little."""

    def __post_init__(self) -> None:
        if not 0.2 <= self.distance_metres <= 1000:
            raise ParameterError(f"distance_metres must be from 0.2 to 1000, found {self.distance_metres}")

    @property
    def schema(self) -> Schema:
        """``values``: angles in degrees and ratios without unit; ``row``: the row of the landmarks; ``track``."""
        return measures(_COLUMNS)

    def extract(self, tracks: Mapping[str, Track], execution: Execution = CPU) -> Track:
        """Measure every face."""
        track = tracks["landmarks"]
        rows, unusable = usable_rows(track)
        points = track.values[rows].astype(np.float64)
        values = np.column_stack([_pose(points, self.distance_metres), _openings(points)]).astype(np.float32)
        found = np.isfinite(values).all(axis=1)
        failed = dropped(track.times[rows[~found]], "no head pose fits the landmarks")
        rows = rows[found]
        return Track(
            schema=self.schema,
            times=track.times[rows],
            fields={"values": values[found], "row": rows.astype(np.int64), "track": track.fields["track"][rows]},
            gaps=(*track.gaps, *unusable, *failed),
        )


def _openings(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the two eye aspect ratios and their mean, mouth opening and mouth width, shape (n, 5)."""
    right, left = (_aspect_ratio(points[:, eye]) for eye in (RIGHT_EYE, LEFT_EYE))
    outer = points[:, OUTER_EYE_CORNERS]
    size = np.linalg.norm(outer[:, 1] - outer[:, 0], axis=1)
    opening = np.linalg.norm(points[:, [61, 62, 63]] - points[:, [67, 66, 65]], axis=2).mean(axis=1) / size
    width = np.linalg.norm(points[:, 54] - points[:, 48], axis=1) / size
    return np.column_stack([right, left, (right + left) / 2, opening, width])


def _aspect_ratio(eye: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the eye aspect ratio of eyes of six points, shape (n, 6, 2)."""
    lids = np.linalg.norm(eye[:, [1, 2]] - eye[:, [5, 4]], axis=2).mean(axis=1)
    return np.asarray(lids / np.linalg.norm(eye[:, 0] - eye[:, 3], axis=1), np.float64)


def _pose(points: NDArray[np.float64], distance_metres: float) -> NDArray[np.float64]:
    """Return pitch, yaw and roll in degrees, shape (n, 3)."""
    stable = points[:, STABLE] - points[:, STABLE].mean(axis=1, keepdims=True)
    turns, pixels_per_metre = _scaled_orthographic(stable)
    # In metres where the face is, the focal length is the distance.
    flat = stable / pixels_per_metre[:, None, None]
    for number, (turn, image) in enumerate(zip(turns, flat, strict=True)):
        turns[number] = _refine(turn, image, distance_metres)
    pitch = np.arcsin(np.clip(turns[:, 1, 2], -1, 1))
    yaw = np.arctan2(-turns[:, 0, 2], turns[:, 2, 2])
    roll = np.arctan2(turns[:, 1, 0], turns[:, 1, 1])
    return np.asarray(np.degrees(np.column_stack([pitch, yaw, roll])), np.float64)


def _scaled_orthographic(stable: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return rotations (n, 3, 3) and scales (n,) as seen from afar: one least-squares problem, then orthonormal."""
    axes = (np.linalg.pinv(_FACE_MODEL) @ stable).transpose(0, 2, 1)
    lengths = np.maximum(np.linalg.norm(axes, axis=2), np.finfo(np.float64).tiny)
    first, second = (axes / lengths[:, :, None]).transpose(1, 0, 2)
    left, _, right = np.linalg.svd(np.stack([first, second, np.cross(first, second)], axis=1))
    return np.asarray(left @ right, np.float64), np.asarray(lengths.mean(axis=1), np.float64)


def _refine(turn: NDArray[np.float64], image: NDArray[np.float64], distance: float) -> NDArray[np.float64]:
    """Return the rotation (3, 3) under which the face model, at a distance, is projected closest to the points."""
    import cv2

    camera = np.diag([distance, distance, 1.0])
    start = cv2.Rodrigues(turn)[0]
    away = np.array([[0.0], [0.0], [distance]])
    seen = np.ascontiguousarray(image)
    _, rotation, _ = cv2.solvePnP(_FACE_MODEL, seen, camera, None, start, away, True, cv2.SOLVEPNP_ITERATIVE)
    return np.asarray(cv2.Rodrigues(rotation)[0], np.float64)
