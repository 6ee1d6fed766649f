"""Networks whose weights are files of the user: read without trust, and run over many pictures."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError, WeightsError, one_line
from ..torch_precision import convolving_exactly, multiplying_in

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    Renaming = Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]]

_BATCH = 16
"""Pictures that go through a network at once. One core with AVX-512 takes 33 ms a face of 160 x 160 pixels through
InceptionResnetV1 one by one, 23 by 8, 18 by 16, 17 by 32; without channels_last 45, 35, 21 and 22."""
_LARGEST_BYTES = 8 << 30
"""Of a checkpoint; no backbone of pictures is larger."""
_SUFFIXES = (".pth", ".pt", ".safetensors")
_COUNTER = ".num_batches_tracked"
"""Batch normalisation counts its training steps under this name; evaluation does not use it, old files lack it."""


def weight_file(given: str, key: str, wanted: str) -> Path:
    """Return the path of a checkpoint that a parameter gives.

    Parameters
    ----------
    given
        The parameter: a path, which may start with ``~``.
    key
        What the parameter is called.
    wanted
        Which file it should be, and where to get it.

    Raises
    ------
    WeightsError
        If there is no such file, or its name does not say that it is a checkpoint.
    """
    if not given:
        raise WeightsError(f"{key} is not given; get {wanted} and give its path as {key}")
    path = Path(given).expanduser()
    if not path.is_file():
        raise WeightsError(f"{path}: no such file; get {wanted} and give its path as {key}")
    if path.suffix not in _SUFFIXES:
        raise WeightsError(f"{path}: expected a state dict as .pth, .pt or .safetensors")
    if (size := path.stat().st_size) > _LARGEST_BYTES:
        raise WeightsError(f"{path}: has {size} bytes; expected a checkpoint of at most {_LARGEST_BYTES}")
    return path


def load_strictly(
    network: "Module", path: Path, ignored: Collection[str] = (), renamed: "Renaming | None" = None
) -> None:
    """Read a state dict into a network; every weight must be there and no other.

    Parameters
    ----------
    network
        Its weights are replaced.
    path
        A state dict, written by ``torch.save`` or as safetensors. No pickled code runs.
    ignored
        Names that the file may have and the network has not, as those of a classifier that is left out.
    renamed
        Gives the weights of the file the names that the network has for them; None: they have them.

    Raises
    ------
    WeightsError
        Names the first weight that is missing, not known, or of another shape or kind.
    """
    state = _read(path) if renamed is None else renamed(_read(path))
    found = {name: value for name, value in state.items() if name not in ignored and not name.endswith(_COUNTER)}
    expected = {name: value for name, value in network.state_dict().items() if not name.endswith(_COUNTER)}
    for problem, names in (
        ("lacks", [name for name in expected if name not in found]),
        ("has the unknown", [name for name in found if name not in expected]),
    ):
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            kind = type(network).__name__
            raise WeightsError(f"{path}: {problem} weights '{names[0][:80]}'{more}; expected exactly those of {kind}")
    for name, value in found.items():
        if value.shape != expected[name].shape:
            shapes = f"the shape {tuple(value.shape)}, expected {tuple(expected[name].shape)}"
            raise WeightsError(f"{path}: '{name}' has {shapes}")
        if value.is_floating_point() != expected[name].is_floating_point() or value.is_complex():
            raise WeightsError(f"{path}: '{name}' has the type {value.dtype}, expected {expected[name].dtype}")
        if not value.isfinite().all():
            raise WeightsError(f"{path}: '{name}' has values that are no finite numbers")
    counters = {name: value for name, value in network.state_dict().items() if name.endswith(_COUNTER)}
    network.load_state_dict(found | counters, strict=True)


def _read(path: Path) -> "Mapping[str, Tensor]":
    import pickle

    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror or error}); expected a state dict") from None
    except pickle.UnpicklingError:
        raise WeightsError(
            f"{path}: holds pickled code or objects, which are never run, or is no checkpoint; "
            "expected torch.save(network.state_dict(), ...)"
        ) from None
    except SafetensorError as error:
        raise WeightsError(f"{path}: not safetensors ({one_line(error)}); expected a state dict") from None
    except Exception as error:  # a broken file raises whatever the unpickler or the archive stumbles over
        raise WeightsError(f"{path}: not a checkpoint ({one_line(error)}); expected a state dict") from None
    if not isinstance(state, Mapping) or not state:
        raise WeightsError(f"{path}: holds {type(state).__name__}; expected a state dict, names with tensors")
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor) or value.is_sparse or value.is_quantized:
            raise WeightsError(
                f"{path}: '{str(name)[:80]}' is {type(value).__name__}; expected a state dict alone, names with tensors"
            )
    return state


class Embedder:
    """A network on a device that turns pictures into vectors.

    Parameters
    ----------
    network
        Takes pictures of shape (n, 3, height, width), gives (n, dimensions). It is moved to the device.
    mean, deviation
        Of the three channels, from 0 to 255: what is taken off, and what the rest is divided by.
    device
        A torch device.
    half_precision
        Multiply in float16, where autocast does; on a GPU only.

    Raises
    ------
    ParameterError
        If ``half_precision`` is asked for on another device than a GPU.
    """

    def __init__(
        self,
        network: "Module",
        mean: tuple[float, float, float],
        deviation: tuple[float, float, float],
        device: str,
        half_precision: bool = False,
    ) -> None:
        import torch

        if half_precision and not device.startswith("cuda"):
            raise ParameterError(f"half_precision needs a GPU, found the device '{device}'; leave it out, or give cuda")
        self._device = device
        self._half = half_precision
        # The channels come last in the picture and stay there in memory: faster than first.
        self._network = network.eval().to(device).to(memory_format=torch.channels_last)
        self._mean = torch.tensor(mean, device=device)
        self._deviation = torch.tensor(deviation, device=device)

    def embed(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed RGB pictures of shape (n, height, width, 3), n at least 1; returns shape (n, dimensions)."""
        import torch

        found = []
        half = multiplying_in("float16" if self._half else "float32", self._device)
        with torch.inference_mode(), convolving_exactly(), half:
            for start in range(0, len(pictures), _BATCH):
                batch = torch.from_numpy(pictures[start : start + _BATCH].copy()).to(self._device)
                values = ((batch - self._mean) / self._deviation).permute(0, 3, 1, 2)
                found.append(self._network(values).float().cpu().numpy())
        return np.concatenate(found)
