"""Rows of tracks that lie outside their recording, where no segment reads them."""

import numpy as np
from numpy.typing import NDArray

from ..track import Gap, Track

TOLERANCE_SECONDS = 0.05
"""How far after the end of a recording, or before its beginning, the middle of a row may lie that a file brings along:
frames of labels, and the last words of transcripts, go on for as long as that by rounding."""


def rows_outside(track: Track, duration_seconds: float) -> list[Gap]:
    """Return the rows with their middle outside the recording: none, or a stretch on either side, or both.

    Parameters
    ----------
    track
        A track whose times are given by a file: words, annotations, features of others.
    duration_seconds
        How long the recording lasts.
    """
    middles = track.times.mean(axis=1)
    early, late = middles < -TOLERANCE_SECONDS, middles > duration_seconds + TOLERANCE_SECONDS
    return [*_stretch(track, early, "before the recording begins"), *_stretch(track, late, "after the recording ends")]


def all_outside(track: Track, duration_seconds: float) -> list[Gap]:
    """Return the stretch of a track that lies outside the recording as a whole: its clock has moved it there.

    Single rows may: windows reach over edges, and the last packet of sound goes on for some milliseconds.
    """
    outside = (track.times[:, 1] <= 0) | (track.times[:, 0] >= duration_seconds)
    return _stretch(track, outside, "outside the recording") if outside.all() else []


def _stretch(track: Track, outside: NDArray[np.bool_], where: str) -> list[Gap]:
    times = track.times[outside]
    if not len(times):
        return []
    reason = f"{len(times)} rows lie {where}"
    return [Gap(start_seconds=float(times[0, 0]), end_seconds=float(times[:, 1].max()), reason=reason)]
