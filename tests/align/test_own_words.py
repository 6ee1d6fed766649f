"""Words of turns that overlap."""

from typing import Any

import numpy as np
import pytest

from trimodal.align import align_recording, output_schemas
from trimodal.corpus import Segment
from trimodal.errors import RecipeError
from trimodal.extract.text.words import WORDS
from trimodal.recipe import Recipe, parse_recipe
from trimodal.store import OutputArrays
from trimodal.track import TEXT, Field, Schema, Track, numpy_dtype

TRACKS = "tracks: {mfcc: {}, words: {}, bert: {}, pieces: {extractor: bert, level: sub-word}}\n"
VECTOR = Field(shape=(1,), columns=("x",))
OF_WORDS = {"values": VECTOR, "row": Field(dtype="int64")}
OF_PIECES = {**OF_WORDS, "utterance": Field(dtype="int32"), "text": Field(dtype=TEXT)}
SCHEMAS: dict[str, Schema] = {"mfcc": {"values": VECTOR}, "words": WORDS, "bert": OF_WORDS, "pieces": OF_PIECES}
TURNS = (
    Segment(id="a", recording="r", start_seconds=0.0, end_seconds=3.0, speaker="A"),
    Segment(id="b", recording="r", start_seconds=1.0, end_seconds=4.0, speaker="B"),
    Segment(id="c", recording="r", start_seconds=0.0, end_seconds=4.0),
    Segment(id="d", recording="r", start_seconds=0.0, end_seconds=4.0, speaker="D"),
)


def recipe(spec: str) -> Recipe:
    return parse_recipe(f"{TRACKS}align:\n  out: {{{spec}}}\n", "r.yaml")


def filled(schema: Schema, times: list[tuple[float, float]], **fields: list[Any]) -> Track:
    arrays = {name: field.empty(len(times)) for name, field in schema.items()}
    arrays |= {
        name: np.array(values, arrays[name].dtype).reshape(arrays[name].shape) for name, values in fields.items()
    }
    return Track(schema=schema, times=np.array(times), fields=arrays)


SPANS = [(0.0, 1.0), (1.0, 2.0), (1.0, 2.0), (2.0, 3.0), (2.0, 3.0), (3.0, 4.0)]
TRACKS_MADE = {
    "words": filled(WORDS, SPANS, text=list("pqrstu"), speaker=list("ABABAB"), utterance=[0, 1, 0, 1, 0, 1]),
    "bert": filled(OF_WORDS, SPANS[1:], values=[1, 2, 3, 4, 5], row=[1, 2, 3, 4, 5]),
    "pieces": filled(
        OF_PIECES,
        [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 2.0), (2.9, 2.9), (3.0, 4.0), (3.9, 3.9)],
        values=[0, 1, 2, 3, 4, 5, 6],
        row=[-1, 0, -1, 1, -1, 5, -1],
        utterance=[0, 0, 1, 1, 0, 1, 1],
        text=["[CLS]", "p", "[CLS]", "q", "[SEP]", "u", "[SEP]"],
    ),
}


def made(spec: str) -> OutputArrays:
    return align_recording(TURNS, 4.0, TRACKS_MADE, recipe(spec))[1]["out"]


def per_segment(found: OutputArrays) -> list[list[float]]:
    return [part[:, 0].tolist() for part in np.split(found.values, found.offsets[1:-1])]


def test_rows_of_words() -> None:
    everything = made("tracks: [bert], timeline: none")
    assert per_segment(everything) == [[1, 2, 3, 4], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]]
    own = made("tracks: [bert], timeline: none, own_words: words")
    assert per_segment(own) == [[2, 4], [1, 3, 5], [1, 2, 3, 4, 5], []]
    assert own.offsets.tolist() == [0, 2, 5, 10, 10]
    assert per_segment(made("tracks: [bert], timeline: none, own_words: words, max_length: 1")) == [[2], [1], [1], []]


def test_words_as_the_timeline() -> None:
    found = made("tracks: [bert], timeline: words, own_words: words")
    assert found.text is not None
    assert found.text.tolist() == ["p", "r", "t", "q", "s", "u", *"pqrstu"]
    assert per_segment(found)[:2] == [[0, 2, 4], [1, 3, 5]]


def test_special_tokens_go_with_their_utterance() -> None:
    found = made("tracks: [pieces], timeline: none, own_words: words")
    assert found.text is not None
    texts = [part.tolist() for part in np.split(found.text, found.offsets[1:-1])]
    assert texts[:2] == [["[CLS]", "p", "[SEP]"], ["[CLS]", "q", "u", "[SEP]"]]
    assert (len(texts[2]), texts[3]) == (7, [])


def test_it_changes_nothing_where_nobody_overlaps() -> None:
    assert numpy_dtype(TEXT) == TRACKS_MADE["words"].fields["speaker"].dtype
    alone = TURNS[0:1]
    tracks = {**TRACKS_MADE, "words": filled(WORDS, SPANS, speaker=["A"] * 6), "bert": TRACKS_MADE["bert"]}
    both = [
        align_recording(alone, 4.0, tracks, recipe(f"tracks: [bert], timeline: none{key}"))[1]["out"]
        for key in ("", ", own_words: words")
    ]
    assert both[0].values.tolist() == both[1].values.tolist() and both[0].values.any()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            "tracks: [bert], timeline: none, own_words: bert",
            "output 'out': track 'bert' holds values, row; expected words",
        ),
        (
            "tracks: [bert], timeline: segment, own_words: words",
            "output 'out': its rows are intervals; 'own_words' is for",
        ),
        (
            "tracks: [mfcc], timeline: none, own_words: words",
            "its rows are those of 'mfcc'; 'own_words' is for rows of",
        ),
        ("tracks: [bert], timeline: none, own_words: word", "no track is called 'word'; did you mean 'words'"),
    ],
)
def test_what_does_not_go_together(spec: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        output_schemas(recipe(spec), SCHEMAS)
