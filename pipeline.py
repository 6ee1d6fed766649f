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
    expected_head_bytes,
    expected_store_bytes,
    statistics_tables,
    with_splits,
)
from .aligning import Aligned, Alignment, Member, align_into, sources_of
from .corpus import Corpus, Segment
from .corpus.manifest import LAYOUT as MANIFEST
from .errors import CorpusError, StoppedError, StoreError, UsageError, what_the_system_said
from .extract.cache import TrackCache
from .extract.expected_size import expected_rows
from .extract.fingerprint import digest
from .extract.recording import Failure, RecordingTracks, find_recording
from .extract.runner import StoreToCome, Watcher, extract_all, known_results
from .extract.running import Running
from .extract.work_folder import locked
from .planning import Planned, checked, planned_for
from .recipe import Recipe
from .run_record import Recorder
from .store import StoreDescription, StoreWriter
from .store.hidden_folder import clear_leftovers
from .store.manifest import read_manifest
from .store.writer import check_target

FAILURES_FILE = "failures.csv"
"""In the work folder: the recordings of the last run that are not in the store, and why."""
FAILURES_LOG = "failures.log"
"""Beside it: their tracebacks, and what native code wrote before it died."""
EXCLUDED_FILE = "excluded.csv"
"""In the work folder: the segments that were left out when the store was last written, and why."""


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


def check_work(corpus: Corpus, work: Path) -> None:
    """Check that a work folder is none that a corpus is read from: its files would be taken for the corpus' own.

    Raises
    ------
    UsageError
        If it lies in the corpus.
    """
    root, place = corpus.root.resolve(), work.resolve()
    # A manifest says which files count, whatever lies beside them.
    if corpus.layout != MANIFEST.name and (place == root or root in place.parents):
        raise UsageError(f"{work}: lies in the corpus {corpus.root}; give a work folder outside (--work)")


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
    check_work(corpus, work)
    planned = checked(corpus, recipe)
    with locked(work), Recorder(work, corpus, recipe, running, watcher or Watcher()) as recorder:
        to_come = StoreToCome(
            path=store,
            head_bytes=expected_head_bytes(planned.outputs),
            recording_bytes=partial(expected_store_bytes, recipe, planned.outputs),
        )
        extraction = _extract(corpus, planned, work, running, recorder, to_come)
        return _align(corpus, recipe, planned, extraction, store, running, recorder)


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
    check_work(corpus, work)
    planned = checked(corpus, recipe)
    with locked(work), Recorder(work, corpus, recipe, running, watcher or Watcher()) as recorder:
        return _extract(corpus, planned, work, running, recorder, None)


def status(corpus: Corpus, recipe: Recipe, work: Path) -> Status:
    """Find out how far `extract` is, from what it left in the work folder; a run may go on meanwhile.

    Raises
    ------
    TrimodalError
        If the recipe does not fit, or a package or weights are missing.
    """
    plan, segments = planned_for(corpus, recipe).plan, corpus.segments_by_recording()
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
    plan = planned_for(corpus, recipe).plan
    segments = corpus.segments_by_recording()
    with locked(work):
        results = [find_recording(recording, segments[recording.id], plan, work) for recording in corpus.recordings]
        return _extraction(results, work)


def align(
    corpus: Corpus,
    recipe: Recipe,
    extraction: Extraction,
    store: Path,
    *,
    running: Running | None = None,
    watcher: Watcher | None = None,
) -> RunReport:
    """Make the outputs of a recipe from tracks, and write them into a store.

    Segments that are left out are listed in the work folder's ``excluded.csv``, and counted in the store.

    Returns
    -------
    RunReport
        Recordings that cannot be aligned are listed in it, too, and are not in the store.

    Raises
    ------
    TrimodalError
        If no recording or no segment is left, or the store cannot be written.
    """
    planned = planned_for(corpus, recipe)
    with (
        locked(extraction.work),
        Recorder(extraction.work, corpus, recipe, running, watcher or Watcher()) as recorder,
    ):
        return _align(corpus, recipe, planned, extraction, store, running or Running(), recorder)


def _extract(
    corpus: Corpus, planned: Planned, work: Path, running: Running, recorder: Recorder, store: StoreToCome | None
) -> Extraction:
    segments = corpus.segments_by_recording()
    try:
        results = extract_all(corpus.recordings, segments, planned.plan, work, running, recorder, store)
    except BaseException:  # whatever ends the run, what failed until then is listed
        _write_failures(recorder.failures, work)
        raise
    return _extraction(results, work)


def _align(
    corpus: Corpus,
    recipe: Recipe,
    planned: Planned,
    extraction: Extraction,
    store: Path,
    running: Running,
    watcher: Watcher,
) -> RunReport:
    if not extraction.recordings:
        first = extraction.failures[0]
        count = len(corpus.recordings)
        raise CorpusError(
            f"none of {count} recordings could be processed; the first: '{first.recording}': {first.reason}"
        )
    corpus = with_splits(corpus, recipe.split)
    segments = corpus.segments_by_recording()
    key_of = partial(_store_key, corpus.layout, recipe, planned.label_kinds, segments)
    key = key_of(extraction.recordings)
    if _is_current(store, key):
        clear_leftovers(store.resolve())
        return RunReport(extraction=extraction, store=store, written=False)
    watcher.begin("align", len(extraction.recordings), sum(one.duration_seconds for one in extraction.recordings))
    alignment = Alignment(
        recipe=recipe,
        plan=planned.plan,
        labels=planned.labels,
        store=StoreDescription(
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
    )
    with StoreWriter(store, alignment.store, statistics_tables(recipe, corpus.segments)) as writer:
        members = _members(corpus, recipe, planned, extraction, segments)
        aligned = align_into(writer, alignment, members, running, extraction.work, watcher)
        _write_table(extraction.work / EXCLUDED_FILE, ("segment", "recording", "reason"), aligned.excluded)
        done = _without(extraction, aligned.failures)
        if not writer.segments:
            raise CorpusError(f"{corpus.root}: {_why_nothing(aligned)}")
        watcher.end()
        writer.commit(
            excluded=Counter(one.reason for one in aligned.excluded),
            noted=aligned.noted,
            # Without what failed, so that the next run does not take the store for whole.
            key=key_of(done.recordings),
        )
    return RunReport(extraction=done, store=store, written=True)


def _members(
    corpus: Corpus,
    recipe: Recipe,
    planned: Planned,
    extraction: Extraction,
    segments: Mapping[str, Sequence[Segment]],
) -> list[Member]:
    """Return the recordings that have segments, and about how much each adds to a store."""
    cache, by_id = TrackCache(extraction.work), {recording.id: recording for recording in corpus.recordings}
    members = []
    for tracks in extraction.recordings:
        if own := segments[tracks.recording]:
            rows = expected_rows(planned.plan, cache.info(by_id[tracks.recording]))
            size = expected_store_bytes(recipe, planned.outputs, own, tracks.duration_seconds, rows)
            members.append(Member(tracks=tracks, segments=own, expected_bytes=size))
    return members


def _without(extraction: Extraction, failures: Sequence[Failure]) -> Extraction:
    """Return what was extracted without the recordings that could not be aligned, which are listed as failures."""
    if not failures:
        return extraction
    failed = {failure.recording for failure in failures}
    recordings = tuple(one for one in extraction.recordings if one.recording not in failed)
    return _listed(Extraction(recordings=recordings, failures=(*extraction.failures, *failures), work=extraction.work))


def _why_nothing(aligned: Aligned) -> str:
    if aligned.failures:
        first = aligned.failures[0]
        return f"no recording could be aligned; the first: '{first.recording}': {first.reason}"
    why = f"; the first: '{aligned.excluded[0].segment}': {aligned.excluded[0].reason}" if aligned.excluded else ""
    return f"all {len(aligned.excluded)} segments are left out{why}"


def _extraction(results: Sequence[RecordingTracks | Failure], work: Path) -> Extraction:
    """Sort results into recordings and failures, and list these."""
    failures = tuple(result for result in results if isinstance(result, Failure))
    recordings = tuple(result for result in results if isinstance(result, RecordingTracks))
    return _listed(Extraction(recordings=recordings, failures=failures, work=work))


def _listed(extraction: Extraction) -> Extraction:
    """List the failures."""
    _write_failures(extraction.failures, extraction.work)
    return extraction


def _write_failures(failures: Sequence[Failure], work: Path) -> None:
    log = (f"{failure.recording}: {failure.reason}\n{failure.details.rstrip()}\n\n" for failure in failures)
    try:
        _write_table(work / FAILURES_FILE, ("recording", "stage", "track", "cause", "reason"), failures)
        (work / FAILURES_LOG).write_text("".join(log), encoding="utf-8")
    except OSError as error:
        reason = what_the_system_said(error)
        raise StoppedError(f"{work}: cannot be written ({reason}); make room and run the same command again") from None


def _store_key(
    layout: str,
    recipe: Recipe,
    labels: Mapping[str, str],
    segments: Mapping[str, Sequence[Segment]],
    recordings: Sequence[RecordingTracks],
) -> str:
    """Return a hash of all that decides what is in the store."""
    parts = [
        [
            recording.keys,
            sources_of(recording),
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
