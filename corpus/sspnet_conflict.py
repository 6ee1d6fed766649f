"""The SSPNet Conflict Corpus (Kim et al. 2014): 30 s of political debates, each with its level of conflict.

References
----------
S. Kim, F. Valente, M. Filippone, A. Vinciarelli, "Predicting Continuous Conflict Perception with Bayesian Gaussian
Processes", IEEE Transactions on Affective Computing 5(2), 2014. B. Schuller et al., "The INTERSPEECH 2013 Computational
Paralinguistics Challenge", for the split.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..errors import CorpusError
from .clips import match_clips, media_below
from .findings import Findings
from .model import Corpus, Layout, Recording, Segment
from .tables import TableRow, numbered_rows, read_table, read_text

_TABLE = "conflictlevel.csv"
_SOUND, _FILMS, _SPEAKERS = "audiodata", "videodata", "manualdiarization"
_CLIP = re.compile(r"(?P<broadcast>[0-9]{2}-[0-9]{2}-[0-9]{2})_[0-9]+_[0-9]+")
_SPEAKER = re.compile(r"spk_0*([0-9]+)", re.IGNORECASE)
_HIGHEST = 10.0
_FOLDERS = {"train": "train", "val": "valid", "dev": "valid", "devel": "valid", "valid": "valid", "test": "test"}
"""Folders into which people sort clips, and the splits they are."""
_MODERATORS = {"50": "train", "153": "valid"}
"""The split of a broadcast by its moderator, of both the first; those of all others are in test."""
_PUBLISHED = {"clips": 1_430, "train": 793, "valid": 240, "test": 397}


def recognises(path: Path) -> bool:
    """Whether ``conflictlevel.csv`` is in the folder."""
    return (path / _TABLE).is_file()


def read(path: Path) -> Corpus:
    """Read the folder of ``conflictlevel.csv``; every clip is a recording and a segment with the clip's name.

    The clips are wav files in ``audiodata``, or in folders ``train``, ``val`` and ``test`` there or beside the table;
    where there are none, the films in ``videodata``. Labels are ``conflict`` from -10 to 10 and ``broadcast``, the
    date, which all clips of a debate share. The numbers in a clip's name are its place in the debate in seconds.

    Raises
    ------
    CorpusError
        If the table lacks a column, a name or a value is not as it should be, or no clip is there; names file and line.
    """
    findings = Findings()
    rows = read_table(path / _TABLE, ("Name", "Value"), findings, others="note")
    folder = _clip_folder(path)
    places, copies = _places(folder)
    listed = [_name(row) for row in rows]
    clips = match_clips((places.get(name, name) for name in listed), folder, findings, unlisted=copies)
    findings.named("clips are in another folder, too, and not read there", copies)
    found: dict[str, TableRow] = {}
    for name, row in zip(listed, rows, strict=True):
        if places.get(name, name) in clips:
            found.setdefault(name, row)
    if not found:
        raise CorpusError(f"{path / _TABLE}: none of {len(rows):,} clips is in {folder}; expected NAME.wav there")
    splits = _splits(path, found, places, findings)
    _report(path, folder, splits, findings)
    return Corpus(
        root=path,
        layout=LAYOUT.name,
        recordings=tuple(Recording(id=name, media=clips[places.get(name, name)]) for name in found),
        segments=tuple(
            Segment(
                id=name,
                recording=name,
                split=splits[name],
                labels={"conflict": _level(row), "broadcast": _broadcast(name)},
            )
            for name, row in found.items()
        ),
        notes=tuple(findings.notes),
        problems=tuple(findings.problems),
    )


def _clip_folder(path: Path) -> Path:
    """Return where the clips are: sound before films, since published work hears it at 48 kHz."""
    if (path / _SOUND).is_dir():
        return path / _SOUND
    is_sorted = any((path / name).is_dir() for name in _FOLDERS)
    return path / _FILMS if (path / _FILMS).is_dir() and not is_sorted else path


def _places(folder: Path) -> tuple[dict[str, str], list[str]]:
    """Return where every clip is below the folder, without suffix, by its name; and where the same names are again."""
    places: dict[str, str] = {}
    copies = []
    for place in media_below(folder):
        if places.setdefault(place.rpartition("/")[2], place) != place:
            copies.append(place)
    return places, copies


def _name(row: TableRow) -> str:
    name = row["Name"].removesuffix(".wav")
    if not _CLIP.fullmatch(name):
        raise CorpusError(f"{row.place}: 'Name' is '{name[:40]}'; expected DATE_START_END, as 07-01-31_1710_1740")
    return name


def _level(row: TableRow) -> float:
    level = row.number("Value")
    if abs(level) > _HIGHEST:
        raise CorpusError(f"{row.place}: 'Value' is {level:g}; expected a level of conflict from -10 to 10")
    return level


def _broadcast(clip: str) -> str:
    return clip.partition("_")[0]


def _splits(path: Path, clips: Iterable[str], places: Mapping[str, str], findings: Findings) -> dict[str, str]:
    """Return the split of every clip, "" where it is not known: its folder's, or that of the broadcast's moderator."""
    by_folder = {clip: _FOLDERS.get(places[clip].partition("/")[0].lower(), "") for clip in clips}
    if any(by_folder.values()):
        findings.note("splits are those of the folders in which the clips are")
        outside = (clip for clip, split in by_folder.items() if not split)
        findings.named("clips are outside of the folders of splits, and in no split", outside)
        return by_folder
    speakers = _speakers(path / _SPEAKERS, findings)
    if not speakers:
        findings.problem(
            f"there are neither folders train, val and test nor {_SPEAKERS}, so that no clip is in a split; "
            "sort the clips, or give the recipe a split"
        )
        return by_folder
    findings.note("splits are those of Interspeech 2013: train with moderator 50, valid with 153, test with others")
    findings.named(f"clips have no file in {_SPEAKERS}", (clip for clip in by_folder if clip not in speakers))
    heard: dict[str, set[str]] = {}
    for clip, here in speakers.items():
        heard.setdefault(_broadcast(clip), set()).update(here & _MODERATORS.keys())
    both = [broadcast for broadcast, moderators in heard.items() if len(moderators) > 1]
    findings.named(f"broadcasts have both moderators, of whom {next(iter(_MODERATORS))} counts", both)
    moderated = {
        broadcast: next((split for one, split in _MODERATORS.items() if one in moderators), "test")
        for broadcast, moderators in heard.items()
    }
    return {clip: moderated.get(_broadcast(clip), "") for clip in by_folder}


def _speakers(folder: Path, findings: Findings) -> dict[str, set[str]]:
    """Return the numbers of all who speak in each clip: a row is start, end, and who speaks then, as ``spk_50``."""
    speakers: dict[str, set[str]] = {}
    for file in sorted(folder.rglob("[!.]*.csv")):
        numbers: set[str] = set()
        for line, cells in numbered_rows(file, read_text(file, findings)):
            found = [_SPEAKER.fullmatch(cell.strip()) for cell in cells[2:] if cell.strip()]
            if len(cells) < 2 or not all(found):
                raise CorpusError(
                    f"{file}, line {line}: '{','.join(cells)[:60]}'; expected START,END and speakers as spk_50"
                )
            numbers |= {match[1] for match in found if match}
        speakers[file.stem] = numbers
    return speakers


def _report(path: Path, folder: Path, splits: Mapping[str, str], findings: Findings) -> None:
    counts = Counter(splits.values()) | Counter({"clips": len(splits)})
    for what, published in _PUBLISHED.items():
        if what == "clips" or any(splits.values()):
            findings.count("clips" if what == "clips" else f"clips of {what}", counts[what], published)
    if folder.name == _SOUND and (path / _FILMS).is_dir():
        findings.note(f"{_FILMS} is not used: {_SOUND} has the same clips as sound")
    # A broadcast in two splits gives its speakers away.
    both = Counter(broadcast for broadcast, _ in {(_broadcast(clip), split) for clip, split in splits.items()})
    findings.named("broadcasts are in several splits", (one for one, number in both.items() if number > 1))


LAYOUT = Layout(
    name="sspnet-conflict",
    summary="SSPNet Conflict Corpus: conflictlevel.csv, audiodata/07-01-31_1710_1740.wav, manualdiarization/*.csv",
    recognises=recognises,
    read=read,
)
