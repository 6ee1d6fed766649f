"""One recording's decoded media, each kind decoded at most once per need and only when asked for."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..corpus import Recording
from ..media import (
    Audio,
    Frames,
    MediaInfo,
    Sampling,
    Utterance,
    probe,
    read_audio,
    read_frames,
    read_transcript,
)


class MediaSource:
    """The media of a recording.

    Parameters
    ----------
    recording
        The recording.
    spoken
        Utterances that the corpus itself gives; they come before a transcript file. None: read the file.
    """

    def __init__(self, recording: Recording, spoken: Sequence[Utterance] | None) -> None:
        self._recording = recording
        self._spoken = spoken
        self._audio: dict[int, Audio | None] = {}

    @cached_property
    def info(self) -> MediaInfo:
        """Clock and extent; raises `MediaError`."""
        return probe(self._path, self._recording.frames_per_second)

    @cached_property
    def utterances(self) -> tuple[Utterance, ...] | None:
        """What was said, None where nothing says so; raises `TranscriptError`."""
        if self._spoken is not None:
            return tuple(self._spoken)
        return None if self._recording.transcript is None else read_transcript(self._recording.transcript)

    def audio(self, rate: int) -> Audio | None:
        """Return the sound at ``rate`` samples per second, None where there is none."""
        if rate not in self._audio:
            self._audio[rate] = read_audio(self._path, self.info, rate)
        return self._audio[rate]

    def frames(self, sampling: Sampling, only: NDArray[np.float64] | None = None) -> Iterator[Frames]:
        """Decode the video from the beginning; see `read_frames`."""
        return read_frames(self._path, self.info, sampling, only)

    @property
    def _path(self) -> Path:
        return self._recording.media
