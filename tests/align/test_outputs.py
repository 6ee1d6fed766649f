from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from trimodal.align import align_recording, output_schemas
from trimodal.corpus import Segment
from trimodal.errors import RecipeError
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


SCHEMAS = {
    "mfcc": SOUND,
    "egemaps": {"values": Field(shape=(1,), columns=("pitch",), unit="Hz")},
    "face": FACE,
    "bert": WORD_VECTORS,
    "face_crop": {"values": Field(dtype="uint8", shape=(4, 4, 3), columns=("red", "green", "blue"))},
    "faces": {"box": Field(shape=(4,)), "confidence": Field()},
    "words": WORDS,
}


def test_schemas_say_what_the_outputs_will_hold() -> None:
    found = output_schemas(
        recipe(
            a="tracks: [mfcc], timeline: words",
            b="tracks: [mfcc, egemaps], timeline: {grid: {rate_hz: 25}}",
            c="tracks: [face_crop], timeline: segment",
        ),
        SCHEMAS,
    )
    assert list(found) == ["a", "b", "c"]
    assert [schema.dtype for schema in found.values()] == ["float32"] * 3
    assert [schema.shape for schema in found.values()] == [(2,), (3,), (4, 4, 3)]
    assert found["a"].names == ("mfcc.low", "mfcc.high")
    assert found["b"].names == ("mfcc.low", "mfcc.high", "egemaps.pitch")
    assert [schema.unit for schema in found.values()] == ["dB", "", ""]
    assert [schema.timeline for schema in found.values()] == ["words of words", "grid of 0.04 s", "segment"]
    assert [schema.has_text for schema in found.values()] == [True, False, False]
    assert {(schema.pool, schema.gaps) for schema in found.values()} == {("mean", "zero")}


def test_arrays_are_what_the_schema_says() -> None:
    wanted = recipe(a="tracks: [mfcc, face], timeline: words", b="tracks: [face], timeline: segment")
    tracks = {"mfcc": SOUND_TRACK, "face": FACE_TRACK, "words": WORDS_TRACK}
    _, outputs = align_recording([segment()], 4.0, tracks, wanted)
    for name, schema in output_schemas(wanted, SCHEMAS).items():
        assert outputs[name].values.shape[1:] == schema.shape
        assert outputs[name].values.dtype == schema.dtype
        assert len(schema.names) == schema.shape[-1]
        assert (outputs[name].text is not None) == schema.has_text


@pytest.mark.parametrize(
    ("tracks", "message"),
    [
        ("faces", "^output 'out': track 'faces' holds box, confidence; expected a feature with 'values'$"),
        ("mfcc, words", "^output 'out': track 'words' holds text, .*; expected a feature with 'values'$"),
        (
            "mfcc, face_crop",
            r"^output 'out': rows of shape \[\(2,\), \(4, 4, 3\)\] cannot stand side by side; expected vectors$",
        ),
    ],
)
def test_tracks_that_do_not_go_together_are_refused(tracks: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        output_schemas(recipe(out=f"tracks: [{tracks}], timeline: segment"), SCHEMAS)


def test_the_timeline_must_be_of_words() -> None:
    schemas: dict[str, Schema] = {"mfcc": SOUND, "face": FACE}
    with pytest.raises(RecipeError, match=r"^output 'out': track 'face' holds values; expected words with 'text'$"):
        output_schemas(recipe(out="tracks: [mfcc], timeline: {words: {track: face}}"), schemas)
