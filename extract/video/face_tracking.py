"""Face tracks: who is who from frame to frame, with few full detections."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...media import Frames
from .detectors.base import Detections, Detector, Image, iou, join, no_faces
from .shots import ShotCuts

Describe = Callable[[Image, NDArray[np.float32]], NDArray[np.float32]]
"""Returns a vector of the face in a box that is close for pictures of one person."""

_SAME_PLACE_IOU = 0.3
_SAME_FACE_IOU = 0.6
_SAME_PERSON_DISTANCE = 0.5
"""dlib's descriptor: pictures of one person are usually less than 0.6 apart, so less is on the safe side."""
_SURROUNDINGS = 0.5
"""How much of a face's size is kept around it, for describing it later."""


@dataclass(frozen=True)
class _Portrait:
    """A picture of a face, kept so that it can be described if need be."""

    image: Image
    box: NDArray[np.float32]


@dataclass(frozen=True)
class _Person:
    """Somebody who is or was in the picture."""

    id: int
    portrait: _Portrait
    last_seen: float
    doubted: bool = False
    """Whether the last full detection did not see the face though it could be followed."""


@dataclass(frozen=True)
class TrackedFaces:
    """The faces of one frame."""

    faces: Detections
    ids: NDArray[np.int32]
    """Shape (n,): the number of each face's track."""


class FaceTracker:
    """Tracks faces through the frames of a video, given in their order.

    The whole frame is searched when a shot begins, when a face is lost, at the end, and after `redetect_seconds`
    (half of that on the last frame of a batch); in between each face is followed near where it was. A face that a
    search finds anew is followed backwards, too, through the frames since the search before (as far as they are in
    the same batch), so that it is not missed there. What a search finds belongs to the track it overlaps most (the
    Hungarian method); otherwise to a track that ended less than `reappear_seconds` ago and looks the same; otherwise
    a new track begins. A cut ends all tracks, and so does a second search in a row that does not see the face.

    Parameters
    ----------
    detector
        Finds and follows faces.
    describe
        Tells people apart.
    redetect_seconds
        Longest time between two searches; 0: every frame is searched.
    reappear_seconds
        How long after its end a track can go on.
    """

    def __init__(
        self, detector: Detector, describe: Describe, redetect_seconds: float, reappear_seconds: float
    ) -> None:
        self._detector = detector
        self._describe = describe
        self._redetect_seconds = redetect_seconds
        self._reappear_seconds = reappear_seconds
        self._cuts = ShotCuts()
        self._faces = no_faces()
        self._people: list[_Person] = []
        self._gone: list[_Person] = []
        self._descriptions: dict[int, NDArray[np.float32]] = {}
        self._next_id = 0
        self._searched_at = float("-inf")

    def track(self, frames: Frames) -> list[TrackedFaces]:
        """Return the faces of every frame of a batch."""
        tracked: list[TrackedFaces] = []
        final = len(frames.pixels) - 1
        unsearched = 0  # first frame of the batch since the search before
        for number, (image, start) in enumerate(zip(frames.pixels, frames.times[:, 0].tolist(), strict=True)):
            is_cut = self._cuts.begins_at(image)
            if is_cut:
                self._gone += self._people
                self._people, self._faces = [], no_faces()
                unsearched = number
            found = self._follow(image)
            patience = self._redetect_seconds
            if number == final:  # what is not found by now cannot be followed back into this batch
                patience = 0.0 if frames.is_last else patience / 2
            if is_cut or not found.all() or start - self._searched_at >= patience:
                new = self._search(image, start, found)
                self._follow_back(new, frames.pixels, tracked, range(unsearched, number))
                unsearched = number + 1
            self._people = [replace(person, last_seen=start) for person in self._people]
            ids = np.array([person.id for person in self._people], np.int32)
            tracked.append(TrackedFaces(self._faces, ids))
        return tracked

    def _follow(self, image: Image) -> NDArray[np.bool_]:
        """Follow every face into the next frame; one that runs onto another's face is lost."""
        if not self._people:
            return np.ones(0, bool)
        followed, found = self._detector.follow(image, self._faces.boxes)
        overlap = np.triu(iou(followed.boxes, followed.boxes), 1) * np.outer(found, found)
        found = found & ~(overlap > _SAME_FACE_IOU).any(axis=0)
        self._faces = Detections(
            np.where(found[:, None], followed.boxes, self._faces.boxes),
            np.where(found[:, None, None], followed.landmarks, self._faces.landmarks),
            np.where(found, followed.confidence, self._faces.confidence),
        )
        return found

    def _search(self, image: Image, start: float, found: NDArray[np.bool_]) -> list[int]:
        """Search the whole frame; return the positions of the faces that were not tracked before."""
        self._searched_at = start
        seen = self._detector.detect(image)
        pairs = _assign(self._faces.boxes, seen.boxes)
        for old, now in pairs:
            portrait = _portrait(image, seen.boxes[now])
            self._people[old] = replace(self._people[old], portrait=portrait, doubted=False)
        unmatched = sorted(set(range(len(self._people))) - {old for old, _ in pairs})
        doubtful = [i for i in unmatched if found[i] and not self._people[i].doubted]
        self._gone += [self._people[i] for i in unmatched if i not in doubtful]
        fresh = sorted(set(range(len(seen))) - {now for _, now in pairs})
        faces = [self._faces.take(doubtful), seen.take([now for _, now in pairs]), seen.take(fresh)]
        people = [replace(self._people[i], doubted=True) for i in doubtful] + [self._people[old] for old, _ in pairs]
        people += [self._recognise(_portrait(image, seen.boxes[now]), start) for now in fresh]
        self._people, self._faces = people, join(faces)
        return list(range(len(people) - len(fresh), len(people)))

    def _follow_back(
        self, new: list[int], images: NDArray[np.uint8], tracked: list[TrackedFaces], numbers: range
    ) -> None:
        """Look for newly found faces in the frames with these numbers, the last first, until they are lost there."""
        ids = np.array([self._people[i].id for i in new], np.int32)
        faces = self._faces.take(new)
        for number in reversed(numbers):
            if not len(ids):
                return
            there = tracked[number]
            followed, found = self._detector.follow(images[number], faces.boxes)
            found &= ~(iou(followed.boxes, there.faces.boxes) > _SAME_PLACE_IOU).any(axis=1)
            found &= ~np.isin(ids, there.ids)
            faces, ids = followed.take(found), ids[found]
            tracked[number] = TrackedFaces(join([there.faces, faces]), np.concatenate([there.ids, ids]))

    def _recognise(self, portrait: _Portrait, start: float) -> _Person:
        """Return the person of whom a portrait is: somebody who left a while ago, or somebody new."""
        self._gone = [person for person in self._gone if start - person.last_seen <= self._reappear_seconds]
        if self._gone:
            description = self._describe(portrait.image, portrait.box)
            distances = [float(np.linalg.norm(description - self._description(person))) for person in self._gone]
            nearest = int(np.argmin(distances))
            if distances[nearest] < _SAME_PERSON_DISTANCE:
                person = self._gone.pop(nearest)
                self._descriptions[person.id] = description
                return replace(person, portrait=portrait, doubted=False)
        self._next_id += 1
        return _Person(self._next_id - 1, portrait, start)

    def _description(self, person: _Person) -> NDArray[np.float32]:
        if person.id not in self._descriptions:
            self._descriptions[person.id] = self._describe(person.portrait.image, person.portrait.box)
        return self._descriptions[person.id]


def _assign(old: NDArray[np.float32], new: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Return the pairs of old and new boxes that overlap enough and together most."""
    from scipy.optimize import linear_sum_assignment

    overlap = iou(old, new)
    rows, columns = linear_sum_assignment(overlap, maximize=True)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if overlap[i, j] >= _SAME_PLACE_IOU]


def _portrait(image: Image, box: NDArray[np.float32]) -> _Portrait:
    """Cut out a face with its surroundings."""
    left, top, right, bottom = box.tolist()
    margin = _SURROUNDINGS * max(right - left, bottom - top)
    x, y = max(0, int(left - margin)), max(0, int(top - margin))
    part = image[y : max(y + 1, int(bottom + margin)), x : max(x + 1, int(right + margin))].copy()
    return _Portrait(part, box - np.array([x, y, x, y], np.float32))
