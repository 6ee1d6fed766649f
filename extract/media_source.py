"""One recording's decoded media, each kind decoded at most once per need and only when asked for."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..corpus import Recording, Segment
from ..media import (
    Audio,
    AudioSelection,
    Frames,
    MediaInfo,
    Sampling,
    Utterance,
    probe,
    read_audio,
    read_frames,
    read_samplings,
    read_transcript,
)


class MediaSource:
    """The media of a recording.

    Parameters
    ----------
    recording
        The recording.
    segments
        Its segments.
    work
        The work folder; the decoded sound lies there while it is used.
    """

    def __init__(self, recording: Recording, segments: Sequence[Segment], work: Path) -> None:
        self.recording = recording
        self.segments = segments
        self._work = work
        self._audio: dict[AudioSelection, Audio | None] = {}

    @cached_property
    def info(self) -> MediaInfo:
        """Clock and extent; raises `MediaError`."""
        return probe(self._path, self.recording.frames_per_second, self.recording.rotation_degrees)

    @property
    def has_video(self) -> bool:
        """Whether there are moving pictures."""
        return self.info.video_start_seconds is not None or self.info.video_end_seconds is not None

    @cached_property
    def utterances(self) -> tuple[Utterance, ...] | None:
        """What was said, None where nothing says so; raises `TranscriptError`.

        A transcript file goes before the text that the corpus itself gives.
        """
        if self.recording.transcript is not None:
            return read_transcript(self.recording.transcript)
        return tuple(_spoken(segment) for segment in self.segments if segment.text is not None) or None

    def audio(self, selection: AudioSelection) -> Audio | None:
        """Return the sound, None where there is none."""
        if selection not in self._audio:
            self._work.mkdir(parents=True, exist_ok=True)
            self._audio[selection] = read_audio(self._path, self.info, selection, self._work)
        return self._audio[selection]

    def frames(self, sampling: Sampling, only: NDArray[np.float64] | None = None) -> Iterator[Frames]:
        """Decode the video from the beginning; see `read_frames`."""
        return read_frames(self._path, self.info, sampling, only)

    def samplings(self, samplings: Sequence[Sampling]) -> Iterator[tuple[Sampling, Frames]]:
        """Decode the video once for several samplings; see `read_samplings`."""
        return read_samplings(self._path, self.info, samplings)

    @property
    def _path(self) -> Path:
        return self.recording.media


def _spoken(segment: Segment) -> Utterance:
    is_whole = segment.end_seconds is None and segment.start_seconds == 0
    return Utterance(
        text=segment.text or "",
        start_seconds=None if is_whole else segment.start_seconds,
        end_seconds=segment.end_seconds,
        speaker=segment.speaker,
    )
