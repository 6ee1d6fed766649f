"""Making the tracks of one recording that are not there yet."""

import os
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

from ..corpus import Recording, Segment
from ..errors import DamagedTrackError, TrackError, TrimodalError
from .base import Execution
from .cache import Source, TrackCache
from .making import Extraction, MakingError
from .media_source import MediaSource
from .plan import Plan, PlannedTrack
from .running.work import Cause, Tell
from .steps import Steps
from .threads import one_thread

Stage = Literal["read", "extract", "align"]


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
    stage: Stage = "extract"
    """What was being done: ``read`` (media and transcript), ``extract`` or ``align``."""
    limit: float | None = None
    """The limit that it exceeded, in seconds or bytes: a higher one may do."""
    media_seconds: float = 0.0
    """How long it lasts, where that decides on the limit."""
    is_remembered: bool = False
    """Whether it failed in an earlier run, and was not tried in this one."""
    lasts: bool = True
    """Whether it would fail again: what the system could not do, for want of room on a disk, may go another time, and
    so may what needs a track whose file is damaged."""


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
    nominal_frames_per_second: float | None = None
    """The rate that pictures were given, which have no times of their own; None: the media have times."""
    extracted: tuple[str, ...] = ()
    """Names of the tracks that were made now, and not found."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """How long each of these took; decoding of frames, which they share, is not counted."""
    total_seconds: float = 0.0
    """How long all of it took."""

    @property
    def extracted_bytes(self) -> int:
        """Size of the files of the tracks that were made now."""
        return sum(self.paths[name].stat().st_size for name in self.extracted)


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
        media, tracks, missing = _open(recording, segments, plan, work)
        with one_thread({module for track in missing for module in track.extractor.needed_packages()}):
            Extraction(plan, media, tracks.paths, execution, steps).make(missing)
        return replace(
            tracks,
            extracted=tuple(track.name for track in missing),
            seconds=dict(steps.seconds),
            total_seconds=time.perf_counter() - started,
        )
    except MakingError as failed:
        return failure_of(recording.id, failed.cause, stage="extract", track=failed.track)
    except Exception as error:
        return failure_of(recording.id, error, stage="read")


def find_recording(
    recording: Recording, segments: Sequence[Segment], plan: Plan, work: Path
) -> RecordingTracks | Failure:
    """Find the tracks of ``plan`` in the cache; a `Failure` where one of them is missing. See `extract_recording`."""
    try:
        _, tracks, missing = _open(recording, segments, plan, work)
        if missing:
            raise TrackError(f"not extracted yet: {', '.join(track.name for track in missing)}")
        return tracks
    except Exception as error:
        return failure_of(recording.id, error, stage="read")


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
        return None if known is None else replace(Failure(**known), is_remembered=True)
    except TypeError:  # not as this version writes it
        return None


def missing_tracks(recording: Recording, segments: Sequence[Segment], plan: Plan, work: Path) -> Sequence[PlannedTrack]:
    """Return the tracks of a recording that are not there, from notes alone; all where there are no notes."""
    cache = TrackCache(work)
    source = cache.known_source(recording, segments)
    if source is None:
        return plan.tracks
    keys = cache.keys(plan, source)
    return [track for track in plan.tracks if not _is_there(cache.path(track, recording.id, keys[track.name]))]


def keep_failure(failure: Failure, recording: Recording, segments: Sequence[Segment], plan: Plan, work: Path) -> None:
    """Take note of a failure for later runs, where it would come again and it is known of which files it is."""
    cache = TrackCache(work)
    source = cache.known_source(recording, segments)
    if failure.lasts and source is not None:
        with suppress(OSError):  # a disk without room: it is tried again
            cache.keep_failure(plan, source, asdict(failure))


def _open(
    recording: Recording, segments: Sequence[Segment], plan: Plan, work: Path
) -> tuple[MediaSource, RecordingTracks, list[PlannedTrack]]:
    """Return a recording's media, where its tracks lie, and which of them are not there yet."""
    cache = TrackCache(work)
    source = cache.source(recording, segments)
    media = MediaSource(recording, segments, work, cache.info(recording))
    return media, *_locate(cache, media, source, plan)


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
        nominal_frames_per_second=media.recording.frames_per_second,
        keys=keys,
        paths={track.name: cache.path(track, media.recording.id, keys[track.name]) for track in plan.tracks},
    )
    return tracks, [track for track in plan.tracks if not _is_there(tracks.paths[track.name])]


def _is_there(path: Path) -> bool:
    """Return whether a track is done. An empty file is what a power cut leaves on some file systems."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def failure_of(recording: str, error: Exception, *, stage: Stage, track: str = "") -> Failure:
    """Describe an error in one line: our own errors speak for themselves, others need their type."""
    known = isinstance(error, TrimodalError)
    text = " ".join(str(error).split())
    details = "".join(traceback.format_exception(error))
    reason = text if known else f"{type(error).__name__}: {text}"
    if isinstance(error, OSError) and error.filename and error.errno:  # a file of the corpus
        reason = f"{error.filename}: {os.strerror(error.errno).lower()}"
    lasts = not isinstance(error, OSError | MemoryError | DamagedTrackError)
    return Failure(recording=recording, track=track, reason=reason, details=details, stage=stage, lasts=lasts)
