"""MTCNN as facenet-pytorch ships it, followed with its last network alone."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import Detections, Image, no_faces

_FOLLOWED_CONFIDENCE = 0.7
"""Probability from which a face that was there in the frame before is still there: the network's own threshold in the
cascade. A new face has to be clearer."""
_OUTPUT_PIXELS = 48
"""Size of a face for the last network."""


class Mtcnn:
    """Zhang et al., Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks, 2016.

    A face is followed by giving its last box to the third network of the cascade, which says whether it is still a
    face, where its edges are, and where its landmarks: the answer of the whole cascade for a hundredth of the work.

    Parameters
    ----------
    minimum_face_pixels
        Smallest face to look for.
    minimum_confidence
        Probability below which a face is none.
    device
        A torch device.
    """

    def __init__(self, minimum_face_pixels: int, minimum_confidence: float, device: str) -> None:
        self._cascade = _cascade(minimum_face_pixels, device)
        self._minimum_confidence = minimum_confidence
        self._device = device

    def detect(self, image: Image) -> Detections:
        """Return all faces of a picture."""
        if min(image.shape[:2]) < self._cascade.min_face_size:
            return no_faces()
        boxes, confidence, landmarks = self._cascade.detect(image, landmarks=True)
        if boxes is None:
            return no_faces()
        found = Detections(
            np.asarray(boxes, np.float32), np.asarray(landmarks, np.float32), np.asarray(confidence, np.float32)
        )
        return found.take(found.confidence >= self._minimum_confidence)

    def follow(self, image: Image, boxes: NDArray[np.float32]) -> tuple[Detections, NDArray[np.bool_]]:
        """Look for faces where they were in the picture before, and a little around; see `Detector.follow`."""
        faces = self._refine(image, _squares(boxes))
        found = faces.confidence >= _FOLLOWED_CONFIDENCE
        for number in np.flatnonzero(~found):
            around = self._refine(image, _around(_squares(boxes[number : number + 1])[0]))
            best = int(np.argmax(around.confidence))
            if around.confidence[best] >= _FOLLOWED_CONFIDENCE:
                found[number] = True
                faces.boxes[number], faces.landmarks[number] = around.boxes[best], around.landmarks[best]
                faces.confidence[number] = around.confidence[best]
        return faces, found

    def _refine(self, image: Image, squares: NDArray[np.float64]) -> Detections:
        """Return what the third network sees in each square; confidence is 0 outside the picture."""
        import torch

        crops = [_crop(image, square) for square in squares]
        inside = np.array([crop is not None for crop in crops], bool)
        if not inside.any():
            return no_faces(len(squares))
        with torch.inference_mode():
            batch = torch.from_numpy(np.stack([crop for crop in crops if crop is not None])).to(self._device)
            shift, points, face = self._cascade.onet((batch.permute(0, 3, 1, 2).float() - 127.5) / 128)
        size = (squares[inside, 2:] - squares[inside, :2] + 1)[:, None, :]
        corners = squares[inside].reshape(-1, 2, 2) + shift.cpu().numpy().reshape(-1, 2, 2) * size
        # The network gives the five abscissae first, then the five ordinates, as fractions of the square.
        landmarks = squares[inside, None, :2] + points.cpu().numpy().reshape(-1, 2, 5).transpose(0, 2, 1) * size
        faces = no_faces(len(squares))
        faces.boxes[inside] = corners.reshape(-1, 4)
        faces.landmarks[inside] = landmarks
        faces.confidence[inside] = face[:, 1].cpu().numpy()
        return faces


@cache
def _cascade(minimum_face_pixels: int, device: str) -> Any:
    from facenet_pytorch import MTCNN

    return MTCNN(keep_all=True, min_face_size=minimum_face_pixels, device=device)


def _squares(boxes: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the squares around boxes, with their centre and their longer side."""
    corners = boxes.astype(np.float64)
    centre = (corners[:, :2] + corners[:, 2:]) / 2
    half = (corners[:, 2:] - corners[:, :2]).max(axis=1, keepdims=True) / 2
    return np.concatenate([centre - half, centre + half], axis=1)


def _around(square: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return squares near one: smaller, larger, and moved to every side."""
    centre, half = (square[:2] + square[2:]) / 2, (square[2] - square[0]) / 2
    moves = np.array([(0, 0, 0.8), (0, 0, 1.25), (0.3, 0, 1), (-0.3, 0, 1), (0, 0.3, 1), (0, -0.3, 1)])
    centres = centre + moves[:, :2] * half
    halves = moves[:, 2:] * half
    return np.concatenate([centres - halves, centres + halves], axis=1)


def _crop(image: Image, square: NDArray[np.float64]) -> Image | None:
    """Return the part of a square that lies in the picture, as the network wants it; None where nothing does."""
    import cv2

    left, top, right, bottom = (round(edge) for edge in square.tolist())
    part = image[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    if min(part.shape[:2]) < 2:
        return None
    return np.asarray(cv2.resize(part, (_OUTPUT_PIXELS, _OUTPUT_PIXELS), interpolation=cv2.INTER_AREA), np.uint8)
