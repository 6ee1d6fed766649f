"""Random networks of transformers, saved as hub models are."""

from pathlib import Path
from typing import Any

from .drawing import same_draws

_FEED_FORWARD = 64
_SHRUNK = {
    "intermediate_size": _FEED_FORWARD,
    "hidden_dim": _FEED_FORWARD,
    "d_ff": _FEED_FORWARD,
    "encoder_ffn_dim": _FEED_FORWARD,
    "decoder_ffn_dim": _FEED_FORWARD,
    "decoder_layers": 1,
    "num_decoder_layers": 1,
}
"""What makes a network large and shows in no state, under the names of the kinds of models."""
_DEPTHS = ("num_hidden_layers", "num_layers", "encoder_layers", "n_layers")


def shrink(config: Any, depth: int) -> Any:
    """Make the network of a configuration small; the widths of its states stay."""
    for name in _DEPTHS:
        if name in vars(config):
            setattr(config, name, depth)
    for name, value in _SHRUNK.items():
        if name in vars(config):
            setattr(config, name, value)
    if getattr(config, "layer_types", None):
        config.layer_types = config.layer_types[:depth]
    return config


def save_random(config: Any, folder: Path) -> None:
    """Draw the weights of a network, always the same, and save them in half precision, which halves the files."""
    import torch
    from transformers import AutoModel
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # progress is shown by whoever runs us
    with same_draws():
        network: Any = AutoModel.from_config(config, dtype=torch.float32)  # type: ignore[no-untyped-call]
    network.half().save_pretrained(folder)
