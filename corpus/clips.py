"""Which media file belongs to which listed name."""

from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path

from ..media import MEDIA_SUFFIXES
from .findings import Findings


def match_clips(
    listed: Iterable[str], folder: Path, findings: Findings, what: str = "clips", unlisted: Collection[str] = ()
) -> dict[str, Path]:
    """Return the media file of every listed name that has one.

    Parameters
    ----------
    listed
        Paths below the folder, without suffix, with ``/`` between folders.
    folder
        Where the files are, in sub-folders, too; hidden ones never count (archives made on a Mac are full of them).
    findings
        Told which names have no file, which files no name, and which names have several files or lines.
    what
        What the files are called in the report.
    unlisted
        Names that are known to be in the folder and in no list, and are not worth a line.
    """
    wanted, files = Counter(listed), media_below(folder)
    several = [files[name][0].name for name in wanted if len(files.get(name, ())) > 1]
    findings.named(f"{what} are listed more than once", (name for name, count in wanted.items() if count > 1))
    findings.named(f"{what} are listed and not in {folder.name}", (name for name in wanted if name not in files))
    findings.named(
        f"{what} in {folder.name} are not listed",
        (name for name in files if name not in wanted and name not in unlisted),
    )
    findings.named(f"{what} have several files, the first of which counts", several)
    return {name: files[name][0] for name in wanted if name in files}


def media_below(folder: Path) -> dict[str, list[Path]]:
    """Return the media files of a folder and its sub-folders, by their paths below it without suffix, in order."""
    files: dict[str, list[Path]] = {}
    for file in media_files(folder):
        files.setdefault(file.relative_to(folder).with_suffix("").as_posix(), []).append(file)
    return files


def media_files(folder: Path) -> list[Path]:
    """Return the media files of a folder and its sub-folders in order, but for hidden ones."""
    return [
        file
        for file in sorted(folder.rglob("*"))
        if file.suffix.lower() in MEDIA_SUFFIXES
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    ]
