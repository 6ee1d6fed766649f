import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from text_models import MINI_LM, tiny_bert, tiny_roberta, tiny_t5

from trimodal.errors import WeightsError
from trimodal.extract.text.tokenizer import SubwordTokenizer, tokenizer_files
from trimodal.extract.weights import model_folder


def _pairs(tokenizer: SubwordTokenizer, words: list[str]) -> list[tuple[str, int]]:
    subwords = tokenizer.subwords(words)
    return list(zip(tokenizer.texts(subwords.ids), subwords.word.tolist(), strict=True))


def test_every_sub_word_knows_its_word(tmp_path: Path) -> None:
    found = _pairs(SubwordTokenizer(tiny_bert(tmp_path)), ["ab", "", "c"])
    assert found == [("[CLS]", -1), ("a", 0), ("##b", 0), ("c", 2), ("[SEP]", -1)]


def test_agrees_with_the_library_on_words_apart() -> None:
    from transformers import AutoTokenizer

    folder = model_folder(MINI_LM)
    words = ["Unbelievably,", "naïve", "co-operation", "\u200d", "isn't", "日本語", "(it?)", "x"]
    encoded = AutoTokenizer.from_pretrained(folder)(words, is_split_into_words=True)
    subwords = SubwordTokenizer(folder).subwords(words)
    assert subwords.ids.tolist() == encoded["input_ids"]
    assert subwords.word.tolist() == [-1 if word is None else word for word in encoded.word_ids()]


def test_scripts_without_spaces_become_characters(tmp_path: Path) -> None:
    found = _pairs(SubwordTokenizer(tiny_bert(tmp_path)), ["你好世界", "今天"])
    assert found[1:-1] == [("你", 0), ("好", 0), ("世", 0), ("界", 0), ("今", 1), ("天", 1)]


def test_words_keep_the_space_that_a_vocabulary_counts_to_them(tmp_path: Path) -> None:
    assert _pairs(SubwordTokenizer(tiny_roberta(tmp_path)), ["say", "hello"])[1:-1] == [("say", 0), ("Ġhello", 1)]
    found = _pairs(SubwordTokenizer(tiny_t5(tmp_path / "t5")), ["hello", "world"])
    assert found == [("▁hello", 0), ("▁wor", 1), ("ld", 1), ("</s>", -1)]


@pytest.mark.parametrize(
    ("kind", "file"), [("xlm-roberta", "sentencepiece.bpe.model"), ("deberta-v2", "spm.model"), ("t5", "spiece.model")]
)
def test_reads_sentencepiece(kind: str, file: str, tmp_path: Path) -> None:
    import sentencepiece

    model = io.BytesIO()
    sentences = ["hello world this is a test", "the quick brown fox jumps over the lazy dog"] * 20
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences), model_writer=model, vocab_size=40, hard_vocab_limit=False, minloglevel=2
    )
    (tmp_path / file).write_bytes(model.getvalue())
    (tmp_path / "config.json").write_text(json.dumps({"model_type": kind}))
    found = _pairs(SubwordTokenizer(tmp_path), ["fox", "fox"])
    own = [(text, word) for text, word in found if word >= 0]
    assert "".join(text for text, _ in own) == "▁fox▁fox"
    assert [text for text, word in own if word == 0] == [text for text, word in own if word == 1]
    assert set(tokenizer_files(tmp_path)) == {file}


def test_cutting_keeps_what_comes_after_the_words(tmp_path: Path) -> None:
    tokenizer = SubwordTokenizer(tiny_bert(tmp_path))
    whole = tokenizer.subwords(["abc", "d"])
    assert tokenizer.texts(tokenizer.truncated(whole, 4).ids) == ["[CLS]", "a", "##b", "[SEP]"]
    assert tokenizer.truncated(whole, 4).word.tolist() == [-1, 0, 0, -1]
    assert tokenizer.truncated(whole, 6).ids.tolist() == whole.ids.tolist()
    assert tokenizer.truncated(whole, 99).ids.tolist() == whole.ids.tolist()


def test_segments_are_those_of_one_text(tmp_path: Path) -> None:
    tokenizer = SubwordTokenizer(tiny_bert(tmp_path))
    assert tokenizer.segments(tokenizer.subwords(["ab"])).tolist() == [0, 0, 0, 0]
    assert tokenizer.segments(tokenizer.subwords([""])).tolist() == []


def test_nothing_has_no_special_tokens(tmp_path: Path) -> None:
    assert len(SubwordTokenizer(tiny_bert(tmp_path)).subwords(["", "\u200d"]).ids) == 0


def test_tokens_of_ones_own(tmp_path: Path) -> None:
    tokenizer = SubwordTokenizer(tiny_bert(tmp_path), ["<sil>", "a"])
    assert len(tokenizer.added) == 1
    found = _pairs(tokenizer, ["a", "<sil>", "b"])
    assert found[1:-1] == [("a", 0), ("<sil>", 1), ("b", 2)]


def test_refuses_what_is_no_tokenizer(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"holds no tokenizer; expected tokenizer\.json"):
        tokenizer_files(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(WeightsError, match="not a tokenizer that transformers can load"):
        SubwordTokenizer(tmp_path)


def test_refuses_a_tokenizer_that_does_not_say_where(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "ctrl"}')
    (tmp_path / "vocab.json").write_text('{"<unk>": 0, "a</w>": 1}')
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    with pytest.raises(WeightsError, match=r"has no fast tokenizer \(tokenizer.json\)"):
        SubwordTokenizer(tmp_path)


def test_refuses_a_tokenizer_that_keeps_nothing(tmp_path: Path) -> None:
    from tokenizers import Regex, Tokenizer, models, normalizers
    from transformers import PreTrainedTokenizerFast

    empty = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    empty.normalizer = normalizers.Replace(Regex("."), "")
    PreTrainedTokenizerFast(tokenizer_object=empty).save_pretrained(tmp_path)
    with pytest.raises(WeightsError, match="keeps nothing of the letter 'a'"):
        SubwordTokenizer(tmp_path)


def test_padding_is_the_models_own(tmp_path: Path) -> None:
    assert SubwordTokenizer(tiny_roberta(tmp_path / "roberta")).padding == 1
    folder = tiny_bert(tmp_path / "bert")
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    assert SubwordTokenizer(copy).padding == 0
    assert np.issubdtype(SubwordTokenizer(copy).subwords(["a"]).ids.dtype, np.int32)
