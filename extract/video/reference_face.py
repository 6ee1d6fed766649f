"""The one face of a reference picture, described."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import WeightsError
from .detectors import Mtcnn
from .dlib_face import describe

_MINIMUM_FACE_PIXELS = 40
_MINIMUM_CONFIDENCE = 0.9


def describe_reference(path: Path) -> NDArray[np.float32]:
    """Return the descriptor of the face in a picture, shape (128,).

    Raises
    ------
    WeightsError
        If there is no such file, it is no picture, or it does not show exactly one face.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: no such file; expected a picture of the person to choose")
    return _describe(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _describe(path: Path, mtime_ns: int) -> NDArray[np.float32]:
    import cv2

    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR) if path.stat().st_size else None
    if picture is None:
        raise WeightsError(f"{path}: not a picture that OpenCV reads; expected one of the person to choose")
    image = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
    faces = Mtcnn(_MINIMUM_FACE_PIXELS, _MINIMUM_CONFIDENCE, "cpu").detect(image)
    if len(faces) != 1:
        raise WeightsError(f"{path}: shows {len(faces)} faces; expected a picture of one person")
    return describe(image, faces.boxes[0], "cpu")
