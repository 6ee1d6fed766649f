from pathlib import Path

import pytest

from trimodal.media import TranscriptError, Utterance
from trimodal.media.transcripts import Turn, assign_speakers, read_turns

RTTM = """SPKR-INFO talk 1 <NA> <NA> <NA> unknown ann <NA> <NA>
SPEAKER talk 1 0.50 1.50 <NA> <NA> ann <NA> <NA>
SPEAKER talk 1 1.75 2.25 <NA> <NA> bob <NA> <NA>
SPEAKER other 1 0.00 9.00 <NA> <NA> eve <NA> <NA>
SPEAKER talk 1 6.00 1.00 <NA> <NA> ann <NA> <NA>
"""
TURNS = (
    Turn(speaker="ann", start_seconds=0.5, end_seconds=2.0),
    Turn(speaker="bob", start_seconds=1.75, end_seconds=4.0),
    Turn(speaker="ann", start_seconds=6.0, end_seconds=7.0),
)


def read(tmp_path: Path, content: str) -> tuple[Turn, ...]:
    path = tmp_path / "all.rttm"
    path.write_text(content)
    return read_turns(path, "talk")


def test_turns(tmp_path: Path) -> None:
    assert read(tmp_path, RTTM) == TURNS


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"all\.rttm: has no entries; expected 'talk'"),
        ("SPEAKER other 1 0 9 <NA> <NA> eve <NA> <NA>", "has 'other'; expected 'talk'"),
        ("SPEAKER talk 1 0 9", r"all\.rttm, line 1: has 5 fields; expected SPEAKER and at least 7 others of RTTM"),
        ("\nSPEAKER talk 1 inf 9 <NA> <NA> eve", "line 2: 'inf' is not a finite number"),
        ("SPEAKER talk 1 5 -9 <NA> <NA> eve", "line 1: ends at -4.0 s, before its start at 5.0 s"),
    ],
)
def test_broken_files(content: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match=message):
        read(tmp_path, content)


@pytest.mark.parametrize(
    ("start", "end", "speaker"),
    [
        (0.0, 1.0, "ann"),
        (1.0, 3.0, "bob"),
        (0.0, 10.0, "ann"),  # 2.5 s of ann against 2.25 s of bob
        (4.0, 6.0, ""),  # touches and shares nothing
        (20.0, 30.0, ""),
        (None, 3.0, ""),
        (1.0, None, ""),
    ],
)
def test_the_speaker_with_most_time_counts(start: float | None, end: float | None, speaker: str) -> None:
    utterance = Utterance(text="hi", start_seconds=start, end_seconds=end)
    (assigned,) = assign_speakers([utterance], TURNS)
    assert (assigned.speaker, assigned.text, assigned.start_seconds) == (speaker, "hi", start)


def test_a_speaker_that_is_known_stays() -> None:
    known = Utterance(text="hi", start_seconds=0.0, end_seconds=1.0, speaker="eve")
    assert assign_speakers([known], TURNS) == (known,)


def test_without_turns_nobody_speaks() -> None:
    utterance = Utterance(text="hi", start_seconds=0.0, end_seconds=1.0)
    assert assign_speakers([utterance], []) == (utterance,)
