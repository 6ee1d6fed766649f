"""Which of a frame's faces to go on with."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from ...track import Schema, Track
from ..base import CPU, Execution, TrackExtractor
from .active_speaker import speaking
from .face_schema import FACES
from .reference_face import describe_reference

_SAME_PERSON_DISTANCE = 0.6
"""dlib's own threshold for its descriptor."""


@dataclass(frozen=True, kw_only=True)
class FaceChoice(TrackExtractor):
    """At most one face per frame (but for ``all``), by a policy; the track it chooses from keeps all of them.

    Raises
    ------
    ParameterError
        If a policy lacks what it needs, or has what only another needs.
    """

    name: ClassVar[str] = "face_choice"
    version: ClassVar[int] = 2

    faces: str = "faces"
    """The track of faces to choose from."""
    policy: Literal["all", "largest", "central", "confident", "longest", "half", "reference", "speaker"] = "largest"
    """``all``: every face; ``largest``: in every frame the box with the largest area; ``central``: the one whose
    middle is nearest to the frame's; ``confident``: the one of which the detector is surest; ``longest``: the person
    who is in view longest, and nobody where that person is not; ``half``: the largest whose middle is in the given half
    of the frame (split screens); ``reference``: the person whose descriptors come nearest to the face in a picture, and
    nobody if none comes near; ``speaker``: the person whose mouth moves while a voice is heard, at the nearest moment
    with a voice where there is none."""
    half: Literal["left", "right"] | None = None
    """For ``half``: which half of the frame, as it is seen."""
    reference: str = ""
    """For ``reference``: path of a picture with one face."""
    embedding: str = "face_embedding"
    """For ``reference``: the track of dlib descriptors of all faces of ``faces``."""
    geometry: str = "face_geometry"
    """For ``speaker``: the geometry track of all faces of ``faces``."""
    voice: str = "voice_activity"
    """For ``speaker``: the track of voice activity."""

    def __post_init__(self) -> None:
        if (self.policy == "half") != (self.half is not None):
            raise ParameterError("'half: left' or 'half: right' goes with 'policy: half' and with no other")
        if (self.policy == "reference") != bool(self.reference):
            raise ParameterError("'reference', the path of a picture, goes with 'policy: reference' and with no other")

    def needed_fields(self) -> tuple[str, ...]:
        """Return ``faces``, and what else the policy looks at."""
        more = {"reference": ("embedding",), "speaker": ("geometry", "voice")}
        return ("faces", *more.get(self.policy, ()))

    def needed_packages(self) -> tuple[str, ...]:
        """Return what describing the reference imports."""
        return ("facenet_pytorch", "torch", "dlib", "cv2") if self.policy == "reference" else ()

    @property
    def schema(self) -> Schema:
        """The same as that of the faces."""
        return FACES

    def weights(self) -> dict[str, Path]:
        """Return the reference, whose content decides what comes out; it must show one face (`WeightsError`)."""
        if self.policy != "reference":
            return {}
        path = Path(self.reference).expanduser()
        describe_reference(path)  # a picture that is of no use is found before hours of video are decoded
        return {"reference": path}

    def extract(self, tracks: Mapping[str, Track], execution: Execution = CPU) -> Track:
        """Choose a row for every frame."""
        faces = tracks["faces"]
        if not len(faces) or self.policy == "all":
            return faces
        rows = np.arange(len(faces))
        if self.policy == "half":
            middle = _middles(faces)[:, 0]
            rows = rows[(middle < 0) == (self.half == "left")]
        elif self.policy == "longest":
            rows = rows[faces.fields["track"] == _longest(faces)]
        elif self.policy == "reference":
            rows = self._like_reference(faces, tracks["embedding"])
        merit = _areas(faces)
        if self.policy == "central":
            merit = -np.linalg.norm(_middles(faces), axis=1)
        elif self.policy == "confident":
            merit = faces.fields["confidence"].astype(np.float64)
        elif self.policy == "speaker":
            merit = speaking(faces, tracks["geometry"], tracks["voice"])
        return faces.rows(best_of_each_frame(faces.times[:, 0], rows, merit))

    def _like_reference(self, faces: Track, embedding: Track) -> NDArray[np.intp]:
        """Return the rows of the person whose middle distance to the reference is smallest, if that is small enough."""
        wanted = describe_reference(self.weights()["reference"])
        distance = np.full(len(faces), np.nan)
        described = embedding.fields["row"].astype(np.intp)
        distance[described] = np.linalg.norm(embedding.values.astype(np.float64) - wanted, axis=1)
        track = faces.fields["track"]
        medians = {
            int(person): float(np.median(distance[described][track[described] == person]))
            for person in np.unique(track[described])
        }
        nearest = min(medians, key=lambda person: medians[person], default=-1)
        is_near = medians.get(nearest, np.inf) < _SAME_PERSON_DISTANCE
        return np.flatnonzero((track == nearest) & is_near)


def best_of_each_frame(
    starts: NDArray[np.float64], rows: NDArray[np.intp], merit: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Return, of the given rows, for every frame the one with the highest merit, the first where several have it."""
    order = rows[np.lexsort((rows, -merit[rows], starts[rows]))]
    _, first = np.unique(starts[order], return_index=True)
    return order[first]


def _areas(faces: Track) -> NDArray[np.float64]:
    box = faces.fields["box"].astype(np.float64)
    return np.asarray((box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1]), np.float64)


def _middles(faces: Track) -> NDArray[np.float64]:
    """Middles of the boxes from the frame's middle, in frame sizes: (-0.5, -0.5) is the upper left corner."""
    box = faces.fields["box"].astype(np.float64)
    return np.asarray((box[:, :2] + box[:, 2:]) / 2 / faces.fields["frame_size"].astype(np.float64) - 0.5, np.float64)


def _longest(faces: Track) -> int:
    """Return the person who is in view for the most seconds, the first where several are."""
    people, number = np.unique(faces.fields["track"], return_inverse=True)
    seconds = np.bincount(number, weights=faces.times[:, 1] - faces.times[:, 0])
    return int(people[int(np.argmax(seconds))])
