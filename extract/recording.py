"""Making the tracks of one recording that are not there yet."""

import json
import os
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..corpus import Recording
from ..errors import TrackError, TrimodalError
from ..media import Frames, Sampling, Utterance
from ..track import Gap, Track, empty_track
from .base import AudioExtractor, Execution, FaceExtractor, TrackExtractor, TranscriptExtractor, VideoExtractor
from .broadcast import broadcast
from .cache import TrackCache
from .fingerprint import parameters, software, weight_digests
from .media_source import MediaSource
from .plan import Plan, PlannedTrack
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


@dataclass(frozen=True, kw_only=True)
class RecordingTracks:
    """The tracks of one recording, all of them done."""

    recording: str
    duration_seconds: float
    media_digest: str
    transcript_digest: str
    keys: Mapping[str, str]
    """Key of every track: it changes whenever the numbers may."""
    paths: Mapping[str, Path]
    """File of every track."""
    extracted: tuple[str, ...] = ()
    """Names of the tracks that were made now, and not found."""


def extract_recording(
    recording: Recording, spoken: Sequence[Utterance] | None, plan: Plan, work: Path, execution: Execution
) -> RecordingTracks | Failure:
    """Make the tracks of ``plan`` that the cache under ``work`` lacks.

    Parameters
    ----------
    recording
        The recording.
    spoken
        Utterances that the corpus itself gives; None: read the transcript file.
    plan
        What to make.
    work
        The work folder.
    execution
        How to run.

    Returns
    -------
    RecordingTracks or Failure
        Whatever goes wrong costs this recording alone and comes back as a `Failure`.
    """
    try:
        media = MediaSource(recording, spoken)
        tracks, missing = _locate(media, recording, spoken, plan, work)
        with one_thread({module for track in missing for module in track.extractor.needed_packages()}):
            _Extraction(plan, media, tracks.paths, execution).make(missing)
        return replace(tracks, extracted=tuple(track.name for track in missing))
    except _TrackError as failed:
        return _failure(recording, failed.track, failed.cause)
    except Exception as error:
        return _failure(recording, "", error)


def find_recording(
    recording: Recording, spoken: Sequence[Utterance] | None, plan: Plan, work: Path
) -> RecordingTracks | Failure:
    """Find the tracks of ``plan`` in the cache; a `Failure` where one of them is missing. See `extract_recording`."""
    try:
        tracks, missing = _locate(MediaSource(recording, spoken), recording, spoken, plan, work)
        if missing:
            raise TrackError(f"not extracted yet: {', '.join(track.name for track in missing)}")
        return tracks
    except Exception as error:
        return _failure(recording, "", error)


def _locate(
    media: MediaSource, recording: Recording, spoken: Sequence[Utterance] | None, plan: Plan, work: Path
) -> tuple[RecordingTracks, list[PlannedTrack]]:
    """Return where a recording's tracks lie, and which of them are not there yet."""
    cache = TrackCache(work)
    duration = media.info.duration_seconds
    source = cache.source(recording, None if spoken is None else [repr(utterance) for utterance in spoken])
    keys = cache.keys(plan, source)
    tracks = RecordingTracks(
        recording=recording.id,
        duration_seconds=duration,
        media_digest=source.media_digest,
        transcript_digest=source.transcript_digest,
        keys=keys,
        paths={track.name: cache.path(track, recording.id, keys[track.name]) for track in plan.tracks},
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

    def __init__(self, plan: Plan, media: MediaSource, paths: Mapping[str, Path], execution: Execution) -> None:
        self._plan = plan
        self._media = media
        self._paths = paths
        self._execution = execution

    def make(self, missing: Sequence[PlannedTrack]) -> None:
        """Make the missing tracks, each after those that it needs."""
        if any(isinstance(track.extractor, TranscriptExtractor) for track in missing):
            _ = self._media.utterances  # a broken transcript is found before hours of video are decoded
        remaining = list(missing)
        while remaining:
            names = {track.name for track in remaining}
            ready = [track for track in remaining if names.isdisjoint(track.extractor.needed_tracks())]
            # Whatever needs no frames goes first, so that as many as can share the next pass over them.
            done = [track for track in ready if not isinstance(track.extractor, VideoExtractor | FaceExtractor)]
            for track in done:
                self._make_whole(track)
            if not done:
                done = ready
                for group in _by_frames(ready):
                    self._make_streams(group)
            remaining = [track for track in remaining if track not in done]

    def _make_whole(self, track: PlannedTrack) -> None:
        """Make a track that comes in one piece."""
        try:
            made = self._extract(track)
            with TrackWriter(self._paths[track.name], track.schema, _made_by(track)) as writer:
                writer.append(made)
                writer.commit()
        except Exception as error:
            raise _TrackError(track.name, error) from error

    def _extract(self, track: PlannedTrack) -> Track:
        extractor = track.extractor
        if isinstance(extractor, AudioExtractor):
            audio = self._media.audio(extractor.sample_rate)
            return self._nothing(track, "no audio") if audio is None else extractor.extract(audio, self._execution)
        if isinstance(extractor, TranscriptExtractor):
            utterances = self._media.utterances
            if not utterances:
                return self._nothing(track, "no transcript" if utterances is None else "the transcript has no words")
            return extractor.extract(utterances, self._media.audio(extractor.sample_rate), self._execution)
        if isinstance(extractor, TrackExtractor):
            needed = {field: self._read(getattr(extractor, field)) for field in extractor.needed_fields()}
            return extractor.extract(needed, self._execution)
        raise TypeError(f"{type(extractor).__name__} is none of the kinds of extractor")

    def _make_streams(self, tracks: Sequence[PlannedTrack]) -> None:
        """Make several tracks from one pass over the frames that they all read."""
        copies = broadcast(self._frames(tracks), len(tracks))
        streams = [self._stream(track, copy) for track, copy in zip(tracks, copies, strict=True)]
        writers: list[TrackWriter] = []
        try:
            for track in tracks:
                writers.append(TrackWriter(self._paths[track.name], track.schema, _made_by(track)))
            # Each stream takes one batch to give one piece, so no more than a batch or two are held.
            for pieces in zip_longest(*streams):
                for writer, piece in zip(writers, pieces, strict=True):
                    if piece is not None:
                        writer.append(piece)
            for writer in writers:
                writer.commit()
        finally:
            for writer in writers:
                writer.discard()

    def _frames(self, tracks: Sequence[PlannedTrack]) -> Iterator[Frames]:
        """Return the frames that a group of `_by_frames` reads."""
        first = tracks[0].extractor
        if isinstance(first, VideoExtractor):
            return self._media.frames(first.sampling)
        # Each picks its own faces' frames out of those of all.
        needed = {name for track in tracks for name in track.extractor.needed_tracks()}
        starts: NDArray[np.float64] = np.unique(np.concatenate([self._read(name).times[:, 0] for name in needed]))
        return self._media.frames(Sampling(), only=starts) if len(starts) else iter(())

    def _stream(self, track: PlannedTrack, frames: Iterator[Frames]) -> Iterator[Track]:
        extractor = track.extractor
        try:
            if isinstance(extractor, VideoExtractor):
                if self._media.info.video_start_seconds is None and self._media.info.video_end_seconds is None:
                    yield self._nothing(track, "no video")
                yield from extractor.extract(frames, self._execution)
            elif isinstance(extractor, FaceExtractor):
                faces = self._read(extractor.faces)
                yield empty_track(track.schema, faces.gaps)
                yield from extractor.extract(frames, faces, self._execution)
        except Exception as error:
            raise _TrackError(track.name, error) from error

    def _read(self, name: str) -> Track:
        return read_track(self._paths[name], self._plan.track(name).schema)

    def _nothing(self, track: PlannedTrack, reason: str) -> Track:
        gap = Gap(start_seconds=0.0, end_seconds=self._media.info.duration_seconds, reason=reason)
        return empty_track(track.schema, [gap])


def _by_frames(tracks: Sequence[PlannedTrack]) -> list[list[PlannedTrack]]:
    """Group the tracks that read frames: those of one sampling go together, and all that read faces do."""
    groups: dict[Sampling | None, list[PlannedTrack]] = {}
    for track in tracks:
        if isinstance(track.extractor, VideoExtractor):
            groups.setdefault(track.extractor.sampling, []).append(track)
        elif isinstance(track.extractor, FaceExtractor):
            groups.setdefault(None, []).append(track)
    return list(groups.values())


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
    return Failure(recording=recording.id, track=track, reason=reason, details=details)
