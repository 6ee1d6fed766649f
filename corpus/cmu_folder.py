"""What CMU-MOSI and CMU-MOSEI have in common: a folder of raw media, and computational sequences (.csd) beside it."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import CorpusError
from .clips import match_clips
from .csd import CsdLabels, csd_ends, csd_labels
from .features import FeatureFile
from .findings import Findings, counted
from .model import Corpus, Recording, Segment

_NAMES = {
    "covarep": "COVAREP",
    "visualfacet41": "FACET_4.1",
    "visualfacet42": "FACET_4.2",
    "visualopenface1": "OpenFace_1",
    "visualopenface2": "OpenFace_2",
    "opensmileis09": "openSMILE_IS09",
    "opensmileeb10": "openSMILE_EB10",
    "timestampedwordvectors": "glove",
    "timestampedwordvectors11": "glove",
    "timestampedglovevectorswithsp": "glove_with_sp",
}
"""What recipes call published sequences, spelt otherwise in either corpus; those of users keep their names."""
_WORDS = ("timestampedwords", "modifiedtimestampedwords", "words")
_PHONES = ("timestampedphones", "phones", "phoneme")
_LABELS = ("opinionlabels", "opinionsegmentlabels", "labels", "alllabels")


@dataclass(frozen=True, kw_only=True)
class Sequences:
    """The computational sequences of a folder."""

    labels: Path
    words: Path | None
    features: Mapping[str, Path]
    """By the name that recipes use."""


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """A labelled stretch of a video."""

    video: str
    id: str
    """Also the name of its clip, where videos are cut."""
    start_seconds: float
    end_seconds: float
    text: str | None
    labels: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class CmuCorpus:
    """What is read alike of both corpora once their utterances are known."""

    root: Path
    layout: str
    sequences: Sequences
    utterances: Sequence[Utterance]
    folds: Mapping[str, frozenset[str]]
    published: Mapping[str, tuple[int, int | None]]
    """Videos and utterances of every split that have labels; None: not known of the whole release."""
    full: Sequence[Path]
    """Folders in which whole videos, or their sound, may be; the first that is there counts."""
    clips: Sequence[Path]
    """Likewise folders of clips."""
    unlabelled: frozenset[str] = frozenset()
    """Videos of the folds of which the release has no label."""
    spare: frozenset[str] = frozenset()
    """Names of media that belong to the release and have no label."""


def holds_corpus(path: Path, transcripts: Path, pattern: str, prefix: str) -> bool:
    """Whether a folder holds files of a pattern in the transcripts' folder below ``Raw``, or sequences of a prefix."""
    try:
        found = any((raw_folder(path) / transcripts).glob(pattern))
        return found or any(file.name.startswith(prefix) for file in sequence_files(path, prefix))
    except OSError:
        return False


def raw_folder(path: Path) -> Path:
    """Return the folder ``Raw`` of a corpus, or the path itself where that is what was given."""
    return path / "Raw" if (path / "Raw").is_dir() else path


def sequence_files(path: Path, prefix: str) -> list[Path]:
    """Return the sequences that lie in a folder or two below it, but those of another of CMU's corpora."""
    found = [file for pattern in ("*.csd", "*/*.csd", "*/*/*.csd") for file in sorted(path.glob(pattern))]
    return [file for file in found if file.name.startswith(prefix) or not file.name.startswith((".", "CMU_"))]


def find_sequences(path: Path, prefix: str, labels_name: str, findings: Findings) -> Sequences:
    """Sort the sequences of a folder into labels, words and features.

    Raises
    ------
    CorpusError
        If there is no sequence of labels, in which alone are labels and times.
    """
    kinds: dict[str, Path] = {}
    features: dict[str, Path] = {}
    for file in sequence_files(path, prefix):
        name = re.sub("[^a-z0-9]", "", file.stem.removeprefix(prefix).lower())
        kind = next((kinds for kinds in (_LABELS, _WORDS, _PHONES) if name in kinds), None)
        if kind is None:
            known = _NAMES.get(name, file.stem.removeprefix(prefix))
            features[known if known not in features else file.stem] = file
        elif kind[0] in kinds:
            findings.problem(f"{file}: there is also {kinds[kind[0]]}, which counts")
        else:
            kinds[kind[0]] = file
    if _LABELS[0] not in kinds:
        raise CorpusError(
            f"{path}: has no {labels_name}, in which the labels and times are; get it with the CMU Multimodal SDK"
        )
    if _PHONES[0] in kinds:
        findings.note(f"{kinds[_PHONES[0]].name} is not used")
    return Sequences(labels=kinds[_LABELS[0]], words=kinds.get(_WORDS[0]), features=features)


def label_rows(path: Path, names: Sequence[str], findings: Findings) -> dict[str, CsdLabels]:
    """Read the labels of every video, and report rows that last no time; see `csd_labels`."""
    found = csd_labels(path, len(names))
    empty = [
        f"{video}[{row}]"
        for video, labels in found.items()
        for row, (start, end) in enumerate(labels.times)
        if not start < end < float("inf")
    ]
    findings.named("labels have no time in which they hold, and are left out", empty)
    return found


def label_values(names: Sequence[str], values: Iterable[float]) -> dict[str, float]:
    """Return the labels of a row by name; those that are not finite are not there."""
    return {name: float(value) for name, value in zip(names, values, strict=True) if abs(value) < float("inf")}


def build_corpus(found: CmuCorpus, findings: Findings) -> Corpus:
    """Return recordings and segments: whole videos where they are there, else clips, else what sequences say.

    Raises
    ------
    CorpusError
        If no utterance has anything to read.
    """
    _count(found, findings)
    full = next((folder for folder in found.full if folder.is_dir()), None)
    clips = next((folder for folder in found.clips if folder.is_dir()), None)
    if full is None and clips is not None:
        recordings, segments = _clips(found, clips, findings)
    else:
        recordings, segments = _videos(found, full, findings)
    if not segments:
        raise CorpusError(f"{found.root}: none of {len(found.utterances)} labelled utterances has a clip in {clips}")
    return Corpus(
        root=found.root,
        layout=found.layout,
        recordings=tuple(recordings),
        segments=tuple(segments),
        notes=tuple(findings.notes),
        problems=tuple(findings.problems),
    )


def _videos(found: CmuCorpus, folder: Path | None, findings: Findings) -> tuple[list[Recording], list[Segment]]:
    """Return a recording for every video; one without a file has what sequences say of it."""
    videos = list(dict.fromkeys(utterance.video for utterance in found.utterances))
    media: dict[str, Path] = {}
    if folder is None:
        findings.note("there are neither videos nor clips: features, words and labels alone")
    else:
        media = match_clips(videos, folder, findings, "videos", unlisted=found.spare)
    ends = {name: csd_ends(file) for name, file in found.sequences.features.items()}
    for name, file in found.sequences.features.items():
        findings.named(f"videos are not in {file.name}", (video for video in videos if video not in ends[name]))
    spoken = {} if found.sequences.words is None else csd_ends(found.sequences.words)
    if found.sequences.words is not None:
        name = found.sequences.words.name
        findings.named(f"videos are not in {name}", (video for video in videos if video not in spoken))
    last: dict[str, float] = {}
    for utterance in found.utterances:
        last[utterance.video] = max(last.get(utterance.video, 0.0), utterance.end_seconds)
    recordings = []
    for video in videos:
        known = [last[video], spoken.get(video, 0.0), *(one.get(video, 0.0) for one in ends.values())]
        recordings.append(
            Recording(
                id=video,
                media=media.get(video),
                duration_seconds=None if video in media else max(known),
                transcript=found.sequences.words if video in spoken else None,
                features=tuple(
                    FeatureFile(name=name, path=file, entry=video)
                    for name, file in found.sequences.features.items()
                    if video in ends[name]
                ),
            )
        )
    return recordings, [_segment(found, one, one.video, is_clip=False) for one in found.utterances]


def _clips(found: CmuCorpus, folder: Path, findings: Findings) -> tuple[list[Recording], list[Segment]]:
    """Return a recording for every utterance that has a clip; sequences count from the start of the whole video."""
    findings.note(f"there are no whole videos: each clip in {folder.name} is a recording of its own")
    if left := [file.name for file in (*found.sequences.features.values(), found.sequences.words) if file is not None]:
        findings.note(counted("sequences are on the clock of whole videos, and not used", left))
    media = match_clips([one.id for one in found.utterances], folder, findings, unlisted=found.spare)
    kept = [utterance for utterance in found.utterances if utterance.id in media]
    recordings = [Recording(id=utterance.id, media=media[utterance.id]) for utterance in kept]
    return recordings, [_segment(found, utterance, utterance.id, is_clip=True) for utterance in kept]


def _segment(found: CmuCorpus, utterance: Utterance, recording: str, *, is_clip: bool) -> Segment:
    return Segment(
        id=utterance.id,
        recording=recording,
        start_seconds=0.0 if is_clip else utterance.start_seconds,
        end_seconds=None if is_clip else utterance.end_seconds,
        split=next((split for split, videos in found.folds.items() if utterance.video in videos), ""),
        # One person speaks in a video; who speaks in several of them was never published.
        speaker=utterance.video,
        text=utterance.text,
        labels=utterance.labels,
    )


def _count(found: CmuCorpus, findings: Findings) -> None:
    """Report what is there against the folds and the published counts."""
    counts = Counter(utterance.video for utterance in found.utterances)
    listed = frozenset[str]().union(*found.folds.values())
    if listed:
        missing = listed - counts.keys()
        findings.named("videos of the folds have no label", sorted(missing - found.unlabelled))
        if known := sorted(missing & found.unlabelled):
            findings.note(counted("videos of the folds have no label, as released", known))
        if other := sorted(counts.keys() - listed):
            findings.note(counted("labelled videos are in no fold, and their utterances in no split", other))
    for split, (videos, utterances) in found.published.items():
        if split in found.folds:
            here = found.folds[split] & counts.keys()
            findings.count(f"videos of {split}", len(here), videos)
            number = sum(counts[video] for video in here)
            if utterances is None:
                findings.note(f"utterances of {split}: {number:,}")
            else:
                findings.count(f"utterances of {split}", number, utterances)
