from pathlib import Path

import numpy as np
import pytest
from text_models import tiny_bert, tiny_t5, words_track

from trimodal.errors import ParameterError
from trimodal.extract.text.tokens import Tokens
from trimodal.track import Track


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert(tmp_path_factory.mktemp("tiny"))


def _tokens(utterances: list[list[str]], **parameters: object) -> Track:
    return Tokens(**parameters).extract({"words": words_track(utterances)})


def test_is_what_the_library_gives(tiny: Path) -> None:
    from transformers import AutoTokenizer

    track = _tokens([["ab", "c", "你"]], model=str(tiny))
    expected = AutoTokenizer.from_pretrained(tiny)("ab c 你")
    for column, key in enumerate(("input_ids", "attention_mask", "token_type_ids")):
        assert track.values[:, column].tolist() == expected[key]
    assert track.values.dtype == "int32"
    assert track.fields["text"].tolist() == ["[CLS]", "a", "##b", "c", "你", "[SEP]"]
    assert track.fields["row"].tolist() == [-1, 0, 0, 1, 2, -1]


def test_cutting_keeps_the_separator_and_says_what_is_lost(tiny: Path) -> None:
    track = _tokens([["ab", "cd", "\u200d", "e"], ["f"]], model=str(tiny), max_length=5)
    assert track.fields["text"].tolist() == ["[CLS]", "a", "##b", "c", "[SEP]", "[CLS]", "f", "[SEP]"]
    reasons = [(gap.start_seconds, gap.reason) for gap in track.gaps]
    assert reasons == [(2.0, "the tokenizer keeps nothing of '\u200d'"), (3.0, "'e' is cut off at max_length 5")]
    assert track.values[:, 1].tolist() == [1] * 8


def test_agrees_with_the_library_on_cutting(tiny: Path) -> None:
    from transformers import AutoTokenizer

    words = ["abcdefg"] * 3
    expected = AutoTokenizer.from_pretrained(tiny)(" ".join(words), truncation=True, max_length=9)["input_ids"]
    assert _tokens([words], model=str(tiny), max_length=9).values[:, 0].tolist() == expected


def test_a_model_with_one_special_token(tmp_path: Path) -> None:
    track = _tokens([["hello", "world"]], model=str(tiny_t5(tmp_path)))
    assert track.fields["text"].tolist() == ["▁hello", "▁wor", "ld", "</s>"]
    np.testing.assert_allclose(track.times, [[0, 1], [1, 2], [1, 2], [2, 2]])


def test_no_words_no_rows(tiny: Path) -> None:
    assert len(_tokens([], model=str(tiny))) == 0
    assert len(_tokens([["\u200d"]], model=str(tiny))) == 0


def test_needs_the_tokenizer_alone(tiny: Path) -> None:
    assert set(Tokens(model=str(tiny)).weights()) == {"tokenizer.json", "tokenizer_config.json", "vocab.txt"}


def test_refuses(tiny: Path) -> None:
    with pytest.raises(ParameterError, match="model is empty"):
        Tokens(model="")
    with pytest.raises(ParameterError, match="max_length must be at least 1, found 0"):
        Tokens(max_length=0)
    with pytest.raises(ParameterError, match="max_length is 2; one sub-word and the special tokens need 3"):
        _tokens([["a"]], model=str(tiny), max_length=2)
