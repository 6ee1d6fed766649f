"""The whole way from a corpus to a store, in one call; and its two halves."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from . import __version__
from .align import align_recording, output_schemas
from .corpus import Corpus, Segment
from .errors import CorpusError, StoreError, UsageError, did_you_mean
from .extract.base import Execution
from .extract.fingerprint import digest
from .extract.plan import Plan, make_plan
from .extract.recording import Failure, RecordingTracks, find_recording
from .extract.runner import OnDone, extract_all
from .extract.track_file import read_made_by, read_track
from .recipe import Recipe
from .store import GapRow, OutputSchema, SegmentRow, StoreWriter
from .store.manifest import read_manifest
from .store.writer import check_names, check_target
from .track import Track

FAILURES_FILE = "failures.csv"
"""In the work folder: the recordings of the last run that are not in the store, and why."""


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """What the first half of a run did."""

    recordings: tuple[RecordingTracks, ...]
    """The recordings whose tracks are all there, in the order of the corpus."""
    failures: tuple[Failure, ...]
    """The others."""

    @property
    def extracted(self) -> int:
        """Number of tracks that were made, and not found."""
        return sum(len(recording.extracted) for recording in self.recordings)


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """What a run did."""

    extraction: Extraction
    store: Path
    written: bool
    """False: the store was there already, made from the same tracks by the same recipe."""


def default_work(store: Path) -> Path:
    """Return the work folder that belongs to a store: beside it, with ``.work`` behind its name."""
    return store.with_name(f"{store.name}.work")


def run(
    corpus: Corpus,
    recipe: Recipe,
    store: Path,
    *,
    work: Path | None = None,
    execution: Execution | None = None,
    jobs: int = 1,
    on_done: OnDone = lambda result: None,
) -> RunReport:
    """Extract what is missing, then align it into a store.

    Parameters
    ----------
    corpus
        What to read.
    recipe
        What to make.
    store
        The folder to write; a store that is there is replaced.
    work
        Where tracks are kept for the next run; None: `default_work`.
    execution
        How to run; None: on the CPU.
    jobs
        Number of processes.
    on_done
        Told of every recording whose tracks are done.

    Returns
    -------
    RunReport
        Recordings that failed are listed in it, and are not in the store.

    Raises
    ------
    TrimodalError
        If nothing can be done: the recipe does not fit, a package or weights are missing, every recording failed.
    """
    work = default_work(store) if work is None else work
    check_target(store)
    extraction = extract(corpus, recipe, work, execution=execution, jobs=jobs, on_done=on_done)
    written = align(corpus, recipe, extraction, store)
    return RunReport(extraction=extraction, store=store, written=written)


def extract(
    corpus: Corpus,
    recipe: Recipe,
    work: Path,
    *,
    execution: Execution | None = None,
    jobs: int = 1,
    on_done: OnDone = lambda result: None,
) -> Extraction:
    """Make the tracks that are not in the work folder yet, and list what failed in its ``failures.csv``.

    Raises
    ------
    TrimodalError
        If the recipe does not fit, or a package or weights are missing.
    """
    if jobs < 1:
        raise UsageError(f"jobs must be at least 1, found {jobs}")
    check_names(recipe.align, kept_labels(corpus, recipe))
    plan, _ = _planned(recipe)
    segments = corpus.segments_by_recording()
    results = extract_all(corpus.recordings, segments, plan, work, execution or Execution(), jobs, on_done)
    return _extraction(results, work)


def find_tracks(corpus: Corpus, recipe: Recipe, work: Path) -> Extraction:
    """Find the tracks that `extract` made in the work folder; recordings that lack one are failures.

    Raises
    ------
    TrimodalError
        If the recipe does not fit, or a package or weights are missing.
    """
    plan, _ = _planned(recipe)
    segments = corpus.segments_by_recording()
    results = [find_recording(recording, segments[recording.id], plan, work) for recording in corpus.recordings]
    return _extraction(results, work)


def align(corpus: Corpus, recipe: Recipe, extraction: Extraction, store: Path) -> bool:
    """Make the outputs of a recipe from tracks, and write them into a store.

    Returns
    -------
    bool
        False where the store is there already and would come out the same.

    Raises
    ------
    TrimodalError
        If no recording is left, or the store cannot be written.
    """
    if not extraction.recordings:
        first = extraction.failures[0]
        count = len(corpus.recordings)
        raise CorpusError(
            f"none of {count} recordings could be processed; the first: '{first.recording}': {first.reason}"
        )
    plan, outputs = _planned(recipe)
    labels = kept_labels(corpus, recipe)
    segments = corpus.segments_by_recording()
    key = _store_key(recipe, labels, extraction.recordings, segments)
    if _is_current(store, key):
        return False
    with StoreWriter(
        store,
        outputs=outputs,
        labels=labels,
        recipe_name=recipe.name,
        recipe_text=recipe.text,
        version=__version__,
        key=key,
        shard_bytes=int(recipe.store.shard_megabytes * 1e6),
    ) as writer:
        for recording in extraction.recordings:
            if not segments[recording.recording]:
                continue
            tracks = _tracks_for_outputs(recipe, plan, recording)
            rows, arrays = align_recording(segments[recording.recording], recording.duration_seconds, tracks, recipe)
            writer.append(
                [_with_labels(row, labels) for row in rows],
                arrays,
                _gap_rows(recording, tracks),
                sources={"media": recording.media_digest, "transcript": recording.transcript_digest},
                made_by={track.name: read_made_by(recording.paths[track.name]) for track in plan.tracks},
            )
        writer.commit()
    return True


def kept_labels(corpus: Corpus, recipe: Recipe) -> dict[str, str]:
    """Return ``number`` or ``text`` for every label that goes into the store.

    Raises
    ------
    CorpusError
        If the recipe wants a label that the corpus does not have.
    """
    wanted = corpus.label_names if recipe.labels is None else recipe.labels
    kinds = {}
    for name in wanted:
        if name not in corpus.label_names:
            hint = did_you_mean(name, corpus.label_names) if corpus.label_names else "it has none"
            raise CorpusError(f"{corpus.root}: has no label '{name}', which the recipe keeps; {hint}")
        values = [segment.labels[name] for segment in corpus.segments]
        kinds[name] = "text" if any(isinstance(value, str) for value in values) else "number"
    return kinds


def _extraction(results: Sequence[RecordingTracks | Failure], work: Path) -> Extraction:
    """Sort results into recordings and failures, and write the table of these."""
    failures = tuple(result for result in results if isinstance(result, Failure))
    _write_failures(work / FAILURES_FILE, failures)
    return Extraction(
        recordings=tuple(result for result in results if isinstance(result, RecordingTracks)), failures=failures
    )


def _planned(recipe: Recipe) -> tuple[Plan, dict[str, OutputSchema]]:
    """Return what a recipe extracts and what its outputs will hold; finds whatever does not go together."""
    plan = make_plan(recipe.tracks)
    return plan, output_schemas(recipe, {track.name: track.schema for track in plan.tracks})


def _tracks_for_outputs(recipe: Recipe, plan: Plan, recording: RecordingTracks) -> dict[str, Track]:
    used = {name for spec in recipe.align.values() for name in spec.used_tracks()}
    return {name: read_track(recording.paths[name], plan.track(name).schema) for name in sorted(used)}


def _gap_rows(recording: RecordingTracks, tracks: Mapping[str, Track]) -> list[GapRow]:
    return [
        GapRow(
            recording=recording.recording,
            track=name,
            start=gap.start_seconds,
            end=gap.end_seconds,
            reason=gap.reason,
        )
        for name, track in tracks.items()
        for gap in track.gaps
    ]


def _with_labels(row: SegmentRow, labels: Mapping[str, str]) -> SegmentRow:
    return replace(row, labels={name: row.labels[name] for name in labels})


def _store_key(
    recipe: Recipe,
    labels: Mapping[str, str],
    recordings: Sequence[RecordingTracks],
    segments: Mapping[str, Sequence[Segment]],
) -> str:
    """Return a hash of all that decides what is in the store."""
    parts = [
        [recording.keys, recording.duration_seconds, [repr(segment) for segment in segments[recording.recording]]]
        for recording in recordings
    ]
    return digest(__version__, recipe.text, sorted(labels.items()), parts)


def _is_current(store: Path, key: str) -> bool:
    try:
        manifest = read_manifest(store)
        return manifest.key == key and all(
            (store / shard.file).stat().st_size == shard.bytes for shard in manifest.shards
        )
    except (StoreError, OSError):
        return False


def _write_failures(path: Path, failures: Sequence[Failure]) -> None:
    """Write the table of failures; one that is there belongs to an earlier run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["recording", "track", "reason"])
        writer.writerows([failure.recording, failure.track, failure.reason] for failure in failures)
    temporary.replace(path)
