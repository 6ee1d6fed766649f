from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from trimodal.align import align_recording
from trimodal.corpus import Segment
from trimodal.errors import CorpusError
from trimodal.extract.text.words import WORDS
from trimodal.recipe import Recipe, parse_recipe
from trimodal.store import OutputArrays
from trimodal.track import Field, Schema, Track, empty_track

Spans = list[tuple[float, float]]

SOUND = {"values": Field(shape=(2,), columns=("low", "high"), unit="dB")}
FACE = {"values": Field(shape=(1,), columns=("smile",))}
WORD_VECTORS = {"values": Field(shape=(1,), columns=("hidden0",)), "row": Field(dtype="int64")}

TRACKS = """
tracks:
  mfcc: {}
  egemaps: {extractor: opensmile}
  faces: {}
  face_crop: {}
  face: {extractor: face_embedding}
  words: {}
  others: {extractor: words}
  bert: {}
"""


def recipe(**outputs: str) -> Recipe:
    lines = [f"  {name}: {{{spec}}}" for name, spec in outputs.items()]
    return parse_recipe("\n".join([TRACKS, "align:", *lines]), "r.yaml")


def track(schema: Schema, times: Spans, values: list[list[float]], **fields: Any) -> Track:
    array = np.array(values, np.float32).reshape(len(times), *schema["values"].shape)
    return Track(schema=schema, times=np.array(times, np.float64).reshape(-1, 2), fields={"values": array} | fields)


def words(times: Spans, texts: list[str]) -> Track:
    fields = {name: field.empty(len(texts)) for name, field in WORDS.items()}
    fields["text"] = np.array(texts, np.dtypes.StringDType())
    return Track(schema=WORDS, times=np.array(times, np.float64).reshape(-1, 2), fields=fields)


def one_output(spec: str, tracks: dict[str, Track], *segments: Segment, duration: float = 4.0) -> OutputArrays:
    return align_recording(segments, duration, tracks, recipe(out=spec))[1]["out"]


def segment(start: float = 0.0, end: float | None = None, **fields: Any) -> Segment:
    return Segment(**{"id": f"s{start}", "recording": "r", "start_seconds": start, "end_seconds": end} | fields)


SOUND_TRACK = track(SOUND, [(0.0, 1.0), (1.0, 2.0), (3.0, 4.0)], [[1, 10], [2, 20], [3, 30]])
FACE_TRACK = track(FACE, [(0.0, 0.5), (2.0, 3.0)], [[7], [9]])
WORDS_TRACK = words([(0.0, 0.5), (0.5, 1.5), (1.5, 3.0)], ["how", "are", "you"])


def test_words_computed_by_hand() -> None:
    found = one_output(
        "tracks: [mfcc], timeline: words", {"mfcc": SOUND_TRACK, "words": WORDS_TRACK}, segment(0.0, 1.0), segment(1.0)
    )
    np.testing.assert_allclose(found.values, [[1, 10], [1.5, 15], [2, 20]])
    assert found.times.tolist() == [[0.0, 0.5], [0.5, 1.5], [1.5, 3.0]]
    assert found.mask.tolist() == [True, True, True]
    np.testing.assert_allclose(found.coverage, [1, 1, 1 / 3])
    assert found.offsets.tolist() == [0, 1, 3]
    assert found.text is not None
    assert found.text.tolist() == ["how", "are", "you"]
    assert (found.values.dtype, found.coverage.dtype, found.mask.dtype) == (np.float32, np.float32, np.bool_)


def test_a_grid_computed_by_hand() -> None:
    found = one_output(
        "tracks: [mfcc], timeline: {grid: {hop_seconds: 1.5}}", {"mfcc": SOUND_TRACK}, segment(0.0, 2.0), segment(0.5)
    )
    assert found.times.tolist() == [[0.0, 1.5], [1.5, 2.0], [0.5, 2.0], [2.0, 3.5], [3.5, 4.0]]
    np.testing.assert_allclose(found.values[:, 0], [4 / 3, 2, 5 / 3, 3, 3], rtol=1e-6)
    np.testing.assert_allclose(found.coverage, [1, 1, 1, 1 / 3, 1])
    assert found.offsets.tolist() == [0, 2, 5]
    assert found.text is None


def test_a_grid_given_by_its_rate_is_the_same() -> None:
    by_rate, by_hop = (
        one_output(f"tracks: [mfcc], timeline: {{grid: {{{hop}}}}}", {"mfcc": SOUND_TRACK}, segment())
        for hop in ("rate_hz: 4", "hop_seconds: 0.25")
    )
    assert by_rate.times.tolist() == by_hop.times.tolist()
    assert len(by_rate.times) == 16


def test_whole_segments_computed_by_hand() -> None:
    found = one_output(
        "tracks: [mfcc], timeline: segment", {"mfcc": SOUND_TRACK}, segment(), segment(2.0, 3.0), segment(1.5, 3.5)
    )
    np.testing.assert_allclose(found.values, [[2, 20], [0, 0], [2.5, 25]])
    np.testing.assert_allclose(found.coverage, [0.75, 0, 0.5])
    assert found.mask.tolist() == [True, False, True]
    assert found.offsets.tolist() == [0, 1, 2, 3]


def test_tracks_side_by_side_share_mask_and_coverage() -> None:
    tracks = {"mfcc": SOUND_TRACK, "face": FACE_TRACK}
    found = one_output("tracks: [mfcc, face], timeline: {grid: {hop_seconds: 1}}", tracks, segment(0.0, 5.0))
    np.testing.assert_allclose(found.values, [[1, 10, 7], [2, 20, 0], [0, 0, 9], [3, 30, 0], [0, 0, 0]])
    assert found.mask.tolist() == [True, True, True, True, False]
    np.testing.assert_allclose(found.coverage, [0.75, 0.5, 0.5, 0.5, 0])


def test_of_tracks_side_by_side_each_is_observed_on_its_own() -> None:
    tracks = {"mfcc": SOUND_TRACK, "face": FACE_TRACK}
    found = one_output("tracks: [mfcc, face], timeline: {grid: {hop_seconds: 1}}", tracks, segment(0.0, 5.0))
    assert found.observed is not None
    assert found.observed.tolist() == [[True, True], [True, False], [False, True], [True, False], [False, False]]
    alone = one_output("tracks: [mfcc], timeline: {grid: {hop_seconds: 1}}", tracks, segment(0.0, 5.0))
    assert alone.observed is None


@pytest.mark.parametrize(
    ("gaps", "values"),
    [
        ("hold", [[1, 10, 7], [2, 20, 7], [2, 20, 9], [3, 30, 9], [3, 30, 9]]),
        ("interpolate", [[1, 10, 7], [2, 20, 8], [2.5, 25, 9], [3, 30, 9], [3, 30, 9]]),
    ],
)
def test_gaps_of_one_track_are_filled_where_another_was_observed(gaps: str, values: list[list[float]]) -> None:
    tracks = {"mfcc": SOUND_TRACK, "face": FACE_TRACK}
    spec = f"tracks: [mfcc, face], timeline: {{grid: {{hop_seconds: 1}}}}, gaps: {gaps}"
    found = one_output(spec, tracks, segment(0.0, 5.0))
    assert found.values.tolist() == values
    assert found.mask.tolist() == [True, True, True, True, False]


def test_pictures_keep_their_shape() -> None:
    schema = {"values": Field(dtype="uint8", shape=(1, 2, 3), columns=("red", "green", "blue"))}
    pictures = np.array([np.zeros((1, 2, 3)), np.full((1, 2, 3), 200)], np.uint8)
    crops = Track(schema=schema, times=np.array([[0.0, 1.0], [1.0, 2.0]]), fields={"values": pictures})
    found = one_output("tracks: [face_crop], timeline: segment", {"face_crop": crops}, segment(0.0, 2.0))
    np.testing.assert_array_equal(found.values, np.full((1, 1, 2, 3), 100, np.float32))


# The first two words overlap and the last one has no length: by overlap they would get each other's vectors, or none.
CROWDED = words([(0.0, 2.0), (0.5, 1.0), (1.5, 1.5)], ["long", "inner", "none"])
VECTORS = track(WORD_VECTORS, [(0.0, 2.0), (1.5, 1.5)], [[1], [3]], row=np.array([0, 2], np.int64))


def test_what_was_made_word_by_word_goes_to_its_own_words() -> None:
    found = one_output("tracks: [bert], timeline: words", {"bert": VECTORS, "words": CROWDED}, segment())
    assert found.values.tolist() == [[1], [0], [3]]
    assert found.mask.tolist() == [True, False, True]
    assert found.coverage.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("timeline", "expected"), [("{words: {track: others}}", [[1], [0]]), ("{grid: {hop_seconds: 2}}", [[1], [0]])]
)
def test_on_other_timelines_it_is_pooled(timeline: str, expected: list[list[float]]) -> None:
    tracks = {"bert": VECTORS, "others": words([(0.25, 0.75), (2.0, 3.0)], ["a", "b"])}
    found = one_output(f"tracks: [bert], timeline: {timeline}", tracks, segment())
    assert found.values.tolist() == expected
    assert found.mask.tolist() == [True, False]


def test_words_of_adjoining_segments_are_each_in_one() -> None:
    starts = np.arange(0.0, 10.0, 0.37)
    spoken = words(list(zip(starts, starts + 0.4, strict=True)), [f"w{number}" for number in range(len(starts))])
    cuts = [0.0, 1.0, 1.3, 5.0, 12.0]
    segments = [segment(start, end) for start, end in pairwise(cuts)]
    tracks = {"mfcc": SOUND_TRACK, "words": spoken}
    table, outputs = align_recording(segments, 12.0, tracks, recipe(out="tracks: [mfcc], timeline: words"))
    assert outputs["out"].text is not None
    assert outputs["out"].text.tolist() == spoken.fields["text"].tolist()
    assert " ".join(row.text for row in table if row.text).split() == spoken.fields["text"].tolist()


def test_the_table_has_what_the_segments_say() -> None:
    segments = [
        segment(0.5, 1.5, id="a", split="train", speaker="Zoë", text="as given", labels={"joy": 1.0}),
        segment(1.5, id="b"),
        segment(0.0, 1.0, id="c", text=""),
    ]
    tracks = {"mfcc": SOUND_TRACK, "words": WORDS_TRACK}
    table, _ = align_recording(segments, 4.0, tracks, recipe(out="tracks: [mfcc], timeline: words"))
    assert [(row.id, row.recording, row.start, row.end) for row in table] == [
        ("a", "r", 0.5, 1.5),
        ("b", "r", 1.5, 4.0),
        ("c", "r", 0.0, 1.0),
    ]
    assert [row.text for row in table] == ["as given", "you", ""]
    assert (table[0].split, table[0].speaker, table[0].labels) == ("train", "Zoë", {"joy": 1.0})


def test_without_words_a_segment_has_no_text() -> None:
    table, _ = align_recording(
        [segment(), segment(1.0)], 4.0, {"mfcc": SOUND_TRACK}, recipe(out="tracks: [mfcc], timeline: segment")
    )
    assert [row.text for row in table] == ["", ""]


def test_text_comes_from_the_first_output_with_words() -> None:
    tracks = {"mfcc": SOUND_TRACK, "others": words([(0.0, 1.0)], ["other"]), "words": WORDS_TRACK}
    wanted = recipe(
        a="tracks: [mfcc], timeline: segment",
        b="tracks: [mfcc], timeline: {words: {track: others}}",
        c="tracks: [mfcc], timeline: words",
    )
    table, outputs = align_recording([segment()], 4.0, tracks, wanted)
    assert [row.text for row in table] == ["other"]
    assert {name: len(arrays.values) for name, arrays in outputs.items()} == {"a": 1, "b": 1, "c": 3}


@pytest.mark.parametrize(
    ("timeline", "rows"),
    [("words", 0), ("segment", 1), ("{grid: {hop_seconds: 1}}", 4)],
    ids=["words", "segment", "grid"],
)
def test_tracks_without_rows_leave_everything_unobserved(timeline: str, rows: int) -> None:
    tracks = {"mfcc": empty_track(SOUND), "words": empty_track(WORDS)}
    found = one_output(f"tracks: [mfcc], timeline: {timeline}", tracks, segment())
    assert found.values.tolist() == [[0, 0]] * rows
    assert found.mask.tolist() == [False] * rows
    assert found.coverage.tolist() == [0] * rows
    assert found.offsets.tolist() == [0, rows]


@pytest.mark.parametrize("timeline", ["words", "segment", "{grid: {hop_seconds: 1}}"])
@pytest.mark.parametrize("end", [2.0, float("nan")])
def test_a_segment_that_ends_before_it_starts_is_named(timeline: str, end: float) -> None:
    tracks = {"mfcc": SOUND_TRACK, "words": WORDS_TRACK}
    with pytest.raises(CorpusError, match=rf"segment 's' ends at {end} s, before its start at 3\.0 s; expected"):
        one_output(f"tracks: [mfcc], timeline: {timeline}", tracks, segment(0.0), segment(3.0, end, id="s"))


@pytest.mark.parametrize("timeline", ["words", "segment", "{grid: {hop_seconds: 1}}"])
def test_no_segments_give_no_rows(timeline: str) -> None:
    tracks = {"mfcc": SOUND_TRACK, "words": WORDS_TRACK}
    table, outputs = align_recording([], 4.0, tracks, recipe(out=f"tracks: [mfcc], timeline: {timeline}"))
    assert table == []
    assert outputs["out"].values.shape == (0, 2)
    assert outputs["out"].offsets.tolist() == [0]


@pytest.mark.parametrize(("timeline", "rows"), [("words", 0), ("segment", 1), ("{grid: {hop_seconds: 1}}", 0)])
def test_a_segment_after_the_end_of_the_recording_is_empty(timeline: str, rows: int) -> None:
    tracks = {"mfcc": SOUND_TRACK, "words": WORDS_TRACK}
    table, outputs = align_recording([segment(5.0)], 4.0, tracks, recipe(out=f"tracks: [mfcc], timeline: {timeline}"))
    assert [(row.start, row.end, row.text) for row in table] == [(5.0, 5.0, "")]
    assert outputs["out"].mask.tolist() == [False] * rows
    assert outputs["out"].offsets.tolist() == [0, rows]


LEFT = track(FACE, [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 4.0)], [[1], [2], [3], [4]])
RIGHT = track(FACE, [(0.5, 1.5), (2.5, 3.5)], [[10], [20]])
PEOPLE = (segment(0.0, 2.0, speaker="A"), segment(0.0, 4.0, speaker="B"), segment(2.0, 3.0), segment(3.0, speaker="A"))


@pytest.mark.parametrize(
    ("timeline", "values", "offsets"),
    [
        ("segment", [[1.5], [15], [3], [4]], [0, 1, 2, 3, 4]),
        ("{grid: {hop_seconds: 2}}", [[1.5], [10], [20], [3], [4]], [0, 1, 3, 4, 5]),
        ("none", [[1], [2], [10], [20], [3], [4]], [0, 2, 4, 5, 6]),
        ("{frames: {track: egemaps}}", [[1.5], [10], [20], [3]], [0, 1, 3, 4, 4]),
    ],
    ids=["segment", "grid", "none", "frames"],
)
def test_segments_of_a_speaker_are_made_from_a_track_of_theirs(
    timeline: str, values: list[list[float]], offsets: list[int]
) -> None:
    tracks = {"face": LEFT, "face_crop": RIGHT, "egemaps": track(SOUND, [(0.0, 2.0), (2.0, 3.0)], [[0, 0], [0, 0]])}
    found = one_output(f"tracks: [face], by: {{tracks: {{B: face_crop}}}}, timeline: {timeline}", tracks, *PEOPLE)
    assert found.values.tolist() == values
    assert found.offsets.tolist() == offsets
    assert found.mask.all()


def test_tracks_can_be_chosen_by_a_label() -> None:
    tracks = {"face": LEFT, "face_crop": RIGHT}
    sides = (segment(0.0, 2.0, labels={"side": "right"}), segment(0.0, 4.0, labels={"side": "left"}), segment(2.0, 3.0))
    spec = "tracks: [face], by: {column: side, tracks: {right: face_crop}}, timeline: none"
    assert one_output(spec, tracks, *sides).values.tolist() == [[10], [1], [2], [3], [4], [3]]


def test_words_of_segments_stay_with_them_whoever_speaks() -> None:
    spoken = words([(0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 4.0)], ["a", "b", "c", "d"])
    tracks = {"face": LEFT, "face_crop": RIGHT, "words": spoken}
    found = one_output("tracks: [face], by: {tracks: {B: face_crop}}, timeline: words, max_length: 2", tracks, *PEOPLE)
    assert found.text is not None
    assert found.text.tolist() == ["a", "b", "a", "b", "c", "d"]
    assert found.values[:, 0].tolist() == [1, 2, 10, 10, 3, 4]


VOICE = track(
    {"values": Field(shape=(2,), columns=("speech", "level"))},
    [(0.0, 1.0), (1.0, 2.0), (2.0, 2.0), (2.0, 4.0)],
    [[0.9, 0], [0.2, 0], [1, 0], [0.5, 0]],
)


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        ("{}", [[1], [3], [4]]),
        ("{at_least: 0.6}", [[1]]),
        ("{column: level, at_least: 0}", [[1], [2], [3], [4]]),
        ("{at_least: 2}", []),
    ],
)
def test_only_rows_with_their_middle_where_somebody_speaks_count(condition: str, values: list[list[float]]) -> None:
    condition = condition.replace("{", "{track: egemaps, ").replace(", }", "}")
    tracks = {"face": LEFT, "egemaps": VOICE}
    own = one_output(f"tracks: [face], timeline: none, only_while: {condition}", tracks, segment())
    assert own.values.tolist() == values
    pooled = one_output(f"tracks: [face], timeline: segment, pool: max, only_while: {condition}", tracks, segment())
    assert pooled.values.tolist() == [max(values, default=[0])]
    assert pooled.coverage.tolist() == [len(values) / 4]
    assert pooled.mask.tolist() == [bool(values)]


CROPS = Track(
    schema={"values": Field(dtype="uint8", shape=(2, 1))},
    times=LEFT.times,
    fields={"values": np.array([[[250], [1]], [[251], [2]], [[252], [3]], [[253], [4]]], np.uint8)},
)
COUNTS = Track(
    schema={"values": Field(dtype="int32", shape=(1,))},
    times=LEFT.times,
    fields={"values": np.array([[2**31 - 1], [-5], [7], [8]], np.int32)},
)


@pytest.mark.parametrize("rows", [CROPS, COUNTS], ids=["uint8", "int32"])
@pytest.mark.parametrize(
    "timeline", ["none", *(f"{{{kind}: {{track: mfcc}}}}" for kind in ("frames", "labels", "tokens"))]
)
def test_rows_as_they_are_keep_their_type(rows: Track, timeline: str) -> None:
    found = one_output(f"tracks: [mfcc], timeline: {timeline}", {"mfcc": rows}, segment(1.0), segment(0.0, 1.0))
    assert found.values.dtype == rows.values.dtype
    assert found.values.tolist() == rows.values[[1, 2, 3, 0]].tolist()
    assert found.times.tolist() == rows.times[[1, 2, 3, 0]].tolist()


def test_each_track_has_its_own_pool() -> None:
    found = one_output(
        "timeline: segment, pool: functionals, tracks: {mfcc: , face: max, egemaps: {nearest: {tolerance_seconds: 1}}}",
        {"mfcc": SOUND_TRACK, "face": LEFT, "egemaps": VOICE},
        segment(0.0, 2.0),
    )
    np.testing.assert_allclose(found.values, [[1.5, 15, 0.5, 5, 2, 0.9, 0]], rtol=1e-6)


def test_a_stack_of_pictures_with_overlap() -> None:
    """The grouping that the Cross-BERT paper describes: the first 25 frames in groups of 10 that share 5."""
    starts = np.arange(30) / 5
    pictures = np.arange(30, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)
    schema = {"values": Field(dtype="uint8", shape=(4, 4))}
    crops = Track(schema=schema, times=np.stack([starts, starts + 0.2], axis=1), fields={"values": pictures})
    spec = "tracks: [face_crop], timeline: none, max_length: 25, groups: "
    found = one_output(spec + "{size: 10, hop: 5}", {"face_crop": crops}, segment(), duration=6.0)
    assert (found.values.shape, found.values.dtype) == ((4, 10, 4, 4), np.uint8)
    assert found.values[:, :, 0, 0].tolist() == [list(range(first, first + 10)) for first in (0, 5, 10, 15)]
    np.testing.assert_allclose(found.times, [[first / 5, first / 5 + 2] for first in (0, 5, 10, 15)])
    released = one_output(spec + "{size: 5, hop: 5, length: 10}", {"face_crop": crops}, segment(), duration=6.0)
    assert released.values[:, :, 0, 0].tolist() == [[*range(first, first + 5), *[0] * 5] for first in range(0, 25, 5)]
    assert released.offsets.tolist() == [0, 5]


def test_a_group_is_observed_as_far_as_its_rows_are() -> None:
    spec = "tracks: [face], timeline: {grid: {hop_seconds: 1}}, groups: {size: 2, hop: 2, tail: pad, length: 3}"
    found = one_output(spec, {"face": FACE_TRACK}, segment(0.0, 5.0), segment(0.0, 0.5))
    assert found.values[:, :, 0].tolist() == [[7, 0, 0], [9, 0, 0], [0, 0, 0], [7, 0, 0]]
    assert found.mask.tolist() == [True, True, False, True]
    assert found.observed is not None
    assert found.observed.astype(int).tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 0], [1, 0, 0]]
    assert found.coverage.tolist() == [0.25, 0.5, 0, 1]
    assert found.times.tolist() == [[0, 2], [2, 4], [4, 5], [0, 0.5]]
    assert found.offsets.tolist() == [0, 3, 4]


def test_a_group_of_tracks_side_by_side() -> None:
    spec = "tracks: [mfcc, face], timeline: {grid: {hop_seconds: 1}}, groups: {size: 2, hop: 2, tail: pad}"
    found = one_output(spec, {"mfcc": SOUND_TRACK, "face": FACE_TRACK}, segment(0.0, 3.0))
    assert found.values.tolist() == [[[1, 10, 7], [2, 20, 0]], [[0, 0, 9], [0, 0, 0]]]
    assert found.observed is not None
    assert found.observed.astype(int).tolist() == [[[1, 1], [1, 0]], [[0, 1], [0, 0]]]
    assert found.mask.tolist() == [True, True]


def test_what_fills_up_a_group_holds_where_gaps_do() -> None:
    spec = "tracks: [face], timeline: none, gaps: hold, groups: {size: 3, hop: 3, tail: pad, length: 4}"
    found = one_output(spec, {"face": LEFT}, segment())
    assert found.values[:, :, 0].tolist() == [[1, 2, 3, 3], [4, 4, 4, 4]]
    assert found.observed is not None
    assert found.observed.astype(int).tolist() == [[1, 1, 1, 0], [1, 0, 0, 0]]


@pytest.mark.parametrize(
    ("gaps", "values"),
    [("zero", [7, 0, 9, 0, 0, 9]), ("hold", [7, 7, 9, 9, 0, 9]), ("interpolate", [7, 8, 9, 9, 9, 9])],
)
def test_gaps_are_filled_inside_a_segment_only(gaps: str, values: list[float]) -> None:
    spec = f"tracks: [face], timeline: {{grid: {{hop_seconds: 1}}}}, gaps: {gaps}"
    found = one_output(spec, {"face": FACE_TRACK}, segment(0.0, 4.0), segment(0.5, 2.5))
    assert found.values[:, 0].tolist() == values
    assert found.mask.tolist() == [True, False, True, False, False, True]


@pytest.mark.parametrize(("keep", "texts"), [("first", ["how", "are"]), ("last", ["are", "you"])])
def test_of_a_long_segment_the_first_or_last_rows_are_kept(keep: str, texts: list[str]) -> None:
    spec = f"tracks: [mfcc], timeline: words, max_length: 2, keep: {keep}"
    found = one_output(spec, {"mfcc": SOUND_TRACK, "words": WORDS_TRACK}, segment(), segment(2.0))
    assert found.text is not None
    assert found.text.tolist() == [*texts, "you"]
    assert found.offsets.tolist() == [0, 2, 3]


def test_windows_of_three_seconds_of_a_recording_of_7501_labels() -> None:
    """RECOLA: 7501 labels of 40 ms give 298 whole sequences of 75 with a hop of 25, 100 without overlap."""
    starts = np.arange(7501) * 0.04
    labels = track(FACE, np.stack([starts, starts + 0.04], axis=1).tolist(), np.arange(7501.0)[:, None].tolist())
    whole = segment(0.0, 7501 * 0.04)
    own = one_output("tracks: [face], timeline: none, groups: {size: 75, hop: 25}", {"face": labels}, whole)
    assert own.values.shape == (298, 75, 1)
    for hop, count in (("1", 298), ("3", 100)):
        spec = f"tracks: [face], timeline: {{windows: {{length_seconds: 3, hop_seconds: {hop}}}}}"
        found = one_output(spec, {"face": labels}, whole)
        first = np.arange(count) * 25 * float(hop)
        np.testing.assert_allclose(found.values[:, 0], first + 37, rtol=1e-6)
        np.testing.assert_allclose(found.coverage, 1)


TIMELINES = ("words", "segment", "none", "{grid: {hop_seconds: 1}}", "{windows: {length_seconds: 2, hop_seconds: 1}}")


@pytest.mark.parametrize("timeline", TIMELINES)
def test_overlapping_segments_have_the_rows_that_each_has_alone(timeline: str) -> None:
    tracks = {"mfcc": SOUND_TRACK, "words": WORDS_TRACK}
    segments = [segment(0.0, 3.0), segment(0.5, 4.0), segment(0.0, 3.0), segment(1.0, 1.5), segment(0.0)]
    together = one_output(f"tracks: [mfcc], timeline: {timeline}, gaps: hold", tracks, *segments)
    for number, alone in enumerate(segments):
        part = one_output(f"tracks: [mfcc], timeline: {timeline}, gaps: hold", tracks, alone)
        own = slice(together.offsets[number], together.offsets[number + 1])
        np.testing.assert_array_equal(together.values[own], part.values)
        np.testing.assert_array_equal(together.times[own], part.times)
        np.testing.assert_array_equal(together.coverage[own], part.coverage)


@pytest.mark.parametrize(
    ("start", "end", "counts"),
    [(10.0, 13.0, (0, 1, 0, 3, 2)), (-9.0, -6.0, (0, 1, 0, 3, 2)), (1.0, 1.0, (0, 1, 0, 0, 0))],
    ids=["after", "before", "no length"],
)
def test_in_segments_with_nothing_of_the_recording_nothing_is_observed(
    start: float, end: float, counts: tuple[int, ...]
) -> None:
    tracks = {"mfcc": SOUND_TRACK, "words": WORDS_TRACK}
    for timeline, count in zip(TIMELINES, counts, strict=True):
        found = one_output(f"tracks: [mfcc], timeline: {timeline}", tracks, segment(start, end))
        assert found.offsets.tolist() == [0, count]
        assert not found.mask.any()
        assert not found.coverage.any()
        assert not found.values.any()
