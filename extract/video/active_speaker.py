"""Who of several people in view is speaking: whose mouth moves while a voice is heard."""

import numpy as np
from numpy.typing import NDArray

from ...track import Track

_WINDOW_SECONDS = 0.6
"""How far around a moment mouths are watched: a few syllables."""
_SPEECH = 0.5
"""Probability from which a voice is heard."""
_LONGEST_STEP_SECONDS = 0.3
"""Mouths seen further apart than this say nothing about movement in between."""


def speaking(faces: Track, geometry: Track, voice: Track) -> NDArray[np.float64]:
    """Return how much each face speaks, relative to the others.

    Parameters
    ----------
    faces
        A faces track.
    geometry
        The `face_geometry` track of its faces: mouth opening by person and time.
    voice
        A `voice_activity` track on the same clock.

    Returns
    -------
    ndarray
        Shape (rows of faces,): the mean speed at which the person's mouth opens and closes around the row's time, only
        moments counted at which a voice is heard. Where none is heard around a row, that of the person's nearest
        moment with a voice; 0 for people whose mouth was never seen.
    """
    scores = np.zeros(len(faces))
    opening_column = geometry.schema["values"].columns.index("mouth_opening")
    for person in np.unique(faces.fields["track"]):
        rows = faces.fields["track"] == person
        seen = geometry.fields["track"] == person
        times = geometry.times[seen, 0]
        opening = geometry.values[seen, opening_column].astype(np.float64)
        moments, speed = _speed(times, opening)
        heard = speech_at(voice, moments) >= _SPEECH
        scores[rows] = _mean_around(moments[heard], speed[heard], faces.times[rows, 0])
    return scores


def speech_at(voice: Track, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability of speech at moments; 0 where the sound has none."""
    if not len(voice):
        return np.zeros(len(seconds))
    row = np.searchsorted(voice.times[:, 0], seconds, side="right") - 1
    inside = (row >= 0) & (seconds < voice.times[row, 1])
    speech = voice.values[:, voice.schema["values"].columns.index("speech")].astype(np.float64)
    return np.where(inside, speech[row], 0.0)


def _speed(times: NDArray[np.float64], opening: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the moments between consecutive views of a mouth, and how fast it moved there."""
    step = np.diff(times)
    close = (step > 0) & (step <= _LONGEST_STEP_SECONDS)
    moments = (times[:-1] + times[1:]) / 2
    return moments[close], np.abs(np.diff(opening)[close]) / step[close]


def _mean_around(
    moments: NDArray[np.float64], speed: NDArray[np.float64], at: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean speed within a window around each time; around the nearest moment where there is none."""
    if not len(moments):
        return np.zeros(len(at))
    right = np.clip(np.searchsorted(moments, at), 0, len(moments) - 1)
    left = np.maximum(right - 1, 0)
    nearest = np.where(np.abs(moments[left] - at) <= np.abs(moments[right] - at), moments[left], moments[right])
    centre = np.where(np.abs(nearest - at) <= _WINDOW_SECONDS, at, nearest)
    first = np.searchsorted(moments, centre - _WINDOW_SECONDS, side="left")
    last = np.searchsorted(moments, centre + _WINDOW_SECONDS, side="right")
    sums = np.concatenate([[0.0], np.cumsum(speed)])
    return np.asarray((sums[last] - sums[first]) / (last - first), np.float64)
