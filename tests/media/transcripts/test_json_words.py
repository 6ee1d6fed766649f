import json
from pathlib import Path
from typing import Any

import pytest

from trimodal.media import TranscriptError, Utterance, Word, read_transcript

HI = {"word": "hi", "start": 0.5, "end": 1}
YOU = {"text": " you ", "start": 1, "end": 1.5, "score": 0.75}
WORDS = (
    Word(text="hi", start_seconds=0.5, end_seconds=1.0),
    Word(text="you", start_seconds=1.0, end_seconds=1.5, confidence=0.75),
)
SAID = Utterance(text="hi you", start_seconds=0.5, end_seconds=1.5, words=WORDS)


def read(tmp_path: Path, content: Any) -> tuple[Utterance, ...]:
    path = tmp_path / "a.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return read_transcript(path)


@pytest.mark.parametrize(
    "content",
    [
        [HI, YOU],
        {"words": [HI, YOU]},
        {"segments": None, "words": [HI, YOU]},
        {"word_segments": [HI, YOU]},
        {"segments": [{"words": [HI, YOU]}]},
        {"segments": [{"words": [HI, YOU], "start": 0.75, "end": 1, "text": "other"}], "word_segments": [HI]},
        json.dumps([HI, YOU]).encode("utf-8-sig"),
        json.dumps([HI, YOU]).encode("utf-16"),
        json.dumps([HI, YOU], indent=1).replace("\n", "\r\n").encode(),
    ],
)
def test_every_form(content: Any, tmp_path: Path) -> None:
    assert read(tmp_path, content) == (SAID,)


@pytest.mark.parametrize("lacking", [{"word": "1999"}, {"word": "1999", "start": 3}, {"word": "1999", "end": None}])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_word_that_lacks_times_leaves_them_to_the_others(
    lacking: dict[str, Any], position: int, tmp_path: Path
) -> None:
    words, expected = [HI, YOU], list(WORDS)
    words.insert(position, lacking)
    expected.insert(position, Word(text="1999"))
    segment = {"start": 0.25, "end": 2, "text": "x", "speaker": "A", "words": words}
    (utterance,) = read(tmp_path, {"segments": [segment]})
    assert utterance.words == tuple(expected)
    assert utterance.text == " ".join(word.text for word in expected)
    assert (utterance.start_seconds, utterance.end_seconds, utterance.speaker) == (0.25, 2.0, "A")


@pytest.mark.parametrize(("position", "times"), [(0, (None, 1.5)), (1, (0.5, 1.5)), (2, (0.5, None))])
def test_where_a_word_at_the_edge_lacks_times_the_utterance_is_open(
    position: int, times: tuple[float | None, float | None], tmp_path: Path
) -> None:
    words: list[dict[str, Any]] = [HI, YOU]
    words.insert(position, {"word": "1999"})
    (utterance,) = read(tmp_path, words)
    assert (utterance.start_seconds, utterance.end_seconds) == times


def test_words_of_which_none_has_times_are_text(tmp_path: Path) -> None:
    assert read(tmp_path, [{"word": "hi"}, {"word": "you"}]) == (Utterance(text="hi you"),)


def test_words_reach_beyond_their_segment(tmp_path: Path) -> None:
    (utterance,) = read(tmp_path, {"segments": [{"start": 0.75, "end": 9, "words": [HI, YOU]}]})
    assert (utterance.start_seconds, utterance.end_seconds) == (0.5, 9.0)


def test_gentle(tmp_path: Path) -> None:
    found = {"alignedWord": "hi", "case": "success", "phones": [{"phone": "hh_B", "duration": 0.1}], "startOffset": 0}
    lost = {"case": "not-found-in-audio", "endOffset": 7, "startOffset": 3, "word": "dear"}
    utterances = read(tmp_path, {"transcript": "Hi, dear you", "words": [HI | found, lost, YOU]})
    assert [utterance.words for utterance in utterances] == [(WORDS[0], Word(text="dear"), WORDS[1])]


def test_words_without_segments_end_an_utterance_at_a_pause(tmp_path: Path) -> None:
    late = {"word": "there", "start": 2.5, "end": 3}
    assert [utterance.text for utterance in read(tmp_path, [HI, YOU, late])] == ["hi you", "there"]
    between = {"word": "over"}
    assert [utterance.text for utterance in read(tmp_path, [HI, YOU, between, late])] == ["hi you over there"]


def test_aeneas(tmp_path: Path) -> None:
    fragments = [
        {"begin": "0.500", "end": "1.500", "id": "f1", "language": "en", "lines": ["hi", " you"], "children": []},
        {"begin": "1.500", "end": "1.500", "lines": []},
    ]
    assert read(tmp_path, {"fragments": fragments}) == (Utterance(text="hi you", start_seconds=0.5, end_seconds=1.5),)


def test_montreal(tmp_path: Path) -> None:
    entries = [[0, 0.5, ""], [0.5, 1, "hi"], [1, 1.5, "you"]]
    tiers = {
        "ann - words": {"type": "interval", "entries": entries},
        "ann - phones": {"type": "interval", "entries": [[0.5, 1, "AY1"]]},
        "bob - words": {"type": "interval", "entries": [[0, 0.25, "yes"]]},
    }
    yes, hi_you = read(tmp_path, {"start": 0, "end": 2, "tiers": tiers})
    assert (yes.speaker, yes.text, hi_you.speaker, hi_you.text) == ("bob", "yes", "ann", "hi you")
    assert [(word.start_seconds, word.end_seconds) for word in hi_you.words] == [(0.5, 1.0), (1.0, 1.5)]


@pytest.mark.parametrize("words", [None, [], "hi", {}])
def test_a_segment_without_words(words: Any, tmp_path: Path) -> None:
    segment = {"start": 1, "end": 2, "text": " Hi. ", "words": words}
    assert read(tmp_path, {"segments": [segment]}) == (Utterance(text="Hi.", start_seconds=1.0, end_seconds=2.0),)


def test_a_turn_is_an_utterance(tmp_path: Path) -> None:
    spoken = [HI | {"speaker": "A"}, YOU | {"speaker": "B"}, YOU | {"speaker": "B"}, YOU | {"speaker": None}]
    utterances = read(tmp_path, spoken)
    assert [(utterance.speaker, utterance.text) for utterance in utterances] == [
        ("A", "hi"),
        ("B", "you you"),
        ("", "you"),
    ]


def test_words_of_several_speakers_in_a_segment_are_several_utterances(tmp_path: Path) -> None:
    late = {"word": "there", "start": 2.5, "end": 3}
    words = [{"word": "1"}, HI | {"speaker": "A"}, {"word": "2"}, YOU | {"speaker": "B"}, late | {"speaker": "B"}]
    first, second = read(tmp_path, {"segments": [{"start": 0, "end": 4, "text": "x", "words": words}]})
    assert (first.speaker, first.text, first.start_seconds, first.end_seconds) == ("A", "1 hi 2", 0.0, None)
    assert (second.speaker, second.text, second.start_seconds, second.end_seconds) == ("B", "you there", 1.0, 4.0)
    segment = {"start": 0, "end": 4, "speaker": "C", "words": [HI, YOU | {"speaker": "B"}]}
    assert [(u.speaker, u.text) for u in read(tmp_path, {"segments": [segment]})] == [("C", "hi"), ("B", "you")]
    segment = {"start": 0, "end": 4, "speaker": "A", "words": [HI | {"speaker": "A"}, YOU]}
    assert [(u.speaker, u.text) for u in read(tmp_path, {"segments": [segment]})] == [("A", "hi you")]


def test_segments_come_out_in_order_of_time(tmp_path: Path) -> None:
    segments = [{"start": start, "end": 9, "text": str(start)} for start in (5, 1, 3)]
    assert [u.text for u in read(tmp_path, {"segments": segments})] == ["1", "3", "5"]


@pytest.mark.parametrize(
    ("given", "confidence"),
    [
        ({}, 1.0),
        ({"score": 0.25}, 0.25),
        ({"probability": 0.25}, 0.25),
        ({"confidence": 0.25}, 0.25),
        ({"score": 2}, 1.0),
        ({"score": -1}, 0.0),
        ({"score": None}, 0.0),
        ({"score": "high"}, 0.0),
        ({"score": float("nan")}, 0.0),
        ({"score": 10**400}, 0.0),
    ],
)
def test_confidence_lies_in_zero_to_one(given: dict[str, Any], confidence: float, tmp_path: Path) -> None:
    assert read(tmp_path, [HI | given])[0].words[0].confidence == confidence


@pytest.mark.parametrize("content", [[], {"words": []}, {"segments": []}, {"segments": [{}]}, [HI | {"word": " "}]])
def test_nothing_said(content: Any, tmp_path: Path) -> None:
    assert read(tmp_path, content) == ()


def test_a_word_without_letters_leaves_no_trace_in_the_text(tmp_path: Path) -> None:
    assert read(tmp_path, [HI, {"word": "", "start": 1, "end": 1}, YOU])[0].text == "hi you"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not JSON"),
        (b"[[[[", "not JSON"),
        (b"[" * 100_000, "not JSON .*recursion"),
        (b"[1" + b"0" * 5_000 + b"]", "not JSON .*digits"),
        (b'{"words": [\xe9]}', "line 1: byte 0xe9 is not UTF-8"),
        (
            5,
            "has none of 'segments', 'words', 'word_segments', 'fragments' and 'tiers'; expected JSON with words",
        ),
        (None, "has none of 'segments'"),
        ({"text": "hi"}, "has none of 'segments'"),
        ({"segments": {}, "words": {}}, "has none of 'segments'"),
        ([5], r"words\[0\] is 5; expected an object with 'word'"),
        ([HI, None], r"words\[1\] is null; expected an object with 'word'"),
        ([[[[["deep"]]]]], r"words\[0\] is \[\[\[\[\"deep\"\]\]\]\]; expected an object"),
        ([{"start": 1}], r"words\[0\] is .*; expected an object with 'word'"),
        ([HI | {"word": ["hi"]}], r"words\[0\] is .*; expected an object with 'word'"),
        ({"segments": [7]}, r"segments\[0\] is 7; expected an object"),
        ({"segments": [{}, {"words": [7]}]}, r"segments\[1\]\.words\[0\] is 7; expected an object with 'word'"),
        ({"segments": [{"start": "0:01"}]}, r"segments\[0\]\.start is \"0:01\"; expected seconds"),
        ([HI | {"start": "0"}], r"words\[0\]\.start is \"0\"; expected seconds"),
        ([HI | {"end": True}], r"words\[0\]\.end is true; expected seconds"),
        ([HI | {"end": float("nan")}], r"words\[0\]\.end is NaN; expected seconds"),
        ([HI | {"end": float("inf")}], r"words\[0\]\.end is Infinity; expected seconds"),
        ([HI | {"end": 10**400}], r"words\[0\]\.end is 1000.*; expected seconds"),
        ([HI | {"start": 2}], r"words\[0\]: ends at 1.0 s, before its start at 2.0 s"),
        ([HI, YOU | {"start": -5}], r"words\[1\]: starts at -5.0 s, before the recording; expected 0 s or later"),
        ({"segments": [{"text": "hi", "start": 3, "end": 1}]}, r"segments\[0\]: ends at 1.0 s, before its start at 3"),
        ({"fragments": [{}]}, r"fragments\[0\] is {}; expected an object with 'lines', 'begin' and 'end'"),
        ({"fragments": [{"lines": [], "begin": 1, "end": "2"}]}, r"fragments\[0\] is .*; expected an object"),
        (
            {"fragments": [{"lines": [], "begin": "1e999", "end": "2"}]},
            r"\[0\]\.begin: '1e999' is not a finite",
        ),
        ({"fragments": [{"lines": [], "begin": "3", "end": "2"}]}, r"fragments\[0\]: ends at 2.0 s, before"),
        ({"tiers": {"words": []}}, r"tiers\.words is \[\]; expected an object with 'entries'"),
        (
            {"tiers": {"words": {"entries": [[1, 2]]}}},
            r"entries\[0\] is \[1, 2\]; expected \[start, end, label\]",
        ),
        ({"tiers": {"words": {"entries": [[1, float("nan"), "x"]]}}}, r"entries\[0\] is \[1, NaN, .*; expected"),
        ({"tiers": {"words": {"entries": [[2, 1, "x"]]}}}, r"entries\[0\]: ends at 1.0 s, before its start at 2.0 s"),
        ([HI | {"word": "a\0b"}], r"'a\\x00b' is not text"),
        ([HI | {"word": "\ud800"}], r"'\\ud800' is not text"),
        ([HI | {"speaker": "A\0"}], r"'A\\x00' is not text"),
    ],
)
def test_garbage(content: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match=message):
        read(tmp_path, content)


def test_no_depth_of_nesting_breaks_out(tmp_path: Path) -> None:
    for depth in range(800, 1000):
        with pytest.raises(TranscriptError, match=r"expected an object with 'word'|not JSON"):
            read(tmp_path, b"[" * depth + b"]" * depth)


def test_real_words(media: Path) -> None:
    (utterance,) = read_transcript(media / "speech/had_that_curiosity.words.json")
    assert utterance.text == "i had that curiosity beside me at this moment"
    assert len(utterance.words) == 9
    assert utterance.words[-1] == Word(text="moment", start_seconds=2.837, end_seconds=3.138)


def test_real_speakers(media: Path) -> None:
    left, right = read_transcript(media / "talking/grid-two-speakers.words.json")
    assert (left.speaker, right.speaker) == ("left", "right")
    assert len(left.words) == len(right.words) == 6


def test_real_fragments(media: Path) -> None:
    lines = read_transcript(media / "speech/sonnet/sonnet.json")
    assert len(lines) == 15
    expected = Utterance(text="From fairest creatures we desire increase,", start_seconds=2.68, end_seconds=5.88)
    assert lines[1] == expected
    assert lines[-1].end_seconds == 53.24
