from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from trimodal.align.segments import REACHING_OUT, SAME_INTERVAL, SAME_SPEAKER, bounds, cut, in_recording, oddities
from trimodal.corpus import Segment
from trimodal.windows import Windows


def segment(id: str, start: float, end: float | None) -> Segment:
    return Segment(id=id, recording="r", start_seconds=start, end_seconds=end)


def test_segments_lie_in_their_recording() -> None:
    """Of a recording of 10 s."""
    segments = [
        segment("whole", 0.0, None),
        segment("over the end", 9.0, 12.0),
        segment("again", 0.0, 10.0),
        segment("after", 10.0, 11.0),
        segment("open after", 10.0, None),
        segment("over the start", -1.0, 1.0),
        segment("before", -2.0, 0.0),
        segment("a rounding inside", 9.9999999999, 11.0),
    ]
    kept, left_out = in_recording(segments, 10.0)
    assert {one.id: bounds(one) for one in kept} == {
        "whole": (0.0, 10.0),
        "over the end": (9.0, 12.0),
        "again": (0.0, 10.0),
        "over the start": (-1.0, 1.0),
    }
    assert [one.segment for one in left_out] == ["after", "open after", "before", "a rounding inside"]
    assert {(one.recording, one.reason) for one in left_out} == {("r", "outside the recording")}
    assert oddities(kept, 10.0) == {REACHING_OUT: 2, SAME_INTERVAL: 2, SAME_SPEAKER: 0}


def test_segments_of_a_speaker_that_overlap_are_counted() -> None:
    """Nobody knows whether segments without a speaker have the same one."""
    edges = [(0.0, 9.0), (1.0, 2.0), (3.0, 4.0), (9.0, 10.0), (9.5, 10.0)]
    for speaker, count in (("ann", 5), ("", 0)):
        segments = [replace(segment(str(start), start, end), speaker=speaker) for start, end in reversed(edges)]
        assert oddities(segments, 10.0)[SAME_SPEAKER] == count
        assert oddities([*segments[1:], replace(segments[0], speaker="bob")], 10.0)[SAME_SPEAKER] == (3 if count else 0)
    assert oddities([], 10.0) == {REACHING_OUT: 0, SAME_INTERVAL: 0, SAME_SPEAKER: 0}


spans_of_segments = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5)).map(lambda span: (span[0], sum(span))))


@given(spans_of_segments)
def test_counts_are_those_of_all_pairs(edges: list[tuple[int, int]]) -> None:
    segments = [replace(segment(str(n), *map(float, span)), speaker="ann") for n, span in enumerate(edges)]
    others = [[two for m, two in enumerate(edges) if m != n] for n in range(len(edges))]
    overlapping = sum(
        any(min(end, b) > max(start, a) for a, b in rest) for (start, end), rest in zip(edges, others, strict=True)
    )
    alike = sum(span in rest for span, rest in zip(edges, others, strict=True))
    assert oddities(segments, 99.0) == {REACHING_OUT: 0, SAME_INTERVAL: alike, SAME_SPEAKER: overlapping}


def test_windows_inherit_from_their_segment() -> None:
    whole = Segment(
        id="a",
        recording="r",
        start_seconds=1.0,
        end_seconds=6.0,
        split="train",
        speaker="ann",
        text="so",
        labels={"x": 1.0},
    )
    kept, left_out = cut(
        [whole, segment("b", 0.0, 1.5), segment("c", 0.0, 2.0)], Windows(length_seconds=2, hop_seconds=1.5)
    )
    assert [(one.id, *bounds(one)) for one in kept] == [
        ("a#0", 1.0, 3.0),
        ("a#1", 2.5, 4.5),
        ("a#2", 4.0, 6.0),
        ("c#0", 0.0, 2.0),
    ]
    assert {(one.recording, one.split, one.speaker, one.text, one.labels["x"]) for one in kept[:3]} == {
        ("r", "train", "ann", None, 1.0)
    }
    assert [(one.segment, one.reason) for one in left_out] == [("b", "shorter than a window of 2 s")]


def test_windows_of_segments_that_overlap_and_of_none() -> None:
    windows = Windows(length_seconds=1, hop_seconds=1)
    kept, _ = cut([segment("a", 0.0, 2.0), segment("b", 1.0, 2.0)], windows)
    assert [(one.id, *bounds(one)) for one in kept] == [("a#0", 0.0, 1.0), ("a#1", 1.0, 2.0), ("b#0", 1.0, 2.0)]
    assert cut([], windows) == ([], [])


def test_published_number_of_windows() -> None:
    """RECOLA: 7501 rows of 40 ms, windows of 3 s every second: (7501 - 75) // 25 + 1."""
    kept, _ = cut([segment("P16", 0.0, 7501 * 0.04)], Windows(length_seconds=3, hop_seconds=1))
    assert len(kept) == 298
    assert bounds(kept[-1]) == (297.0, 300.0)
