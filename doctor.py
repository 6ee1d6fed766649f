"""What is installed, and what is wrong with a corpus before hours are spent on it."""

import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, requires, version
from pathlib import Path

import numpy as np

from .corpus import Corpus, Recording, Segment
from .errors import TrimodalError
from .extract.media_source import MediaSource
from .extract.plan import make_plan
from .extract.recording import Failure, RecordingTracks
from .extract.runner import Watcher, extract_all
from .extract.running import Running
from .extract.text.agreement import Agreement
from .extract.text.alignment.pocketsphinx_aligner import DOUBTFUL
from .extract.text.alignment.spoken_form import is_word
from .extract.track_file import read_track
from .media import decoder_versions

_PAST_END_SECONDS = 0.5
"""Transcripts and segments that end later than the media by more than this are worth a line."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that is wrong with a recording."""

    recording: str
    problem: str
    """One line."""


def installed_packages() -> dict[str, dict[str, str]]:
    """Return for every extra of this package the versions of what it asks for; empty where it is not installed."""
    from packaging.requirements import Requirement

    found: dict[str, dict[str, str]] = {"": {}}
    for extra in distribution("trimodal").metadata.get_all("Provides-Extra") or ():
        found[extra] = {}
    for text in requires("trimodal") or ():
        requirement = Requirement(text)
        for extra in found if requirement.marker else [""]:
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                found[extra][requirement.name] = _version(requirement.name)
    return found


def machine() -> dict[str, str]:
    """Return what decides what can run here: system, Python, FFmpeg's libraries, GPUs."""
    import torch

    libraries = ", ".join(f"{name} {version}" for name, version in decoder_versions().items())
    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "ffmpeg": libraries,
        "gpus": ", ".join(gpus) or "none",
    }


def examine(corpus: Corpus, on_done: Callable[[str], None] = lambda recording: None) -> list[Finding]:
    """Look at the media and the transcripts of a corpus: at headers and first frames, which takes little time.

    Parameters
    ----------
    corpus
        What to look at.
    on_done
        Told the id of every recording that has been looked at.
    """
    findings: list[Finding] = []
    segments = corpus.segments_by_recording()
    for recording in corpus.recordings:
        problems = _problems(recording, segments[recording.id])
        findings += [Finding(recording=recording.id, problem=problem) for problem in problems]
        on_done(recording.id)
    return findings


def listen(corpus: Corpus, work: Path, jobs: int = 0) -> list[Finding]:
    """Compare the transcripts with the sound, which takes a twentieth of its length or less; see `Agreement`.

    Parameters
    ----------
    corpus
        What to look at.
    work
        A work folder; the tracks made here are those of a recipe with ``agreement: {}``.
    jobs
        Number of processes; 0: this one.
    """
    agreement = Agreement()
    plan = make_plan({"agreement": agreement})
    segments = corpus.segments_by_recording()
    results = extract_all(corpus.recordings, segments, plan, work, Running(jobs=jobs), Watcher())
    findings = []
    for recording, result in zip(corpus.recordings, results, strict=True):
        if isinstance(result, Failure):
            findings.append(Finding(recording=recording.id, problem=result.reason))
        else:
            findings += _doubts(recording, segments[recording.id], result, work, agreement)
    return findings


def _doubts(
    recording: Recording, segments: Sequence[Segment], tracks: RecordingTracks, work: Path, agreement: Agreement
) -> Iterator[Finding]:
    track = read_track(tracks.paths["agreement"], agreement.schema)
    utterances = MediaSource(recording, segments, work).utterances or ()
    values = np.asarray(track.values[:, 0], np.float64)
    for row in np.flatnonzero(values < DOUBTFUL):
        text = utterances[int(track.fields["utterance"][row])].text
        yield Finding(
            recording=recording.id,
            problem=f"at {track.times[row, 0]:.1f} s the words '{text[:40]}' do not fit the sound "
            f"(agreement {values[row]:.2f}, expected {DOUBTFUL} or more)",
        )


def _problems(recording: Recording, segments: Sequence[Segment]) -> Iterator[str]:
    """Yield what is wrong with a recording, one line each."""
    media = MediaSource(recording, segments, Path())
    try:
        info = media.info
    except TrimodalError as error:
        yield str(error)
        return
    if recording.media is not None and info.audio_start_seconds is None:
        yield "has no sound that decodes"
    if recording.media is not None and info.video_start_seconds is None:
        yield "has no video that decodes"
    past = info.duration_seconds + _PAST_END_SECONDS
    late = [segment for segment in segments if (segment.end_seconds or segment.start_seconds) > past]
    if late:
        end = f"{info.duration_seconds:.2f} s"
        yield f"{len(late)} segments end past the media's end at {end}; the first: '{late[0].id}'"
    try:
        utterances = media.utterances
    except TrimodalError as error:
        yield str(error)
        return
    if not any(is_word(token) for utterance in utterances or () for token in utterance.text.split()):
        yield "has no transcript" if utterances is None else "its transcript has no words"
        return
    cues = [one for one in utterances or () if one.end_seconds is not None and one.end_seconds > past]
    if cues:
        yield f"{len(cues)} lines of its transcript end past the media's end; the first: '{cues[0].text[:40]}'"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
