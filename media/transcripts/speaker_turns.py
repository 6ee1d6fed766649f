"""Who speaks when, without words: RTTM, as diarisation writes it, and how its speakers get into a transcript."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...errors import TranscriptError
from .collection import entry_of
from .model import Utterance
from .text_file import numbered_lines, read_text
from .values import interval, number

TURNS_SUFFIX = ".rttm"
"""In lower case."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """``[start_seconds, end_seconds)`` in which a speaker speaks, on the recording's clock."""

    speaker: str
    start_seconds: float
    end_seconds: float


def read_turns(path: Path, recording: str) -> tuple[Turn, ...]:
    """Read the lines ``SPEAKER recording channel start duration <NA> <NA> speaker <NA> <NA>`` of an RTTM file.

    Lines of other types are left out.

    Parameters
    ----------
    path
        The file, which may hold many recordings.
    recording
        The stem of the recording's media file.

    Raises
    ------
    TranscriptError
        If a line is not of that form, or none is of the recording.
    """
    lines = numbered_lines(path, read_text(path))
    rows = [(where, line.split()) for where, line in lines if line.startswith("SPEAKER")]
    for where, fields in rows:
        if len(fields) < 8:
            raise TranscriptError(f"{where}: has {len(fields)} fields; expected SPEAKER and at least 7 others of RTTM")
    entry = entry_of(path, recording, (fields[1] for _, fields in rows))
    turns = []
    for where, fields in rows:
        if fields[1] == entry:
            start = number(where, fields[3])
            start, end = interval(where, start, start + number(where, fields[4]))
            turns.append(Turn(speaker=fields[7], start_seconds=start, end_seconds=end))
    return tuple(turns)


def assign_speakers(utterances: Iterable[Utterance], turns: Sequence[Turn]) -> tuple[Utterance, ...]:
    """Give every utterance without a speaker the one whose turns share most time with it.

    An utterance without times, or in which nobody has a turn, stays without one.
    """
    names, number_of = np.unique([turn.speaker for turn in turns], return_inverse=True)
    starts = np.array([turn.start_seconds for turn in turns], np.float64)
    ends = np.array([turn.end_seconds for turn in turns], np.float64)

    def assigned(utterance: Utterance) -> Utterance:
        if utterance.speaker or utterance.start_seconds is None or utterance.end_seconds is None:
            return utterance
        shared = np.minimum(ends, utterance.end_seconds) - np.maximum(starts, utterance.start_seconds)
        seconds = np.bincount(number_of, np.maximum(shared, 0.0), minlength=1)
        return replace(utterance, speaker=str(names[seconds.argmax()])) if seconds.max() > 0 else utterance

    return tuple(assigned(utterance) for utterance in utterances)
