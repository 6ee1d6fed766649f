"""RECOLA as the AVEC challenges of 2016 and 2018 hand it out: recordings, features and ratings in folders of their own.

References
----------
F. Ringeval et al., "Introducing the RECOLA multimodal corpus of remote collaborative and affective interactions",
FG 2013; M. Valstar et al., "AVEC 2016: Depression, mood, and emotion recognition workshop and challenge", 2016
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..errors import CorpusError
from ..media import MEDIA_SUFFIXES
from .annotation_rows import header_of
from .annotations import Annotation, is_place, read_annotation
from .features import FeatureFile
from .findings import Findings
from .model import Corpus, Layout, Recording, Segment

_VIDEO, _SOUND = "recordings_video", "recordings_audio"
_GOLD = "ratings_gold_standard"
_RATINGS = {_GOLD: "", "ratings_individual": "_raters", "ratings_individual_centred": "_raters_centred"}
"""Folders of ratings, and what their annotations are called behind the dimension."""
_DIMENSIONS = ("arousal", "valence")
_RATERS = ("FM1", "FM2", "FM3", "FF1", "FF2", "FF3")
_COLUMNS = {_GOLD: ("GoldStandard",), "ratings_individual": _RATERS, "ratings_individual_centred": _RATERS}
"""Of every folder of ratings the columns that count."""
_FILE = re.compile(r"(?P<recording>(?:train|dev|test)_\d{1,4})(?:_(?P<window>[\d.]+)_(?P<step>[\d.]+))?")
"""In 2018 names of features go on with the window and the step in seconds."""
_SUFFIXES = (".wav", ".mp4", ".avi", ".arff", ".csv")
_SPLITS = ("train", "dev", "test")
_PUBLISHED = tuple(f"{split}_{number}" for split in _SPLITS for number in range(1, 10))
_LAST_ROW_SECONDS = 300.0
"""When the last rating is: 7,501 rows of 40 ms."""
_TAIL_BYTES = 2**16


def recognises(path: Path) -> bool:
    """Whether the path is a folder with the gold standard and with sound, video or features of AVEC's names."""
    return (path / _GOLD).is_dir() and any(_FILE.fullmatch(file.stem) for file in (path / _GOLD).glob("*/*.arff"))


def read(path: Path) -> Corpus:
    """Read a folder; every recording (``train_1``, ..., ``dev_9``) is one segment, its split is in its name.

    Annotations are ``arousal`` and ``valence`` (the gold standard), ``arousal_raters`` and ``arousal_raters_centred``,
    ... (what each rater said). Features are called as their folders, without ``features_`` and ``video_``:
    ``audio_arousal``, ``appearance_valence``, ``geometric_arousal``; those of 2018 go on with window and step.

    A segment ends with the ratings or the features, whose last row lasts as long as the one before it: 7,501 rows of
    40 ms are 300.04 s, a little more than the sound.

    Raises
    ------
    CorpusError
        If no recording is there, or it cannot be found out how long one lasts.
    """
    findings = Findings()
    files = list(_files(path, findings))
    ids = sorted({match["recording"] for match, _ in files}, key=_order)
    if not ids:
        raise CorpusError(f"{path}: holds no recording; expected names like train_1.wav, dev_9.arff")
    of_recording: dict[str, list[tuple[re.Match[str], Path]]] = {id: [] for id in ids}
    for match, file in files:
        of_recording[match["recording"]].append((match, file))
    _report(path, of_recording, findings)
    ratings = _ratings(path, of_recording, findings)
    recordings, segments = [], []
    for id, found in of_recording.items():
        end = _end(found)
        recordings.append(_recording(id, found, ratings[id], end))
        segments.append(Segment(id=id, recording=id, end_seconds=end, split=id.split("_")[0]))
    return Corpus(
        root=path,
        layout=LAYOUT.name,
        recordings=tuple(recordings),
        segments=tuple(segments),
        notes=tuple(findings.notes),
        problems=tuple(findings.problems),
    )


def _files(root: Path, findings: Findings) -> Iterator[tuple[re.Match[str], Path]]:
    """Yield the files of recordings in their folders, of several that are the same thing the first."""
    others, twice = [], []
    known: set[tuple[Path, str]] = set()
    for folder in sorted(root.iterdir()):
        if folder.is_dir() and folder.name.startswith(("recordings_", "features_", "ratings_")):
            for file in sorted(folder.rglob("[!.]*")):
                match = _FILE.fullmatch(file.stem)
                if match is not None and file.suffix.lower() in _SUFFIXES:
                    if (file.parent, file.stem) in known:
                        twice.append(str(file.relative_to(root)))
                    else:
                        yield match, file
                    known.add((file.parent, file.stem))
                elif folder.name in (_VIDEO, _SOUND) and file.suffix.lower() in MEDIA_SUFFIXES:
                    others.append(str(file.relative_to(root)))
    findings.named("files are of the same name as another, which counts", twice)
    findings.named("media files are not called like a recording, and are not read", others)


def _recording(
    id: str, found: list[tuple[re.Match[str], Path]], ratings: list[Annotation], end_seconds: float | None
) -> Recording:
    media = {_top(file): file for _, file in found if _top(file) in (_VIDEO, _SOUND)}
    video, sound = media.get(_VIDEO), media.get(_SOUND)
    if not media and end_seconds is None:
        raise CorpusError(f"recording '{id}' has neither sound nor video nor rows with times; expected one of them")
    return Recording(
        id=id,
        media=video or sound,
        sound=sound if video else None,
        duration_seconds=None if media else end_seconds,
        annotations=tuple(ratings),
        features=tuple(
            FeatureFile(name=_feature_name(match, file), path=file, entry=id)
            for match, file in found
            if _is_feature(file)
        ),
    )


def _top(file: Path) -> str:
    """Return the folder below the root, in which there may be one for a dimension."""
    return file.parent.parent.name if file.parent.name in _DIMENSIONS else file.parent.name


def _is_feature(file: Path) -> bool:
    return _top(file).startswith("features_")


def _feature_name(match: re.Match[str], file: Path) -> str:
    parts = [_top(file).removeprefix("features_").removeprefix("video_")]
    parts += [file.parent.name] if file.parent.name in _DIMENSIONS else []
    return "_".join([*parts, *(part for part in (match["window"], match["step"]) if part)])


def _ratings(
    root: Path, of_recording: dict[str, list[tuple[re.Match[str], Path]]], findings: Findings
) -> dict[str, list[Annotation]]:
    """Return the annotations of every recording that can be read, and report what is odd about them."""
    ratings: dict[str, list[Annotation]] = {}
    more, short = [], []
    for id, found in of_recording.items():
        ratings[id] = []
        for file in (file for _, file in found if _top(file) in _RATINGS and file.parent.name in _DIMENSIONS):
            name = file.parent.name + _RATINGS[_top(file)]
            try:
                header = header_of(file)
                columns = tuple(column for column in header if column in _COLUMNS[_top(file)])
                if not columns:
                    expected = ", ".join(_COLUMNS[_top(file)])
                    raise CorpusError(f"{file}: its columns are {', '.join(header)}; expected {expected}")
                annotation = Annotation(name=name, path=file, columns=columns)
                times = read_annotation(annotation).times
            except CorpusError as error:
                findings.problem(f"{error}; {id} has no {name}")
                continue
            ratings[id].append(annotation)
            more += [f"{file.relative_to(root)}: {one}" for one in header if one not in columns and not is_place(one)]
            expected_rows = round(_LAST_ROW_SECONDS / float(np.median(np.diff(times[:, 0])))) + 1
            if len(times) != expected_rows:
                short.append(f"{file.relative_to(root)}: {len(times):,} of {expected_rows:,}")
    findings.named("files of ratings have columns that are not used", more)
    findings.named("files of ratings have other rows than published", short)
    return ratings


def _end(found: list[tuple[re.Match[str], Path]]) -> float | None:
    """Return when the last row ends: of the gold standard, or else of features; None: there are neither."""
    tables = [file for _, file in found if file.suffix.lower() == ".arff"]
    tables.sort(key=lambda file: _top(file) != _GOLD)
    if not tables:
        return None
    before, last = _last_times(tables[0])
    return last + (last - before)


def _last_times(path: Path) -> tuple[float, float]:
    """Return the times of a table's last two rows, their second cells, from the end of the file."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            lines = file.read().decode("utf-8", errors="replace").split("\n")
        before, last = (float(line.split(",")[1]) for line in [line for line in lines if line.strip()][-2:])
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({(error.strerror or str(error)).lower()})") from None
    except (IndexError, ValueError):
        before, last = 0.0, 0.0
    if not 0 <= before < last < math.inf:
        raise CorpusError(f"{path}: its last two lines have no times that rise; expected rows like dev_1,300.0,0.01")
    return before, last


def _report(root: Path, of_recording: dict[str, list[tuple[re.Match[str], Path]]], findings: Findings) -> None:
    """Compare with what was published, and find what single recordings lack."""
    published = Counter(id.split("_")[0] for id in _PUBLISHED)
    counts = Counter(id.split("_")[0] for id in of_recording)
    for split in _SPLITS:
        findings.count(f"RECOLA, {split}", counts[split], published[split])
    findings.named("recordings are not there", (id for id in _PUBLISHED if id not in of_recording))
    findings.named("recordings are none of the published ones", (id for id in of_recording if id not in _PUBLISHED))
    folders = {id: {_top(file) for _, file in found} for id, found in of_recording.items()}
    for folder in (_VIDEO, _SOUND):
        if (root / folder).is_dir():
            findings.named(f"recordings are not in {folder}", (id for id in folders if folder not in folders[id]))
        else:
            findings.note(f"there is no {folder}")
    features = {id: {_feature_name(*one) for one in found if _is_feature(one[1])} for id, found in of_recording.items()}
    for name in sorted(set().union(*features.values())):
        findings.named(f"recordings have no features {name}", (id for id in features if name not in features[id]))
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
