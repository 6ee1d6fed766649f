"""The 68 landmarks of iBUG 300-W: which is where, how they lie on average, and when they can be used.

Points 0 to 16 are the jaw, 17 to 26 the brows, 27 to 35 the nose, 36 to 47 the eyes, 48 to 59 the outer and 60 to 67
the inner edge of the lips. The left of the picture, which is the person's right, comes first.

References
----------
C. Sagonas et al., 300 Faces In-The-Wild Challenge: database and results, Image and Vision Computing 47, 2016
"""

import numpy as np
from numpy.typing import NDArray

from ...errors import TrackError
from ...track import Field, Gap, Schema, Track

POINTS = 68
LANDMARKS = {
    "values": Field(shape=(POINTS, 2), columns=("x", "y"), unit="px"),
    "row": Field(dtype="int64"),
    "track": Field(dtype="int32"),
}
"""One row per face: the points in the frame; the row of the faces track it was made from; the number of its person."""

RIGHT_BROW, LEFT_BROW = np.arange(17, 22), np.arange(22, 27)
RIGHT_EYE, LEFT_EYE = np.arange(36, 42), np.arange(42, 48)
"""From the corner on the left of the picture along the upper lid, and back along the lower one."""
OUTER_EYE_CORNERS = np.array([36, 45])
STABLE = np.array([27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 39, 42, 45])
"""Nose and eye corners, which expressions move least."""

# fmt: off
MEAN_SHAPE = np.array([
    [-0.822, -0.253], [-0.817, -0.035], [-0.793, 0.181], [-0.748, 0.394], [-0.664, 0.591], [-0.533, 0.762],
    [-0.374, 0.905], [-0.199, 1.020], [0.000, 1.054], [0.199, 1.020], [0.374, 0.905], [0.533, 0.762],
    [0.664, 0.591], [0.748, 0.394], [0.793, 0.181], [0.817, -0.035], [0.822, -0.253], [-0.665, -0.412],
    [-0.564, -0.504], [-0.420, -0.531], [-0.271, -0.510], [-0.131, -0.452], [0.131, -0.452], [0.271, -0.510],
    [0.420, -0.531], [0.564, -0.504], [0.665, -0.412], [0.000, -0.282], [0.000, -0.141], [0.000, -0.003],
    [0.000, 0.140], [-0.167, 0.237], [-0.087, 0.267], [0.000, 0.292], [0.087, 0.267], [0.167, 0.237],
    [-0.500, -0.264], [-0.411, -0.315], [-0.304, -0.314], [-0.211, -0.243], [-0.311, -0.225], [-0.417, -0.227],
    [0.211, -0.243], [0.304, -0.314], [0.411, -0.315], [0.500, -0.264], [0.417, -0.227], [0.311, -0.225],
    [-0.320, 0.497], [-0.202, 0.450], [-0.083, 0.426], [0.000, 0.446], [0.083, 0.426], [0.202, 0.450],
    [0.320, 0.497], [0.206, 0.612], [0.090, 0.663], [0.000, 0.672], [-0.090, 0.663], [-0.206, 0.612],
    [-0.271, 0.503], [-0.084, 0.495], [0.000, 0.504], [0.084, 0.495], [0.271, 0.503], [0.086, 0.557],
    [0.000, 0.568], [-0.086, 0.557],
])
MEAN_SHAPE -= MEAN_SHAPE[STABLE].mean(axis=0)
# fmt: on
"""How the points lie on average, shape (68, 2): the mean shape that dlib's predictor starts from, which is that of its
training data (iBUG 300-W). The outer corners of the eyes are 1 apart, the stable points have their mean at 0, and the
y axis points down."""

_FLAT = 0.01
"""Points of which one principal axis is this much shorter than the other lie on a line."""


def measures(columns: tuple[str, ...]) -> Schema:
    """Return the schema of what is measured on landmarks: ``values``, ``row`` of the landmarks, and ``track``."""
    return LANDMARKS | {"values": Field(shape=(len(columns),), columns=columns)}


def usable_rows(track: Track) -> tuple[NDArray[np.intp], tuple[Gap, ...]]:
    """Return the rows of a track of landmarks whose points make a face, and gaps for the others.

    Points make none where the stable ones lie on one line or in one place, or where the corners of an eye coincide.

    Raises
    ------
    TrackError
        If it is no track of landmarks.
    """
    if set(LANDMARKS) - set(track.schema) or track.schema["values"].shape != (POINTS, 2):
        raise TrackError(f"{POINTS} landmarks, row and track are needed; expected a track of face_landmarks")
    points = track.values.astype(np.float64)
    stable = points[:, STABLE]
    axes = np.linalg.svd(stable - stable.mean(axis=1, keepdims=True), compute_uv=False)
    widths = np.linalg.norm(points[:, [36, 42, 36]] - points[:, [39, 45, 45]], axis=2)
    usable = (axes[:, 1] > _FLAT * axes[:, 0]) & (widths > 0).all(axis=1)
    return np.flatnonzero(usable), dropped(track.times[~usable], "landmarks that coincide")


def dropped(times: NDArray[np.float64], reason: str) -> tuple[Gap, ...]:
    """Return the gaps that rows leave which cannot be made, one for every frame."""
    return tuple(Gap(start_seconds=float(a), end_seconds=float(b), reason=reason) for a, b in np.unique(times, axis=0))
