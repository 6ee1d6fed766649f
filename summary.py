"""What is said at the end of a run."""

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .amounts import duration
from .errors import number_of

if TYPE_CHECKING:
    import pandas as pd

    from .extract.recording import Failure
    from .pipeline import Extraction

_MOST_REASONS = 3
"""That are named for each track, the largest first."""
MOST_LISTED = 20
"""Failures that are printed one by one."""


@dataclass(frozen=True, kw_only=True)
class StoreSummary:
    """What a store holds and lacks."""

    store: Path
    is_written: bool
    """False: it was there already, as it would have come out."""
    left_out: Mapping[str, int]
    """Number of segments that are not in it, by reason."""
    noted: Mapping[str, int]
    """Number of odd segments that are in it, by what is odd."""
    gaps: "pd.DataFrame"
    """The store's table of gaps: track, start, end (seconds), reason."""

    @classmethod
    def of(cls, store: Path, *, is_written: bool) -> "StoreSummary":
        """Look into a store."""
        from .store import FeatureStore

        found = FeatureStore(store, dry_weights=True)
        return cls(
            store=store,
            is_written=is_written,
            left_out=found.manifest.excluded,
            noted=found.manifest.noted,
            gaps=found.gaps,
        )

    def facts(self) -> dict[str, object]:
        """Return it as values that JSON can hold."""
        lost = _lost(self.gaps)
        tracks = lost.index.unique("track")
        gap_seconds = {str(track): lost.xs(track, level="track").to_dict() for track in tracks}
        return {
            "store": str(self.store),
            "written": self.is_written,
            "left_out": dict(self.left_out),
            "noted": dict(self.noted),
            "gap_seconds": gap_seconds,
        }

    def show(self) -> None:
        """Print it."""
        for title, counts in (("left out", self.left_out), ("note", self.noted)):
            for what, count in counts.items():
                print(f"{title}: {number_of(count, 'segment')}: {what}", file=sys.stderr)
        if gaps := gaps_by_track(self.gaps):
            print(f"gaps by track: {gaps}")
        print(f"{self.store}: {'written' if self.is_written else 'up to date'}")


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What a run did."""

    extraction: "Extraction"
    store: StoreSummary | None
    """None: none was to be written."""

    def facts(self) -> dict[str, object]:
        """Return it as values that JSON can hold."""
        failures = self.extraction.failures
        return {
            "recordings": len(self.extraction.recordings),
            "media_seconds": self._media_seconds,
            "tracks_extracted": self.extraction.extracted,
            "seconds_by_track": dict(self._seconds_by_track),
            "failures_by_cause": dict(Counter(failure.cause for failure in failures)),
            "failures_of_earlier_runs": sum(failure.is_remembered for failure in failures),
            **({} if self.store is None else self.store.facts()),
        }

    def show(self) -> None:
        """Print it."""
        length = duration(self._media_seconds)
        tracks = f"{self.extraction.extracted} tracks extracted now"
        print(f"{len(self.extraction.recordings)} recordings ({length}), {tracks}")
        if seconds := self._seconds_by_track:
            print("time by track: " + ", ".join(f"{track} {took:.1f} s" for track, took in seconds.most_common()))
        self.show_failures()
        if self.store is not None:
            self.store.show()

    def show_failures(self) -> None:
        """Print what failed."""
        from .pipeline import FAILURES_FILE

        failures = self.extraction.failures
        for failure in failures[:MOST_LISTED]:
            print(failure_line(failure), file=sys.stderr)
        if failures:
            causes = Counter(failure.cause for failure in failures)
            listed = ", ".join(f"{count} by {cause}" for cause, count in causes.most_common())
            line = f"{len(failures)} recordings failed ({listed}), listed in {self.extraction.work / FAILURES_FILE}"
            print(line, file=sys.stderr)
        if old := sum(failure.is_remembered for failure in failures):
            print(f"{old} of them failed in earlier runs; --retry-failed tries them again", file=sys.stderr)

    @property
    def _media_seconds(self) -> float:
        return sum(recording.duration_seconds for recording in self.extraction.recordings)

    @property
    def _seconds_by_track(self) -> "Counter[str]":
        seconds: Counter[str] = Counter()
        for recording in self.extraction.recordings:
            seconds.update(recording.seconds)
        return seconds


def failure_line(failure: "Failure") -> str:
    """Return what is said of a recording that failed."""
    track = f" ({failure.track})" if failure.track else ""
    return f"{'failed before' if failure.is_remembered else 'failed'}: {failure.recording}{track}: {failure.reason}"


def gaps_by_track(gaps: "pd.DataFrame") -> str:
    """Return how long each track of a store could not observe anything, and why; empty where there are no gaps.

    Parameters
    ----------
    gaps
        The store's table of gaps: track, start, end (seconds), reason.
    """
    lost = _lost(gaps)
    tracks = lost.groupby(level="track").sum().sort_values(ascending=False, kind="stable")
    return ", ".join(
        f"{track} {duration(total)} ({_reasons(lost.xs(track, level='track'))})" for track, total in tracks.items()
    )


def _lost(gaps: "pd.DataFrame") -> "pd.Series[float]":
    return (gaps["end"] - gaps["start"]).groupby([gaps["track"], gaps["reason"]]).sum()


def _reasons(lost: "pd.Series[float]") -> str:
    largest = lost.sort_values(ascending=False, kind="stable")[:_MOST_REASONS]
    more = len(lost) - len(largest)
    named = [f"{reason} {duration(seconds)}" if len(lost) > 1 else str(reason) for reason, seconds in largest.items()]
    return ", ".join(named) + (f" and {more} other reasons" if more else "")
