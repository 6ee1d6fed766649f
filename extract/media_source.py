"""One recording's decoded media on its clock, each kind decoded at most once per need and only when asked for."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain
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
    assign_speakers,
    no_media,
    probe,
    read_audio,
    read_frames,
    read_samplings,
    read_transcript,
    read_turns,
    with_sound,
)
from ..media.adjusted import adjusted_audio, adjusted_frames, adjusted_info, adjusted_utterances, first_time
from ..media.clock import ClockMap, Shift, Stream, clock_map


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
        return probe_recording(self.recording)

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

        A transcript file of the recording goes before those of its segments, and these before the text that the corpus
        itself gives. Utterances that name no speaker have that of the recording's turns.
        """
        if self.recording.transcript is not None:
            found = self._with_speakers(read_transcript(self.recording.transcript, self._name))
            clock = self._clock("transcript", first_time(found))
            return found if clock is None else adjusted_utterances(found, clock)
        spoken = [self._spoken(segment) for segment in self.segments if segment.transcript or segment.text is not None]
        return self._with_speakers(tuple(chain.from_iterable(spoken))) if spoken else None

    @property
    def texts(self) -> tuple[Utterance, ...] | None:
        """What was said by the text that the corpus gives of segments, whatever transcript files say; None: none."""
        written = tuple(self._written(segment) for segment in self.segments if segment.text is not None)
        return self._with_speakers(written) or None

    def audio(self, selection: AudioSelection) -> Audio | None:
        """Return the sound, None where there is none."""
        if selection not in self._audio:
            self._work.mkdir(parents=True, exist_ok=True)
            path = self.recording.sound or self.recording.media
            info = self.file_info if self.recording.sound is None else probe(self.recording.sound)
            found = None if path is None else read_audio(path, info, selection, self._work)
            clock = self._audio_clock
            if found is not None and clock is not None:
                found = adjusted_audio(found, clock, self._work)
            self._audio[selection] = found
        return self._audio[selection]

    def frames(self, sampling: Sampling, only: NDArray[np.float64] | None = None) -> Iterator[Frames]:
        """Decode the video from the beginning; see `read_frames`. Frames are sampled by their native times."""
        path, clock = self.recording.media, self._video_clock
        if path is None:
            return iter(())
        if clock is None:
            return read_frames(path, self.file_info, sampling, only)
        native = None if only is None else clock.inverse().apply(only)
        return (adjusted_frames(frames, clock) for frames in read_frames(path, self.file_info, sampling, native))

    def samplings(self, samplings: Sequence[Sampling]) -> Iterator[tuple[Sampling, Frames]]:
        """Decode the video once for several samplings; see `read_samplings` and `frames`."""
        path, clock = self.recording.media, self._video_clock
        read = iter(()) if path is None else read_samplings(path, self.file_info, samplings)
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
    def _name(self) -> str:
        """What files of many recordings call this one."""
        return self.recording.id if self.recording.media is None else self.recording.media.stem

    def _with_speakers(self, utterances: tuple[Utterance, ...]) -> tuple[Utterance, ...]:
        turns = self.recording.turns
        return utterances if turns is None else assign_speakers(utterances, read_turns(turns, self._name))

    def _spoken(self, segment: Segment) -> list[Utterance]:
        """Return what is said in a segment: by its own transcript, or by its text."""
        written = self._written(segment)
        if segment.transcript is None:
            return [written]
        found = adjusted_utterances(read_transcript(segment.transcript), Shift(seconds=segment.start_seconds))
        return [
            replace(
                utterance,
                start_seconds=written.start_seconds if utterance.start_seconds is None else utterance.start_seconds,
                end_seconds=written.end_seconds if utterance.end_seconds is None else utterance.end_seconds,
                speaker=utterance.speaker or segment.speaker,
                segment=segment.id,
            )
            for utterance in found
        ]

    def _written(self, segment: Segment) -> Utterance:
        """Return what is said in a segment by its text; the only one of a recording has no times of its own."""
        is_whole = len(self.segments) == 1 and segment.end_seconds is None and segment.start_seconds == 0
        open_end = None if is_whole else max(segment.start_seconds, self.info.duration_seconds)
        return Utterance(
            text=segment.text or "",
            start_seconds=None if is_whole else segment.start_seconds,
            end_seconds=open_end if segment.end_seconds is None else segment.end_seconds,
            speaker=segment.speaker,
            segment=segment.id,
        )


def probe_recording(recording: Recording) -> MediaInfo:
    """Read clock and extent of a recording's media; raises `MediaError`."""
    if recording.media is None:
        return no_media(recording.duration_seconds or 0.0)
    info = probe(recording.media, recording.frames_per_second, recording.rotation_degrees)
    return info if recording.sound is None else with_sound(info, probe(recording.sound))
