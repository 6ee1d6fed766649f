"""What a layout noticed while it read a corpus: counts against the published ones, and what is missing, by name."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from .model import Recording

_MOST_NAMED = 5


@dataclass(frozen=True)
class Findings:
    """Lines for the report that stands before any extraction."""

    notes: list[str] = field(default_factory=list)
    """What the layout did or left alone, as it always does with this corpus."""
    problems: list[str] = field(default_factory=list)
    """Where the folder is not as it was published or as its lists say."""

    def note(self, line: str) -> None:
        """Take down a note."""
        self.notes.append(line)

    def problem(self, line: str) -> None:
        """Take down a problem."""
        self.problems.append(line)

    def named(self, what: str, names: Iterable[str]) -> None:
        """Take down a problem that has names: ``3 clips are listed and not there: a, b, c``; nothing without names.

        Parameters
        ----------
        what
            What stands between count and names.
        names
            All of them; the first five are named.
        """
        if found := list(names):
            self.problem(counted(what, found))

    def count(self, what: str, found: int, published: int) -> None:
        """Take down a count: a problem where it is not the published one."""
        if found == published:
            self.note(f"{what}: {found:,} as published")
        else:
            self.problem(f"{what}: {found:,} found, {published:,} published")


def counted(what: str, names: Iterable[str]) -> str:
    """Return a line with a count and the first names.

    Examples
    --------
    >>> counted("clips are not there", ["a", "b"])
    '2 clips are not there: a, b'
    """
    found = list(names)
    return f"{len(found):,} {what}: {', '.join(found[:_MOST_NAMED])}{', ...' if len(found) > _MOST_NAMED else ''}"


def speakers_from_turns(recordings: Iterable[Recording]) -> list[str]:
    """Return a note about the recordings that take speakers from diarisation; none where there are none."""
    found = [recording.id for recording in recordings if recording.turns is not None]
    what = "recordings take from RTTM who speaks, where their transcript does not say"
    return [counted(what, found)] if found else []
