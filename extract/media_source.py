"""One recording's decoded media on its clock, each kind decoded at most once per need and only when asked for."""

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
from ..media.adjusted import adjusted_audio, adjusted_frames, adjusted_info, adjusted_utterances, first_time
from ..media.clock import ClockMap, Stream, clock_map


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
    file_info
        Clock and extent as the file says, where they are known.
    """

    def __init__(
        self, recording: Recording, segments: Sequence[Segment], work: Path, file_info: MediaInfo | None = None
    ) -> None:
        self.recording = recording
        self.segments = segments
        self._work = work
        self._file_info = file_info
        self._audio: dict[AudioSelection, Audio | None] = {}

    @cached_property
    def file_info(self) -> MediaInfo:
        """Clock and extent as the file says; raises `MediaError`."""
        if self._file_info is not None:
            return self._file_info
        return probe(self._path, self.recording.frames_per_second, self.recording.rotation_degrees)

    @cached_property
    def info(self) -> MediaInfo:
        """Clock and extent after the recording's adjustments; raises `MediaError`."""
        return adjusted_info(self.file_info, self._audio_clock, self._video_clock)

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
            found = read_transcript(self.recording.transcript, self.recording.media.stem)
            clock = self._clock("transcript", first_time(found))
            return found if clock is None else adjusted_utterances(found, clock)
        return tuple(_spoken(segment) for segment in self.segments if segment.text is not None) or None

    def audio(self, selection: AudioSelection) -> Audio | None:
        """Return the sound, None where there is none."""
        if selection not in self._audio:
            self._work.mkdir(parents=True, exist_ok=True)
            found = read_audio(self._path, self.file_info, selection, self._work)
            clock = self._audio_clock
            if found is not None and clock is not None:
                found = adjusted_audio(found, clock, self._work)
            self._audio[selection] = found
        return self._audio[selection]

    def frames(self, sampling: Sampling, only: NDArray[np.float64] | None = None) -> Iterator[Frames]:
        """Decode the video from the beginning; see `read_frames`. Frames are sampled by their native times."""
        clock = self._video_clock
        if clock is None:
            return read_frames(self._path, self.file_info, sampling, only)
        native = None if only is None else clock.inverse().apply(only)
        return (adjusted_frames(frames, clock) for frames in read_frames(self._path, self.file_info, sampling, native))

    def samplings(self, samplings: Sequence[Sampling]) -> Iterator[tuple[Sampling, Frames]]:
        """Decode the video once for several samplings; see `read_samplings` and `frames`."""
        read, clock = read_samplings(self._path, self.file_info, samplings), self._video_clock
        return read if clock is None else ((sampling, adjusted_frames(frames, clock)) for sampling, frames in read)

    @property
    def _audio_clock(self) -> ClockMap | None:
        return self._clock("audio", self.file_info.audio_start_seconds)

    @property
    def _video_clock(self) -> ClockMap | None:
        return self._clock("video", self.file_info.video_start_seconds)

    def _clock(self, stream: Stream, first_seconds: float | None) -> ClockMap | None:
        """Return the map of a stream's times; None: they stay, or there are none."""
        adjustment = self.recording.clock.get(stream)
        return None if adjustment is None or first_seconds is None else clock_map(adjustment, first_seconds)

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
