"""Which of a frame's faces to go on with."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from ...track import Schema, Track
from ..base import CPU, Execution, TrackExtractor
from .face_schema import FACES


@dataclass(frozen=True, kw_only=True)
class FaceChoice(TrackExtractor):
    """At most one face per frame, by a policy; the track it chooses from keeps all of them."""

    name: ClassVar[str] = "face_choice"
    needs: ClassVar[tuple[str, ...]] = ("faces",)

    faces: str = "faces"
    """The track of faces to choose from."""
    policy: Literal["largest"] = "largest"
    """``largest``: the box with the largest area, the first detected where two are equal."""

    @property
    def schema(self) -> Schema:
        """The same as that of the faces."""
        return FACES

    def extract(self, track: Track, execution: Execution = CPU) -> Track:
        """Choose a row for every frame."""
        box = track.fields["box"].astype(np.float64)
        area = (box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1])
        order = np.lexsort((-area, track.times[:, 0]))
        _, first = np.unique(track.times[order, 0], return_index=True)
        return track.rows(order[first])
