"""Encoders of text that transformers loads, run over many utterances at once."""

import importlib.util
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import WeightsError, one_line
from ..torch_linear import prepare_linear_layers
from ..torch_precision import Precision, multiplying_in
from .tokenizer import Subwords, SubwordTokenizer

if TYPE_CHECKING:
    from torch import Tensor

_BATCH_TOKENS = {"cpu": 256, "cuda": 16_384}
"""Padded tokens that go through the model at once; docs/performance.md compares."""
_SIZES = ("hidden_size", "num_hidden_layers", "vocab_size")
"""What the configuration of an encoder of text has."""
_USUAL_POSITIONS = 512
"""Of models that have no last position."""
_ADDED_SEED = 0
_ADDED_DEVIATION = 0.02
"""Of the embeddings of added tokens where the model does not say with which one it was initialised."""


@dataclass(frozen=True, kw_only=True)
class EncoderModel:
    """Which model, and what of it."""

    folder: Path
    layers: tuple[int, ...]
    """Hidden states that are averaged: 0 is the embeddings, -1 the last layer."""
    added_tokens: tuple[str, ...] = ()
    """Tokens that its vocabulary lacks."""
    precision: Precision = "float32"


class Encoder:
    """A loaded model with its tokenizer.

    Parameters
    ----------
    model
        Which one.
    device
        A torch device.
    batch_tokens
        Padded tokens that go through the model at once; None: as many as suit the device.

    Raises
    ------
    WeightsError
        If transformers cannot load it, weights are missing, or the tokenizer is of another model.
    """

    def __init__(self, model: EncoderModel, device: str, batch_tokens: int | None = None) -> None:
        self.tokenizer = SubwordTokenizer(model.folder, model.added_tokens)
        self._spec = model
        self._device = device
        network = _load(model.folder)
        _fit_vocabulary(network, self.tokenizer, model.folder)
        self._room = _positions(network, self.tokenizer) - len(self.tokenizer.before) - len(self.tokenizer.after)
        if self._room < 1:
            raise WeightsError(f"{model.folder}: has no room for a token between its special ones")
        self._hidden = int(network.config.hidden_size)
        self._network = network.to(device)
        prepare_linear_layers(self._network, model.precision, device)
        self._batch_tokens = batch_tokens or _BATCH_TOKENS["cpu" if device == "cpu" else "cuda"]

    def states(self, texts: Sequence[Sequence[str]]) -> list[tuple[Subwords, NDArray[np.float32]]]:
        """Return for every text (a list of words) its sub-words and their states, of shape (n, hidden size).

        What is longer than the model's positions is read in windows that overlap by half; a sub-word is taken from the
        window in which it is farthest from an edge.
        """
        subwords = [self.tokenizer.subwords(words) for words in texts]
        windows = [
            window
            for text, found in enumerate(subwords)
            for window in _windows(text, found, self._room, self.tokenizer)
        ]
        states = [np.zeros((len(found.ids), self._hidden), np.float32) for found in subwords]
        for batch in batches(windows, self._batch_tokens):
            for window, found in zip(batch, self._run(batch), strict=True):
                states[window.text][window.places] = found[window.kept]
        return list(zip(subwords, states, strict=True))

    def _run(self, windows: "Sequence[Window]") -> list[NDArray[np.float32]]:
        import torch

        longest = max(len(window.ids) for window in windows)
        ids = torch.full((len(windows), longest), self.tokenizer.padding)
        mask = torch.zeros((len(windows), longest), dtype=torch.long)
        for row, window in enumerate(windows):
            ids[row, : len(window.ids)] = torch.from_numpy(window.ids)
            mask[row, : len(window.ids)] = 1
        ids, mask = ids.to(self._device), mask.to(self._device)
        with torch.inference_mode(), multiplying_in(self._spec.precision, self._device):
            hidden = self._network(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
            chosen: Tensor = sum(hidden[layer].float() for layer in self._spec.layers) / len(self._spec.layers)
        states = chosen.cpu().numpy()
        return [state[: len(window.ids)] for state, window in zip(states, windows, strict=True)]


@lru_cache(maxsize=4)
def load_encoder(model: EncoderModel, device: str) -> Encoder:
    """Return a model on a device; it is kept for the next recording."""
    return Encoder(model, device)


@dataclass(frozen=True, kw_only=True)
class EncoderSizes:
    """What a recipe has to know of a model before it is loaded."""

    hidden: int
    """Numbers of a state."""
    layers: int
    """Layers after the embeddings."""


@lru_cache(maxsize=16)
def encoder_sizes(folder: Path) -> EncoderSizes:
    """Return the sizes of a model.

    They are read from ``config.json`` itself where it has them under their usual names: transformers imports torch to
    read it, which takes longer than all else that is done before a run.

    Raises
    ------
    WeightsError
        If it is not the configuration of an encoder of text.
    """
    written = _written_config(folder)
    if not (_is_known(written.get("model_type")) and all(type(written.get(name)) is int for name in _SIZES)):
        written = {name: getattr(encoder_config(folder), name) for name in _SIZES}
    return EncoderSizes(hidden=written["hidden_size"], layers=written["num_hidden_layers"])


@lru_cache(maxsize=16)
def encoder_config(folder: Path) -> Any:
    """Return the configuration of a model, which has ``hidden_size`` and ``num_hidden_layers``.

    Raises
    ------
    WeightsError
        If it is not the configuration of an encoder of text.
    """
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # a damaged file raises whatever transformers stumbles over
        raise WeightsError(f"{folder}: not a model that transformers can load ({one_line(error)})") from None
    for wanted in _SIZES:
        if not isinstance(getattr(config, wanted, None), int):
            raise WeightsError(
                f"{folder}: a model of the type '{config.model_type}' has no {wanted}; expected a text encoder"
            )
    return config


def _written_config(folder: Path) -> dict[str, Any]:
    """Return what ``config.json`` holds; nothing where it cannot be read, of which transformers says more."""
    try:
        found = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_known(model_type: object) -> bool:
    """Return whether transformers has such models, without importing it."""
    if not isinstance(model_type, str) or not re.fullmatch(r"[a-z0-9_-]+", model_type):
        return False
    package = importlib.util.find_spec("transformers")
    places = [] if package is None else package.submodule_search_locations or []
    return any((Path(place) / "models" / model_type.replace("-", "_")).is_dir() for place in places)


@dataclass(frozen=True, kw_only=True, eq=False)
class Window:
    """Tokens of a text that go through the model together."""

    text: int
    """Number of the text."""
    ids: NDArray[np.int32]
    """Shape (n,): a stretch of its sub-words with the special tokens around it."""
    kept: slice
    """Which of them are taken from this window."""
    places: slice
    """Where in the text's tokens those are."""


def _windows(text: int, subwords: Subwords, room: int, tokenizer: SubwordTokenizer) -> list[Window]:
    before, after = len(tokenizer.before), len(tokenizer.after)
    total = len(subwords.ids)
    own = max(0, total - before - after)
    windows = []
    for start, low, high in window_spans(own, room):
        stop = min(start + room, own)
        ids = [subwords.ids[:before], subwords.ids[before + start : before + stop], subwords.ids[total - after :]]
        # Special tokens are taken from the windows at the two ends.
        places = slice(before + low if low else 0, before + high if high < own else total)
        windows.append(
            Window(
                text=text, ids=np.concatenate(ids), kept=slice(places.start - start, places.stop - start), places=places
            )
        )
    return windows


def window_spans(length: int, room: int) -> list[tuple[int, int, int]]:
    """Return windows of ``room`` tokens that cover ``length`` tokens and overlap by half.

    Returns
    -------
    list of (start, low, high)
        Where a window starts, and which tokens ``low`` to ``high`` no other window has farther from its nearest edge.
        The ends of the text are no edges.
    """
    if length <= room:
        return [(0, 0, length)] if length else []
    starts = [*range(0, length - room, max(1, room // 2)), length - room]
    middles = [(start + room - 1 + following) // 2 + 1 for start, following in pairwise(starts)]
    return list(zip(starts, [0, *middles], [*middles, length], strict=True))


def batches(windows: Sequence[Window], budget: int) -> list[list[Window]]:
    """Group windows of similar length so that a batch holds at most ``budget`` padded tokens, or one window."""
    grouped: list[list[Window]] = []
    for window in sorted(windows, key=lambda window: len(window.ids)):
        if not grouped or (len(grouped[-1]) + 1) * len(window.ids) > budget:
            grouped.append([])
        grouped[-1].append(window)
    return grouped


def _load(folder: Path) -> Any:
    """Return the network in float32, on the CPU; of an encoder with a decoder the encoder."""
    import torch
    from transformers import AutoModel
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # progress is shown by whoever runs us
    encoder_config(folder)
    try:
        # Local files only and no remote code: weights are data. Half a checkpoint's precision is not ours to keep.
        network, report = AutoModel.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, dtype=torch.float32, output_loading_info=True
        )
    except Exception as error:  # transformers and safetensors raise errors of their own
        raise WeightsError(f"{folder}: not a model that transformers can load ({one_line(error)})") from None
    # transformers would draw what is missing at random. Nothing here reads a pooler or a decoder.
    missing = sorted(name for name in report["missing_keys"] if not name.startswith(("pooler.", "decoder.")))
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise WeightsError(f"{folder}: lacks the weights '{missing[0]}'{more}; expected all of the encoder's")
    return (network.get_encoder() if network.config.is_encoder_decoder else network).eval()


def _fit_vocabulary(network: Any, tokenizer: SubwordTokenizer, folder: Path) -> None:
    """Give the tokens that were added to the vocabulary embeddings, which are random and never trained."""
    import torch

    known = network.get_input_embeddings().num_embeddings
    if len(tokenizer) - len(tokenizer.added) > known:
        raise WeightsError(f"{folder}: its tokenizer has {len(tokenizer)} tokens, its model {known}; they do not fit")
    if not tokenizer.added:
        return
    if len(tokenizer) > known:
        network.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    embeddings = network.get_input_embeddings().weight
    drawn = torch.randn(
        (len(tokenizer.added), embeddings.shape[1]), generator=torch.Generator().manual_seed(_ADDED_SEED)
    )
    deviation = getattr(network.config, "initializer_range", _ADDED_DEVIATION)
    with torch.no_grad():
        embeddings[tokenizer.added] = drawn * deviation


def _positions(network: Any, tokenizer: SubwordTokenizer) -> int:
    """Return how many tokens the model takes at once."""
    positions = getattr(network.config, "max_position_embeddings", None)
    if positions is None:
        return min(tokenizer.longest, _USUAL_POSITIONS)
    # RoBERTa and its kin count positions from the one after the padding's.
    table = getattr(getattr(network, "embeddings", None), "position_embeddings", None)
    padding = getattr(table, "padding_idx", None)
    return min(tokenizer.longest, int(positions) - (0 if padding is None else padding + 1))
