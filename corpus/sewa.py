"""SEWA: people in video chats, one recording each, with arousal and valence in the course of time.

The corpus is described by Kossaifi et al., SEWA DB: A Rich Database for Audio-Visual Emotion and Sentiment Research in
the Wild, IEEE Transactions on Pattern Analysis and Machine Intelligence 43(3), 2021.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..errors import CorpusError
from .annotation_rows import header_of, keyed_table
from .annotations import Annotation, read_annotation
from .clips import match_clips
from .findings import Findings, counted
from .model import Corpus, Layout, Recording, Segment

_KEYED = re.compile(r"SEW_labels_([a-z]+)_100Hz.*\.csv", re.IGNORECASE)
_DIMENSIONS = ("arousal", "valence", "liking")
_OF_EACH = ("name", "frametime", "arousal", "valence")
"""Columns, in lower case, of a table of one recording."""
_VIDEOS = ("Original/videos", "videos", "video")
_SOUNDS = ("Original/audio", "audio")
_PERSON = re.compile(r"SEW([0-9]+)")
_SPLITS = {"Train": "train", "Devel": "valid", "Test": "test"}
_PEOPLE = 398

_Ratings = dict[str, tuple[Annotation, ...]]
"""The annotations of every recording."""


def recognises(path: Path) -> bool:
    """Whether there is a ``SEW_labels_..._100Hz...csv``, or ``labels`` holds tables of the AVEC challenges on SEWA."""
    if _keyed_tables(path):
        return True
    first = next(iter(_tables(path)), None)
    try:
        return first is not None and _is_of_one(header_of(first))
    except CorpusError:
        return False


def read(path: Path) -> Corpus:
    """Read the recordings that labels are there for.

    Labels are tables of all recordings (``SEW_labels_arousal_100Hz_gold_shifted.csv``, whose keys are like
    ``SEW1101_0.00``), or a table of each (``labels/Train_01.csv``). A recording's media is its video in
    ``Original/videos``; its sound is the file in ``Original/audio``, or that of the video where there is none.
    Every recording is one segment; its speaker is the person, its label ``pair`` those who talk with each other.

    Raises
    ------
    CorpusError
        If there are no labels, no media, or a table of all recordings cannot be read.
    """
    findings = Findings()
    keyed = _keyed_tables(path)
    ratings = _from_all(keyed, findings) if keyed else _from_each(path, findings)
    if not ratings:
        raise CorpusError(
            f"{path}: has no labels; expected SEW_labels_arousal_100Hz_gold_shifted.csv, or labels/Train_01.csv"
        )
    for dimension in _DIMENSIONS[:2]:
        without = [id for id, found in ratings.items() if dimension not in [one.name for one in found]]
        findings.named(f"recordings have no {dimension}", without)
    media = _media(path, ratings, findings)
    ids = [id for id in ratings if id in media]
    findings.note(f"recordings: {len(ids)}; the whole database has {_PEOPLE} people")
    if lonely := _without_partner(ids):
        findings.note(counted("recordings have no partner, by their numbers", lonely))
    return Corpus(
        root=path,
        layout=LAYOUT.name,
        recordings=tuple(
            Recording(id=id, media=media[id][0], sound=media[id][1], annotations=ratings[id]) for id in ids
        ),
        segments=tuple(
            Segment(id=id, recording=id, speaker=id, split=_SPLITS.get(id.split("_")[0], ""), labels={"pair": pair(id)})
            for id in ids
        ),
        notes=tuple(findings.notes),
        problems=tuple(findings.problems),
    )


def pair(recording: str) -> str:
    """Return the two people who talk with each other: an odd number and the next one. Not stated by the corpus.

    Published lists of splits keep these two together. A name without a number is a pair of its own.

    Examples
    --------
    >>> pair("SEW1101"), pair("SEW1102"), pair("Train_01")
    ('SEW1101+SEW1102', 'SEW1101+SEW1102', 'Train_01')
    """
    found = _PERSON.fullmatch(recording)
    if found is None:
        return recording
    odd = int(found[1]) - 1 | 1
    return "+".join(f"SEW{number:0{len(found[1])}d}" for number in (odd, odd + 1))


def _keyed_tables(path: Path) -> dict[str, Path]:
    """Return the tables of all recordings by their dimension."""
    matches = ((_KEYED.fullmatch(file.name), file) for file in sorted(path.glob("*.csv")))
    return {match[1].lower(): file for match, file in matches if match is not None}


def _tables(path: Path) -> list[Path]:
    return [file for file in sorted((path / "labels").glob("*.csv")) if file.is_file() and file.name[0] != "."]


def _from_all(tables: Mapping[str, Path], findings: Findings) -> _Ratings:
    """Return the annotations of recordings that share tables of a key and a value, in the order of the first one."""
    ratings: _Ratings = {}
    for dimension, path in tables.items():
        table = keyed_table(path)
        _, *values = table.header
        if not values:
            raise CorpusError(f"{path}: has keys alone; expected a key and a value in every row")
        if len(values) > 1:
            findings.problem(f"{path}: has {len(values) + 1} columns; expected a key and a value; others are not used")
        findings.named(f"rows of {path.name} have other cells than the first line", table.ragged)
        late = f"rows of {path.name} do not come after the one before, and of one time the first counts"
        findings.named(late, table.repeated)
        for id in table.recordings:
            annotation = Annotation(name=dimension, path=path, recording=id, columns=(values[0],))
            ratings[id] = (*ratings.get(id, ()), annotation)
    return ratings


def _from_each(path: Path, findings: Findings) -> _Ratings:
    """Return the annotations of recordings that have a table each."""
    ratings: _Ratings = {}
    more = []
    for file in _tables(path):
        try:
            header = header_of(file)
            if not _is_of_one(header):
                expected = "name;frameTime;arousal;valence;liking"
                raise CorpusError(f"{file}: its columns are {', '.join(header)}; expected {expected}")
            columns = {name.lower(): name for name in header}
            known = {name: columns[name] for name in _DIMENSIONS if name in columns}
            read_annotation(Annotation(name=file.stem, path=file, columns=tuple(known.values())))
        except CorpusError as error:
            findings.problem(f"{error}; the recording is left out")
            continue
        ratings[file.stem] = tuple(Annotation(name=name, path=file, columns=(one,)) for name, one in known.items())
        more += [f"{file.name}: {columns[name]}" for name in columns if name not in (*_OF_EACH, *_DIMENSIONS)]
    findings.named("tables have other columns, which are not used", more)
    return ratings


def _is_of_one(header: Iterable[str]) -> bool:
    return {*_OF_EACH} <= {name.lower() for name in header}


def _media(path: Path, listed: Iterable[str], findings: Findings) -> dict[str, tuple[Path, Path | None]]:
    """Return for every recording that has media the file of its clock, and that of its sound where it is another."""
    ids = list(listed)
    videos, sounds = (_matched(path, folders, ids, findings) for folders in (_VIDEOS, _SOUNDS))
    if not videos and not sounds:
        raise CorpusError(f"{path}: has labels and no media of their names; expected {_VIDEOS[0]} or {_SOUNDS[0]}")
    findings.named("recordings have no media and are left out", (id for id in ids if id not in videos | sounds))
    found = {id: (videos[id], sounds.get(id)) for id in ids if id in videos}
    return {**{id: (sounds[id], None) for id in ids if id in sounds}, **found}


def _matched(path: Path, folders: Iterable[str], ids: list[str], findings: Findings) -> dict[str, Path]:
    """Return the media of recordings in the first of several folders that is there."""
    folder = next((path / name for name in folders if (path / name).is_dir()), None)
    if folder is None:
        findings.note(f"there is none of the folders {', '.join(folders)}")
        return {}
    return match_clips(ids, folder, findings, "recordings")


def _without_partner(ids: list[str]) -> list[str]:
    known = set(ids)
    return [id for id in ids if "+" in pair(id) and not {*pair(id).split("+")} <= known]


LAYOUT = Layout(
    name="sewa",
    summary="SEWA: videos and sound of video chats, with arousal and valence at 100 Hz or of the AVEC challenges",
    recognises=recognises,
    read=read,
)
