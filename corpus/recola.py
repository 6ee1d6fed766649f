"""RECOLA as the AVEC challenges of 2016 and 2018 hand it out: recordings, features and ratings in folders of their own.

References
----------
F. Ringeval et al., "Introducing the RECOLA multimodal corpus of remote collaborative and affective interactions",
FG 2013; M. Valstar et al., "AVEC 2016: Depression, mood, and emotion recognition workshop and challenge", 2016
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ..errors import CorpusError
from .annotations import Annotation
from .features import FeatureFile
from .findings import Findings
from .model import Corpus, Layout, Recording, Segment

_VIDEO, _SOUND = "recordings_video", "recordings_audio"
_GOLD = "ratings_gold_standard"
_RATINGS = {_GOLD: "", "ratings_individual": "_raters", "ratings_individual_centred": "_raters_centred"}
"""Folders of ratings, and what their annotations are called behind the dimension."""
_DIMENSIONS = ("arousal", "valence")
_FILE = re.compile(r"(?P<recording>(?:train|dev|test)_\d{1,4})(?:_(?P<window>[\d.]+)_(?P<step>[\d.]+))?")
"""In 2018 names of features go on with the window and the step in seconds."""
_SUFFIXES = (".wav", ".mp4", ".avi", ".arff", ".csv")
_SPLITS = ("train", "dev", "test")
_PUBLISHED_EACH = 9
_STEP_SECONDS = 0.04
_TAIL_BYTES = 2**16


def recognises(path: Path) -> bool:
    """Whether the path is a folder with the gold standard and with sound, video or features of AVEC's names."""
    return (path / _GOLD).is_dir() and any(_FILE.fullmatch(file.stem) for file in (path / _GOLD).glob("*/*.arff"))


def read(path: Path) -> Corpus:
    """Read a folder; every recording (``train_1``, ..., ``dev_9``) is one segment, its split is in its name.

    Annotations are ``arousal`` and ``valence`` (the gold standard), ``arousal_raters`` and ``arousal_raters_centred``,
    ... (what each rater said). Features are called as their folders, without ``features_`` and ``video_``:
    ``audio_arousal``, ``appearance_valence``, ``geometric_arousal``; those of 2018 go on with window and step.

    A segment ends with the ratings or the features, whose last row lasts 40 ms, as the others do: 7,501 rows are
    300.04 s, a little more than the sound.

    Raises
    ------
    CorpusError
        If no recording is there, or it cannot be found out how long one lasts.
    """
    findings = Findings()
    files = list(_files(path))
    ids = sorted({match["recording"] for match, _ in files}, key=_order)
    if not ids:
        raise CorpusError(f"{path}: holds no recording; expected names like train_1.wav, dev_9.arff")
    of_recording: dict[str, list[tuple[re.Match[str], Path]]] = {id: [] for id in ids}
    for match, file in files:
        of_recording[match["recording"]].append((match, file))
    _report(path, of_recording, findings)
    recordings, segments = [], []
    for id, found in of_recording.items():
        end = _end(found)
        recordings.append(_recording(id, found, end))
        segments.append(Segment(id=id, recording=id, end_seconds=end, split=id.split("_")[0]))
    return Corpus(
        root=path,
        layout=LAYOUT.name,
        recordings=tuple(recordings),
        segments=tuple(segments),
        notes=tuple(findings.notes),
        problems=tuple(findings.problems),
    )


def _files(root: Path) -> Iterator[tuple[re.Match[str], Path]]:
    """Yield the files of recordings in their folders."""
    for folder in sorted(root.iterdir()):
        if folder.is_dir() and folder.name.startswith(("recordings_", "features_", "ratings_")):
            for file in sorted(folder.rglob("*")):
                match = _FILE.fullmatch(file.stem)
                if match is not None and file.suffix.lower() in _SUFFIXES:
                    yield match, file


def _recording(id: str, found: list[tuple[re.Match[str], Path]], end_seconds: float | None) -> Recording:
    media = {_top(file): file for _, file in found if _top(file) in (_VIDEO, _SOUND)}
    video, sound = media.get(_VIDEO), media.get(_SOUND)
    if not media and end_seconds is None:
        raise CorpusError(f"recording '{id}' has neither sound nor video nor rows with times; expected one of them")
    return Recording(
        id=id,
        media=video or sound,
        sound=sound if video else None,
        duration_seconds=None if media else end_seconds,
        annotations=tuple(
            Annotation(name=file.parent.name + _RATINGS[_top(file)], path=file)
            for _, file in found
            if _top(file) in _RATINGS and file.parent.name in _DIMENSIONS
        ),
        features=tuple(
            FeatureFile(name=_feature_name(match, file), path=file, entry=id)
            for match, file in found
            if _top(file).startswith("features_")
        ),
    )


def _top(file: Path) -> str:
    """Return the folder below the root, in which there may be one for a dimension."""
    return file.parent.parent.name if file.parent.name in _DIMENSIONS else file.parent.name


def _feature_name(match: re.Match[str], file: Path) -> str:
    parts = [_top(file).removeprefix("features_").removeprefix("video_")]
    parts += [file.parent.name] if file.parent.name in _DIMENSIONS else []
    return "_".join([*parts, *(part for part in (match["window"], match["step"]) if part)])


def _end(found: list[tuple[re.Match[str], Path]]) -> float | None:
    """Return when the last row ends: of the gold standard, or else of features; None: there are neither."""
    tables = [file for _, file in found if file.suffix.lower() == ".arff"]
    tables.sort(key=lambda file: _top(file) != _GOLD)
    return _last_time(tables[0]) + _STEP_SECONDS if tables else None


def _last_time(path: Path) -> float:
    """Return the time of a table's last row, its second cell, from the end of the file."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            lines = file.read().decode("utf-8", errors="replace").split("\n")
        return float([line for line in lines if line.strip()][-1].split(",")[1])
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({(error.strerror or str(error)).lower()})") from None
    except (IndexError, ValueError):
        raise CorpusError(f"{path}: its last line has no time; expected rows like dev_1,300.0,0.01") from None


def _report(root: Path, of_recording: dict[str, list[tuple[re.Match[str], Path]]], findings: Findings) -> None:
    """Compare with what was published, and find what single recordings lack."""
    counts = Counter(id.split("_")[0] for id in of_recording)
    for split in _SPLITS:
        findings.count(f"RECOLA, {split}", counts[split], _PUBLISHED_EACH)
    folders = {id: {_top(file) for _, file in found} for id, found in of_recording.items()}
    for folder in (_VIDEO, _SOUND):
        if (root / folder).is_dir():
            findings.named(f"recordings are not in {folder}", (id for id in folders if folder not in folders[id]))
        else:
            findings.note(f"there is no {folder}")
    withheld = [id for id in folders if id.startswith("test") and _GOLD not in folders[id]]
    if withheld:
        findings.note(f"{len(withheld)} test recordings have no ratings, which were never published")
    for dimension in _DIMENSIONS:
        unrated = (
            id
            for id, found in of_recording.items()
            if not id.startswith("test") and all(file.parent != root / _GOLD / dimension for _, file in found)
        )
        findings.named(f"recordings have no gold standard of {dimension}", unrated)


def _order(id: str) -> tuple[int, int]:
    split, number = id.split("_")
    return _SPLITS.index(split), int(number)


LAYOUT = Layout(
    name="recola",
    summary="RECOLA as AVEC 2016 and 2018 hand it out: recordings_*, features_*, ratings_*",
    recognises=recognises,
    read=read,
)
