"""Where tracks lie: ``<work>/tracks/<extractor>-<fingerprint>/<recording>-<key>.h5``. Nothing else knows."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..corpus import Recording, Segment
from ..media import MediaInfo, list_pictures
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
from .media_source import probe_recording
from .plan import Plan, PlannedTrack
from .source_notes import SourceNotes, slug, write_json

_DIGEST = "digest"


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a recording's tracks are made of."""

    recording: Recording
    media_digest: str
    """Hash of the media file's content, or of the names and the content of a folder's pictures, and of the file that
    the sound is in; without media, of the recording's id and how long it lasts."""
    transcript_digest: str
    """Hash of the transcript's content, or of what the segments' transcripts and texts say; empty without any."""
    text_digest: str
    """Hash of what the segments' texts alone say."""
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
        self._notes = SourceNotes(work)

    def info(self, recording: Recording) -> MediaInfo:
        """Probe a recording's media, or return what is known of it; raises `MediaError`."""
        known = self.known_info(recording)
        if known is None:
            known = probe_recording(recording)
            for file in _media_files(recording):
                self._notes.write(file, _probe_name(recording), asdict(known))
        return known

    def known_info(self, recording: Recording) -> MediaInfo | None:
        """Return clock and extent of a recording's media, None where they are not known yet, or the file changed."""
        if recording.media is None:
            return probe_recording(recording)
        found = [self._notes.read(file, _probe_name(recording)) for file in _media_files(recording)]
        try:
            return MediaInfo(**found[0]) if isinstance(found[0], dict) and None not in found else None
        except TypeError:  # not as this version writes it
            return None

    def known_source(self, recording: Recording, segments: Sequence[Segment]) -> Source | None:
        """Do what `source` does from notes alone; None where a file is not noted, or changed, or cannot be looked at.

        Nothing is read but notes, so that it can be asked for every recording of a corpus, and never raises.
        """
        try:
            return _source(recording, segments, self._noted_digest)
        except _NotNotedError:
            return None

    def failure(self, plan: Plan, source: Source) -> dict[str, Any] | None:
        """Return what was noted of a failure."""
        with suppress(OSError, ValueError):
            found = json.loads(self._failure_path(plan, source).read_text(encoding="utf-8"))
            return found if isinstance(found, dict) else None
        return None

    def keep_failure(self, plan: Plan, source: Source, failure: Mapping[str, Any]) -> None:
        """Take note of a failure, which holds as long as nothing that the tracks are made of changes."""
        write_json(self._failure_path(plan, source), failure)

    def _failure_path(self, plan: Plan, source: Source) -> Path:
        transcript_and_annotations = [source.transcript_digest, sorted(source.annotation_digests.items())]
        key = digest(__version__, sorted(self.keys(plan, source).items()), transcript_and_annotations)
        return self._work / "failed" / f"{slug(source.recording.id)}-{key[:16]}.json"

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
        return _source(recording, segments, self._digest)

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
                inputs.append(source.text_digest if track.extractor.reads_text else source.transcript_digest)
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
        return self._work / "tracks" / track.folder_name / f"{slug(recording_id)}-{key[:16]}.h5"

    def _digest(self, path: Path) -> str:
        """Return a file's or folder's hash, from a note in the work folder where it has not changed since."""
        with suppress(_NotNotedError):
            return self._noted_digest(path)
        if path.is_dir():
            result = digest([[picture.name, file_digest(picture)] for picture in list_pictures(path)])
        else:
            result = file_digest(path)
        self._notes.write(path, _DIGEST, result)
        return result

    def _noted_digest(self, path: Path) -> str:
        known = self._notes.read(path, _DIGEST)
        if not isinstance(known, str):
            raise _NotNotedError
        return known


class _NotNotedError(Exception):
    """A file's hash is not known without reading the file."""


def _source(recording: Recording, segments: Sequence[Segment], digest_of: Callable[[Path], str]) -> Source:
    """Return what a recording is made of, given what hashes a file or a folder of pictures."""
    places = [[segment.id, segment.start_seconds, segment.end_seconds] for segment in segments]
    texts = [[segment.text, segment.speaker] for segment in segments]
    if recording.transcript is not None:
        transcript = digest_of(recording.transcript)
    else:
        files = [segment.transcript for segment in segments]
        digests = ["" if file is None else digest_of(file) for file in files]
        is_spoken = any(files) or any(segment.text is not None for segment in segments)
        transcript = digest(places, texts, *([digests] if any(files) else [])) if is_spoken else ""
    text = digest(places, texts)
    if recording.turns is not None:
        transcript, text = (digest(one, digest_of(recording.turns)) for one in (transcript, text))
    media = [digest_of(file) for file in _media_files(recording)]
    if not media:  # two recordings without media are not the same one
        media = [digest(recording.id, recording.duration_seconds)]
    return Source(
        recording=recording,
        media_digest=media[0] if len(media) == 1 else digest(media),
        transcript_digest=transcript,
        text_digest=text,
        segments_digest=digest(places),
        annotation_digests={
            one.name: digest(digest_of(one.path), one.rows_per_second, one.recording, one.columns)
            for one in recording.annotations
        },
        feature_digests={one.name: digest(digest_of(one.path), one.entry) for one in recording.features},
    )


def _media_files(recording: Recording) -> list[Path]:
    """Return what a recording's sound and pictures are read from: none, its media, or two files."""
    return [file for file in (recording.media, recording.sound) if file is not None]


def _probe_name(recording: Recording) -> str:
    name = f"probe at {recording.frames_per_second} fps, turned by {recording.rotation_degrees}"
    return name if recording.sound is None else f"{name}, {recording.media} with {recording.sound}"


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
