"""Contextual vectors of words or sub-words, of an encoder of the BERT kind (transformers)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from ...track import Field, Gap, Schema, Track, empty_track
from ..base import CPU, Execution
from .encoder_extractor import EncoderExtractor
from .subwords import SUBWORDS, subword_track, utterance_rows, utterance_texts, words_without
from .tokenizer import Subwords

WordPool = Literal["mean", "first", "last"]
"""How the sub-words of a word become one vector."""
Embedded = tuple[NDArray[np.intp], Subwords, NDArray[np.float32]]
"""An utterance: the rows of its words, its sub-words and their states."""


@dataclass(frozen=True, kw_only=True)
class Bert(EncoderExtractor):
    """The hidden states of every word or sub-word in the context of its utterance.

    A row has the time of its word; so have all the sub-words of a word, in their order, since no more is known of them.
    The special tokens have intervals without length: those before the words where the utterance starts, those after
    them at its last moment. A word of which the tokenizer keeps nothing has no row, but a gap.

    Utterances longer than the model's positions are read in windows that overlap by half; a sub-word is taken from the
    window in which it is farthest from an edge.

    Raises
    ------
    ParameterError
        If a parameter is outside its range, or belongs to the other level.
    """

    name: ClassVar[str] = "bert"
    version: ClassVar[int] = 2

    model: str = "bert-base-uncased"
    """A hub name, the path of a local folder, or ``package:NAME`` for a model inside an installed package."""
    level: Literal["word", "sub-word"] = "word"
    """What has a row."""
    word_pool: WordPool = "mean"
    """At the level of words: the ``mean`` of a word's sub-words, its ``first`` or its ``last``."""
    special_tokens: bool = False
    """At the level of sub-words: keep those that the model wants around every utterance, as [CLS] and [SEP]."""
    added_tokens: tuple[str, ...] = ()
    """Tokens that join the vocabulary, as ``<sil>``. Nothing trained their embeddings: they are drawn at random, always
    the same, from a normal distribution with the deviation that the model was initialised with."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.level == "word" and self.special_tokens:
            raise ParameterError("special_tokens are of no word; expected them with level: sub-word")
        if self.level == "sub-word" and self.word_pool != "mean":
            raise ParameterError(f"word_pool {self.word_pool} needs level: word; sub-words are not pooled")
        if not all(token.strip() for token in self.added_tokens):
            raise ParameterError("added_tokens has an empty one; expected words as the track of words writes them")

    @property
    def schema(self) -> Schema:
        """``values``: the hidden state. Words have their ``row`` in the words track, sub-words see `SUBWORDS`."""
        states = {"values": self.state()}
        return states | ({"row": Field(dtype="int64")} if self.level == "word" else SUBWORDS)

    def extract(self, tracks: Mapping[str, Track], execution: Execution = CPU) -> Track:
        """Embed the words utterance by utterance."""
        words = tracks["words"]
        if not len(words):
            return empty_track(self.schema, words.gaps)
        encoder = self.encoder(execution, self.added_tokens)
        groups = utterance_rows(words)
        found = encoder.states(utterance_texts(words, groups))
        utterances = [(rows, subwords, states) for rows, (subwords, states) in zip(groups, found, strict=True)]
        kept = [rows[np.unique(subwords.word[subwords.word >= 0])] for rows, subwords, _ in utterances]
        lost = np.setdiff1d(np.arange(len(words)), np.concatenate(kept))
        gaps = words_without(words, lost, "the tokenizer keeps nothing of '{}'")
        if self.level == "word":
            return self._of_words(words, utterances, gaps)
        if not self.special_tokens:
            utterances = [_without_special_tokens(*utterance) for utterance in utterances]
        return subword_track(self.schema, words, utterances, encoder.tokenizer, gaps)

    def _of_words(self, words: Track, utterances: Sequence[Embedded], gaps: Sequence[Gap]) -> Track:
        pooled = [pool_words(states, subwords.word, self.word_pool) for _, subwords, states in utterances]
        row = np.concatenate([rows[word] for (rows, _, _), (_, word) in zip(utterances, pooled, strict=True)])
        order = np.argsort(row)
        values = np.concatenate([values for values, _ in pooled])
        return Track(
            schema=self.schema,
            times=words.times[row[order]],
            fields={"values": values[order], "row": row[order]},
            gaps=(*words.gaps, *gaps),
        )


def pool_words(
    states: NDArray[np.float32], word: NDArray[np.intp], pool: WordPool
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Make one vector of the sub-words of every word.

    Parameters
    ----------
    states
        Shape (n, d).
    word
        Shape (n,): the word of each, in rising order but for the special tokens, which have -1.
    pool
        How.

    Returns
    -------
    values
        Shape (m, d): one for every word that has a sub-word.
    word
        Shape (m,): which word that is.
    """
    states, word = states[word >= 0], word[word >= 0]
    present, first, count = np.unique(word, return_index=True, return_counts=True)
    if pool == "mean" and len(present):
        return (np.add.reduceat(states, first, dtype=np.float64) / count[:, None]).astype(np.float32), present
    return states[first if pool == "first" else first + count - 1], present


def _without_special_tokens(rows: NDArray[np.intp], subwords: Subwords, states: NDArray[np.float32]) -> Embedded:
    own = subwords.word >= 0
    return rows, Subwords(ids=subwords.ids[own], word=subwords.word[own]), states[own]
