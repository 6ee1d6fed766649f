"""Finding cuts between shots in consecutive frames."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

_THUMBNAIL = (64, 36)
_MEMORY = 8
_MINIMUM_CHANGE = 10.0
"""Mean change of a pixel, of 255, below which nothing is a cut."""
_SUDDEN = 3.0
"""How many times the change of the frames before a cut's is at least."""


class ShotCuts:
    """Tells whether a frame begins a new shot: it differs from the one before far more than those before it did.

    Comparing with the frames before makes up for motion and sampling rate, the idea of PySceneDetect's adaptive
    detector; its package wants the OpenCV build with windows, which ours would clash with.
    """

    def __init__(self) -> None:
        self._last: NDArray[np.float32] | None = None
        self._changes: deque[float] = deque(maxlen=_MEMORY)

    def begins_at(self, image: NDArray[np.uint8]) -> bool:
        """Whether ``image``, the next frame, begins a shot; the first frame of all does."""
        import cv2

        thumbnail = cv2.resize(image, _THUMBNAIL, interpolation=cv2.INTER_AREA).astype(np.float32)
        last, self._last = self._last, thumbnail
        if last is None:
            return True
        change = float(np.abs(thumbnail - last).mean())
        usual = float(np.mean(self._changes)) if self._changes else _MINIMUM_CHANGE
        if change >= _MINIMUM_CHANGE and change >= _SUDDEN * usual:
            self._changes.clear()
            return True
        self._changes.append(change)
        return False
