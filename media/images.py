"""Image sequences: a folder of numbered pictures that is a video, once its frame rate is known."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import MediaError

PICTURE_SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".bmp"))
"""Suffixes, in lower case, of the files of a folder that count as its pictures."""
_NUMBER = re.compile(r"[0-9]+")


@dataclass(frozen=True, kw_only=True)
class ImageSequence:
    """The pictures of a folder in the order of their numbers, and when each is shown.

    Picture n is at ``(n - first) / rate``, where ``first`` is the lowest number of the folder: a number that is missing
    leaves a hole in time.
    """

    pictures: tuple[Path, ...]
    """At least one."""
    numbers: tuple[int, ...]
    """The number of every picture, rising."""
    frames_per_second: float

    def start_seconds(self, position: int) -> float:
        """Return when the picture at a position of `pictures` starts."""
        return (self.numbers[position] - self.numbers[0]) / self.frames_per_second

    def end_seconds(self, position: int) -> float:
        """Return until when the picture at a position of `pictures` is shown: for one period of the rate.

        Taken from the number, so that it equals the start of the next one to the last bit.
        """
        return (self.numbers[position] + 1 - self.numbers[0]) / self.frames_per_second

    def missing_after(self, position: int) -> int:
        """Return how many numbers are missing between the picture at a position and the next one."""
        following = self.numbers[position + 1] if position + 1 < len(self.numbers) else self.numbers[position] + 1
        return following - self.numbers[position] - 1


def list_pictures(folder: Path) -> list[Path]:
    """Return the pictures that lie in a folder itself, by name; names that begin with a dot are left out.

    Raises
    ------
    MediaError
        If the folder cannot be read.
    """
    try:
        files = [file for file in folder.iterdir() if file.suffix.lower() in PICTURE_SUFFIXES and file.is_file()]
    except OSError as error:
        raise MediaError(f"{folder}: {(error.strerror or 'cannot be read').lower()}; expected pictures") from None
    return sorted(file for file in files if not file.name.startswith("."))


def image_sequence(folder: Path, frames_per_second: float | None) -> ImageSequence:
    """Put the pictures of a folder in order, by the last number in their names.

    Raises
    ------
    MediaError
        If there is no picture or no frame rate, or a picture has no number or that of another one.
    """
    pictures = list_pictures(folder)
    if not pictures:
        raise MediaError(f"{folder}: the folder holds no picture; expected {' '.join(sorted(PICTURE_SUFFIXES))}")
    if frames_per_second is None:
        raise MediaError(
            f"{folder}: a folder of pictures needs a frame rate; give it in the column 'fps' of a manifest"
        )
    if not 0 < frames_per_second < float("inf"):
        raise MediaError(f"{folder}: the frame rate must be positive, found {frames_per_second}")
    by_number: dict[int, Path] = {}
    for picture in pictures:
        numbers = _NUMBER.findall(picture.stem)
        if not numbers:
            raise MediaError(f"{picture}: has no number in its name; expected pictures numbered like 00001.png")
        other = by_number.setdefault(int(numbers[-1]), picture)
        if other is not picture:
            raise MediaError(f"{picture}: has the same number as {other.name}; expected every number once")
    ordered = sorted(by_number)
    return ImageSequence(
        pictures=tuple(by_number[number] for number in ordered),
        numbers=tuple(ordered),
        frames_per_second=frames_per_second,
    )


def read_picture(path: Path) -> NDArray[np.uint8] | None:
    """Return a picture, shape (height, width, 3), RGB, upright; None where it cannot be read."""
    import cv2

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # what cannot be read becomes a gap, once
    try:
        # imdecode and not imread, which says the same of a file that is missing and of one that is broken, and on some
        # systems takes ASCII paths only.
        found = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    except (OSError, cv2.error):  # an empty file, or more pixels than OpenCV takes
        return None
    return None if found is None else np.asarray(cv2.cvtColor(found, cv2.COLOR_BGR2RGB), np.uint8)
