"""Pictures of a real face that a detector finds, and others without one."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import skimage.data

WIDTH, HEIGHT = 200, 152


def portrait(number: int) -> np.ndarray:
    """Return a picture of a face that moves a little with its number, shape (152, 200, 3), RGB."""
    return _portraits()[number % 10]


def nobody(number: int) -> np.ndarray:
    """Return a picture without a face."""
    return np.full((HEIGHT, WIDTH, 3), 90 + number % 20, np.uint8)


@lru_cache(maxsize=1)
def _portraits() -> list[np.ndarray]:
    picture = skimage.data.astronaut()[:300]
    cuts = [picture[:, left : left + 395] for left in range(60, 80, 2)]
    return [cv2.resize(cut, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) for cut in cuts]


def write_pictures(folder: Path, pictures: Iterable[tuple[int, np.ndarray]]) -> None:
    """Write numbered pictures as ``00000.png``, ..."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, pixels in pictures:
        cv2.imwrite(str(folder / f"{number:05d}.png"), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
