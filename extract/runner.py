"""Running extraction over a corpus: the only place that knows processes."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..corpus import Recording, Segment
from .base import Execution
from .plan import Plan
from .recording import Failure, RecordingTracks, extract_recording

OnDone = Callable[[RecordingTracks | Failure], None]
"""Told of every recording as it is finished, in whatever order that happens."""


def extract_all(
    recordings: Sequence[Recording],
    segments: Mapping[str, Sequence[Segment]],
    plan: Plan,
    work: Path,
    execution: Execution,
    jobs: int,
    on_done: OnDone,
) -> list[RecordingTracks | Failure]:
    """Make the tracks of every recording that are not there yet.

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
    execution
        How to run.
    jobs
        Number of processes; 1: this one.
    on_done
        Called in this process.

    Returns
    -------
    list
        In the order of ``recordings``.
    """
    from joblib import Parallel, delayed

    done: dict[str, RecordingTracks | Failure] = {}
    workers = max(1, min(jobs, len(recordings)))
    tasks = (
        delayed(extract_recording)(recording, segments[recording.id], plan, work, execution) for recording in recordings
    )
    backend = Parallel(n_jobs=workers, return_as="generator_unordered", batch_size=1, pre_dispatch="2*n_jobs")
    for result in backend(tasks):
        done[result.recording] = result
        on_done(result)
    return [done[recording.id] for recording in recordings]
