"""A folder of media files, each with an optional transcript of the same stem beside it."""

from collections import Counter
from pathlib import Path

from ..errors import CorpusError
from ..media import MEDIA_SUFFIXES, PICTURE_SUFFIXES, TRANSCRIPT_SUFFIXES, TURNS_SUFFIX
from .findings import speakers_from_turns
from .model import Corpus, Layout, Recording, Segment


def recognises(path: Path) -> bool:
    """Whether the path is a folder; what is in it is found out when it is read."""
    return path.is_dir()


def read(path: Path) -> Corpus:
    """Read a folder of media, sub-folders included; every recording is one segment.

    A recording's id is its path below the folder without the suffix, with ``/`` between folders. Of several
    transcripts with the same stem, the one with the most precise times counts (the order of `TRANSCRIPT_SUFFIXES`). An
    RTTM file of the same stem says who speaks where the transcript does not.
    Folders of pictures are noted and left alone, as nothing here says what their frame rate is.

    Raises
    ------
    CorpusError
        If the folder is missing or holds no media file.
    """
    if not path.is_dir():
        raise CorpusError(f"{path}: expected a folder of media files")
    files = sorted(file for file in path.rglob("*") if file.is_file() and not _is_hidden(file.relative_to(path)))
    media = [file for file in files if file.suffix.lower() in MEDIA_SUFFIXES]
    pictures = _picture_note(path, files, media)
    if not media:
        expected = f"expected {' '.join(sorted(MEDIA_SUFFIXES))}" if not pictures else "; ".join(pictures)
        raise CorpusError(f"{path}: holds {len(files)} files and none of them is media; {expected}")
    by_stem: dict[Path, list[Path]] = {}
    for file in files:
        if file.suffix.lower() in TRANSCRIPT_SUFFIXES:
            by_stem.setdefault(_stem(file), []).append(file)
    stems = Counter(_stem(file) for file in media)
    turns = {file.with_suffix(""): file for file in files if file.suffix.lower() == TURNS_SUFFIX}
    recordings = []
    for file in media:
        stem = _stem(file)
        name = file if stems[stem] > 1 else stem
        transcripts = sorted(by_stem.get(stem, []), key=_precision)
        recordings.append(
            Recording(
                id=name.relative_to(path).as_posix(),
                media=file,
                transcript=transcripts[0] if transcripts else None,
                turns=turns.get(stem) if transcripts else None,
            )
        )
    orphans = sorted(file.name for stem, found in by_stem.items() if stem not in stems for file in found)
    notes = [f"{len(orphans)} transcripts have no media of the same stem: {', '.join(orphans[:5])}"] if orphans else []
    return Corpus(
        root=path,
        layout=LAYOUT.name,
        recordings=tuple(recordings),
        segments=tuple(Segment(id=recording.id, recording=recording.id) for recording in recordings),
        notes=(*notes, *speakers_from_turns(recordings), *pictures),
    )


def _stem(file: Path) -> Path:
    """Path without its suffix; ``clip.words.json`` goes with ``clip.mp4``."""
    stem = file.with_suffix("")
    return stem.with_suffix("") if stem.suffix == ".words" else stem


def _precision(transcript: Path) -> int:
    return list(TRANSCRIPT_SUFFIXES).index(transcript.suffix.lower())


def _picture_note(root: Path, files: list[Path], media: list[Path]) -> list[str]:
    """Return a note about the folders that hold pictures and no media (beside which a picture is a cover)."""
    found = {file.parent for file in files if file.suffix.lower() in PICTURE_SUFFIXES} - {file.parent for file in media}
    if not found:
        return []
    names = ", ".join(sorted(folder.relative_to(root).as_posix() for folder in found)[:5])
    return [
        f"{len(found)} folders hold pictures: {names}; to read them as video list them in a manifest with their fps"
    ]


def _is_hidden(relative: Path) -> bool:
    return any(part.startswith(".") for part in relative.parts)


LAYOUT = Layout(
    name="folder",
    summary="a folder of media files, each with an optional transcript of the same stem",
    recognises=recognises,
    read=read,
)
