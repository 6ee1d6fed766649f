from pathlib import Path

import numpy as np
from text_models import tiny_bert, words_track

from trimodal.extract.text.subwords import SUBWORDS, subword_track, utterance_rows, utterance_texts, words_without
from trimodal.extract.text.tokenizer import SubwordTokenizer
from trimodal.track import Field, Track

SCHEMA = {"values": Field(dtype="int32")} | SUBWORDS


def test_utterances_that_overlap_come_apart() -> None:
    words = words_track([["a", "b", "c"], ["x", "y"]], starts=[0.0, 0.5])
    assert words.fields["text"].tolist() == ["a", "x", "b", "y", "c"]
    groups = utterance_rows(words)
    assert [rows.tolist() for rows in groups] == [[0, 2, 4], [1, 3]]
    assert utterance_texts(words, groups) == [["a", "b", "c"], ["x", "y"]]
    assert utterance_rows(words_track([])) == []


def test_words_that_are_left_out_are_gaps() -> None:
    words = words_track([["a", "{b}"]])
    (gap,) = words_without(words, np.array([1]), "nothing of '{}'")
    assert (gap.start_seconds, gap.end_seconds, gap.reason) == (1.0, 2.0, "nothing of '{b}'")


def test_sub_words_have_their_words_times_and_special_tokens_the_bounds(tmp_path: Path) -> None:
    tokenizer = SubwordTokenizer(tiny_bert(tmp_path))
    words = words_track([["ab", "c"], ["d"]], starts=[1.0, 1.5])
    groups = utterance_rows(words)
    found = [tokenizer.subwords(texts) for texts in utterance_texts(words, groups)]
    utterances = [(rows, subwords, subwords.ids) for rows, subwords in zip(groups, found, strict=True)]
    track = subword_track(SCHEMA, words, utterances, tokenizer, [])
    assert track.fields["text"].tolist() == ["[CLS]", "a", "##b", "[CLS]", "d", "c", "[SEP]", "[SEP]"]
    assert track.fields["row"].tolist() == [-1, 0, 0, -1, 1, 2, -1, -1]
    assert track.fields["utterance"].tolist() == [0, 0, 0, 1, 1, 0, 1, 0]
    last = [float(np.nextafter(end, 0)) for end in (2.5, 3.0)]
    assert track.times[:, 0].tolist() == [1.0, 1.0, 1.0, 1.5, 1.5, 2.0, *last]
    assert track.times[:, 1].tolist() == [1.0, 2.0, 2.0, 1.5, 2.5, 3.0, *last]
    assert tokenizer.texts(track.values) == track.fields["text"].tolist()


def test_of_adjoining_utterances_each_has_its_own_special_tokens(tmp_path: Path) -> None:
    tokenizer = SubwordTokenizer(tiny_bert(tmp_path))
    words = words_track([["a"], ["b"]])
    utterances = [(np.array([row]), found := tokenizer.subwords([text]), found.ids) for row, text in enumerate("ab")]
    track = subword_track(SCHEMA, words, utterances, tokenizer, [])
    in_the_first = track.times.mean(axis=1) < 1.0
    assert track.fields["text"][in_the_first].tolist() == ["[CLS]", "a", "[SEP]"]
    assert track.fields["utterance"].tolist() == [0, 0, 0, 1, 1, 1]


def test_a_last_word_without_length_comes_before_the_special_token(tmp_path: Path) -> None:
    tokenizer = SubwordTokenizer(tiny_bert(tmp_path))
    words = words_track([["a", "b"]])
    instant = Track(schema=words.schema, times=np.array([[0.0, 1.0], [1.0, 1.0]]), fields=words.fields)
    found = tokenizer.subwords(["a", "b"])
    track = subword_track(SCHEMA, instant, [(np.arange(2), found, found.ids)], tokenizer, [])
    assert track.fields["text"].tolist() == ["[CLS]", "a", "b", "[SEP]"]


def test_no_utterances_no_rows(tmp_path: Path) -> None:
    track = subword_track(SCHEMA, words_track([]), [], SubwordTokenizer(tiny_bert(tmp_path)), [])
    assert len(track) == 0
