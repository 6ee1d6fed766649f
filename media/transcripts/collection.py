"""Files that hold the words of many recordings."""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from ...errors import TranscriptError


def entry_of(path: Path, recording: str, entries: Iterable[str]) -> str:
    """Return which entry of a file belongs to a recording.

    Parameters
    ----------
    path
        The file.
    recording
        The stem of the recording's media file.
    entries
        What the file calls its recordings; a folder before and a suffix behind the name do not matter.

    Raises
    ------
    TranscriptError
        If none of them is the recording: the file may be that of another one.
    """
    names = list(dict.fromkeys(entries))
    for written_as in (str, _name, _stem):
        for name in names:
            if written_as(name) == recording:
                return name
    held = ", ".join(f"'{name[:40]}'" for name in names[:3]) + ", ..." * (len(names) > 3)
    raise TranscriptError(f"{path}: has {held or 'no entries'}; expected '{recording}', the name of the media file")


def _name(entry: str) -> str:
    return PurePosixPath(entry).name


def _stem(entry: str) -> str:
    return PurePosixPath(entry).stem
