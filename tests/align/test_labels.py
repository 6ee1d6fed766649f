from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trimodal.align.labels import label_kinds, labelled, wanted_labels
from trimodal.corpus import Corpus, Recording, Segment
from trimodal.errors import CorpusError, ParameterError, RecipeError
from trimodal.recipe import Recipe, parse_recipe
from trimodal.recipe.labels import Label, Reducer, Value
from trimodal.track import TEXT, Field, Schema, Track

AROUSAL = {"values": Field(dtype="float64", shape=(1,), columns=("arousal",))}
SCHEMAS: dict[str, Schema] = {
    "mfcc": {"values": Field(shape=(2,), columns=("low", "high"))},
    "words": {"text": Field(dtype=TEXT)},
    "arousal": AROUSAL,
}


def recipe(labels: str = "") -> Recipe:
    tracks = "tracks: {mfcc: {}, words: {}, arousal: {extractor: annotation, annotation: a}}\n"
    return parse_recipe(tracks + "align: {x: {tracks: [mfcc], timeline: words}}\n" + labels, "r.yaml")


def corpus(*labels: dict[str, Value]) -> Corpus:
    return Corpus(
        root=Path("c"),
        layout="test",
        recordings=(Recording(id="r", media=Path("r.wav")),),
        segments=tuple(Segment(id=f"s{n}", recording="r", labels=of) for n, of in enumerate(labels)),
    )


def track(times: Sequence[tuple[float, float]], values: Sequence[float]) -> Track:
    array = np.array(values, np.float64)[:, None]
    return Track(schema=AROUSAL, times=np.array(times, np.float64).reshape(-1, 2), fields={"values": array})


def spans(*edges: tuple[float, float]) -> list[Segment]:
    return [
        Segment(id=f"s{number}", recording="r", start_seconds=start, end_seconds=end, labels={"old": 1.0})
        for number, (start, end) in enumerate(edges)
    ]


TRACK = track([(0, 1), (1, 2), (2, 3), (3, 4), (6, 9)], [1, 5, 5, 2, 9])


@pytest.mark.parametrize(
    ("reduce", "expected"),
    [
        # [0.5, 4) overlaps four rows, the first by half; of [3, 8) the middle is 5.5.
        ("mean", [(0.5 + 5 + 5 + 2) / 3.5, (2 * 1 + 9 * 2) / 3]),
        ("median", [3.5, 5.5]),
        ("mode", [5, 2]),
        ("last", [2, 9]),
        ("nearest", [5, 2]),
    ],
)
def test_rows_become_one_number(reduce: Reducer, expected: list[float]) -> None:
    label = Label(track="arousal", column="arousal", reduce=reduce)
    kept, left_out = labelled(spans((0.5, 4), (4, 6), (3, 8)), {"arousal": TRACK}, {"x": label})
    np.testing.assert_allclose([float(one.labels["x"]) for one in kept], expected)
    assert [(one.segment, one.reason) for one in left_out] == [("s1", "label 'x': no row of track 'arousal'")]
    assert all(set(one.labels) == {"x"} for one in kept)


@pytest.mark.parametrize(
    ("reduce", "expected"), [("mean", [(1 + 5 + 5) / 3, 9]), ("last", [5, 9]), ("mode", [5, 9]), ("nearest", [5, 9])]
)
def test_only_the_moments_at_which_another_track_begins(reduce: Reducer, expected: list[float]) -> None:
    """Frames at 0.5, 1.0, 2.9, 5 (where nothing is rated) and 8.5 s; two of them are in a segment by half."""
    frames = track([(0.5, 0.7), (1.0, 1.2), (2.9, 3.1), (5, 5.2), (8.5, 8.9)], [0] * 5)
    label = Label(track="arousal", column="arousal", reduce=reduce, at="frames")
    kept, left_out = labelled(
        spans((0.6, 4), (4, 6), (8.7, 9), (8.8, 9)), {"arousal": TRACK, "frames": frames}, {"x": label}
    )
    np.testing.assert_allclose([float(one.labels["x"]) for one in kept], expected)
    assert [one.segment for one in left_out] == ["s1", "s3"]


def test_of_a_track_without_rows_nothing_is_at_any_moment() -> None:
    label = Label(track="arousal", column="arousal", at="frames")
    _, left_out = labelled(spans((0, 4)), {"arousal": track([], []), "frames": TRACK}, {"x": label})
    assert [one.reason for one in left_out] == ["label 'x': no row of track 'arousal'"]


def test_windows_that_meet_rows_share_none_of_them() -> None:
    """Edges that miss each other by rounding: 75 rows of 40 ms in every window of 3 s."""
    times = [(row * 0.04, (row + 1) * 0.04) for row in range(300)]
    label = Label(track="arousal", column="arousal", reduce="last")
    windows = spans(*((float(start), start + 3.0) for start in range(9)))
    kept, _ = labelled(windows, {"arousal": track(times, list(range(300)))}, {"x": label})
    assert [one.labels["x"] for one in kept] == [start * 25 + 74 for start in range(9)]


def test_one_value_that_all_rows_have() -> None:
    label = Label(track="arousal", column="arousal", reduce="value")
    kept, _ = labelled(spans((1, 3)), {"arousal": TRACK}, {"x": label})
    assert kept[0].labels == {"x": 5.0}
    with pytest.raises(CorpusError, match=r"segment 's0': track 'arousal' has values from 1 to 5 in it; expected one"):
        labelled(spans((0, 3)), {"arousal": TRACK}, {"x": label})


def test_a_track_without_rows_leaves_all_out() -> None:
    kept, left_out = labelled(
        spans((0, 1)), {"arousal": track([], [])}, {"x": Label(track="arousal", column="arousal")}
    )
    assert (kept, len(left_out)) == ([], 1)


def test_columns_get_new_names_and_rules() -> None:
    found = corpus({"emo": "exc", "v": 3.0}, {"emo": "xxx", "v": 2.0}, {"emo": "sad"})
    wanted = wanted_labels(
        found, recipe("labels: {emotion: {column: emo, merge: {exc: hap}, drop: [xxx]}, v: }"), SCHEMAS
    )
    assert label_kinds(found, wanted) == {"emotion": "text", "v": "number"}
    segments = [replace(one, end_seconds=1.0) for one in found.segments]
    kept, left_out = labelled(segments, {}, wanted)
    assert [one.labels for one in kept] == [{"emotion": "hap", "v": 3.0}]
    assert [(one.segment, one.reason) for one in left_out] == [
        ("s1", "label 'emotion' is 'xxx'"),
        ("s2", "label 'v': no value"),
    ]


def test_all_labels_of_the_corpus_where_the_recipe_names_none() -> None:
    found = corpus({"b": 1.0, "a": "x"})
    assert wanted_labels(found, recipe(), SCHEMAS) == {"b": Label(column="b"), "a": Label(column="a")}
    assert wanted_labels(found, recipe("labels: [a]"), SCHEMAS) == {"a": Label(column="a")}
    assert wanted_labels(found, recipe("labels: []"), SCHEMAS) == {}


def test_the_only_column_of_a_track_need_not_be_named() -> None:
    wanted = wanted_labels(
        corpus({}), recipe("labels: {x: {track: arousal}, low: {track: mfcc, column: low}}"), SCHEMAS
    )
    assert [label.column for label in wanted.values()] == ["arousal", "low"]


@pytest.mark.parametrize(
    ("labels", "kinds"),
    [
        ("{x: {track: arousal}}", "number"),
        ("{x: {track: arousal, merge: {'0': low, '1': high}}}", "text"),
        ("{x: {column: emo, merge: {joy: 1, woe: 0}}}", "number"),
        ("{x: {column: emo, keep: [bliss]}}", "number"),
        ("{x: {column: emo}}", "text"),
    ],
)
def test_kinds_are_known_before_anything_is_extracted(labels: str, kinds: str) -> None:
    found = corpus({"emo": "joy"}, {"emo": "woe"})
    assert label_kinds(found, wanted_labels(found, recipe(f"labels: {labels}"), SCHEMAS)) == {"x": kinds}


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("{x: {column: emmo}}", r"^c: has no label 'emmo', which the recipe keeps; did you mean 'emo'\?"),
        ("[x]", "^c: has no label 'x', which the recipe keeps; known: emo"),
        ("{x: {track: words}}", "^label 'x': track 'words' is no feature whose rows are vectors of numbers"),
        ("{x: {track: mfcc}}", "^label 'x': track 'mfcc' has 2 columns; name one as 'column'"),
        ("{x: {track: mfcc, column: hihg}}", r"^label 'x': track 'mfcc' has no column 'hihg'; did you mean 'high'\?"),
        ("{x: {column: emo, scale: 2}}", "^segment 's0': label 'x' is 'joy'; expected a number to compute with"),
    ],
)
def test_labels_that_cannot_be(labels: str, message: str) -> None:
    found = corpus({"emo": "joy"}, {"emo": "woe"})
    with pytest.raises((CorpusError, RecipeError), match=message):
        label_kinds(found, wanted_labels(found, recipe(f"labels: {labels}"), SCHEMAS))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("{emo: {drop: [xxy]}}", "^c: label 'emo': 'drop' names 'xxy', which no segment has; they have: 2, joy, woe$"),
        ("{emo: {merge: {yoj: woe}}}", "^c: label 'emo': 'merge' names 'yoj', which no segment has; they have: "),
        (
            "{emo: {merge: {joy: glad, wow: glad}}}",
            "'merge' names 'wow', which no segment has; they have: 2, joy, woe$",
        ),
        ("{v: {drop: [4]}}", "^c: label 'v': 'drop' names '4', which no segment has; they have: 1, 2.5$"),
        ("{v: {merge: {'7': 2}}}", "'merge' names '7', which no segment has"),
    ],
)
def test_rules_that_name_what_no_segment_has(labels: str, message: str) -> None:
    found = corpus({"emo": "joy", "v": 1.0}, {"emo": "woe", "v": 2.5}, {"emo": "2"}, {})
    with pytest.raises(CorpusError, match=message):
        label_kinds(found, wanted_labels(found, recipe(f"labels: {labels}"), SCHEMAS))
    right = wanted_labels(
        found,
        recipe("labels: {emo: {merge: {joy: glad, rage: woe}, drop: [glad, no]}, v: {merge: {'1.0': 3}, drop: [3]}}"),
        SCHEMAS,
    )
    assert label_kinds(found, right) == {"emo": "text", "v": "number"}


def test_a_corpus_without_labels() -> None:
    with pytest.raises(CorpusError, match=r"^c: has no label 'x', which the recipe keeps; it has none"):
        wanted_labels(corpus({}), recipe("labels: [x]"), SCHEMAS)


def test_rows_of_a_segments_own_text_count_for_no_other() -> None:
    """Two segments that overlap, one whose text has no row, one that no text is of, and windows of the first."""
    schema: Schema = AROUSAL | {"segment": Field(dtype=TEXT)}
    fields = {
        "values": np.array([[0.5], [0.25], [1.0]]),
        "segment": np.array(["s0", "s1", ""], schema["segment"].empty().dtype),
    }
    own = Track(schema=schema, times=np.array([[0.0, 4.0], [1.0, 9.0], [20.0, 30.0]]), fields=fields)
    segments = spans((0, 4), (1, 9), (2, 6), (20, 25))
    segments += [replace(segments[0], id="s0#0", end_seconds=2.0)]
    label = Label(column="arousal", track="arousal", reduce="value", missing=-1.0)
    kept, left_out = labelled(segments, {"arousal": own}, {"fit": label})
    assert [segment.labels["fit"] for segment in kept] == [0.5, 0.25, -1.0, 1.0, 0.5]
    assert left_out == []
    kept, left_out = labelled(segments, {"arousal": own}, {"fit": replace(label, missing=None)})
    assert [one.reason for one in left_out] == ["label 'fit': no row of track 'arousal'"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"missing": 0.0}, "'missing: 0' is for the rows of a 'track', which is not given"),
        ({"missing": float("nan"), "track": "a"}, "missing must be finite, found nan"),
    ],
)
def test_refuses_what_is_no_number_for_missing_rows(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Label(**parameters)
