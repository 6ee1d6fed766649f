from pathlib import Path

import pytest

from trimodal.extract.dry_weights.known_models import Vocabulary
from trimodal.extract.dry_weights.vocabularies import common_han, common_words, write_tokenizer
from trimodal.extract.text.tokenizer import SubwordTokenizer


def _texts(vocabulary: Vocabulary, folder: Path, *words: str) -> list[str]:
    write_tokenizer(vocabulary, folder)
    tokenizer = SubwordTokenizer(folder)
    return tokenizer.texts(tokenizer.subwords(words).ids)


@pytest.mark.parametrize("vocabulary", ["uncased", "cased", "chinese"])
def test_special_tokens_are_where_bert_has_them(vocabulary: Vocabulary, tmp_path: Path) -> None:
    count = write_tokenizer(vocabulary, tmp_path)
    tokenizer = SubwordTokenizer(tmp_path)
    assert (tokenizer.padding, tokenizer.before, tokenizer.after) == (0, [101], [102])
    assert tokenizer.longest == 512
    assert len(tokenizer) == count
    lines = tokenizer.texts(tokenizer.subwords(["[UNK]", "[MASK]"]).ids)
    assert lines == ["[CLS]", "[UNK]", "[MASK]", "[SEP]"]


def test_common_words_have_the_numbers_of_bert_base_uncased(tmp_path: Path) -> None:
    write_tokenizer("uncased", tmp_path)
    ids = SubwordTokenizer(tmp_path).subwords(["The", "quick", "Hello", ",", "world!"]).ids
    assert ids.tolist() == [101, 1996, 4248, 7592, 1010, 2088, 999, 102]


def test_no_word_is_unknown(tmp_path: Path) -> None:
    assert _texts("uncased", tmp_path / "a", "Zqxj-7") == ["[CLS]", "z", "##q", "##x", "##j", "-", "7", "[SEP]"]
    assert _texts("cased", tmp_path / "b", "Hello", "ZQ") == ["[CLS]", "Hello", "Z", "##Q", "[SEP]"]
    assert _texts("chinese", tmp_path / "c", "我很高兴。") == ["[CLS]", *"我很高兴。", "[SEP]"]
    assert _texts("bytes", tmp_path / "d", "a", "é") == ["<s>", "a", "Ġ", "Ã", "©", "</s>"]
    assert _texts("classified-bytes", tmp_path / "e", "ab") == ["[CLS]", "a", "b", "[SEP]"]
    assert _texts("pieces", tmp_path / "f", "hello", "我x") == ["<s>", "▁hello", "▁", "我", "x", "</s>"]


@pytest.mark.parametrize("vocabulary", ["bytes", "pieces"])
def test_special_tokens_are_where_roberta_has_them(vocabulary: Vocabulary, tmp_path: Path) -> None:
    write_tokenizer(vocabulary, tmp_path)
    tokenizer = SubwordTokenizer(tmp_path)
    assert (tokenizer.padding, tokenizer.before, tokenizer.after) == (1, [0], [2])


def test_lists_of_words_and_characters() -> None:
    words = common_words()
    assert words[:3] == ["the", "of", "and"] and {"a", "i", "movie", "hello"} <= set(words)
    assert len(words) == len(set(words)) > 5_000
    assert len(common_han()) == 3_755 and common_han()[0] == "啊"
