"""dlib's face recognition network in torch, which runs many faces at once and several times as fast as dlib on a CPU.

Only numbers are read from dlib's file: it must be the one network this module knows, or it is refused.

References
----------
D. King, the network and its weights: http://blog.dlib.net/2017/02/high-quality-face-recognition-with-deep.html
K. He et al., Deep Residual Learning for Image Recognition, 2016; this is a ResNet-34 with fewer layers and half the
filters.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...errors import WeightsError
from ..torch_precision import convolving_exactly

if TYPE_CHECKING:
    from torch import Tensor

CHIP_PIXELS = 150
"""Width and height of the pictures of faces that go in."""
DIMENSIONS = 128
"""Numbers that come out per face."""

_MEANS = (122.782, 117.001, 104.298)
_STEM_FILTERS = 32
_BLOCKS = (
    *((32, False),) * 3,
    *((64, True), (64, False), (64, False), (64, False)),
    *((128, True), (128, False), (128, False)),
    *((256, True), (256, False), (256, False)),
    (256, True),
)
"""Filters of every residual block, and whether it halves width and height; from the picture to the descriptor."""
_LARGEST_BYTES = 32 << 20
"""The file has 22.5 MB; a larger one is another, which need not be read to know that."""
_BATCH = 32
"""Chips that go through the network at once; more gain nothing. One core with AVX-512 takes 5.8 ms a chip one by one,
2.8 by 8, 2.6 by 16, 2.5 by 32, and dlib 56. In bfloat16 it would take 1.5, but be wrong by 0.003 a number and 0.01
in distance, so it is not offered."""

# The versions of what dlib wrote of itself around every kind of layer.
_LOSS_VERSION, _TAG_VERSION, _LAYER_VERSION, _FIRST_LAYER_VERSION = 1, 1, 2, 3
_TENSOR_VERSION, _ALIAS_VERSION = 2, 1


@dataclass(frozen=True)
class _Convolution:
    """A convolution with the affine layer after it, as numbers."""

    weight: NDArray[np.float32]
    """Shape (filters, channels, height, width)."""
    bias: NDArray[np.float32]
    """Shape (filters,)."""
    stride: int
    padding: int


@dataclass(frozen=True)
class _Weights:
    """Everything that is read from the file."""

    stem: _Convolution
    blocks: tuple[tuple[_Convolution, _Convolution], ...]
    projection: NDArray[np.float32]
    """Shape (filters of the last block, 128)."""


@dataclass(frozen=True)
class _Layer:
    """A convolution on the device."""

    weight: "Tensor"
    bias: "Tensor"
    stride: int
    padding: int

    def __call__(self, values: "Tensor") -> "Tensor":
        from torch.nn.functional import conv2d

        return conv2d(values, self.weight, self.bias, self.stride, self.padding)


class DlibResNet:
    """The network, on a device; made by `load_network`."""

    def __init__(self, weights: _Weights, device: str) -> None:
        import torch

        def layer(convolution: _Convolution) -> _Layer:
            weight = torch.from_numpy(convolution.weight).to(device, memory_format=torch.channels_last)
            bias = torch.from_numpy(convolution.bias).to(device)
            return _Layer(weight, bias, convolution.stride, convolution.padding)

        self._device = device
        self._stem = layer(weights.stem)
        self._blocks = [(layer(first), layer(second)) for first, second in weights.blocks]
        self._projection = torch.from_numpy(weights.projection).to(device)
        self._means = torch.tensor(_MEANS, device=device)

    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Describe faces.

        Parameters
        ----------
        chips
            Faces as ``dlib.get_face_chip(image, landmarks, 150, 0.25)`` cuts them out; RGB, shape (n, 150, 150, 3).

        Returns
        -------
        NDArray[np.float32]
            What dlib's ``compute_face_descriptor`` gives for them, to 1e-6; shape (n, 128).
        """
        import torch

        if chips.dtype != np.uint8 or chips.shape[1:] != (CHIP_PIXELS, CHIP_PIXELS, 3):
            raise ValueError(f"chips must be uint8 of shape (n, 150, 150, 3), found {chips.dtype} of {chips.shape}")
        found = np.empty((len(chips), DIMENSIONS), np.float32)
        with torch.inference_mode(), convolving_exactly():
            for start in range(0, len(chips), _BATCH):
                batch = torch.from_numpy(chips[start : start + _BATCH].copy()).to(self._device)
                found[start : start + _BATCH] = self._run(batch).cpu().numpy()
        return found

    def _run(self, chips: "Tensor") -> "Tensor":
        from torch.nn.functional import avg_pool2d, max_pool2d, pad

        # The channels come last in the picture and stay there in memory: on a CPU 1.4 times as fast as first.
        values = ((chips - self._means) / 256).permute(0, 3, 1, 2)
        values = max_pool2d(self._stem(values).relu_(), 3, 2)
        for first, second in self._blocks:
            shortcut = values if first.stride == 1 else avg_pool2d(values, 2, 2)
            values = second(first(values).relu_())
            # dlib adds tensors of different size as if the smaller were zero where it ends; the shortcut can have
            # fewer channels, and what was convolved one row and column less.
            missing = shortcut.shape[2] - values.shape[2]
            if missing:
                values = pad(values, (0, missing, 0, missing))
            values[:, : shortcut.shape[1]] += shortcut
            values.relu_()
        return values.mean((2, 3)) @ self._projection


def load_network(path: Path, device: str) -> DlibResNet:
    """Read the network from dlib's own file.

    Parameters
    ----------
    path
        ``dlib_face_recognition_resnet_model_v1.dat``.
    device
        A torch device: ``cpu``, ``cuda``, ``cuda:1``.

    Raises
    ------
    WeightsError
        If the file cannot be read or is not that network; says at which byte.
    """
    return DlibResNet(_read(path), device)


def _read(path: Path) -> _Weights:
    try:
        size = path.stat().st_size
        if size > _LARGEST_BYTES:
            raise WeightsError(f"{path}: has {size} bytes; expected dlib's face recognition network, which has 22.5 MB")
        reader = _Reader(path, path.read_bytes())
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror}); expected dlib's network") from None
    return _read_network(reader)


class _Reader:
    """dlib's serialisation: integers and floats of variable length, strings, flags and tensors.

    An integer is a byte with its sign (bit 7) and its number of bytes (bits 0 to 3), then those bytes, lowest first. A
    float is two integers, mantissa and power of two. A tensor's numbers are 32-bit floats as they are in memory.
    """

    def __init__(self, path: Path, data: bytes) -> None:
        self._path = path
        self._data = memoryview(data)
        self._position = 0

    def integer(self) -> int:
        control = self._take(1, "a number")[0]
        length = control & 0x0F
        if control & 0x70 or not 1 <= length <= 8:
            raise self.error(f"no number starts with byte {control}")
        magnitude = int.from_bytes(self._take(length, "a number"), "little")
        return -magnitude if control & 0x80 else magnitude

    def real(self) -> float:
        mantissa, power = self.integer(), self.integer()
        if abs(power) > 512:  # dlib writes infinity and not-a-number as powers beyond any real one
            raise self.error(f"found a float with the power {power}, expected a finite one")
        return math.ldexp(mantissa, power)

    def integers(self, what: str, *expected: int) -> None:
        """Read integers that can only have these values."""
        found = tuple(self.integer() for _ in expected)
        if found != expected:
            raise self.error(f"found {_listed(found)} for {what}, expected {_listed(expected)}")

    def name(self, expected: str) -> None:
        """Read a layer's name, which ends in the version of its serialisation."""
        length = self.integer()
        found = bytes(self._take(length, "a name")) if 0 <= length <= len(expected) else b""
        if found != expected.encode():
            raise self.error(f"found another kind or version of layer than '{expected}'")

    def flags(self, count: int) -> None:
        found = bytes(self._take(count, "flags"))
        if not set(found) <= set(b"01"):
            raise self.error(f"found {found!r}, expected flags of 0 and 1")

    def tensor(self, *shape: int) -> NDArray[np.float32]:
        """Read a tensor that can only have this shape; dlib's have always four axes."""
        self.integers("a tensor", _TENSOR_VERSION, *shape, *(1,) * (4 - len(shape)))
        data = self._take(4 * math.prod(shape), "a tensor")
        values = np.frombuffer(data, "<f4").astype(np.float32).reshape(shape)
        if not np.isfinite(values).all():
            raise self.error("found weights that are no finite numbers")
        return values

    def end(self) -> None:
        if self._position != len(self._data):
            raise self.error(f"found {len(self._data) - self._position} bytes after the network")

    def error(self, problem: str) -> WeightsError:
        return WeightsError(
            f"{self._path}: before byte {self._position}: {problem}; "
            "give dlib's own dlib_face_recognition_resnet_model_v1.dat"
        )

    def _take(self, count: int, what: str) -> memoryview:
        # Nothing is allocated for what the file only says it holds.
        if count > len(self._data) - self._position:
            raise self.error(f"the file ends inside {what}")
        self._position += count
        return self._data[self._position - count : self._position]


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def _read_network(reader: _Reader) -> _Weights:
    # dlib nests a network's layers from the last to the first. Before going into the next, it writes only a version;
    # what a layer holds comes after all that is inside it, so that the weights are in the order of the data's way.
    reader.integers("the loss", _LOSS_VERSION)
    reader.name("loss_metric_2")
    for _ in range(2):  # margin and threshold of the training
        reader.real()
    for version in _versions():
        reader.integers("a layer's version", version)
    reader.name("input_rgb_image_sized")
    means = (reader.real(), reader.real(), reader.real())
    if not np.allclose(means, _MEANS, rtol=1e-6):
        raise reader.error(f"found the mean colour {means}, expected {_MEANS}")
    reader.integers("the size of the picture", CHIP_PIXELS, CHIP_PIXELS)

    stem = _read_convolution(reader, 3, _STEM_FILTERS, 7, 2, first=True)
    _read_plain(reader, "relu_")
    _read_plain(reader, "max_pool_2", 3, 3, 2, 2, 0, 0)
    blocks = []
    channels = _STEM_FILTERS
    for filters, halves in _BLOCKS:
        first = _read_convolution(reader, channels, filters, 3, 2 if halves else 1)
        _read_plain(reader, "relu_")
        second = _read_convolution(reader, filters, filters, 3, 1)
        blocks.append((first, second))
        if halves:
            _read_plain(reader, "avg_pool_2", 2, 2, 2, 2, 0, 0)
        _read_plain(reader, "add_prev_")
        _read_plain(reader, "relu_")
        channels = filters
    _read_plain(reader, "avg_pool_2", 0, 0, 1, 1, 0, 0)
    projection = _read_projection(reader, channels)
    reader.end()
    return _Weights(stem, tuple(blocks), projection)


def _versions() -> Iterator[int]:
    """Yield the versions that come before the weights, from the last layer to the first."""
    yield from (_LAYER_VERSION,) * 2  # projection, average
    for _, halves in reversed(_BLOCKS):
        yield from (_LAYER_VERSION,) * 2  # relu, add_prev
        if halves:
            yield from (_LAYER_VERSION, _TAG_VERSION, _TAG_VERSION)  # avg_pool, skip1, tag2
        yield from (_LAYER_VERSION,) * 5  # affine, con, relu, affine, con
        yield _TAG_VERSION  # tag1
    yield from (_LAYER_VERSION,) * 3  # max_pool, relu, affine
    yield _FIRST_LAYER_VERSION  # con


def _read_convolution(
    reader: _Reader, channels: int, filters: int, size: int, stride: int, *, first: bool = False
) -> _Convolution:
    """Read a convolution and the affine layer after it (batch normalisation after the training), and make them one."""
    padding = size // 2 if stride == 1 else 0
    count = filters * channels * size**2
    reader.name("con_4")
    values = reader.tensor(count + filters)
    reader.integers("a convolution", filters, size, size, stride, stride, padding, padding)
    _read_alias(reader, filters, channels, size, size)
    _read_alias(reader, 1, filters, 1, 1)
    _read_multipliers(reader)
    _read_state(reader)
    if first:
        reader.integers("pictures a face", 1)

    reader.name("affine_")
    affine = reader.tensor(2 * filters).reshape(2, filters).astype(np.float64)
    _read_alias(reader, 1, filters, 1, 1)
    _read_alias(reader, 1, filters, 1, 1)
    reader.integers("an affine layer", 0)  # one scale and shift per channel
    _read_state(reader)

    scale, shift = affine
    weight = values[:count].reshape(filters, channels, size, size) * scale[:, None, None, None]
    bias = values[count:] * scale + shift
    return _Convolution(weight.astype(np.float32), bias.astype(np.float32), stride, padding)


def _read_projection(reader: _Reader, channels: int) -> NDArray[np.float32]:
    reader.name("fc_2")
    reader.integers("the last layer", DIMENSIONS, channels)
    values = reader.tensor(channels, DIMENSIONS)
    _read_alias(reader, channels, DIMENSIONS, 1, 1)
    _read_alias(reader, 0, 0, 0, 0)
    reader.integers("the last layer", 1)  # no bias
    _read_multipliers(reader)
    _read_state(reader)
    return values


def _read_plain(reader: _Reader, name: str, *numbers: int) -> None:
    """Read a layer without weights: its name, its size, stride and padding if it has them."""
    reader.name(name)
    reader.integers(f"'{name}'", *numbers)
    _read_state(reader)


def _read_alias(reader: _Reader, *shape: int) -> None:
    """Read the shape under which a layer sees a part of its weights."""
    reader.integers("weights", _ALIAS_VERSION, *shape)


def _read_multipliers(reader: _Reader) -> None:
    """Read learning rate and weight decay, each for weights and biases."""
    for _ in range(4):
        reader.real()


def _read_state(reader: _Reader) -> None:
    """Read what dlib keeps of training around every layer: flags, and gradients and output, which are empty."""
    reader.flags(3)
    for _ in range(3):
        reader.integers("what is kept of training", _TENSOR_VERSION, 0, 0, 0, 0)
