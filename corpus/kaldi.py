"""A data folder of Kaldi (its page "Data preparation"): wav.scp, and optionally segments, text and utt2spk."""

import math
import re
from pathlib import Path

from ..errors import CorpusError
from .clips import media_files
from .findings import Findings, counted
from .model import Corpus, Layout, Recording, Segment

_RECORDINGS = "wav.scp"
_PLACE_IN_ARCHIVE = re.compile(r".*\.ark:\d+")


def recognises(path: Path) -> bool:
    """Whether the path is a folder with a ``wav.scp``."""
    return (path / _RECORDINGS).is_file()


def read(path: Path) -> Corpus:
    """Read a data folder; every line of ``segments``, or else of ``wav.scp``, is a segment.

    Paths are relative to the folder, whereas Kaldi's are to where it runs. They are names of files and nothing else:
    commands, which Kaldi would run, are refused, as are places in its archives. An end of -1 is the end of the
    recording.

    Raises
    ------
    CorpusError
        Names the file and the line of the first thing that is wrong.
    """
    media = _table(path / _RECORDINGS)
    if not media:
        raise CorpusError(f"{path / _RECORDINGS}: has no lines; expected one per recording")
    spans = _table(path / "segments") if (path / "segments").is_file() else None
    texts, speakers = (_table(path / name) if (path / name).is_file() else {} for name in ("text", "utt2spk"))
    times = (
        {id: (id, 0.0, None) for id in media}
        if spans is None
        else {id: _span(where, written, media) for id, (where, written) in spans.items()}
    )
    findings = Findings()
    findings.named("lines of text belong to no segment", (id for id in texts if id not in times))
    findings.named("lines of utt2spk belong to no segment", (id for id in speakers if id not in times))
    findings.named("segments have no text", (id for id in times if texts and id not in texts))
    findings.named("segments have no speaker", (id for id in times if speakers and id not in speakers))
    used = {recording for recording, _, _ in times.values()}
    findings.named("recordings have no segment", (id for id in media if id not in used))
    paths = {id: path / _media(where, written) for id, (where, written) in media.items()}
    listed = {file.resolve() for file in paths.values()}
    if more := [str(file.relative_to(path)) for file in media_files(path) if file.resolve() not in listed]:
        findings.note(counted(f"media files are not in {_RECORDINGS}", more))
    if with_channel := [id for id, (_, written) in (spans or {}).items() if len(written.split()) > 3]:
        findings.note(counted("segments name a channel; which one is heard is the recipe's choice", with_channel))
    return Corpus(
        root=path,
        layout=LAYOUT.name,
        recordings=tuple(Recording(id=id, media=file) for id, file in paths.items()),
        segments=tuple(
            Segment(
                id=id,
                recording=recording,
                start_seconds=start,
                end_seconds=end,
                speaker=speakers[id][1] if id in speakers else "",
                text=(texts[id][1] or None) if id in texts else None,
            )
            for id, (recording, start, end) in times.items()
        ),
        notes=tuple(findings.notes),
        problems=tuple(findings.problems),
    )


def _table(file: Path) -> dict[str, tuple[str, str]]:
    """Return for every id, with which a line begins, its place (``file, line 3``) and the rest of the line."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CorpusError(f"{file}: cannot be read ({error.strerror}); expected a file of Kaldi") from None
    except UnicodeDecodeError as error:
        raise CorpusError(f"{file}: byte {error.start} is not UTF-8; expected text in UTF-8") from None
    if "\0" in text:
        raise CorpusError(f"{file}: holds a NUL character; expected text in UTF-8")
    table: dict[str, tuple[str, str]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        id, *rest = line.split(maxsplit=1) or [""]
        if id in table:
            raise CorpusError(f"{file}, line {number}: '{id}' has a line further up; expected one for every id")
        if id:
            table[id] = (f"{file}, line {number}", " ".join(rest).strip())
    return table


def _media(where: str, written: str) -> str:
    if "|" in (written[:1], written[-1:]):
        raise CorpusError(f"{where}: '{written[:60]}' is a command, which is never run; put its output into a file")
    if written in ("", "-") or _PLACE_IN_ARCHIVE.fullmatch(written):
        raise CorpusError(f"{where}: '{written[:60]}' is no media file; expected the path of one")
    return written


def _span(where: str, written: str, media: dict[str, tuple[str, str]]) -> tuple[str, float, float | None]:
    """Return recording, start and end of a segment."""
    try:
        recording, (start, end) = written.split()[0], map(float, written.split()[1:3])
    except (IndexError, ValueError):
        raise CorpusError(f"{where}: '{written[:60]}' is no recording, start and end in seconds") from None
    if recording not in media:
        raise CorpusError(f"{where}: recording '{recording}' is not in {_RECORDINGS}; expected one that is")
    is_open = end == -1
    if not 0 <= start < (math.inf if is_open else end) or math.isinf(end):
        raise CorpusError(
            f"{where}: from {start} s to {end} s; expected a start from 0 s on and an end behind it, or -1"
        )
    return recording, start, None if is_open else end


LAYOUT = Layout(
    name="kaldi",
    summary="a Kaldi data folder: wav.scp, and optionally segments, text and utt2spk",
    recognises=recognises,
    read=read,
)
