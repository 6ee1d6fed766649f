"""Running extraction over a corpus: the only place that knows processes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from heapq import nlargest
from pathlib import Path
from typing import Any

from ..corpus import Recording, Segment
from ..errors import require_packages
from .base import Execution
from .cache import TrackCache
from .expected_size import expected_bytes, expected_rows, expected_sound_bytes
from .plan import Plan
from .recording import (
    Failure,
    RecordingTracks,
    Stage,
    extract_recording,
    keep_failure,
    known_recording,
    missing_tracks,
)
from .running.disk import Estimate, Forecast, check_room
from .running.groups import make_groups
from .running.options import Running
from .running.pool import Pool
from .running.work import PASSING_CAUSES, Death, Item, Tell, ThisProcess, Workers
from .work_folder import TEMPORARY_FOLDER

Result = RecordingTracks | Failure


class Watcher:
    """Is told what a run does, in its process. This one takes no notice."""

    def known(self, results: Collection[Result]) -> None:
        """Hear what came of recordings in earlier runs that this one takes as it is, before anything is done."""

    def begin(self, stage: str, recordings: int, media_seconds: float) -> None:
        """Hear how much a stage has to do: ``probe`` (where lengths are not known yet), ``extract`` or ``align``."""

    def done(self, recording: str, media_seconds: float, result: Result | None = None) -> None:
        """Hear that a recording is done, in whatever order that happens; ``result`` where it is that of extraction."""

    def waits(self, reason: str) -> None:
        """Hear that nothing goes on at the moment, and what for."""

    def estimate(self, estimate: Estimate, free_bytes: int) -> None:
        """Hear how much room a run will take, before anything is extracted."""

    def forecast(self, size_bytes: int) -> None:
        """Hear how much room the tracks will take that are still to come."""

    def end(self) -> None:
        """Hear that the stage is over."""


@dataclass(frozen=True, kw_only=True)
class StoreToCome:
    """The store that is made of the tracks."""

    path: Path
    head_bytes: float
    """About how much it takes whatever is in it."""
    recording_bytes: Callable[[Sequence[Segment], float, Mapping[str, float]], float]
    """Says about how many bytes a recording adds to it: of its segments, its length in seconds, and how many rows each
    of its tracks has."""


def extract_all(
    recordings: Sequence[Recording],
    segments: Mapping[str, Sequence[Segment]],
    plan: Plan,
    work: Path,
    running: Running,
    watcher: Watcher,
    store: StoreToCome | None = None,
) -> list[Result]:
    """Make the tracks of every recording that are not there yet.

    What came of a recording in an earlier run is looked up first; where that is all, no worker is started. The others
    are probed, so that the long ones can go first, and then extracted.

    Parameters
    ----------
    recordings
        What to work on.
    segments
        Their segments, by recording.
    plan
        What to make.
    work
        The work folder.
    running
        How to run.
    watcher
        Told what happens.
    store
        What is made of the tracks afterwards, and needs room, too.

    Returns
    -------
    list
        In the order of ``recordings``.

    Raises
    ------
    StoppedError
        If the run cannot go on: the disk has no room for what is still to come, or the cluster is gone.
    TrimodalError
        If no worker can start, Dask is wanted and not installed, or the disk is too small.
    """
    results = known_results(recordings, segments, plan, work)
    results = {id: result for id, result in results.items() if _holds(result, running)}
    watcher.known(results.values())
    left = [recording for recording in recordings if recording.id not in results]
    if left:
        with start_workers(running, len(left), work, watcher) as workers:
            results |= _probe(left, work, running, workers, watcher)
            left = [recording for recording in left if recording.id not in results]
            kept = [one for one in recordings if not isinstance(results.get(one.id), Failure)]
            expected = _estimate(kept, {one.id for one in left}, segments, plan, work, running, store)
            place = None if store is None else store.path
            watcher.estimate(expected, check_room(expected, work, place))
            forecast = Forecast(expected, work, place)
            results |= _extract(left, segments, plan, work, running, workers, watcher, forecast)
    return [results[recording.id] for recording in recordings]


def known_results(
    recordings: Sequence[Recording], segments: Mapping[str, Sequence[Segment]], plan: Plan, work: Path
) -> dict[str, Result]:
    """Look up what came of recordings in earlier runs; those that have work left are not in it."""
    known = {recording.id: known_recording(recording, segments[recording.id], plan, work) for recording in recordings}
    return {id: result for id, result in known.items() if result is not None}


def _holds(result: Result, running: Running) -> bool:
    """Return whether what came of a recording in an earlier run is not to be tried again."""
    if isinstance(result, RecordingTracks):
        return True
    if running.retry_failed:
        return False
    # Without workers there are no limits: what exceeded one would hang or swell here.
    is_limited = running.jobs > 0 or running.scheduler is not None
    limit = running.limit(result.cause, result.media_seconds)
    return not (is_limited and limit is not None and result.limit is not None and limit > result.limit)


def start_workers(running: Running, items: int, work: Path, watcher: Watcher) -> Workers:
    """Return the workers that a run asks for, as many as items can keep busy.

    Parameters
    ----------
    running
        How to run.
    items
        How many there are.
    work
        The work folder, in which workers have their temporary files.
    watcher
        Told where there is nobody to do the work.
    """
    if running.scheduler is not None:
        require_packages("a Dask cluster", ["distributed"], "dask")
        from .running.cluster import Cluster

        return Cluster(running, watcher.waits)
    if not running.jobs:
        return ThisProcess(running.devices[0])
    jobs = min(running.jobs, items)
    return Pool(jobs, running.devices, running.memory_limit, work / TEMPORARY_FOLDER)


def _probe(
    recordings: Sequence[Recording], work: Path, running: Running, workers: Workers, watcher: Watcher
) -> dict[str, Result]:
    """Find out how long recordings last; return those that ended their workers. Others that fail do so again later."""
    cache = TrackCache(work)
    unknown = [recording for recording in recordings if cache.known_info(recording) is None]
    watcher.begin("probe", len(unknown), 0.0)
    items = [Item(id=one.id, content=one, limit_seconds=running.time_limit(0.0)) for one in unknown]
    groups = make_groups(items, [0.0] * len(items), max(running.jobs, 1))
    failures: dict[str, Result] = {}
    for item, outcome in workers.do(partial(_probe_one, work), groups):
        if isinstance(outcome, Death):
            failures[item.id] = failure_of_death(item.id, outcome, stage="read")
        watcher.done(item.id, _seconds(item.content, work))
    watcher.end()
    return failures


def _estimate(
    recordings: Sequence[Recording],
    left: Collection[str],
    segments: Mapping[str, Sequence[Segment]],
    plan: Plan,
    work: Path,
    running: Running,
    store: StoreToCome | None,
) -> Estimate:
    """Add up what the tracks of those that are left, and the store of all, are likely to take."""
    cache = TrackCache(work)
    tracks_bytes = media_seconds = 0.0
    sounds_bytes = []
    store_bytes = 0.0 if store is None else store.head_bytes
    for recording in recordings:
        info = cache.known_info(recording)
        if info is None:  # it cannot be read
            continue
        rows, own = expected_rows(plan, info), segments[recording.id]
        if recording.id in left:
            missing = missing_tracks(recording, own, plan, work)
            tracks_bytes += expected_bytes(missing, rows)
            sounds_bytes.append(expected_sound_bytes(missing, info))
            media_seconds += info.duration_seconds
        if store is not None:
            store_bytes += store.recording_bytes(own, info.duration_seconds, rows)
    return Estimate(
        tracks_bytes=tracks_bytes,
        sound_bytes=sum(nlargest(max(running.jobs, 1), sounds_bytes)),
        store_bytes=store_bytes,
        media_seconds=media_seconds,
    )


def _extract(
    recordings: Sequence[Recording],
    segments: Mapping[str, Sequence[Segment]],
    plan: Plan,
    work: Path,
    running: Running,
    workers: Workers,
    watcher: Watcher,
    forecast: Forecast,
) -> dict[str, Result]:
    by_id = {recording.id: recording for recording in recordings}
    seconds = {recording.id: _seconds(recording, work) for recording in recordings}
    items = [
        Item(id=one.id, content=(one, segments[one.id]), limit_seconds=running.time_limit(seconds[one.id]))
        for one in recordings
    ]
    watcher.begin("extract", len(items), sum(seconds.values()))
    groups = make_groups(items, list(seconds.values()), max(running.jobs, 1))
    results: dict[str, Result] = {}
    for item, outcome in workers.do(partial(_extract_one, plan, work), groups):
        result = outcome
        if isinstance(outcome, Death):
            result = failure_of_death(item.id, outcome, stage="extract", media_seconds=seconds[item.id])
        results[item.id] = result
        watcher.done(item.id, seconds[item.id], result)
        if isinstance(result, Failure):
            keep_failure(result, by_id[item.id], segments[item.id], plan, work)
            if not result.lasts:  # a full disk would fail all the others, too
                forecast.check()
        elif (size := forecast.add(seconds[item.id], result.extracted_bytes)) is not None:
            watcher.forecast(size)
    watcher.end()
    return results


def _probe_one(work: Path, recording: Recording, device: str, tell: Tell) -> None:
    with suppress(Exception):  # extraction meets it again, and says so
        TrackCache(work).info(recording)


def _extract_one(plan: Plan, work: Path, content: Any, device: str, tell: Tell) -> Result:
    recording, segments = content
    return extract_recording(recording, segments, plan, work, Execution(device=device), tell)


def _seconds(recording: Recording, work: Path) -> float:
    info = TrackCache(work).known_info(recording)
    return 0.0 if info is None else info.duration_seconds


def failure_of_death(recording: str, death: Death, *, stage: Stage, media_seconds: float = 0.0) -> Failure:
    """Describe how a recording ended its worker."""
    return Failure(
        recording=recording,
        track=death.track if stage == "extract" else "",
        reason=death.reason,
        details=death.details,
        cause=death.cause,
        stage="read" if stage == "extract" and not death.track else stage,
        limit=death.limit,
        media_seconds=media_seconds,
        lasts=death.cause not in PASSING_CAUSES,
    )
