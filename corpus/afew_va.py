"""AFEW-VA: 600 clips of films as folders of pictures, with the valence and arousal of every frame.

The corpus is described by Kossaifi et al., AFEW-VA database for valence and arousal estimation in-the-wild, Image and
Vision Computing 65, 2017.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import CorpusError, MediaError
from ..media.clock import Shift
from ..media.images import image_sequence
from .annotations import Annotation
from .findings import Findings, counted
from .model import Corpus, Layout, Recording, Segment

_CLIPS = 600
_FRAMES_PER_SECOND = 25.0
"""Nominal: neither the pictures nor their ratings have a time."""
_DIMENSIONS = ("valence", "arousal")
_OF_FRAMES = (*_DIMENSIONS, "landmarks")
_LARGEST_RATING = 10
_CLIP = re.compile(r"[0-9]{3}")


def recognises(path: Path) -> bool:
    """Whether there are folders like ``001`` with a ``001.json`` in the folder, or in a folder of it."""
    digits = "[0-9]" * 3
    patterns = (f"{digits}/{digits}.json", f"*/{digits}/{digits}.json")
    return any(file.stem == file.parent.name for pattern in patterns for file in path.glob(pattern))


def read(path: Path) -> Corpus:
    """Read the clips ``001`` to ``600``, each a folder with pictures and a JSON file of its name.

    They may lie in the folder itself or, as the twelve archives are unpacked, in folders of it. The id of a clip is its
    number; its speaker is the actor. There are no splits, and no labels but the two annotations of every clip.

    Raises
    ------
    CorpusError
        If there is no clip with a picture.
    """
    findings = Findings()
    folders = _clip_folders(path, findings)
    clips = {id: clip for id, folder in folders.items() if (clip := _clip(folder, findings)) is not None}
    if not clips:
        raise CorpusError(f"{path}: has no clip with pictures; expected folders like 001 with 00000.png and 001.json")
    _compare(clips, findings)
    return Corpus(
        root=path,
        layout=LAYOUT.name,
        recordings=tuple(_recording(id, clip) for id, clip in clips.items()),
        segments=tuple(Segment(id=id, recording=id, speaker=clip.actor) for id, clip in clips.items()),
        notes=tuple(findings.notes),
        problems=tuple(findings.problems),
    )


@dataclass(frozen=True, kw_only=True)
class _Ratings:
    """What the JSON file of a clip says."""

    path: Path
    actor: str
    clip: str
    """The clip that it says it is of; empty where it does not say so."""
    frames: frozenset[int]
    largest: float
    """The largest of all ratings, whatever its sign."""
    others: frozenset[str]
    """What else is said of frames."""


@dataclass(frozen=True, kw_only=True)
class _Clip:
    folder: Path
    pictures: tuple[int, ...]
    """Their numbers, rising."""
    ratings: _Ratings | None

    @property
    def actor(self) -> str:
        return self.ratings.actor if self.ratings is not None else ""


def _clip_folders(path: Path, findings: Findings) -> dict[str, Path]:
    """Return the folder of every clip by its number, in order."""
    try:
        below = sorted(folder for folder in [*path.iterdir(), *path.glob("*/*")] if folder.is_dir())
    except OSError as error:
        raise CorpusError(f"{path}: {(error.strerror or 'cannot be read').lower()}; expected AFEW-VA") from None
    folders: dict[str, Path] = {}
    twice, others = [], []
    for folder in below:
        if not _CLIP.fullmatch(folder.name):
            others.append(folder)
        elif folders.setdefault(folder.name, folder) != folder:
            twice.append(folder.name)
    findings.named("clips have several folders, the first of which counts", twice)
    # Copies of the corpus have folders like 001_cropped, with the same frames cut to the face.
    holding = {folder.parent for folder in folders.values()}
    if unread := [folder.relative_to(path).as_posix() for folder in others if folder not in holding]:
        findings.note(counted("other folders are not read", unread))
    return dict(sorted(folders.items()))


def _clip(folder: Path, findings: Findings) -> _Clip | None:
    """Return what there is of a clip; None where its pictures are no video."""
    try:
        pictures = image_sequence(folder, _FRAMES_PER_SECOND)
    except MediaError as error:
        findings.problem(f"{error}; the clip is left out")
        return None
    return _Clip(folder=folder, pictures=pictures.numbers, ratings=_ratings(folder / f"{folder.name}.json", findings))


def _ratings(path: Path, findings: Findings) -> _Ratings | None:
    """Read the ratings of a clip; None where there are none, which is a problem."""
    try:
        found = json.loads(path.read_bytes())
        frames = {
            int(number): [float(frame[name]) for name in _DIMENSIONS] for number, frame in found["frames"].items()
        }
        actor, clip = (str(found.get(name) or "").strip() for name in ("actor", "video_id"))
    except OSError as error:
        findings.problem(f"{path}: {(error.strerror or 'cannot be read').lower()}; the clip has no ratings")
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:80]}"
        findings.problem(f"{path}: not JSON with the ratings of frames ({reason}); the clip has no ratings")
    else:
        largest = max((abs(value) for values in frames.values() for value in values), default=0.0)
        others = frozenset(str(name) for frame in found["frames"].values() for name in frame) - {*_OF_FRAMES}
        return _Ratings(path=path, actor=actor, clip=clip, frames=frozenset(frames), largest=largest, others=others)
    return None


def _compare(clips: dict[str, _Clip], findings: Findings) -> None:
    """Take down where clips are not as published, and where pictures and ratings do not fit."""
    published = {f"{number:03d}" for number in range(1, _CLIPS + 1)}
    findings.count("clips", len(clips), _CLIPS)
    findings.named("clips are missing", sorted(published - clips.keys()))
    findings.named("clips are none of the published ones", sorted(clips.keys() - published))
    rated = {id: clip.ratings for id, clip in clips.items() if clip.ratings is not None}
    pictures = {id: set(clip.pictures) for id, clip in clips.items()}
    named = {
        "clips have the ratings of another clip": [id for id, one in rated.items() if one.clip not in ("", id)],
        "clips have rated frames without a picture": [id for id, one in rated.items() if one.frames - pictures[id]],
        "clips have pictures without a rating": [id for id, one in rated.items() if pictures[id] - one.frames],
        "clips have ratings outside -10 to 10": [id for id, one in rated.items() if one.largest > _LARGEST_RATING],
        "clips say more of frames, which is not read": [
            f"{id} ({', '.join(sorted(one.others))})" for id, one in rated.items() if one.others
        ],
        "clips name no actor": [id for id, one in rated.items() if not one.actor],
    }
    for what, ids in named.items():
        findings.named(what, ids)
    frames = sum(len(one.frames) for one in rated.values())
    findings.note(f"{frames:,} rated frames, taken as {_FRAMES_PER_SECOND:g} a second: the corpus gives no rate")


def _recording(id: str, clip: _Clip) -> Recording:
    ratings = clip.ratings
    first = clip.pictures[0]
    return Recording(
        id=id,
        media=clip.folder,
        frames_per_second=_FRAMES_PER_SECOND,
        # The clock of pictures begins with the first that is there, that of ratings with frame 0.
        clock={"video": Shift(seconds=first / _FRAMES_PER_SECOND)} if first else {},
        annotations=tuple(
            Annotation(name=name, path=ratings.path, rows_per_second=_FRAMES_PER_SECOND, columns=(name,))
            for name in _DIMENSIONS
            if ratings is not None
        ),
    )


LAYOUT = Layout(
    name="afew-va",
    summary="AFEW-VA: folders 001 to 600 of pictures, each with a JSON file of valence and arousal",
    recognises=recognises,
    read=read,
)
