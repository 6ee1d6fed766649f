import pandas as pd

from trimodal.summary import duration, gaps_by_track

COLUMNS = ["recording", "track", "start", "end", "reason"]


def test_lengths_of_time() -> None:
    assert [duration(seconds) for seconds in (0.0, 17.25, 3599.9, 3600.0, 12_240.0)] == [
        "0.0 s",
        "17.2 s",
        "3599.9 s",
        "1.00 h",
        "3.40 h",
    ]


def test_gaps_are_added_up_and_the_largest_come_first() -> None:
    rows = [
        ("one", "mfcc", 0.0, 2.0, "no audio"),
        ("one", "face", 0.0, 1.0, "no face"),
        ("two", "face", 5.0, 9.5, "no face"),
        ("two", "face", 1.0, 2.0, "cannot be decoded"),
        *(("two", "words", float(number), number + 0.5, f"reason {number}") for number in range(5)),
    ]
    assert gaps_by_track(pd.DataFrame(rows, columns=COLUMNS)) == (
        "face 6.5 s (no face 5.5 s, cannot be decoded 1.0 s), "
        "words 2.5 s (reason 0 0.5 s, reason 1 0.5 s, reason 2 0.5 s and 2 other reasons), "
        "mfcc 2.0 s (no audio)"
    )


def test_no_gaps() -> None:
    assert gaps_by_track(pd.DataFrame([], columns=COLUMNS)) == ""
