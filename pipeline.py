"""The whole way from a corpus to a store, in one call; and its two halves."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from . import __version__
from .align import (
    Exclusion,
    align_recording,
    check_columns,
    choose_samples,
    expected_head_bytes,
    expected_store_bytes,
    label_kinds,
    output_schemas,
    statistics_tables,
    wanted_labels,
    with_splits,
)
from .corpus import Corpus, Segment
from .errors import CorpusError, StoreError, did_you_mean
from .extract.base import AnnotationExtractor, FeatureExtractor
from .extract.fingerprint import digest
from .extract.plan import Plan, make_plan
from .extract.recording import Failure, RecordingTracks, find_recording
from .extract.runner import StoreToCome, Watcher, extract_all, known_results
from .extract.running import Running
from .extract.track_file import read_made_by, read_track
from .extract.work_folder import locked
from .recipe import Recipe
from .recipe.labels import Label
from .run_record import Recorder
from .store import GapRow, OutputSchema, StoreDescription, StoreWriter
from .store.hidden_folder import clear_leftovers
from .store.manifest import read_manifest
from .store.shard_file import check_compression
from .store.writer import check_names, check_target
from .track import Track

FAILURES_FILE = "failures.csv"
"""In the work folder: the recordings of the last run that are not in the store, and why."""
FAILURES_LOG = "failures.log"
"""Beside it: their tracebacks, and what native code wrote before it died."""
EXCLUDED_FILE = "excluded.csv"
"""In the work folder: the segments that were left out when the store was last written, and why."""
REACHING_OUT = "reaches out of its recording"
"""What a store notes of segments that it holds nevertheless."""


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """What the first half of a run did."""

    recordings: tuple[RecordingTracks, ...]
    """The recordings whose tracks are all there, in the order of the corpus."""
    failures: tuple[Failure, ...]
    """The others."""
    work: Path
    """The work folder, where the tracks lie."""

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


@dataclass(frozen=True, kw_only=True)
class Status:
    """How far the tracks of a corpus are."""

    done: tuple[RecordingTracks, ...]
    failed: tuple[Failure, ...]
    """Those that a run would not try again by itself."""
    left: tuple[str, ...]
    """Ids of the others."""


def default_work(store: Path) -> Path:
    """Return the work folder that belongs to a store: beside it, with ``.work`` behind its name."""
    return store.with_name(f"{store.name}.work")


def run(
    corpus: Corpus,
    recipe: Recipe,
    store: Path,
    *,
    work: Path | None = None,
    running: Running | None = None,
    watcher: Watcher | None = None,
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
    running
        How to run; None: in this process, on the CPU.
    watcher
        Told what happens.

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
    running = running or Running()
    planned = _checked(corpus, recipe)
    with locked(work), Recorder(work, corpus, recipe, running, watcher or Watcher()) as recorder:
        to_come = StoreToCome(
            path=store,
            head_bytes=expected_head_bytes(planned.outputs),
            recording_bytes=partial(expected_store_bytes, recipe, planned.outputs),
        )
        extraction = _extract(corpus, planned, work, running, recorder, to_come)
        written = _align(corpus, recipe, planned, extraction, store, recorder)
    return RunReport(extraction=extraction, store=store, written=written)


def extract(
    corpus: Corpus,
    recipe: Recipe,
    work: Path,
    *,
    running: Running | None = None,
    watcher: Watcher | None = None,
) -> Extraction:
    """Make the tracks that are not in the work folder yet, and list what failed in its ``failures.csv``.

    Raises
    ------
    TrimodalError
        If the recipe does not fit, or a package or weights are missing.
    """
    running = running or Running()
    planned = _checked(corpus, recipe)
    with locked(work), Recorder(work, corpus, recipe, running, watcher or Watcher()) as recorder:
        return _extract(corpus, planned, work, running, recorder, None)


def status(corpus: Corpus, recipe: Recipe, work: Path) -> Status:
    """Find out how far `extract` is, from what it left in the work folder; a run may go on meanwhile.

    Raises
    ------
    TrimodalError
        If the recipe does not fit, or a package or weights are missing.
    """
    plan, segments = _planned(corpus, recipe).plan, corpus.segments_by_recording()
    known = known_results(corpus.recordings, segments, plan, work)
    return Status(
        done=tuple(result for result in known.values() if isinstance(result, RecordingTracks)),
        failed=tuple(result for result in known.values() if isinstance(result, Failure)),
        left=tuple(recording.id for recording in corpus.recordings if recording.id not in known),
    )


def find_tracks(corpus: Corpus, recipe: Recipe, work: Path) -> Extraction:
    """Find the tracks that `extract` made in the work folder; recordings that lack one are failures.

    Raises
    ------
    TrimodalError
        If the recipe does not fit, or a package or weights are missing.
    """
    plan = _planned(corpus, recipe).plan
    segments = corpus.segments_by_recording()
    with locked(work):
        results = [find_recording(recording, segments[recording.id], plan, work) for recording in corpus.recordings]
        return _extraction(results, work)


def align(
    corpus: Corpus, recipe: Recipe, extraction: Extraction, store: Path, *, watcher: Watcher | None = None
) -> bool:
    """Make the outputs of a recipe from tracks, and write them into a store.

    Segments that are left out are listed in the work folder's ``excluded.csv``, and counted in the store.

    Returns
    -------
    bool
        False where the store is there already and would come out the same.

    Raises
    ------
    TrimodalError
        If no recording or no segment is left, or the store cannot be written.
    """
    planned = _planned(corpus, recipe)
    with Recorder(extraction.work, corpus, recipe, None, watcher or Watcher()) as recorder:
        return _align(corpus, recipe, planned, extraction, store, recorder)


def _extract(
    corpus: Corpus, planned: "_Planned", work: Path, running: Running, watcher: Watcher, store: StoreToCome | None
) -> Extraction:
    segments = corpus.segments_by_recording()
    return _extraction(extract_all(corpus.recordings, segments, planned.plan, work, running, watcher, store), work)


def _align(
    corpus: Corpus, recipe: Recipe, planned: "_Planned", extraction: Extraction, store: Path, watcher: Watcher
) -> bool:
    if not extraction.recordings:
        first = extraction.failures[0]
        count = len(corpus.recordings)
        raise CorpusError(
            f"none of {count} recordings could be processed; the first: '{first.recording}': {first.reason}"
        )
    corpus = with_splits(corpus, recipe.split)
    segments = corpus.segments_by_recording()
    key = _store_key(corpus.layout, recipe, planned.label_kinds, extraction.recordings, segments)
    if _is_current(store, key):
        clear_leftovers(store.resolve())
        return False
    watcher.begin("align", len(extraction.recordings), sum(one.duration_seconds for one in extraction.recordings))
    left_out: list[Exclusion] = []
    noted: Counter[str] = Counter()
    with StoreWriter(
        store,
        StoreDescription(
            outputs=planned.outputs,
            labels=planned.label_kinds,
            recipe_name=recipe.name,
            recipe_text=recipe.text,
            version=__version__,
            key=key,
            shard_bytes=int(recipe.store.shard_megabytes * 1e6),
            compression=recipe.store.compression,
            layout=corpus.layout,
            dry_weights=recipe.dry_weights,
        ),
        statistics_tables(recipe, corpus.segments),
    ) as writer:
        for recording in extraction.recordings:
            watcher.done(recording.duration_seconds)
            if not segments[recording.recording]:
                continue
            tracks = _tracks_for_outputs(recipe, planned, recording)
            duration = recording.duration_seconds
            samples = choose_samples(segments[recording.recording], duration, tracks, recipe, planned.labels)
            left_out += samples.excluded
            noted[REACHING_OUT] += samples.reaching_out
            if not samples.segments:
                continue
            rows, arrays = align_recording(samples.segments, duration, tracks, recipe)
            writer.append(
                rows,
                arrays,
                _gap_rows(recording, tracks),
                sources=_sources(recording),
                made_by={track.name: [read_made_by(recording.paths[track.name])] for track in planned.plan.tracks},
            )
        _write_table(extraction.work / EXCLUDED_FILE, ("segment", "recording", "reason"), left_out)
        if not writer.segments:
            why = f"; the first: '{left_out[0].segment}': {left_out[0].reason}" if left_out else ""
            raise CorpusError(f"{corpus.root}: all {len(left_out)} segments are left out{why}")
        watcher.end()
        writer.commit(excluded=Counter(one.reason for one in left_out), noted=+noted)
    return True


def _extraction(results: Sequence[RecordingTracks | Failure], work: Path) -> Extraction:
    """Sort results into recordings and failures, and write the table of these."""
    failures = tuple(result for result in results if isinstance(result, Failure))
    _write_table(work / FAILURES_FILE, ("recording", "stage", "track", "cause", "reason"), failures)
    log = (f"{failure.recording}: {failure.reason}\n{failure.details.rstrip()}\n\n" for failure in failures)
    (work / FAILURES_LOG).write_text("".join(log), encoding="utf-8")
    recordings = tuple(result for result in results if isinstance(result, RecordingTracks))
    return Extraction(recordings=recordings, failures=failures, work=work)


@dataclass(frozen=True, kw_only=True)
class _Planned:
    """What a recipe makes of a corpus."""

    plan: Plan
    outputs: Mapping[str, OutputSchema]
    labels: Mapping[str, Label]
    label_kinds: Mapping[str, str]


def _checked(corpus: Corpus, recipe: Recipe) -> _Planned:
    """Return what a recipe makes of a corpus; finds, too, what would only show when the store is written."""
    statistics_tables(recipe, with_splits(corpus, recipe.split).segments)
    return _planned(corpus, recipe)


def _planned(corpus: Corpus, recipe: Recipe) -> _Planned:
    """Return what a recipe makes of a corpus; finds whatever does not go together."""
    plan = make_plan(recipe.tracks)
    schemas = {track.name: track.schema for track in plan.tracks}
    _check_files(corpus, recipe)
    labels = wanted_labels(corpus, recipe, schemas)
    kinds = label_kinds(corpus, labels)
    check_names(recipe.align, kinds)
    check_columns(recipe, kinds)
    check_compression(recipe.store.compression)
    return _Planned(plan=plan, outputs=output_schemas(recipe, schemas), labels=labels, label_kinds=kinds)


def _check_files(corpus: Corpus, recipe: Recipe) -> None:
    """Check that at least one recording has each annotation, and each file of features, that a track reads."""
    annotations = {annotation.name for recording in corpus.recordings for annotation in recording.annotations}
    features = {feature.name for recording in corpus.recordings for feature in recording.features}
    for name, extractor in recipe.tracks.items():
        if isinstance(extractor, AnnotationExtractor):
            kind, wanted, known = "annotation", extractor.annotation, annotations
        elif isinstance(extractor, FeatureExtractor):
            kind, wanted, known = "features", extractor.feature, features
        else:
            continue
        if wanted not in known:
            hint = did_you_mean(wanted, known) if known else "there are none"
            raise CorpusError(
                f"{corpus.root}: no recording has the {kind} '{wanted}', which track '{name}' reads; {hint}"
            )


def _tracks_for_outputs(recipe: Recipe, planned: _Planned, recording: RecordingTracks) -> dict[str, Track]:
    used = {name for spec in recipe.align.values() for name in spec.used_tracks()}
    used |= {label.track for label in planned.labels.values() if label.track}
    return {name: read_track(recording.paths[name], planned.plan.track(name).schema) for name in sorted(used)}


def _sources(recording: RecordingTracks) -> dict[str, str]:
    """Return what provenance says of a recording: the hashes of its files and how its clock is adjusted."""
    clock = {f"{stream}_clock": adjustment for stream, adjustment in recording.clock.items()}
    annotations = {f"annotation:{name}": digest for name, digest in recording.annotation_digests.items()}
    features = {f"features:{name}": digest for name, digest in recording.feature_digests.items()}
    files = {"media": recording.media_digest, "transcript": recording.transcript_digest, **annotations, **features}
    return files | clock


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


def _store_key(
    layout: str,
    recipe: Recipe,
    labels: Mapping[str, str],
    recordings: Sequence[RecordingTracks],
    segments: Mapping[str, Sequence[Segment]],
) -> str:
    """Return a hash of all that decides what is in the store."""
    parts = [
        [
            recording.keys,
            _sources(recording),
            recording.duration_seconds,
            [repr(segment) for segment in segments[recording.recording]],
        ]
        for recording in recordings
    ]
    return digest(__version__, layout, recipe.text, recipe.dry_weights, sorted(labels.items()), parts)


def _is_current(store: Path, key: str) -> bool:
    try:
        manifest = read_manifest(store)
        return manifest.key == key and all((store / file.file).stat().st_size == file.bytes for file in manifest.files)
    except (StoreError, OSError):
        return False


def _write_table(path: Path, columns: Sequence[str], rows: Sequence[Failure | Exclusion]) -> None:
    """Write a table of the work folder; one that is there belongs to an earlier run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([getattr(row, column) for column in columns] for row in rows)
    temporary.replace(path)
