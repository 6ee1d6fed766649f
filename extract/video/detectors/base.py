"""What a face detector is: it finds the faces of a picture, and finds a face again near where it was."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""Shape (height, width, 3), RGB."""

_SAME_FACE_IOU = 0.3
_REGION_SCALE = 2.0


@dataclass(frozen=True)
class Detections:
    """The faces of one picture."""

    boxes: NDArray[np.float32]
    """Shape (n, 4): left, top, right, bottom in pixels; may reach past the picture."""
    landmarks: NDArray[np.float32]
    """Shape (n, 5, 2): right eye, left eye, nose, right and left corner of the mouth."""
    confidence: NDArray[np.float32]
    """Shape (n,)."""

    def __len__(self) -> int:
        return len(self.confidence)

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_] | Sequence[int]) -> "Detections":
        """Return the selected faces."""
        rows = np.asarray(index, bool if np.asarray(index).dtype == bool else np.intp)
        return Detections(self.boxes[rows], self.landmarks[rows], self.confidence[rows])

    def moved(self, left: float, top: float, scale: float) -> "Detections":
        """Return the same faces in a picture of which this one shows the part at (left, top), enlarged by ``scale``."""
        boxes = self.boxes / scale + np.array([left, top, left, top])
        landmarks = self.landmarks / scale + np.array([left, top])
        return Detections(boxes.astype(np.float32), landmarks.astype(np.float32), self.confidence)


class Detector(Protocol):
    """Finds faces."""

    def detect(self, image: Image) -> Detections:
        """Return all faces of a picture, none below the detector's minimum confidence."""

    def follow(self, image: Image, boxes: NDArray[np.float32]) -> tuple[Detections, NDArray[np.bool_]]:
        """Look for faces where they were in the picture before.

        Parameters
        ----------
        image
            The picture.
        boxes
            Shape (n, 4): where the faces were.

        Returns
        -------
        Detections
            One face for every box.
        ndarray
            Shape (n,): whether it was found; the others' values mean nothing.
        """


def no_faces(count: int = 0) -> Detections:
    """Return ``count`` faces of which nothing is known yet."""
    zeros = np.zeros((count, 5, 2), np.float32)
    return Detections(np.zeros((count, 4), np.float32), zeros, np.zeros(count, np.float32))


def join(parts: Sequence[Detections]) -> Detections:
    """Return the faces of several lists in one."""
    if not parts:
        return no_faces()
    return Detections(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.landmarks for part in parts]),
        np.concatenate([part.confidence for part in parts]),
    )


def iou(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return intersection over union of every box of one list with every box of the other, shape (n, m)."""
    a, b = one.astype(np.float64)[:, None], other.astype(np.float64)[None]
    width = np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0])
    height = np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1])
    shared = np.clip(width, 0, None) * np.clip(height, 0, None)
    size_a, size_b = ((box[..., 2] - box[..., 0]) * (box[..., 3] - box[..., 1]) for box in (a, b))
    union = size_a + size_b - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0), np.float64)


def follow_in_regions(
    find: Callable[[Image], Detections], image: Image, boxes: NDArray[np.float32], face_pixels: float
) -> tuple[Detections, NDArray[np.bool_]]:
    """Follow faces with any detector: run it on the region around each box, scaled so that the face has a handy size.

    Parameters
    ----------
    find
        The detector.
    image, boxes
        See `Detector.follow`.
    face_pixels
        Size at which the detector sees the face.
    """
    import cv2

    followed = []
    found = np.zeros(len(boxes), bool)
    for number, box in enumerate(boxes.astype(np.float64)):
        side = max(box[2] - box[0], box[3] - box[1], 1.0)
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        half = side * _REGION_SCALE / 2
        left, top = max(0, int(x - half)), max(0, int(y - half))
        region = image[top : max(0, int(y + half)), left : max(0, int(x + half))]
        followed.append(no_faces(1))
        if region.shape[0] < 2 or region.shape[1] < 2:
            continue
        scale = face_pixels / side
        size = (max(1, round(region.shape[1] * scale)), max(1, round(region.shape[0] * scale)))
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        seen = find(np.asarray(cv2.resize(region, size, interpolation=way), np.uint8)).moved(left, top, scale)
        if len(seen):
            overlap = iou(box[None].astype(np.float32), seen.boxes)[0]
            best = int(np.argmax(overlap))
            found[number] = overlap[best] >= _SAME_FACE_IOU
            followed[-1] = seen.take([best])
    return join(followed), found
