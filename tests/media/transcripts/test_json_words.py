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
        {"segments": [{"words": [HI, YOU]}]},
        {"segments": [{"words": [HI, YOU], "start": 0, "end": 9, "text": "other"}], "word_segments": [HI]},
        json.dumps([HI, YOU]).encode("utf-8-sig"),
        json.dumps([HI, YOU]).encode("utf-16"),
        json.dumps([HI, YOU], indent=1).replace("\n", "\r\n").encode(),
    ],
)
def test_every_form(content: Any, tmp_path: Path) -> None:
    assert read(tmp_path, content) == (SAID,)


def test_a_segment_in_which_a_word_lacks_times_keeps_those_of_the_segment(tmp_path: Path) -> None:
    segment = {"start": 0.25, "end": 2, "text": "x", "speaker": "A", "words": [HI, {"word": "1999"}, YOU]}
    expected = Utterance(text="hi 1999 you", start_seconds=0.25, end_seconds=2.0, speaker="A")
    assert read(tmp_path, {"segments": [segment]}) == (expected,)


@pytest.mark.parametrize("lacking", [{"word": "1999"}, {"word": "1999", "start": 3}, {"word": "1999", "end": None}])
def test_words_that_lack_times_are_text(lacking: dict[str, Any], tmp_path: Path) -> None:
    assert read(tmp_path, [HI, lacking]) == (Utterance(text="hi 1999"),)


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
        (b'{"words": [\xe9]}', "byte 11 is not utf-8-sig"),
        (5, "has neither 'segments' nor 'words'; expected JSON with words and times"),
        (None, "has neither 'segments' nor 'words'"),
        ({"text": "hi"}, "has neither 'segments' nor 'words'"),
        ({"segments": {}, "words": {}}, "has neither 'segments' nor 'words'"),
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
        ([HI | {"start": 2}], "'hi' ends at 1.0 s, before its start at 2.0 s"),
        ([HI, YOU | {"start": 2}], "'you' ends at 1.5 s, before its start at 2.0 s"),
        ({"segments": [{"text": "hi", "start": 3, "end": 1}]}, "'hi' ends at 1.0 s, before its start at 3.0 s"),
        ([HI | {"word": "a\0b"}], r"'a\\x00b' is not text"),
        ([HI | {"word": "\ud800"}], r"'\\ud800' is not text"),
        ([HI | {"speaker": "A\0"}], r"'A\\x00' is not text"),
    ],
)
def test_garbage(content: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match=message):
        read(tmp_path, content)


def test_real_words(media: Path) -> None:
    (utterance,) = read_transcript(media / "speech/had_that_curiosity.words.json")
    assert utterance.text == "i had that curiosity beside me at this moment"
    assert len(utterance.words) == 9
    assert utterance.words[-1] == Word(text="moment", start_seconds=2.837, end_seconds=3.138)


def test_real_speakers(media: Path) -> None:
    left, right = read_transcript(media / "talking/grid-two-speakers.words.json")
    assert (left.speaker, right.speaker) == ("left", "right")
    assert len(left.words) == len(right.words) == 6


def test_real_json_of_another_kind(media: Path) -> None:
    with pytest.raises(TranscriptError, match=r"sonnet\.json: has neither 'segments' nor 'words'"):
        read_transcript(media / "speech/sonnet/sonnet.json")
