"""From tracks to shards: recordings are aligned in parts of about a shard, each of which one worker writes."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from .align import Exclusion, align_recording, all_outside, choose_samples, rows_outside
from .corpus import Segment
from .errors import StoreError, TrimodalError
from .extract.base import AnnotationExtractor, FeatureExtractor, TranscriptExtractor
from .extract.plan import Plan, PlannedTrack
from .extract.recording import Failure, RecordingTracks, failure_of
from .extract.runner import Watcher, failure_of_death, start_workers
from .extract.running import Running
from .extract.running.work import Death, Item, Tell
from .extract.track_file import read_made_by, read_track, removed_if_damaged
from .recipe import Recipe
from .recipe.labels import Label
from .store import GapRow, StoreDescription, StoreWriter
from .store.conversion import stored_outputs
from .store.manifest import ShardEntry
from .store.shard_writer import ShardWriter
from .track import Track

Content = TypeVar("Content")

_FILLED = 0.75
"""So much of a shard a part fills by what is expected of it: most are one shard, and few leave a small rest."""


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """What all recordings of a store are aligned by."""

    recipe: Recipe
    plan: Plan
    labels: Mapping[str, Label]
    store: StoreDescription


@dataclass(frozen=True, kw_only=True)
class Member:
    """A recording that goes into a store."""

    tracks: RecordingTracks
    segments: Sequence[Segment]
    expected_bytes: float
    """About how much it adds to the store."""


@dataclass(kw_only=True)
class Aligned:
    """What came of recordings."""

    shards: list[ShardEntry] = field(default_factory=list)
    excluded: list[Exclusion] = field(default_factory=list)
    """Segments that are left out."""
    noted: Counter[str] = field(default_factory=Counter)
    """How many segments that are there have something odd about them, by what it is."""
    failures: list[Failure] = field(default_factory=list)
    """Recordings that are left out."""


def align_into(
    writer: StoreWriter,
    alignment: Alignment,
    members: Sequence[Member],
    running: Running,
    work: Path,
    watcher: Watcher,
) -> Aligned:
    """Align recordings and put them into a store, in their order.

    Where one part begins and another ends depends on the recordings alone, so that shards are the same whoever writes
    them.

    Parameters
    ----------
    writer
        Of the store.
    alignment
        How.
    members
        What to align.
    running
        How to run; one part alone is made in this process.
    work
        The work folder.
    watcher
        Told of every recording.

    Returns
    -------
    Aligned
        A recording that cannot be aligned, or ends its worker, is a failure and costs itself alone.

    Raises
    ------
    StoreError
        If a shard cannot be written.
    """
    parts = dict(enumerate(parts_of(members, alignment.store.shard_bytes)))
    done: dict[int, Aligned] = {}
    died: list[Failure] = []
    with start_workers(running if len(parts) > 1 else Running(), len(parts), work, watcher) as workers:
        while left := [number for number in parts if number not in done]:
            groups = [[_item(number, parts[number], running)] for number in left]
            for item, outcome in workers.do(partial(_align_part, alignment, writer.folder), groups):
                number, part = item.content
                if isinstance(outcome, TrimodalError):
                    raise outcome
                if isinstance(outcome, Death):
                    died.append(_culprit(part, outcome))
                    parts[number] = [member for member in part if member.tracks.recording != died[-1].recording]
                    watcher.done(died[-1].recording, 0.0, died[-1])
                    continue
                done[number] = outcome
                failed = {one.recording: one for one in outcome.failures}
                for member in part:
                    recording = member.tracks.recording
                    watcher.done(recording, member.tracks.duration_seconds, failed.get(recording))
    for number in parts:
        writer.adopt(done[number].shards)
    return Aligned(
        excluded=[one for number in parts for one in done[number].excluded],
        noted=sum((done[number].noted for number in parts), Counter()),
        failures=died + [one for number in parts for one in done[number].failures],
    )


def parts_of(members: Iterable[Member], shard_bytes: int) -> list[list[Member]]:
    """Cut recordings, in their order, into parts that are expected to fill most of a shard."""
    parts: list[list[Member]] = []
    filled = 0.0
    for member in members:
        if not parts or filled + member.expected_bytes > _FILLED * shard_bytes:
            parts.append([])
            filled = 0.0
        parts[-1].append(member)
        filled += member.expected_bytes
    return parts


def _align_part(
    alignment: Alignment, folder: Path, content: tuple[int, Sequence[Member]], device: str, tell: Tell
) -> Aligned | TrimodalError:
    """Align the recordings of a part and write its shards. An error is one that ends the run."""
    number, members = content
    result = Aligned()
    _forget(folder, number)
    try:
        writer = ShardWriter(folder, alignment.store, worker=number)
        for member in members:
            tell(member.tracks.recording)
            _align_member(alignment, member, writer, result)
        result.shards += writer.close()
    except TrimodalError as error:
        return error
    return result


def _align_member(alignment: Alignment, member: Member, writer: ShardWriter, result: Aligned) -> None:
    recipe, recording, duration = alignment.recipe, member.tracks, member.tracks.duration_seconds
    try:
        tracks = _tracks_for_outputs(alignment, recording)
        samples = choose_samples(member.segments, duration, tracks, recipe, alignment.labels)
        if samples.segments:
            rows, arrays = align_recording(samples.segments, duration, tracks, recipe)
            stored = stored_outputs(recording.recording, arrays, alignment.store.outputs)
            made_by = {name: [_read(recording, name, read_made_by)] for name in recording.paths}
    except Exception as error:
        result.failures.append(failure_of(recording.recording, error, stage="align"))
        return
    result.excluded += samples.excluded
    result.noted.update(samples.noted)
    if samples.segments:
        gaps = _gap_rows(recording, alignment.plan, tracks)
        writer.append(rows, stored, gaps, sources=sources_of(recording), made_by=made_by)


def _tracks_for_outputs(alignment: Alignment, recording: RecordingTracks) -> dict[str, Track]:
    used = {name for spec in alignment.recipe.align.values() for name in spec.used_tracks()}
    used |= {name for label in alignment.labels.values() for name in (label.track, label.at) if name}
    schemas = {name: alignment.plan.track(name).schema for name in sorted(used)}
    return {name: _read(recording, name, partial(read_track, schema=schema)) for name, schema in schemas.items()}


def _read(recording: RecordingTracks, name: str, read: Callable[[Path], Content]) -> Content:
    path = recording.paths[name]
    with removed_if_damaged(path):
        return read(path)


def sources_of(recording: RecordingTracks) -> dict[str, str]:
    """Return what provenance says of a recording: the hashes of its files, what its clock is and how it is adjusted."""
    clock = {f"{stream}_clock": adjustment for stream, adjustment in recording.clock.items()}
    annotations = {f"annotation:{name}": digest for name, digest in recording.annotation_digests.items()}
    features = {f"features:{name}": digest for name, digest in recording.feature_digests.items()}
    files = {"media": recording.media_digest, "transcript": recording.transcript_digest, **annotations, **features}
    rate = recording.nominal_frames_per_second
    return files | clock | ({} if rate is None else {"nominal_frames_per_second": f"{rate:g}"})


def _gap_rows(recording: RecordingTracks, plan: Plan, tracks: Mapping[str, Track]) -> list[GapRow]:
    """Return what tracks could not observe, and what of them lies where no segment reads it."""
    outside = {
        name: (rows_outside if _has_given_times(plan.track(name)) else all_outside)(track, recording.duration_seconds)
        for name, track in tracks.items()
    }
    return [
        GapRow(
            recording=recording.recording,
            track=name,
            start=gap.start_seconds,
            end=gap.end_seconds,
            reason=gap.reason,
        )
        for name, track in tracks.items()
        for gap in (*track.gaps, *outside[name])
    ]


def _has_given_times(track: PlannedTrack) -> bool:
    """Whether a file says when the rows are, or they are made of such rows one by one."""
    is_of_file = isinstance(track.extractor, TranscriptExtractor | AnnotationExtractor | FeatureExtractor)
    return is_of_file or "row" in track.schema


def _culprit(members: Sequence[Member], death: Death) -> Failure:
    """Return the failure of the recording that ended its worker."""
    if not death.track:
        first, last = members[0].tracks.recording, members[-1].tracks.recording
        raise StoreError(f"recordings '{first}' to '{last}' cannot be aligned: a worker {death.reason}")
    return failure_of_death(death.track, death, stage="align")


def _forget(folder: Path, part: int) -> None:
    """Remove what a worker wrote of a part before it died."""
    for path in folder.glob(f"worker-{part:04d}-*"):
        path.unlink()


def _item(number: int, part: Sequence[Member], running: Running) -> Item:
    seconds = sum(member.tracks.duration_seconds for member in part)
    return Item(id=str(number), content=(number, part), limit_seconds=running.time_limit(seconds))
