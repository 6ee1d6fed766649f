"""Making tracks of one recording, each after those that it needs."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..corpus import read_annotation
from ..media import Audio, Sampling
from ..track import Gap, Track, empty_track
from .base import (
    AnnotationExtractor,
    AudioExtractor,
    Execution,
    FaceExtractor,
    FeatureExtractor,
    SegmentExtractor,
    SpanExtractor,
    TrackExtractor,
    TranscriptExtractor,
    VideoExtractor,
)
from .fingerprint import parameters, software, weight_digests
from .frame_pass import Batch, FaceReader, FrameReader, read_faces_once, read_frames_once
from .media_source import MediaSource
from .plan import Plan, PlannedTrack
from .steps import Steps
from .track_file import TrackWriter, read_track, removed_if_damaged


class MakingError(Exception):
    """Carries the name of the track that an error belongs to."""

    def __init__(self, track: str, cause: Exception) -> None:
        super().__init__(track)
        self.track = track
        self.cause = cause


class Extraction:
    """The work on one recording."""

    def __init__(
        self, plan: Plan, media: MediaSource, paths: Mapping[str, Path], execution: Execution, steps: Steps
    ) -> None:
        self._plan = plan
        self._media = media
        self._paths = paths
        self._execution = execution
        self._steps = steps

    def make(self, missing: Sequence[PlannedTrack]) -> None:
        """Make the missing tracks, each after those that it needs.

        The video is read twice: once for what reads frames, together with what is made of faces as they are found, and
        once for what is made of the faces that are chosen among those.
        """
        if any(isinstance(track.extractor, TranscriptExtractor) for track in missing):
            with self._steps.reading():
                _ = self._media.utterances  # a broken transcript is found before hours of video are decoded
        remaining = list(missing)
        while remaining:
            names = {track.name for track in remaining}
            ready = [track for track in remaining if names.isdisjoint(track.extractor.needed_tracks())]
            done = self._without_frames(ready) or self._of_frames(ready, remaining) or self._of_known_faces(ready)
            remaining = [track for track in remaining if track not in done]

    def _without_frames(self, ready: Sequence[PlannedTrack]) -> list[PlannedTrack]:
        """Make what needs no frames. It comes first, so that as many as can share the next reading of the video."""
        chosen = [track for track in ready if not isinstance(track.extractor, VideoExtractor | FaceExtractor)]
        for track in chosen:
            with self._writing([track]) as write:
                for piece in self._named(track, self._pieces(track)):
                    write[track.name](piece)
        return chosen

    def _of_frames(self, ready: Sequence[PlannedTrack], remaining: Sequence[PlannedTrack]) -> list[PlannedTrack]:
        """Make what reads frames, and what reads the faces that are found on the way."""
        videos = {track.name: track for track in ready if isinstance(track.extractor, VideoExtractor)}
        faces = [track for track in remaining if isinstance(track.extractor, FaceExtractor)]
        faces = [track for track in faces if set(track.extractor.needed_tracks()) <= set(videos)]
        if not videos:
            return []
        with self._writing([*videos.values(), *faces]) as write:
            readers = []
            for name, video in videos.items():
                extractor = video.extractor
                assert isinstance(extractor, VideoExtractor)  # chosen so
                of_faces = [face for face in faces if name in face.extractor.needed_tracks()]
                readers.append(
                    FrameReader(
                        sampling=extractor.sampling,
                        make=self._maker(video, extractor.extract),
                        write=write[name],
                        face_readers=[self._face_reader(face, write[face.name]) for face in of_faces],
                    )
                )
            if not self._media.has_video:
                for track in (*videos.values(), *faces):
                    write[track.name](self._nothing(track, "no video"))
            samplings = list(dict.fromkeys(reader.sampling for reader in readers))
            read_frames_once(self._steps.reading_each(self._media.samplings(samplings)), readers)
        return [*videos.values(), *faces]

    def _of_known_faces(self, ready: Sequence[PlannedTrack]) -> list[PlannedTrack]:
        """Make what reads faces that are known already; only their frames are read."""
        with self._writing(ready) as write:
            readers = []
            for track in ready:
                faces = self._read(track.extractor.needed_tracks()[0])
                write[track.name](empty_track(track.schema, faces.gaps))
                readers.append((self._face_reader(track, write[track.name]), faces))
            starts: NDArray[np.float64] = np.unique(np.concatenate([faces.times[:, 0] for _, faces in readers]))
            frames = self._media.frames(Sampling(), only=starts) if len(starts) else iter(())
            read_faces_once(self._steps.reading_each(frames), readers)
        return list(ready)

    def _face_reader(self, track: PlannedTrack, write: Callable[[Track], None]) -> FaceReader:
        assert isinstance(track.extractor, FaceExtractor)  # nothing else is left when this is asked for
        return FaceReader(make=self._maker(track, track.extractor.extract), write=write)

    def _pieces(self, track: PlannedTrack) -> Iterator[Track]:
        """Yield the pieces of a track that needs no frames."""
        extractor = track.extractor
        if isinstance(extractor, AudioExtractor | SpanExtractor):
            with self._steps.reading():
                audio = self._media.audio(extractor.selection)
            if audio is None:
                yield self._nothing(track, "no audio")
                return
            yield empty_track(track.schema, audio.gaps)
            if isinstance(extractor, AudioExtractor):
                yield from extractor.extract(audio, self._execution)
            else:
                yield from extractor.extract(audio, self._spans(extractor, audio), self._execution)
        elif isinstance(extractor, TranscriptExtractor):
            with self._steps.reading():
                utterances = self._media.texts if extractor.reads_text else self._media.utterances
                audio = self._spoken_sound(extractor) if utterances or extractor.hears else None
            if utterances or audio is not None:
                yield extractor.extract(utterances or (), audio, self._execution)
            else:
                yield self._nothing(track, "no transcript" if utterances is None else "the transcript has no words")
        elif isinstance(extractor, SegmentExtractor):
            yield extractor.extract(self._media.segments, self._media.info.duration_seconds)
        elif isinstance(extractor, AnnotationExtractor):
            annotation = self._media.recording.annotation(extractor.annotation)
            if annotation is None:
                yield self._nothing(track, f"no annotation '{extractor.annotation}'")
            else:
                yield extractor.extract(read_annotation(annotation), self._media.info.duration_seconds)
        elif isinstance(extractor, FeatureExtractor):
            feature = self._media.recording.feature(extractor.feature)
            if feature is None:
                yield self._nothing(track, f"no features '{extractor.feature}'")
            else:
                yield extractor.extract(feature, self._media.info.duration_seconds, self._frame_times)
        elif isinstance(extractor, TrackExtractor):
            needed = {field: self._read(getattr(extractor, field)) for field in extractor.needed_fields()}
            yield extractor.extract(needed, self._execution)
        else:
            raise TypeError(f"{type(extractor).__name__} is none of the kinds of extractor")

    def _spoken_sound(self, extractor: TranscriptExtractor) -> Audio | None:
        """Return the sound up to the end that the header gives: behind it lies what fills up the last packet."""
        audio, end = self._media.audio(extractor.selection), self._media.info.audio_end_seconds
        if audio is None or end is None or audio.end_seconds <= end:
            return audio
        return audio.between(audio.start_seconds, end)

    def _frame_times(self) -> NDArray[np.float64]:
        """Decode the video for the intervals of all its frames."""
        with self._steps.reading():
            batches = self._media.frames(Sampling()) if self._media.has_video else ()
            return np.concatenate([np.zeros((0, 2)), *(batch.times for batch in batches)])

    def _spans(self, extractor: SpanExtractor, audio: Audio) -> NDArray[np.float64]:
        if extractor.windows is not None:
            return extractor.windows.times(audio.start_seconds, audio.end_seconds)
        return self._read(extractor.intervals).times

    @contextmanager
    def _writing(self, tracks: Sequence[PlannedTrack]) -> Iterator[dict[str, Callable[[Track], None]]]:
        """Give the tracks' files to write pieces to; all are there afterwards, or none."""
        with ExitStack() as stack:
            with self._steps.writing():
                writers = {
                    track.name: stack.enter_context(TrackWriter(self._paths[track.name], track.schema, _made_by(track)))
                    for track in tracks
                }
            yield {name: partial(self._write, writer) for name, writer in writers.items()}
            for writer in writers.values():
                with self._steps.writing():
                    writer.commit()

    def _write(self, writer: TrackWriter, piece: Track) -> None:
        with self._steps.writing():
            writer.append(piece)

    def _maker(
        self, track: PlannedTrack, extract: Callable[[Iterator[Batch], Execution], Iterator[Track]]
    ) -> Callable[[Iterator[Batch]], Iterator[Track]]:
        """Return what makes a track of batches; its errors name the track."""
        return lambda batches: self._named(track, extract(batches, self._execution))

    def _named(self, track: PlannedTrack, pieces: Iterator[Track]) -> Iterator[Track]:
        try:
            yield from self._steps.of(track.name, pieces)
        except Exception as error:
            raise MakingError(track.name, error) from error

    def _read(self, name: str) -> Track:
        with self._steps.reading(), removed_if_damaged(self._paths[name]):
            return read_track(self._paths[name], self._plan.track(name).schema)

    def _nothing(self, track: PlannedTrack, reason: str) -> Track:
        # As long as the file: the clock of streams that a track does not read is not in its key.
        gap = Gap(start_seconds=0.0, end_seconds=self._media.file_info.duration_seconds, reason=reason)
        return empty_track(track.schema, [gap])


def _made_by(track: PlannedTrack) -> str:
    """Return how a track is made, for provenance."""
    made_by = {
        "extractor": track.extractor.name,
        "version": track.extractor.version,
        "parameters": parameters(track.extractor),
        "weights": weight_digests(track.extractor),
        "software": software(track.extractor),
        "fingerprint": track.fingerprint,
    }
    return json.dumps(made_by, sort_keys=True)
