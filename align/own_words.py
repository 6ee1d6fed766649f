"""Which rows of words belong to a segment by who says them, where several people speak at once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..track import Track
from .timelines import Intervals


def said_by(track: Track, words: Track) -> NDArray[np.generic]:
    """Return the speaker of every row of a track.

    Parameters
    ----------
    track
        The words themselves, or what was made of them: rows for words, or for sub-words and special tokens, which are
        of an utterance and of no word.
    words
        The track of words.
    """
    if "speaker" in track.schema:
        return track.fields["speaker"]
    if "utterance" not in track.schema:
        rows = track.fields["row"].astype(np.intp)
    else:
        utterances, first = np.unique(words.fields["utterance"], return_index=True)
        rows = first[np.searchsorted(utterances, track.fields["utterance"])]
    speakers: NDArray[np.generic] = words.fields["speaker"][rows]
    return speakers


def of_their_speakers(intervals: Intervals, speakers: NDArray[np.generic], of_segments: Sequence[str]) -> Intervals:
    """Return the intervals that the speakers of their segments say; of a segment without speaker all of them.

    Parameters
    ----------
    intervals
        Rows of a track.
    speakers
        The speaker of every row of it.
    of_segments
        The speaker of every segment.
    """
    assert intervals.rows is not None  # checked with the recipe
    counts = np.diff(intervals.offsets)
    segment = np.repeat(np.arange(len(counts)), counts)
    names = np.array(of_segments, object)
    kept = (speakers[intervals.rows].astype(object) == names[segment]) | (names[segment] == "")
    return intervals.take(np.flatnonzero(kept), np.bincount(segment[kept], minlength=len(counts)))
