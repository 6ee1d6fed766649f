"""Contextual word vectors of a BERT-type encoder (transformers)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError, WeightsError
from ...track import Field, Schema, Track, empty_track
from ..base import CPU, Execution, TrackExtractor
from ..weights import model_files, model_folder

_BATCH_TOKENS = 2048
"""Padded tokens that go through the model at once."""


@dataclass(frozen=True, kw_only=True)
class Bert(TrackExtractor):
    """One vector per word: the mean of its sub-words' hidden states, in the context of its utterance.

    A row has the time of its word. A word of which the tokeniser keeps nothing has no row. Utterances longer than the
    model's positions are read in windows that overlap by half; a sub-word is taken from the window in which it is
    farthest from an edge.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    name: ClassVar[str] = "bert"
    packages: ClassVar[tuple[str, ...]] = ("transformers", "torch")
    needs: ClassVar[tuple[str, ...]] = ("words",)

    model: str = "bert-base-uncased"
    """A hub name, the path of a local folder, or ``package:NAME`` for a model inside an installed package."""
    layer: int = -1
    """Which hidden state: 0 is the embeddings, -1 the last layer."""
    words: str = "words"
    """The track of words."""

    def __post_init__(self) -> None:
        if not self.model:
            raise ParameterError("model is empty; expected a hub name, a folder or package:NAME")

    @property
    def schema(self) -> Schema:
        """``values``: the hidden state; ``row``: the row of the words track that it belongs to."""
        config = _config(model_folder(self.model))
        if not -config.num_hidden_layers - 1 <= self.layer <= config.num_hidden_layers:
            raise ParameterError(
                f"layer must be from {-config.num_hidden_layers - 1} to {config.num_hidden_layers}, found {self.layer}"
            )
        columns = tuple(f"hidden{i}" for i in range(config.hidden_size))
        return {"values": Field(shape=(config.hidden_size,), columns=columns), "row": Field(dtype="int64")}

    def weights(self) -> dict[str, Path]:
        """Return the model's files."""
        return model_files(model_folder(self.model))

    def extract(self, tracks: Mapping[str, Track], execution: Execution = CPU) -> Track:
        """Embed the words utterance by utterance."""
        track = tracks["words"]
        if not len(track):
            return empty_track(self.schema, track.gaps)
        encoder = _encoder(model_folder(self.model), self.layer, execution.device)
        utterance = track.fields["utterance"]
        # Rows are in the order of time; an utterance's words keep their order in it.
        rows = [np.flatnonzero(utterance == number) for number in np.unique(utterance)]
        texts = [[str(text) for text in track.fields["text"][group]] for group in rows]
        vectors = np.zeros((len(track), *self.schema["values"].shape), np.float32)
        present = np.zeros(len(track), bool)
        for group, (states, word_of_state) in zip(rows, encoder.states(texts), strict=True):
            counts = np.bincount(word_of_state, minlength=len(group))
            sums = np.zeros((len(group), states.shape[1]), np.float64)
            np.add.at(sums, word_of_state, states)
            kept = counts > 0
            vectors[group[kept]] = sums[kept] / counts[kept, None]
            present[group] = kept
        fields: dict[str, NDArray[Any]] = {"values": vectors[present], "row": np.flatnonzero(present)}
        return Track(schema=self.schema, times=track.times[present], fields=fields, gaps=track.gaps)


@dataclass(frozen=True)
class _Window:
    """Consecutive tokens of one utterance that go through the model together."""

    utterance: int
    start: int
    tokens: Sequence[int]


class _Encoder:
    """A loaded model with its tokeniser."""

    def __init__(self, folder: Path, layer: int, device: str) -> None:
        import torch
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # progress is shown by whoever runs us
        self._torch = torch
        self._layer = layer
        self._device = device
        try:
            # Local files only and no remote code: weights are data.
            self._tokeniser = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
            model = AutoModel.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        except Exception as error:  # transformers, tokenizers and safetensors each raise errors of their own
            reason = " ".join(str(error).split())[:200]
            raise WeightsError(f"{folder}: not a model that transformers can load ({reason})") from None
        if not self._tokeniser.is_fast:
            raise WeightsError(f"{folder}: has no fast tokenizer, which says what word a token is of")
        self._model = model.to(device).eval()
        around = self._tokeniser("a", return_special_tokens_mask=True)
        own = around["special_tokens_mask"].index(0)
        self._before, self._after = around["input_ids"][:own], around["input_ids"][own + 1 :]
        positions = getattr(model.config, "max_position_embeddings", 512)
        self._room = min(self._tokeniser.model_max_length, positions) - len(self._before) - len(self._after)

    def states(self, texts: Sequence[Sequence[str]]) -> list[tuple[NDArray[np.float32], NDArray[np.intp]]]:
        """Return for every text (a list of words) the states of its tokens and the word that each token is of."""
        tokens, word_of_token = [], []
        for words in texts:
            encoded = self._tokeniser(list(words), is_split_into_words=True, add_special_tokens=False, truncation=False)
            tokens.append(encoded["input_ids"])
            word_of_token.append(np.array(encoded.word_ids(), np.intp))
        windows = [
            _Window(number, start, ids[start : start + self._room])
            for number, ids in enumerate(tokens)
            for start in window_starts(len(ids), self._room)
        ]
        hidden = self._model.config.hidden_size
        states = [np.zeros((len(ids), hidden), np.float32) for ids in tokens]
        depth = [np.full(len(ids), -1) for ids in tokens]
        for batch in _batches(windows):
            for window, found in zip(batch, self._run(batch), strict=True):
                span = slice(window.start, window.start + len(window.tokens))
                inner = edge_distance(window.start, len(window.tokens), len(tokens[window.utterance]))
                better = inner > depth[window.utterance][span]
                states[window.utterance][span][better] = found[better]
                depth[window.utterance][span][better] = inner[better]
        return list(zip(states, word_of_token, strict=True))

    def _run(self, windows: Sequence[_Window]) -> list[NDArray[np.float32]]:
        """Return the states of the windows' own tokens, the special ones that are put around them left out."""
        encoded = [{"input_ids": [*self._before, *window.tokens, *self._after]} for window in windows]
        batch = self._tokeniser.pad(encoded, padding_side="right", return_tensors="pt").to(self._device)
        with self._torch.inference_mode():
            output = self._model(**batch, output_hidden_states=True).hidden_states[self._layer]
        first = len(self._before)
        states = output[:, first:].float().cpu().numpy()
        return [state[: len(window.tokens)] for state, window in zip(states, windows, strict=True)]


def window_starts(length: int, room: int) -> list[int]:
    """Return where windows of ``room`` tokens start so that they cover ``length`` tokens and overlap by half."""
    if length <= room:
        return [0] if length else []
    return [*range(0, length - room, max(1, room // 2)), length - room]


def edge_distance(start: int, length: int, total: int) -> NDArray[np.intp]:
    """Return how many tokens each token of a window is from its nearest edge; the ends of the text are no edges."""
    before = np.arange(length) if start > 0 else np.full(length, total)
    after = np.arange(length)[::-1] if start + length < total else np.full(length, total)
    return np.asarray(np.minimum(before, after), np.intp)


def _batches(windows: Sequence[_Window]) -> list[list[_Window]]:
    """Group windows of similar length so that a batch holds at most `_BATCH_TOKENS` padded tokens."""
    batches: list[list[_Window]] = []
    for window in sorted(windows, key=lambda window: len(window.tokens)):
        if not batches or (len(batches[-1]) + 1) * len(window.tokens) > _BATCH_TOKENS:
            batches.append([])
        batches[-1].append(window)
    return batches


@cache
def _config(folder: Path) -> Any:
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise WeightsError(f"{folder}: not a model that transformers can load ({reason})") from None


@cache
def _encoder(folder: Path, layer: int, device: str) -> _Encoder:
    return _Encoder(folder, layer, device)
