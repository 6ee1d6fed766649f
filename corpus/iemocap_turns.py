"""What the label files of IEMOCAP say of every turn: its times, its emotion and who agreed on it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

from ..errors import CorpusError
from .findings import Findings
from .tables import read_text

NO_AGREEMENT = "xxx"
"""The emotion of a turn on which no majority of raters agreed."""

_NAME = re.compile(r"(?P<dialogue>Ses\d\d(?P<left>[FM])_(?P<method>impro|script)\w*)_(?P<speaker>[FM])\d{3}")
_NUMBER = r"\s*([+-]?\d{1,9}(?:\.\d*)?)\s*"
_HEAD = re.compile(rf"\[{_NUMBER}-{_NUMBER}\]\s+(\S+)\s+(\w+)\s+\[{_NUMBER},{_NUMBER},{_NUMBER}\]\s*")
_ORDER = "[V, A, D]"


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What one actor says, as the raters heard it."""

    id: str
    """As ``Ses01F_impro01_M000``: in session 1, in which F wears the markers, what M says."""
    session: str
    """Name of the session's folder."""
    start_seconds: float
    """In the dialogue."""
    end_seconds: float
    emotion: str
    """Three letters; `NO_AGREEMENT`."""
    valence: float
    """Mean of the raters, from 1 to 5, as the next two."""
    activation: float
    dominance: float
    annotators: int
    """How many others than the actors chose categories."""
    agreement: int
    """How many of them chose the emotion; 0: there is none."""

    @property
    def dialogue(self) -> str:
        """Name of the dialogue."""
        return self._part("dialogue")

    @property
    def speaker(self) -> str:
        """Session and sex, which ten people do not share: ``Ses01M``."""
        return f"{self.id[:5]}{self._part('speaker')}"

    @property
    def method(self) -> str:
        """``impro`` or ``script``."""
        return self._part("method")

    @property
    def side(self) -> Literal["left", "right"]:
        """The half of the picture that shows who speaks.

        The corpus does not say it. MERTools takes whoever wears the markers (the letter behind the session) for left.
        """
        return "left" if self._part("speaker") == self._part("left") else "right"

    def _part(self, name: str) -> str:
        found = _NAME.fullmatch(self.id)
        assert found is not None  # checked when it was read
        return found[name]


def read_turns(folder: Path, session: str, findings: Findings) -> list[Turn]:
    """Read the turns of a session's ``EmoEvaluation``, dialogue by dialogue; its sub-folders have the single raters'.

    Turns whose names are not of their dialogue are left out and reported.

    Raises
    ------
    CorpusError
        Names file and line of a head that is none, or of a header with another order than valence, activation,
        dominance.
    """
    turns, misnamed = [], []
    for file in sorted(folder.glob("*.txt")):
        if file.name.startswith("."):
            continue
        for turn in _read_file(file, session, findings):
            name = _NAME.fullmatch(turn.id)
            if name is None or name["dialogue"] != file.stem:
                misnamed.append(turn.id)
            else:
                turns.append(turn)
    findings.named(f"turns of {session} are not called like their dialogue and are left out", misnamed)
    return turns


def _read_file(file: Path, session: str, findings: Findings) -> Iterator[Turn]:
    lines = read_text(file, findings).split("\n")
    if lines[0].startswith("%") and _ORDER not in lines[0]:
        raise CorpusError(f"{file}, line 1: '{lines[0].strip()[:80]}' names another order than {_ORDER}")
    heads = [place for place, line in enumerate(lines) if line.startswith("[")]
    for place, stop in pairwise([*heads, len(lines)]):
        where, found = f"{file}, line {place + 1}", _HEAD.fullmatch(lines[place])
        if found is None:
            raise CorpusError(
                f"{where}: '{lines[place].strip()[:80]}' is no turn; "
                "expected [start - end], its name, its emotion and [valence, activation, dominance]"
            )
        start, end, valence, activation, dominance = (float(found[group]) for group in (1, 2, 5, 6, 7))
        if not 0 <= start < end:
            raise CorpusError(f"{where}: from {start} s to {end} s; expected a start from 0 s on and an end behind it")
        chosen = _chosen(lines[place + 1 : stop])
        yield Turn(
            id=found[3],
            session=session,
            start_seconds=start,
            end_seconds=end,
            emotion=found[4],
            valence=valence,
            activation=activation,
            dominance=dominance,
            annotators=len(chosen),
            agreement=sum(found[4] in categories for categories in chosen),
        )


def _chosen(lines: Sequence[str]) -> list[set[str]]:
    """Return what each rater (E1, E2, ...) chose, by its first three letters, as the emotion is written.

    What the actors say of themselves (F1, M1) is no part of the majority.
    """
    raters = [line.partition(":")[2].partition("(")[0] for line in lines if line.startswith("C-E")]
    return [{category.strip().lower()[:3] for category in rater.split(";")} for rater in raters]
