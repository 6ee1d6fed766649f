"""EfficientNets that were trained with torchvision, under the names that timm has for the same layers."""

import re
from collections.abc import Mapping
from typing import TypeVar

_T = TypeVar("_T")

_BLOCK = re.compile(r"features\.([1-7])\.(\d+)\.block\.(\d\.\w+)\.(.+)")
_ENDS = {
    "features.0.0": "conv_stem",
    "features.0.1": "bn1",
    "features.8.0": "conv_head",
    "features.8.1": "bn2",
}
_OF_FIRST_STAGE = {
    "0.0": "conv_dw",
    "0.1": "bn1",
    "1.fc1": "se.conv_reduce",
    "1.fc2": "se.conv_expand",
    "2.0": "conv_pw",
    "2.1": "bn2",
}
"""Layers of a block that does not widen."""
_OF_OTHERS = {
    "0.0": "conv_pw",
    "0.1": "bn1",
    "1.0": "conv_dw",
    "1.1": "bn2",
    "2.fc1": "se.conv_reduce",
    "2.fc2": "se.conv_expand",
    "3.0": "conv_pwl",
    "3.1": "bn3",
}
_HEAD = {"embeddings_layer": "classifier.1", "batchnorm": "classifier.2"}
"""Layers behind the network that make a vector of its features, where a module has it under ``model``."""
_BEHIND_HEAD = ("classifier", "regression")
"""And those that make predictions of the vector."""


def timm_names(state: Mapping[str, _T]) -> Mapping[str, _T]:
    """Return the weights of a state dict under timm's names.

    There are two forms that are renamed; all else stays, and so does a name that is not known.

    - torchvision's EfficientNet B0 to B7: ``features.0.0.weight``, ...
    - A module that has it as ``model``, with the layers ``embeddings_layer`` and ``batchnorm`` behind it, which are
      timm's classifier here, and ``classifier`` and ``regression`` behind these, which are left out. It is the form of
      the face extractor of the University of Ulm (``radiant_fog_160.pth``), as its code defines it.

    Parameters
    ----------
    state
        Weights by name.
    """
    if any(name.startswith("features.8.") for name in state):
        return {_layer(name): value for name, value in state.items()}
    if not any(name.startswith("model.features.8.") for name in state):
        return state
    kept = {name: value for name, value in state.items() if name.split(".")[0] not in _BEHIND_HEAD}
    return {_with_head(name): value for name, value in kept.items()}


def _with_head(name: str) -> str:
    first, _, rest = name.partition(".")
    return f"{_HEAD[first]}.{rest}" if first in _HEAD else _layer(name.removeprefix("model."))


def _layer(name: str) -> str:
    """Return timm's name of a weight of torchvision's network."""
    for ours, theirs in _ENDS.items():
        if name.startswith(f"{ours}."):
            return theirs + name.removeprefix(ours)
    if name.startswith("classifier.1."):  # the last one: the first of the two layers is the dropout
        return f"classifier.{name.removeprefix('classifier.1.')}"
    found = _BLOCK.fullmatch(name)
    if found is None:
        return name
    stage, block, layer, weight = found.groups()
    layers = _OF_FIRST_STAGE if stage == "1" else _OF_OTHERS
    return f"blocks.{int(stage) - 1}.{block}.{layers[layer]}.{weight}" if layer in layers else name
