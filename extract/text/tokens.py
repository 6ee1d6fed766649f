"""What a model's tokenizer gives to a trainer that fine-tunes the model: ids, attention mask and segments."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from ...errors import ParameterError
from ...track import Field, Gap, Schema, Track
from ..base import CPU, Execution, TrackExtractor
from ..dry_weights.text_model import dry_text_model
from ..weights import is_packaged, model_folder
from .subwords import SUBWORDS, subword_track, utterance_rows, utterance_texts, words_without
from .tokenizer import load_tokenizer, tokenizer_files

COLUMNS = ("id", "mask", "segment")
"""A row of the vocabulary, the attention mask (1: padding is whoever's pads), and the segment (``token_type_ids``)."""


@dataclass(frozen=True, kw_only=True)
class Tokens(TrackExtractor):
    """The sub-words of every utterance between the model's special tokens, as `Bert` reads them.

    Times are as `Bert` says. An utterance of which the tokenizer keeps nothing has no rows. Words of which nothing is
    left have a gap: the tokenizer keeps nothing of them, or they are cut off.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    name: ClassVar[str] = "tokens"
    packages: ClassVar[tuple[str, ...]] = ("transformers",)
    needs: ClassVar[tuple[str, ...]] = ("words",)

    model: str = "bert-base-uncased"
    """A hub name, the path of a local folder, or ``package:NAME``; only its tokenizer is read."""
    max_length: int | None = None
    """Rows of an utterance at most, special tokens included: those after its words stay, its last sub-words go. None:
    all."""
    words: str = "words"
    """The track of words."""

    def __post_init__(self) -> None:
        if not self.model:
            raise ParameterError("model is empty; expected a hub name, a folder or package:NAME")
        if self.max_length is not None and self.max_length < 1:
            raise ParameterError(f"max_length must be at least 1, found {self.max_length}")

    @property
    def schema(self) -> Schema:
        """``values``: id, mask and segment; the rest: see `SUBWORDS`."""
        return {"values": Field(dtype="int32", shape=(3,), columns=COLUMNS)} | SUBWORDS

    def weights(self) -> dict[str, Path]:
        """Return the tokenizer's files."""
        return tokenizer_files(model_folder(self.model))

    def with_dry_weights(self, folder: Path) -> Self:
        """Return it with the tokenizer of a random model."""
        return self if is_packaged(self.model) else replace(self, model=str(dry_text_model(self.model, 1, folder)))

    def extract(self, tracks: Mapping[str, Track], execution: Execution = CPU) -> Track:
        """Take the words apart utterance by utterance."""
        words = tracks["words"]
        tokenizer = load_tokenizer(model_folder(self.model))
        room = len(tokenizer.before) + 1 + len(tokenizer.after)
        if self.max_length is not None and self.max_length < room:
            raise ParameterError(f"max_length is {self.max_length}; one sub-word and the special tokens need {room}")
        groups = utterance_rows(words)
        utterances, gaps = [], list[Gap]()
        for rows, texts in zip(groups, utterance_texts(words, groups), strict=True):
            whole = tokenizer.subwords(texts)
            kept = whole if self.max_length is None else tokenizer.truncated(whole, self.max_length)
            lost = np.setdiff1d(np.arange(len(rows)), whole.word)
            cut = np.setdiff1d(whole.word, kept.word)
            gaps += words_without(words, rows[lost], "the tokenizer keeps nothing of '{}'")
            gaps += words_without(words, rows[cut], f"'{{}}' is cut off at max_length {self.max_length}")
            values = np.stack([kept.ids, np.ones_like(kept.ids), tokenizer.segments(kept)], axis=1)
            utterances.append((rows, kept, values))
        return subword_track(self.schema, words, utterances, tokenizer, gaps)
