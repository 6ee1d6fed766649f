"""Bringing faces together again with the frames they were found in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..media import Frames
from ..media.video import SAME_TIME_SECONDS
from ..track import Field, Schema, Track

ROW = Field(dtype="int64")
"""The row of the faces track that a row was made from; that track says whose face it is."""


@dataclass(frozen=True)
class FacesInFrames:
    """The faces of one batch of frames."""

    faces: Track
    """Their rows, in the order of time."""
    images: list[NDArray[np.uint8]]
    """For every row the frame it is in, shape (height, width, 3)."""
    rows: NDArray[np.int64]
    """For every row which row of the whole track it is."""


def faces_in_frames(frames: Iterator[Frames], faces: Track) -> Iterator[FacesInFrames]:
    """Yield for every batch of frames the faces whose time is that of one of its frames."""
    for batch in frames:
        yield faces_in_batch(batch, faces)


def faces_in_batch(batch: Frames, faces: Track, first_row: int = 0) -> FacesInFrames:
    """Return the faces whose time is that of a frame of the batch.

    Parameters
    ----------
    batch
        Frames.
    faces
        A track of faces, or consecutive rows of one.
    first_row
        Which row of the whole track the first row of ``faces`` is.
    """
    starts = faces.times[:, 0]
    first = np.searchsorted(starts, batch.times[:, 0] - SAME_TIME_SECONDS)
    last = np.searchsorted(starts, batch.times[:, 0] + SAME_TIME_SECONDS, side="right")
    of_frame = [np.arange(a, b, dtype=np.int64) for a, b in zip(first, last, strict=True)]
    rows = np.concatenate([np.zeros(0, np.int64), *of_frame])
    frame_of_row = np.repeat(np.arange(len(first)), last - first)
    return FacesInFrames(faces.rows(rows), [batch.pixels[frame] for frame in frame_of_row], first_row + rows)


def rows_of_faces(
    batches: Iterator[FacesInFrames], schema: Schema, make: Callable[[FacesInFrames], NDArray[np.generic]]
) -> Iterator[Track]:
    """Yield a piece of a track for every batch of frames, one row for every face.

    Parameters
    ----------
    batches
        The faces with their frames.
    schema
        Has the fields ``values`` and `ROW`.
    make
        Returns the values of at least one face, one row each.
    """
    for found in batches:
        values = make(found) if found.images else schema["values"].empty()
        yield Track(schema=schema, times=found.faces.times, fields={"values": values, "row": found.rows})
