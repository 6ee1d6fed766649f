import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from spans import Spans, array, rows
from stores import store_writer

from trimodal.align import align_recording, check_columns, output_schemas
from trimodal.corpus import Segment
from trimodal.errors import RecipeError
from trimodal.extract.text.words import WORDS
from trimodal.recipe import Recipe, parse_recipe
from trimodal.recipe.pools import POOLS as POOLS_WITH_PARAMETERS
from trimodal.recipe.pools import STATISTICS
from trimodal.store import verify
from trimodal.track import TEXT, Field, Schema, Track

SCHEMAS: dict[str, Schema] = {
    "sound": {"values": Field(shape=(2,), columns=("low", "high"), unit="dB")},
    "pitch": {"values": Field(shape=(1,), columns=("pitch",), unit="Hz")},
    "codes": {"values": Field(dtype="int32", shape=(2,))},
    "level": {"values": Field(unit="dB")},
    "crops": {"values": Field(dtype="uint8", shape=(2, 2, 3), columns=("red", "green", "blue"))},
    "voice": {"values": Field(shape=(2,), columns=("speech", "level"))},
    "vectors": {"values": Field(shape=(2,), columns=("a", "b")), "row": Field(dtype="int64")},
    "pieces": {"values": Field(shape=(2,), columns=("a", "b")), "text": Field(dtype=TEXT)},
    "boxes": {"box": Field(shape=(4,)), "confidence": Field()},
    "words": WORDS,
}
EXTRACTORS = {"vectors": "bert", "pieces": "bert", "words": "words"}


def recipe(**outputs: str) -> Recipe:
    tracks = [f"  {name}: {{extractor: {EXTRACTORS.get(name, 'mfcc')}}}" for name in SCHEMAS]
    lines = [f"  {name}: {{{spec}}}" for name, spec in outputs.items()]
    return parse_recipe("\n".join(["tracks:", *tracks, "align:", *lines]), "r.yaml")


def test_schemas_say_what_the_outputs_will_hold() -> None:
    found = output_schemas(
        recipe(
            a="tracks: [sound], timeline: words",
            b="tracks: [sound, pitch], timeline: {grid: {rate_hz: 25}}",
            c="tracks: [crops], timeline: segment",
            d="tracks: [crops], timeline: none, gaps: hold, groups: {size: 10, hop: 5}",
            e="tracks: {sound: functionals, pitch: nearest}, timeline: {tokens: {track: pieces}}",
            f="tracks: [level], timeline: {windows: {length_seconds: 4, hop_seconds: 1, tail: pad}}, pool: functionals",
            g="tracks: [codes], timeline: {labels: {track: pitch}}, pool: last",
        ),
        SCHEMAS,
    )
    assert list(found) == ["a", "b", "c", "d", "e", "f", "g"]
    assert [schema.dtype for schema in found.values()] == ["float32"] * 3 + ["uint8"] + ["float32"] * 2 + ["int32"]
    assert [schema.shape for schema in found.values()] == [(2,), (3,), (2, 2, 3), (10, 2, 2, 3), (5,), (2,), (2,)]
    assert found["a"].names == ("sound.low", "sound.high")
    assert found["b"].names == ("sound.low", "sound.high", "pitch.pitch")
    assert found["d"].names == ("crops.red", "crops.green", "crops.blue")
    assert found["e"].names[1:] == ("sound.high.mean", "sound.low.std", "sound.high.std", "pitch.pitch")
    assert [schema.unit for schema in found.values()] == ["dB", "", "", "", "", "dB", ""]
    side_by_side = [(track.name, track.columns, track.unit) for track in found["b"].tracks]
    assert side_by_side == [("sound", 2, "dB"), ("pitch", 1, "Hz")]
    assert [schema.is_group for schema in found.values()] == [False] * 3 + [True] + [False] * 3
    assert [schema.parts for schema in found.values()] == [(), (2,), (), (10,), (2,), (), ()]
    assert [schema.timeline for schema in found.values()] == [
        "words of words",
        "grid of 0.04 s",
        "segment",
        "rows of crops",
        "tokens of pieces",
        "windows of 4 s every 1 s, pad",
        "labels of pitch",
    ]
    assert [schema.has_text for schema in found.values()] == [True, False, False, False, True, False, False]
    assert [schema.pool for schema in found.values()] == [
        "mean",
        "mean",
        "mean",
        "none",
        "sound: mean and std; pitch: nearest",
        "mean and std",
        "last",
    ]
    assert [schema.gaps for schema in found.values()] == ["zero"] * 3 + ["hold"] + ["zero"] * 3


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("tracks: [boxes], timeline: segment", "track 'boxes' holds box, confidence; expected a feature with 'values'"),
        ("tracks: [sound, words], timeline: words", "track 'words' holds text, "),
        (
            "tracks: [sound, crops], timeline: segment",
            "rows of shape [(2,), (2, 2, 3)] cannot stand side by side; expected vectors",
        ),
        (
            "tracks: [level, pitch], timeline: none",
            "rows of shape [(), (1,)] cannot stand side by side; expected vectors",
        ),
        (
            "tracks: [sound], timeline: {words: {track: pitch}}",
            "track 'pitch' holds values; expected words with 'text'",
        ),
        (
            "tracks: [crops], timeline: none, gaps: interpolate",
            "values of type uint8 cannot be interpolated; expected 'gaps: hold'",
        ),
        (
            "tracks: [sound], timeline: segment, only_while: {track: voice, column: sppech}",
            "track 'voice' has no column 'sppech'; it has speech, level",
        ),
        (
            "tracks: [sound], timeline: segment, only_while: {track: codes}",
            "track 'codes' has no column 'speech'; it has none",
        ),
        (
            "tracks: [sound], timeline: segment, only_while: {track: crops, column: red}",
            "track 'crops' has no column 'red'; it has none",
        ),
        (
            "tracks: [sound], timeline: segment, only_while: {track: boxes}",
            "track 'boxes' holds box, confidence; expected a feature with 'values'",
        ),
        (
            "tracks: [sound], timeline: segment, dtype: uint8",
            "values are float32; 'dtype: uint8' is only for values that are such",
        ),
        (
            "tracks: [codes], timeline: segment",
            "track 'codes' holds whole numbers, of which mean says nothing; expected 'timeline: none', or a pool of",
        ),
        (
            "tracks: [sound], timeline: segment, by: {tracks: {A: pitch}}",
            "rows of track 'pitch' are float32 (1,); expected float32 (2,), as those of 'sound'",
        ),
        (
            "tracks: [sound], timeline: none, by: {tracks: {A: codes}}",
            "rows of track 'codes' are int32 (2,); expected float32 (2,), as those of 'sound'",
        ),
        (
            "tracks: [sound], timeline: {frames: {track: sound}}, pool: functionals, by: {tracks: {A: voice}}",
            "rows of track 'voice' are float32 (4,); expected float32 (2,), as those of 'sound'",
        ),
        (
            "tracks: [sound], timeline: none, by: {tracks: {A: pieces}}",
            "rows of track 'pieces' are float32 (2,) with text; expected float32 (2,), as those of 'sound'",
        ),
        (
            "tracks: [sound], timeline: none, by: {tracks: {A: boxes}}",
            "track 'boxes' holds box, confidence; expected a feature with 'values'",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(spec: str, message: str) -> None:
    with pytest.raises(RecipeError, match=r"^output 'out': ") as caught:
        output_schemas(recipe(out=spec), SCHEMAS)
    assert str(caught.value).removeprefix("output 'out': ").startswith(message)


POOLS = (
    *STATISTICS,
    *POOLS_WITH_PARAMETERS,
    "{nearest: {tolerance_seconds: 0.5}}",
    "{functionals: {statistics: [last, min]}}",
)
TIMELINES = (
    "words",
    "segment",
    "none",
    "{tokens: {track: pieces}}",
    "{frames: {track: crops}}",
    "{frames: {track: sound}}",
    "{labels: {track: codes}}",
    "{grid: {hop_seconds: 1.5}}",
    "{windows: {length_seconds: 2, hop_seconds: 1.5, tail: anchor}}",
    "{windows: {length_seconds: 1, hop_seconds: 2, tail: pad}}",
    "{windows: {length_seconds: 2, hop_seconds: 0.5, tail: partial}}",
)
features = st.sampled_from([name for name, schema in SCHEMAS.items() if "values" in schema])
pooled = st.sampled_from(POOLS)
one_or_more_tracks = features.map(lambda name: f"[{name}]") | st.dictionaries(
    features, pooled, min_size=1, max_size=3
).map(lambda pools: "{" + ", ".join(f"{name}: {pool}" for name, pool in pools.items()) + "}")
specs = st.tuples(
    one_or_more_tracks.map(lambda tracks: f"tracks: {tracks}"),
    st.sampled_from(TIMELINES).map(lambda timeline: f"timeline: {timeline}"),
    pooled.map(lambda pool: f"pool: {pool}"),
    st.sampled_from(["zero", "hold", "interpolate"]).map(lambda gaps: f"gaps: {gaps}"),
    st.sampled_from(["", "only_while: {track: voice}"]),
    features.map(lambda name: f"by: {{tracks: {{A: {name}}}}}") | st.just(""),
    st.sampled_from(["", "groups: {size: 2, hop: 1}", "groups: {size: 2, hop: 3, tail: pad, length: 4}"]),
    st.sampled_from(["", "max_length: 2", "max_length: 3, keep: last"]),
).map(lambda parts: ", ".join(part for part in parts if part))


def track(name: str, times: Spans) -> Track:
    """Return a track of a schema above, its numbers from 0 to 12."""
    random = np.random.default_rng(len(times))
    fields = {}
    for field_name, field in SCHEMAS[name].items():
        numbers = random.integers(0, 13, (len(times), *field.shape))
        empty = field.empty(len(times))
        texts = np.array([f"t{row}" for row in range(len(times))], empty.dtype) if field.dtype == TEXT else None
        fields[field_name] = numbers.astype(empty.dtype) if texts is None else texts
    return Track(schema=SCHEMAS[name], times=array(times), fields=fields)


SEGMENTS = (
    Segment(id="a", recording="r", start_seconds=0.0, end_seconds=5.0, speaker="A"),
    Segment(id="b", recording="r", start_seconds=2.0, end_seconds=2.0, speaker="A"),
    Segment(id="c", recording="r", start_seconds=-2.0, end_seconds=3.25, speaker="B"),
    Segment(id="d", recording="r", start_seconds=4.0, speaker="A"),
    Segment(id="e", recording="r", start_seconds=90.0, end_seconds=91.0),
)
HALVES = [(number / 2, number / 2 + 0.75) for number in range(10)]


@given(specs, rows.map(lambda found: [(max(-9.0, a), min(20.0, b)) for a, b in found if a < 20 and b > -9]).map(sorted))
@example("tracks: [crops], timeline: none, by: {tracks: {A: crops}}, groups: {size: 2, hop: 1}, gaps: hold", HALVES)
@example("tracks: {vectors: sum, codes: nearest}, timeline: words", HALVES)
@example("tracks: [level], timeline: segment, pool: functionals", HALVES)
@example("tracks: [pieces], timeline: none, by: {tracks: {A: pieces}}", HALVES)
def test_arrays_are_what_the_schema_says_and_make_a_store(spec: str, times: Spans) -> None:
    wanted = recipe(out=spec)
    try:
        schema = output_schemas(wanted, SCHEMAS)["out"]
    except RecipeError:
        assume(False)
    shifted = [(start + 0.25, end + 0.25) for start, end in times]
    tracks = {name: track(name, times if number % 2 else shifted) for number, name in enumerate(SCHEMAS)}
    table, outputs = align_recording(SEGMENTS, 6.0, tracks, wanted)
    found = outputs["out"]
    assert (found.values.dtype, found.values.shape[1:]) == (schema.dtype, schema.shape)
    assert len(schema.names) in (0, schema.shape[-1] if schema.shape else 0)
    assert (found.text is not None) == schema.has_text
    assert len(found.offsets) == len(SEGMENTS) + 1
    with tempfile.TemporaryDirectory() as folder:
        with store_writer(
            Path(folder) / "store", outputs={"out": schema}, labels={}, statistics={"all": [""]}
        ) as writer:
            writer.append(table, outputs, [], {"media": "hash"}, {})
            writer.commit()
        assert verify(Path(folder) / "store") == []


def test_tracks_are_chosen_by_a_label_of_text_that_the_store_has() -> None:
    chosen = recipe(out="tracks: [sound], timeline: segment, by: {column: side, tracks: {right: sound}}")
    check_columns(chosen, {"side": "text"})
    check_columns(recipe(out="tracks: [sound], timeline: segment, by: {tracks: {A: sound}}"), {})
    for kinds in ({"sides": "text"}, {"side": "number", "sides": "text"}):
        with pytest.raises(RecipeError, match="output 'out': no label of text is called 'side'; did you mean 'sides'"):
            check_columns(chosen, kinds)
