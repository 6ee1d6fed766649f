"""Where tracks lie: ``<work>/tracks/<extractor>-<fingerprint>/<recording>-<key>.h5``. Nothing else knows."""

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..corpus import Recording, Segment
from ..media import list_pictures
from ..media.clock import Stream
from .base import (
    AnnotationExtractor,
    Extractor,
    FaceExtractor,
    FeatureExtractor,
    SegmentExtractor,
    SoundExtractor,
    TranscriptExtractor,
    VideoExtractor,
)
from .fingerprint import digest, file_digest
from .plan import Plan, PlannedTrack

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_SLUG_LENGTH = 60


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a recording's tracks are made of."""

    recording: Recording
    media_digest: str
    """Hash of the media file's content, or of the names and the content of a folder's pictures."""
    transcript_digest: str
    """Hash of the transcript's content, or of the segments' text; empty where there is neither."""
    segments_digest: str
    """Hash of where the segments lie."""
    annotation_digests: Mapping[str, str]
    """Hash of every annotation's content and of how it is read, by name."""
    feature_digests: Mapping[str, str]
    """Hash of the content of every file of features and of what it calls the recording, by name."""


class TrackCache:
    """Names the files of tracks; a file that is there is whole and current.

    Parameters
    ----------
    work
        The work folder.
    """

    def __init__(self, work: Path) -> None:
        self._work = work

    def source(self, recording: Recording, segments: Sequence[Segment]) -> Source:
        """Hash what a recording is made of. Content is read again only where size or time of a file changed.

        Parameters
        ----------
        recording
            The recording.
        segments
            Its segments.

        Raises
        ------
        OSError
            If a file cannot be read.
        """
        places = [[segment.id, segment.start_seconds, segment.end_seconds] for segment in segments]
        texts = [[segment.text, segment.speaker] for segment in segments]
        if recording.transcript is not None:
            transcript = self._digest(recording.transcript)
        else:
            transcript = digest(places, texts) if any(segment.text is not None for segment in segments) else ""
        return Source(
            recording=recording,
            media_digest=self._digest(recording.media),
            transcript_digest=transcript,
            segments_digest=digest(places),
            annotation_digests={
                one.name: digest(self._digest(one.path), one.rows_per_second, one.recording)
                for one in recording.annotations
            },
            feature_digests={one.name: digest(self._digest(one.path), one.entry) for one in recording.features},
        )

    def keys(self, plan: Plan, source: Source) -> dict[str, str]:
        """Return for every track a key that changes whenever its numbers may."""
        keys: dict[str, str] = {}
        for track in plan.tracks:
            inputs = [source.recording.id, source.media_digest, *(keys[n] for n in track.extractor.needed_tracks())]
            if source.recording.frames_per_second is not None:
                inputs.append(f"{float(source.recording.frames_per_second)!r} fps")
            if source.recording.rotation_degrees is not None:
                inputs.append(f"turned by {source.recording.rotation_degrees} degrees")
            clock = source.recording.clock
            inputs += [f"{name} {clock[name]}" for name in _streams_read(track.extractor) if name in clock]
            if isinstance(track.extractor, TranscriptExtractor):
                inputs.append(source.transcript_digest)
            if isinstance(track.extractor, SegmentExtractor):
                inputs.append(source.segments_digest)
            if isinstance(track.extractor, AnnotationExtractor):
                inputs.append(source.annotation_digests.get(track.extractor.annotation, ""))
            if isinstance(track.extractor, FeatureExtractor):
                inputs.append(source.feature_digests.get(track.extractor.feature, ""))
            keys[track.name] = digest(track.fingerprint, inputs)
        return keys

    def path(self, track: PlannedTrack, recording_id: str, key: str) -> Path:
        """Return the file of a track, which is there if the track is done."""
        return self._work / "tracks" / track.folder_name / f"{_slug(recording_id)}-{key[:16]}.h5"

    def _digest(self, path: Path) -> str:
        """Return a file's or folder's hash, from a note in the work folder where it has not changed since."""
        known = {"path": str(path.absolute()), **_state(path)}
        note = self._work / "sources" / f"{_slug(path.stem)}-{digest(known['path'])[:16]}.json"
        with suppress(OSError, ValueError):
            found = json.loads(note.read_text(encoding="utf-8"))
            if isinstance(found, Mapping) and {name: found.get(name) for name in known} == known:
                return str(found["digest"])
        if path.is_dir():
            result = digest([[picture.name, file_digest(picture)] for picture in list_pictures(path)])
        else:
            result = file_digest(path)
        note.parent.mkdir(parents=True, exist_ok=True)
        temporary = note.with_name(f".{uuid.uuid4().hex}.tmp")
        temporary.write_text(json.dumps({**known, "digest": result}), encoding="utf-8")
        temporary.replace(note)
        return result


def _streams_read(extractor: Extractor) -> tuple[Stream, ...]:
    """Return the streams whose times are in a track's numbers, those of the tracks that it needs left out."""
    if isinstance(extractor, VideoExtractor | FaceExtractor):
        return ("video",)
    if isinstance(extractor, TranscriptExtractor):
        return ("audio", "transcript")
    if isinstance(extractor, SoundExtractor):
        return ("audio",)
    if isinstance(extractor, SegmentExtractor | AnnotationExtractor | FeatureExtractor):
        # The later end of both is that of the recording.
        return ("audio", "video")
    return ()


def _state(path: Path) -> dict[str, object]:
    """Return what tells without reading it whether a file, or any picture of a folder, may have changed."""
    if path.is_dir():
        states = [(picture.name, picture.stat()) for picture in list_pictures(path)]
        return {"pictures": digest([[name, status.st_size, status.st_mtime_ns] for name, status in states])}
    status = path.stat()
    return {"bytes": status.st_size, "mtime_ns": status.st_mtime_ns}


def _slug(name: str) -> str:
    """Return the readable part of a file name. It need not be unique: a hash stands beside it."""
    return _UNSAFE.sub("-", name).strip(".-")[:_SLUG_LENGTH] or "recording"
