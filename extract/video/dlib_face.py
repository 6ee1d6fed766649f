"""dlib's face descriptor: the picture of a face that its network wants, and the vector that it makes of it."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..weights import dlib_weights
from .dlib_box import square
from .dlib_resnet import CHIP_PIXELS, DIMENSIONS, DlibResNet, load_network

_CHIP_PADDING = 0.25


def describer_weights() -> dict[str, Path]:
    """Return the two files that describing needs; they ship in ``face_recognition_models``."""
    return {
        "landmarks5": dlib_weights("shape_predictor_5_face_landmarks.dat"),
        "descriptor": dlib_weights("dlib_face_recognition_resnet_model_v1.dat"),
    }


def describe(image: NDArray[np.uint8], box: NDArray[np.float32], device: str) -> NDArray[np.float32]:
    """Return the descriptor of one face, shape (128,)."""
    return np.asarray(describe_all([image], [box], device)[0], np.float32)


def describe_all(
    images: Sequence[NDArray[np.uint8]], boxes: Sequence[NDArray[np.generic]], device: str
) -> NDArray[np.float32]:
    """Return the descriptors of faces, shape (n, 128).

    Parameters
    ----------
    images
        For every face the RGB picture it is in.
    boxes
        For every face its box, shape (4,).
    device
        A torch device.
    """
    weights = describer_weights()
    chips = [_chip(image, box, str(weights["landmarks5"])) for image, box in zip(images, boxes, strict=True)]
    if not chips:
        return np.zeros((0, DIMENSIONS), np.float32)
    return _network(weights["descriptor"], device).embed(np.stack(chips))


def _chip(image: NDArray[np.uint8], box: NDArray[np.generic], predictor: str) -> NDArray[np.uint8]:
    """Cut a face out as the network was trained on it: by the five landmarks of dlib's own predictor."""
    import dlib

    landmarks = _predictor(predictor)(image, square(box))
    return np.asarray(dlib.get_face_chip(image, landmarks, CHIP_PIXELS, _CHIP_PADDING), np.uint8)


@cache
def _predictor(path: str) -> Any:
    import dlib

    return dlib.shape_predictor(path)


@cache
def _network(path: Path, device: str) -> DlibResNet:
    return load_network(path, device)
