"""What is said in the turns of IEMOCAP: by the transcriptions, and by the forced alignment of every sentence."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import TranscriptError
from ..media import read_transcript
from .findings import Findings, counted
from .iemocap_turns import Turn
from .tables import read_text

NOT_ALIGNED = ("Ses03M_impro03_M001", "Ses03F_impro07_M030")
"""The two turns of which the release has no alignment."""

_LINE = re.compile(r"(\S+) \[[\d.]+\s*-\s*[\d.]+\]:(.*)")


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """A sentence as it was aligned."""

    path: Path | None
    """The ``.wdseg``; None: there is none."""
    spoken: str
    """``words`` if there is at least one; else the only noise, as ``garbage``, ``noises`` if there are several,
    ``nothing``; or ``unaligned``."""


def read_transcriptions(folders: Sequence[Path], turns: Sequence[Turn], findings: Findings) -> dict[str, str]:
    """Return the text of every turn that has a line.

    A line is ``Ses01F_impro01_F000 [006.2901-008.2357]: Excuse me.``; the text is all behind the first colon after the
    times. Lines without a name (``M: ...``) and of turns that nobody rated (their names end in ``XX0``) are noted.

    Parameters
    ----------
    folders
        The folders ``transcriptions``.
    turns
        The turns.
    findings
        Told what does not fit.
    """
    wanted = {turn.id for turn in turns}
    texts: dict[str, str] = {}
    nameless, unrated, twice = [], [], []
    for file in (file for folder in folders for file in sorted(folder.glob("*.txt"))):
        if file.name.startswith("."):
            continue
        for number, line in enumerate(read_text(file, findings).split("\n"), 1):
            found = _LINE.fullmatch(line.strip())
            if found is None:
                nameless += [f"{file.name}, line {number}"] if line.strip() else []
            elif found[1] not in wanted:
                unrated.append(found[1])
            elif found[1] in texts:
                twice.append(found[1])
            else:
                texts[found[1]] = found[2].strip()
    for what, names in (
        ("lines of the transcriptions name no turn", nameless),
        ("turns are transcribed and not rated", unrated),
    ):
        if names:
            findings.note(counted(what, names))
    findings.named("turns are transcribed more than once, the first of which counts", twice)
    findings.named("turns have no transcription", (turn.id for turn in turns if turn.id not in texts))
    return texts


def find_alignments(root: Path, turns: Sequence[Turn], findings: Findings) -> dict[str, Alignment]:
    """Return how every turn was aligned: ``sentences/ForcedAlignment/<dialogue>/<turn>.wdseg``."""
    files = {
        file.stem: file
        for session in sorted({turn.session for turn in turns})
        for file in sorted((root / session / "sentences" / "ForcedAlignment").glob("Ses*/Ses*.wdseg"))
    }
    rated = {turn.id for turn in turns}
    findings.named("word alignments are of no turn that was rated", (name for name in files if name not in rated))
    broken: list[str] = []
    alignments = {turn.id: _alignment(files.get(turn.id), broken) for turn in turns}
    missing = [turn.id for turn in turns if turn.id not in files]
    if known := [id for id in missing if id in NOT_ALIGNED]:
        findings.note(counted("turns have no word alignment, as published", known))
    findings.named("turns have no word alignment", (id for id in missing if id not in NOT_ALIGNED))
    findings.named("word alignments cannot be read and are left out", broken)
    return alignments


def _alignment(path: Path | None, broken: list[str]) -> Alignment:
    if path is None:
        return Alignment(path=None, spoken="unaligned")
    try:
        said = read_transcript(path)
    except TranscriptError as error:
        broken.append(str(error))
        return Alignment(path=None, spoken="unaligned")
    noises = [noise.text.strip("+<>").lower() for one in said for noise in one.noises]
    if any(one.text for one in said):
        return Alignment(path=path, spoken="words")
    return Alignment(path=path, spoken="noises" if len(noises) > 1 else noises[0] if noises else "nothing")
