"""Backbones of timm (pytorch-image-models) with a local checkpoint.

References
----------
R. Wightman, PyTorch Image Models, 2019: https://github.com/huggingface/pytorch-image-models
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ...errors import ParameterError, did_you_mean
from ...track import Field
from ..dry_weights.drawing import same_draws
from ..fingerprint import file_digest
from .torch_model import Embedder, load_strictly, weight_file
from .torchvision_names import timm_names

if TYPE_CHECKING:
    from torch.nn import Module

Scaling = Literal["imagenet", "symmetric"]
"""How pixels become numbers. ``imagenet``: divided by 255, ImageNet's mean (0.485, 0.456, 0.406) taken off, divided by
its deviation (0.229, 0.224, 0.225). ``symmetric``: from -1 to 1."""

_DROPOUT = 0.2
"""Of the head in training; in use it passes everything, it only has a place in the order of the layers."""
_OF_LINEAR = ("weight", "bias")
_SCALINGS: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "imagenet": ((0.485 * 255, 0.456 * 255, 0.406 * 255), (0.229 * 255, 0.224 * 255, 0.225 * 255)),
    "symmetric": ((127.5, 127.5, 127.5), (127.5, 127.5, 127.5)),
}


@dataclass(frozen=True, kw_only=True)
class TimmModel:
    """Which network, and with which weights.

    Its vector is what timm gives with ``num_classes=0``: the pooled features. With a head it is what
    ``Sequential(Dropout, Linear, BatchNorm1d, Tanh)`` in the place of the classifier makes of them.

    Raises
    ------
    ParameterError
        If a value is outside its range.
    """

    architecture: str
    """timm's name, as ``resnet18``."""
    weights_file: str
    """Path of a state dict of exactly this network. The classifier's weights may be in it where there is no head. Of an
    EfficientNet it may have the names of torchvision; see `timm_names`."""
    size_pixels: int
    """Width and height of the pictures."""
    head_dimensions: int | None = None
    """Numbers that the head makes; None: no head."""

    def __post_init__(self) -> None:
        if not 32 <= self.size_pixels <= 1024:
            raise ParameterError(f"size_pixels must be from 32 to 1024, found {self.size_pixels}")
        if self.head_dimensions is not None and not 1 <= self.head_dimensions <= 65536:
            raise ParameterError(f"head_dimensions must be from 1 to 65536, found {self.head_dimensions}")

    def field(self) -> Field:
        """Return what a vector holds; needs no weights.

        Raises
        ------
        ParameterError
            If timm has no such architecture, or it cannot do what is asked.
        """
        features = _features(self.architecture, self.size_pixels, self.head_dimensions is not None)
        count = features if self.head_dimensions is None else self.head_dimensions
        return Field(shape=(count,), columns=tuple(f"{self.architecture}_{i}" for i in range(count)))

    def weights(self) -> dict[str, Path]:
        """Return the checkpoint after reading it once, so that a wrong one is found before anything is decoded.

        Raises
        ------
        WeightsError
            If it is missing, cannot be read, or is not of this network.
        """
        wanted = f"a state dict of timm's {self.architecture} (.pth, .pt or .safetensors)"
        path = weight_file(self.weights_file, "weights_file", wanted)
        _check(self, path, file_digest(path))
        return {"weights": path}

    def embedder(self, scaling: Scaling, device: str, half_precision: bool) -> Embedder:
        """Return the network on a device."""
        path = self.weights()["weights"]
        return _embedder(self, path, file_digest(path), scaling, device, half_precision)

    def load(self, path: Path) -> "Module":
        """Return the network with the weights of a file, on the CPU."""
        network = self.untrained()
        classifiers = () if self.head_dimensions is not None else _classifiers(network)
        ignored = [f"{name}.{kind}" for name in classifiers for kind in _OF_LINEAR]
        load_strictly(network, path, ignored, timm_names)
        return network

    def untrained(self) -> "Module":
        """Return the network with random weights, on the CPU."""
        network = _create(self.architecture)
        if self.head_dimensions is not None:
            features = _features(self.architecture, self.size_pixels, True)
            network.set_submodule(_classifiers(network)[0], _head(features, self.head_dimensions))
        return network


def _head(features: int, dimensions: int) -> "Module":
    from torch.nn import BatchNorm1d, Dropout, Linear, Sequential, Tanh

    return Sequential(Dropout(_DROPOUT), Linear(features, dimensions), BatchNorm1d(dimensions), Tanh())


def _classifiers(network: "Module") -> tuple[str, ...]:
    """Return the names of the classifiers that timm leaves out; models distilled from others have two."""
    found = _configuration(network).get("classifier") or ()
    return (found,) if isinstance(found, str) else tuple(found)


def _configuration(network: "Module") -> Mapping[str, Any]:
    configuration: Mapping[str, Any] = network.default_cfg  # type: ignore[assignment]  # timm adds it to modules
    return configuration


def _create(architecture: str) -> "Module":
    """Return a network of random weights."""
    import timm

    # is_model knows plain names only: create_model would also fetch 'hf-hub:...' and read 'local-dir:...'.
    if not timm.is_model(architecture):
        hint = did_you_mean(architecture, timm.list_models())
        hint = hint if "mean" in hint else "timm.list_models() says which there are"  # a thousand are no hint
        raise ParameterError(f"timm has no architecture called '{architecture}'; {hint}")
    network: Module = timm.create_model(architecture, pretrained=False, num_classes=0)
    return network.eval()


@lru_cache(maxsize=64)
def _features(architecture: str, size_pixels: int, has_head: bool) -> int:
    """Return the number of pooled features, after checking that the architecture can do what is asked."""
    with same_draws():  # asked while another network is made, this one must not take its random numbers
        network = _create(architecture)
    configuration = _configuration(network)
    fixed = configuration["input_size"][-1] if configuration.get("fixed_input_size") else size_pixels
    if fixed != size_pixels:
        raise ParameterError(f"{architecture} takes pictures of {fixed} pixels only, found size_pixels {size_pixels}")
    if has_head and len(_classifiers(network)) != 1:
        raise ParameterError(f"{architecture} has no single classifier that a head could replace; leave it out")
    # Some make their pooled features wider than those of the last map.
    count: Any = getattr(network, "head_hidden_size", None) or network.num_features
    return int(count)


@lru_cache(maxsize=16)
def _check(model: TimmModel, path: Path, content: str) -> None:
    model.load(path)


@lru_cache(maxsize=4)
def _embedder(
    model: TimmModel, path: Path, content: str, scaling: Scaling, device: str, half_precision: bool
) -> Embedder:
    mean, deviation = _SCALINGS[scaling]
    return Embedder(model.load(path), mean, deviation, device, half_precision)
