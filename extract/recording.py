"""Making the tracks of one recording that are not there yet."""

import json
import os
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..corpus import Recording, Segment, read_annotation
from ..errors import TrackError, TrimodalError
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
from .cache import Source, TrackCache
from .fingerprint import parameters, software, weight_digests
from .frame_pass import Batch, FaceReader, FrameReader, read_faces_once, read_frames_once
from .media_source import MediaSource
from .plan import Plan, PlannedTrack
from .running.work import Cause, Tell
from .steps import Steps
from .threads import one_thread
from .track_file import TrackWriter, read_track


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a recording is not in the store."""

    recording: str
    track: str
    """The track that could not be made; empty where the media or the transcript could not be read."""
    reason: str
    """One line."""
    details: str
    """The traceback."""
    cause: Cause = "error"
    lasts: bool = True
    """Whether it would fail again: what the system could not do, for want of room on a disk, may go another time."""

    @property
    def stage(self) -> str:
        """What was being done: ``read`` (media and transcript), or ``extract``."""
        return "extract" if self.track else "read"


@dataclass(frozen=True, kw_only=True)
class RecordingTracks:
    """The tracks of one recording, all of them done."""

    recording: str
    duration_seconds: float
    media_digest: str
    transcript_digest: str
    annotation_digests: Mapping[str, str]
    feature_digests: Mapping[str, str]
    clock: Mapping[str, str]
    """How the times of its streams are adjusted, by stream."""
    keys: Mapping[str, str]
    """Key of every track: it changes whenever the numbers may."""
    paths: Mapping[str, Path]
    """File of every track."""
    extracted: tuple[str, ...] = ()
    """Names of the tracks that were made now, and not found."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """How long each of these took; decoding of frames, which they share, is not counted."""
    total_seconds: float = 0.0
    """How long all of it took."""

    @property
    def bytes(self) -> int:
        """Size of the files of all tracks."""
        return sum(path.stat().st_size for path in self.paths.values())


def extract_recording(
    recording: Recording,
    segments: Sequence[Segment],
    plan: Plan,
    work: Path,
    execution: Execution,
    tell: Tell = lambda track: None,
) -> RecordingTracks | Failure:
    """Make the tracks of ``plan`` that the cache under ``work`` lacks.

    Parameters
    ----------
    recording
        The recording.
    segments
        Its segments; where there is no transcript file, what is said in them is their text.
    plan
        What to make.
    work
        The work folder.
    execution
        How to run.
    tell
        Told which track is being made at the moment.

    Returns
    -------
    RecordingTracks or Failure
        Whatever goes wrong costs this recording alone and comes back as a `Failure`.
    """
    started = time.perf_counter()
    steps = Steps(tell)
    try:
        cache = TrackCache(work)
        source = cache.source(recording, segments)
        media = MediaSource(recording, segments, work, cache.info(recording))
        tracks, missing = _locate(cache, media, source, plan)
        with one_thread({module for track in missing for module in track.extractor.needed_packages()}):
            _Extraction(plan, media, tracks.paths, execution, steps).make(missing)
        return replace(
            tracks,
            extracted=tuple(track.name for track in missing),
            seconds=dict(steps.seconds),
            total_seconds=time.perf_counter() - started,
        )
    except _TrackError as failed:
        return _failure(recording, failed.track, failed.cause)
    except Exception as error:
        return _failure(recording, "", error)


def find_recording(
    recording: Recording, segments: Sequence[Segment], plan: Plan, work: Path
) -> RecordingTracks | Failure:
    """Find the tracks of ``plan`` in the cache; a `Failure` where one of them is missing. See `extract_recording`."""
    try:
        cache = TrackCache(work)
        source = cache.source(recording, segments)
        media = MediaSource(recording, segments, work, cache.info(recording))
        tracks, missing = _locate(cache, media, source, plan)
        if missing:
            raise TrackError(f"not extracted yet: {', '.join(track.name for track in missing)}")
        return tracks
    except Exception as error:
        return _failure(recording, "", error)


def known_recording(
    recording: Recording, segments: Sequence[Segment], plan: Plan, work: Path
) -> RecordingTracks | Failure | None:
    """Say what came of a recording in earlier runs, from notes alone: no media is opened. None: there is work left."""
    cache = TrackCache(work)
    source = cache.known_source(recording, segments)
    if source is None:
        return None
    info = cache.known_info(recording)
    if info is not None:
        tracks, missing = _locate(cache, MediaSource(recording, segments, work, info), source, plan)
        if not missing:
            return tracks
    known = cache.failure(plan, source)
    try:
        return None if known is None else Failure(**known)
    except TypeError:  # not as this version writes it
        return None


def keep_failure(failure: Failure, recording: Recording, segments: Sequence[Segment], plan: Plan, work: Path) -> None:
    """Take note of a failure for later runs, where it would come again and it is known of which files it is."""
    cache = TrackCache(work)
    source = cache.known_source(recording, segments)
    if failure.lasts and source is not None:
        cache.keep_failure(plan, source, asdict(failure))


def _locate(
    cache: TrackCache, media: MediaSource, source: Source, plan: Plan
) -> tuple[RecordingTracks, list[PlannedTrack]]:
    """Return where a recording's tracks lie, and which of them are not there yet."""
    duration = media.info.duration_seconds
    keys = cache.keys(plan, source)
    tracks = RecordingTracks(
        recording=media.recording.id,
        duration_seconds=duration,
        media_digest=source.media_digest,
        transcript_digest=source.transcript_digest,
        annotation_digests=source.annotation_digests,
        feature_digests=source.feature_digests,
        clock={stream: str(adjustment) for stream, adjustment in sorted(media.recording.clock.items())},
        keys=keys,
        paths={track.name: cache.path(track, media.recording.id, keys[track.name]) for track in plan.tracks},
    )
    return tracks, [track for track in plan.tracks if not tracks.paths[track.name].exists()]


class _TrackError(Exception):
    """Carries the name of the track that an error belongs to."""

    def __init__(self, track: str, cause: Exception) -> None:
        super().__init__(track)
        self.track = track
        self.cause = cause


class _Extraction:
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
            read_frames_once(self._media.samplings(samplings), readers)
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
            read_faces_once(self._media.frames(Sampling(), only=starts) if len(starts) else iter(()), readers)
        return list(ready)

    def _face_reader(self, track: PlannedTrack, write: Callable[[Track], None]) -> FaceReader:
        assert isinstance(track.extractor, FaceExtractor)  # nothing else is left when this is asked for
        return FaceReader(make=self._maker(track, track.extractor.extract), write=write)

    def _pieces(self, track: PlannedTrack) -> Iterator[Track]:
        """Yield the pieces of a track that needs no frames."""
        extractor = track.extractor
        if isinstance(extractor, AudioExtractor | SpanExtractor):
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
            utterances = self._media.utterances
            audio = self._media.audio(extractor.selection) if utterances or extractor.hears else None
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

    def _frame_times(self) -> NDArray[np.float64]:
        """Decode the video for the intervals of all its frames."""
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
            writers = {
                track.name: stack.enter_context(TrackWriter(self._paths[track.name], track.schema, _made_by(track)))
                for track in tracks
            }
            yield {name: writer.append for name, writer in writers.items()}
            for writer in writers.values():
                writer.commit()

    def _maker(
        self, track: PlannedTrack, extract: Callable[[Iterator[Batch], Execution], Iterator[Track]]
    ) -> Callable[[Iterator[Batch]], Iterator[Track]]:
        """Return what makes a track of batches; its errors name the track."""
        return lambda batches: self._named(track, extract(batches, self._execution))

    def _named(self, track: PlannedTrack, pieces: Iterator[Track]) -> Iterator[Track]:
        try:
            yield from self._steps.of(track.name, pieces)
        except Exception as error:
            raise _TrackError(track.name, error) from error

    def _read(self, name: str) -> Track:
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


def _failure(recording: Recording, track: str, error: Exception) -> Failure:
    """Describe an error in one line: our own errors speak for themselves, others need their type."""
    known = isinstance(error, TrimodalError)
    text = " ".join(str(error).split())
    details = "".join(traceback.format_exception(error))
    reason = text if known else f"{type(error).__name__}: {text}"
    if isinstance(error, FileNotFoundError):
        reason = f"{error.filename}: {os.strerror(error.errno or 0).lower()}"
    lasts = known or not isinstance(error, OSError | MemoryError)
    return Failure(recording=recording.id, track=track, reason=reason, details=details, lasts=lasts)
