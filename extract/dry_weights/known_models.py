"""Architectures of well-known models of the hub, by the last part of their names.

Sizes as in the configurations that are published with them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from ...errors import WeightsError, did_you_mean

Vocabulary = Literal["uncased", "cased", "chinese", "bytes", "classified-bytes", "pieces"]
"""Word-pieces of lower-case English, of English, or single Chinese characters, with BERT's special tokens; bytes with
RoBERTa's or with BERT's; and SentencePiece's pieces of any script with RoBERTa's."""


@dataclass(frozen=True, kw_only=True)
class TextArchitecture:
    """An encoder of text."""

    kind: str
    """transformers' model type."""
    width: int
    depth: int
    heads: int
    vocabulary: Vocabulary


@dataclass(frozen=True, kw_only=True)
class SpeechArchitecture:
    """A speech model."""

    kind: str
    """transformers' model type."""
    width: int
    depth: int
    heads: int
    layer_norm: bool = False
    """Whether every convolution is normalised over its channels, and every layer before its parts; else only the first
    convolution is, over time."""
    do_normalize: bool = True
    """Whether samples are normalised before they go in."""
    bands: int = 80
    """Of Whisper's spectrum."""


T = TypeVar("T")


def known_architecture(model: str, known: Mapping[str, T]) -> T:
    """Return the architecture of a hub name, or of a folder that is not there and called like one.

    Raises
    ------
    WeightsError
        If the name is not known.
    """
    name = model.rstrip("/").rpartition("/")[2]
    if name not in known:
        raise WeightsError(
            f"no stand-in is known for the model '{model}'; {_hint(name, known)}, or give a folder that holds its "
            "config.json"
        )
    return known[name]


def _hint(name: str, known: Collection[str]) -> str:
    hint = did_you_mean(name, known)
    listed = f"there are stand-ins for {', '.join(sorted(known)[:3])} and {len(known) - 3} more"
    return hint if "mean" in hint else listed


def _bert(vocabulary: Vocabulary, width: int = 768, depth: int = 12, heads: int = 12) -> TextArchitecture:
    return TextArchitecture(kind="bert", width=width, depth=depth, heads=heads, vocabulary=vocabulary)


def _text(kind: str, vocabulary: Vocabulary, width: int = 768, depth: int = 12, heads: int = 12) -> TextArchitecture:
    return TextArchitecture(kind=kind, width=width, depth=depth, heads=heads, vocabulary=vocabulary)


def _speech_base(kind: str, do_normalize: bool = True) -> SpeechArchitecture:
    return SpeechArchitecture(kind=kind, width=768, depth=12, heads=12, do_normalize=do_normalize)


def _speech_large(kind: str, layer_norm: bool = True, depth: int = 24) -> SpeechArchitecture:
    return SpeechArchitecture(kind=kind, width=1024, depth=depth, heads=16, layer_norm=layer_norm)


def _whisper(width: int, depth: int, heads: int, bands: int = 80) -> SpeechArchitecture:
    return SpeechArchitecture(kind="whisper", width=width, depth=depth, heads=heads, bands=bands)


_LARGE = (1024, 24, 16)

TEXT_MODELS: Mapping[str, TextArchitecture] = {
    "bert-base-uncased": _bert("uncased"),
    "bert-large-uncased": _bert("uncased", *_LARGE),
    "bert-base-cased": _bert("cased"),
    "bert-large-cased": _bert("cased", *_LARGE),
    "bert-base-chinese": _bert("chinese"),
    "chinese-bert-wwm-ext": _bert("chinese"),
    "chinese-roberta-wwm-ext": _bert("chinese"),
    "chinese-roberta-wwm-ext-large": _bert("chinese", *_LARGE),
    "chinese-macbert-base": _bert("chinese"),
    "chinese-macbert-large": _bert("chinese", *_LARGE),
    "distilbert-base-uncased": _text("distilbert", "uncased", depth=6),
    "electra-base-discriminator": _text("electra", "uncased"),
    "all-MiniLM-L6-v2": _bert("uncased", 384, 6),
    "all-MiniLM-L12-v2": _bert("uncased", 384, 12),
    "all-mpnet-base-v2": _text("mpnet", "uncased"),
    "e5-base-v2": _bert("uncased"),
    "e5-large-v2": _bert("uncased", *_LARGE),
    "bge-base-en-v1.5": _bert("uncased"),
    "bge-large-en-v1.5": _bert("uncased", *_LARGE),
    "roberta-base": _text("roberta", "bytes"),
    "roberta-large": _text("roberta", "bytes", *_LARGE),
    "twitter-roberta-base-sentiment-latest": _text("roberta", "bytes"),
    "ModernBERT-base": _text("modernbert", "classified-bytes", depth=22),
    "ModernBERT-large": _text("modernbert", "classified-bytes", 1024, 28, 16),
    "xlm-roberta-base": _text("xlm-roberta", "pieces"),
    "xlm-roberta-large": _text("xlm-roberta", "pieces", *_LARGE),
    "multilingual-e5-small": _bert("pieces", 384, 12),
    "multilingual-e5-base": _text("xlm-roberta", "pieces"),
    "multilingual-e5-large": _text("xlm-roberta", "pieces", *_LARGE),
    "paraphrase-multilingual-MiniLM-L12-v2": _bert("pieces", 384, 12),
    "paraphrase-multilingual-mpnet-base-v2": _text("xlm-roberta", "pieces"),
    "bge-m3": _text("xlm-roberta", "pieces", *_LARGE),
}

SPEECH_MODELS: Mapping[str, SpeechArchitecture] = {
    "wav2vec2-base": _speech_base("wav2vec2"),
    "wav2vec2-base-100h": _speech_base("wav2vec2"),
    "wav2vec2-base-960h": _speech_base("wav2vec2"),
    # The first large models are normalised as the base ones are; those on Libri-Light and XLSR are not.
    "wav2vec2-large": _speech_large("wav2vec2", layer_norm=False),
    "wav2vec2-large-960h": _speech_large("wav2vec2", layer_norm=False),
    "wav2vec2-large-lv60": _speech_large("wav2vec2"),
    "wav2vec2-large-960h-lv60": _speech_large("wav2vec2"),
    "wav2vec2-large-960h-lv60-self": _speech_large("wav2vec2"),
    "wav2vec2-large-robust": _speech_large("wav2vec2"),
    "wav2vec2-large-robust-12-ft-emotion-msp-dim": _speech_large("wav2vec2", depth=12),
    "wav2vec2-large-xlsr-53": _speech_large("wav2vec2"),
    "wav2vec2-large-xlsr-53-english": _speech_large("wav2vec2"),
    "wav2vec2-large-xlsr-53-chinese-zh-cn": _speech_large("wav2vec2"),
    "wav2vec2-xls-r-300m": _speech_large("wav2vec2"),
    "hubert-base-ls960": _speech_base("hubert"),
    "hubert-large-ll60k": _speech_large("hubert"),
    "hubert-large-ls960-ft": _speech_large("hubert"),
    "chinese-hubert-base": _speech_base("hubert"),
    "chinese-hubert-large": _speech_large("hubert"),
    "wavlm-base": _speech_base("wavlm", do_normalize=False),
    "wavlm-base-plus": _speech_base("wavlm", do_normalize=False),
    "wavlm-large": _speech_large("wavlm"),
    "data2vec-audio-base": _speech_base("data2vec-audio"),
    "data2vec-audio-base-960h": _speech_base("data2vec-audio"),
    "data2vec-audio-large": _speech_large("data2vec-audio"),
    "data2vec-audio-large-960h": _speech_large("data2vec-audio"),
    "whisper-tiny": _whisper(384, 4, 6),
    "whisper-tiny.en": _whisper(384, 4, 6),
    "whisper-base": _whisper(512, 6, 8),
    "whisper-base.en": _whisper(512, 6, 8),
    "whisper-small": _whisper(768, 12, 12),
    "whisper-small.en": _whisper(768, 12, 12),
    "whisper-medium": _whisper(*_LARGE),
    "whisper-medium.en": _whisper(*_LARGE),
    "whisper-large": _whisper(1280, 32, 20),
    "whisper-large-v2": _whisper(1280, 32, 20),
    "whisper-large-v3": _whisper(1280, 32, 20, bands=128),
    "whisper-large-v3-turbo": _whisper(1280, 32, 20, bands=128),
}
