"""Which rows of tracks go into an output, against slow searches: own rows, conditions, and who says the words."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from spans import Spans, array, feature, middle, rows, spans

from trimodal.align import align_recording
from trimodal.corpus import Segment
from trimodal.extract.text.words import WORDS
from trimodal.recipe import parse_recipe
from trimodal.store import OutputArrays
from trimodal.track import Track

TRACKS = "tracks: {mfcc: {}, voice: {extractor: mfcc}, words: {}}\n"
SPEAKERS = ("", "A", "B")

speakers = st.lists(st.sampled_from(SPEAKERS), min_size=12, max_size=12)


def made(spec: str, tracks: dict[str, Track], segments: Spans, said_by: list[str]) -> OutputArrays:
    wanted = parse_recipe(f"{TRACKS}align: {{out: {{{spec}}}}}\n", "r.yaml")
    table = [
        Segment(id=f"s{number}", recording="r", start_seconds=start, end_seconds=end, speaker=said_by[number])
        for number, (start, end) in enumerate(segments)
    ]
    return align_recording(table, 10.0, tracks, wanted)[1]["out"]


def rows_of(times: Spans) -> Track:
    return feature(times, np.arange(len(times), dtype=np.float32)[:, None])


def expected(times: Spans, segments: Spans, kept: list[bool]) -> list[list[int]]:
    """Return the kept rows with their middle in each segment."""
    return [
        [row for row, span in enumerate(times) if start <= middle(span) < end and kept[row]] for start, end in segments
    ]


def check(found: OutputArrays, times: Spans, wanted: list[list[int]]) -> None:
    flat = [row for one in wanted for row in one]
    assert found.offsets.tolist() == [sum(map(len, wanted[:end])) for end in range(len(wanted) + 1)]
    assert found.times.tolist() == [list(times[row]) for row in flat]
    assert found.values[:, 0].tolist() == flat
    assert found.mask.all()


@given(rows, spans, speakers)
def test_on_the_timeline_none_rows_stay_as_they_are(times: Spans, segments: Spans, said_by: list[str]) -> None:
    found = made("tracks: [mfcc], timeline: none", {"mfcc": rows_of(times)}, segments, said_by)
    check(found, times, expected(times, segments, [True] * len(times)))


@given(rows, rows, st.lists(st.sampled_from([0.2, 0.5, 0.9]), min_size=12, max_size=12), spans, speakers)
def test_only_rows_with_their_middle_where_a_column_is_high_enough_count(
    times: Spans, others: Spans, levels: list[float], segments: Spans, said_by: list[str]
) -> None:
    voice = feature(others, np.array(levels[: len(others)], np.float32)[:, None], columns=("speech",))
    high = [span for span, level in zip(others, levels, strict=False) if np.float32(level) >= 0.5]
    kept = [any(start <= middle(span) < end for start, end in high) for span in times]
    spec = "tracks: [mfcc], timeline: none, only_while: {track: voice, column: speech}"
    found = made(spec, {"mfcc": rows_of(times), "voice": voice}, segments, said_by)
    check(found, times, expected(times, segments, kept))


@given(rows, speakers, spans, speakers)
def test_only_words_of_the_speaker_of_a_segment_are_in_it(
    times: Spans, said_by: list[str], segments: Spans, of_segments: list[str]
) -> None:
    fields = {name: field.empty(len(times)) for name, field in WORDS.items()}
    fields["speaker"] = np.array(said_by[: len(times)], np.dtypes.StringDType())
    words = Track(schema=WORDS, times=array(times), fields=fields)
    tracks = {"mfcc": rows_of([]), "words": words}
    found = made("tracks: [mfcc], timeline: words, own_words: words", tracks, segments, of_segments)
    wanted = [
        [row for row in rows if of_segments[number] in ("", said_by[row])]
        for number, rows in enumerate(expected(times, segments, [True] * len(times)))
    ]
    assert found.offsets.tolist() == [sum(map(len, wanted[:end])) for end in range(len(wanted) + 1)]
    assert found.times.tolist() == [list(times[row]) for rows in wanted for row in rows]
