"""Geometric features of faces in the manner of the AVEC 2016 challenge."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...track import Schema, Track
from ..base import CPU, Execution, TrackExtractor
from .ibug68 import LEFT_BROW, LEFT_EYE, MEAN_SHAPE, POINTS, RIGHT_BROW, RIGHT_EYE, STABLE, measures, usable_rows

_USED = np.setdiff1d(np.arange(17, POINTS), [60, 64])
"""The 49 points: no jaw, and no inner corners of the mouth."""
_REGIONS = (
    np.concatenate([RIGHT_BROW, RIGHT_EYE]),
    np.concatenate([LEFT_BROW, LEFT_EYE]),
    _USED[_USED >= 48],
)
_SEGMENTS = [pair for region in _REGIONS for pair in pairwise(region.tolist())]
_CORNERS = [(a, b, c) for region in _REGIONS for (a, b), (_, c) in pairwise(pairwise(region.tolist()))]
_COLUMNS = (
    *(f"{axis}{point}_from_mean" for point in _USED for axis in "xy"),
    *(f"{axis}{point}_from_previous" for point in _USED for axis in "xy"),
    *(f"distance_stable_{point}" for point in _USED),
    *(f"distance_{a}_{b}" for a, b in _SEGMENTS),
    *(f"angle_{a}_{b}_{c}" for a, b, c in _CORNERS),
)
_TOUCHING_SECONDS = 1e-3
"""Rows with no more than this between them follow each other."""


@dataclass(frozen=True, kw_only=True)
class FaceShape(TrackExtractor):
    """316 numbers on how a face differs from the mean face and from itself in the frame before.

    The 49 landmarks without the jaw and without the inner corners of the mouth are turned, scaled and moved so that the
    stable points (nose 27 to 35, eye corners 36, 39, 42, 45) come closest to the mean shape of iBUG 300-W. Lengths are
    in distances of its outer eye corners, x to the right of the picture and y down, angles in radians. Numbers in names
    are those of the 68 landmarks:

    - ``x17_from_mean``, ``y17_from_mean``, ...: each point less its place in the mean shape (98);
    - ``x17_from_previous``, ...: each point less itself in the frame before (98). That is the row before of the same
      person, if it ends where this one starts; otherwise 0, so in the first row of a person and after a hole;
    - ``distance_stable_17``, ...: from each point to the median, in x and in y, of the stable points (49);
    - ``distance_17_18``, ...: between neighbours of three open chains in the order of their numbers (10 + 10 + 17):
      right brow and eye (17 to 21, 36 to 41), left brow and eye (22 to 26, 42 to 47), mouth (48 to 67 less 60 and 64);
    - ``angle_17_18_19``, ...: at each inner point of these chains between the lines to its neighbours, from 0 to pi
      (9 + 9 + 16). Where two neighbours coincide, as lips do, there is no angle: it is 0.

    Landmarks that coincide or lie on one line make no row, but a gap.

    Notes
    -----
    The challenge's own program is not public. Its papers give the groups (difference from the mean shape and from the
    frame before, 196; distances and angles in the three regions, 71; distances to the median of the stable points, 49)
    but neither the order of the columns, the mean shape and its unit, the stable points one by one, nor which distances
    and angles are the 71: of the plain choices open chains with their inner angles alone have that sum. The challenge
    tracked its landmarks with another method. So these are features of that kind, not the same numbers.

    References
    ----------
    M. Valstar et al., AVEC 2016: Depression, Mood, and Emotion Recognition Workshop and Challenge, 2016

    F. Ringeval et al., AV+EC 2015: The First Affect Recognition Challenge Bridging Across Audio, Video, and
    Physiological Data, 2015
    """

    name: ClassVar[str] = "face_shape"
    needs: ClassVar[tuple[str, ...]] = ("landmarks",)

    landmarks: str = "face_landmarks"
    """The track of landmarks."""

    @property
    def schema(self) -> Schema:
        """``values``: the 316 features; ``row``: the row of the landmarks; ``track``."""
        return measures(_COLUMNS)

    def extract(self, tracks: Mapping[str, Track], execution: Execution = CPU) -> Track:
        """Align and measure every face."""
        track = tracks["landmarks"]
        rows, unusable = usable_rows(track)
        times, people = track.times[rows], track.fields["track"][rows]
        points = _align(track.values[rows].astype(np.float64))
        used, stable = points[:, _USED], points[:, STABLE]
        groups = [
            (used - MEAN_SHAPE[_USED]).reshape(len(rows), 2 * len(_USED)),
            _from_previous(used, times, people).reshape(len(rows), 2 * len(_USED)),
            np.linalg.norm(used - np.median(stable, axis=1, keepdims=True), axis=2),
            _distances(points),
            _angles(points),
        ]
        values = np.concatenate(groups, axis=1).astype(np.float32)
        return Track(
            schema=self.schema,
            times=times,
            fields={"values": values, "row": rows.astype(np.int64), "track": people},
            gaps=(*track.gaps, *unusable),
        )


def _align(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring the stable points of every row closest to the mean shape by turning, scaling and moving all points.

    Least squares as in `cropping.similarity`, all rows at once; the mean shape's stable points have their mean at 0.
    """
    z = points @ (1, 1j)
    target = MEAN_SHAPE[STABLE] @ (1, 1j)
    z = z - z[:, STABLE].mean(axis=1, keepdims=True)
    stable = z[:, STABLE]
    turn = (stable.conj() @ target) / (np.abs(stable) ** 2).sum(axis=1)
    z = z * turn[:, None]
    return np.stack([z.real, z.imag], axis=2)


def _from_previous(
    used: NDArray[np.float64], times: NDArray[np.float64], people: NDArray[np.generic]
) -> NDArray[np.float64]:
    """Return how far every point has moved since the same person's frame before, 0 where there is none."""
    order = np.lexsort((times[:, 0], people))
    before, after = order[:-1], order[1:]
    follows = people[before] == people[after]
    follows &= times[after, 0] - times[before, 1] <= _TOUCHING_SECONDS
    moved = np.zeros_like(used)
    moved[after[follows]] = used[after[follows]] - used[before[follows]]
    return moved


def _distances(points: NDArray[np.float64]) -> NDArray[np.float64]:
    one, other = np.array(_SEGMENTS).T
    return np.asarray(np.linalg.norm(points[:, one] - points[:, other], axis=2), np.float64)


def _angles(points: NDArray[np.float64]) -> NDArray[np.float64]:
    before, at, after = np.array(_CORNERS).T
    one, other = ((points[:, end] - points[:, at]) @ (1, 1j) for end in (before, after))
    # The argument of a product is stable where the cosine is flat; it is 0 where a line has no length.
    return np.asarray(np.abs(np.angle(one.conj() * other)), np.float64)
