"""Speech models that transformers loads, run over sounds of any length."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import WeightsError
from ..torch_linear import prepare_linear_layers
from ..torch_precision import Precision, convolving_exactly, multiplying_in
from .sound_moments import moments, window_moments
from .speech_description import SpeechDescription, read_features
from .speech_frames import Chunk, chunks
from .speech_network import load_network

if TYPE_CHECKING:
    from torch import Tensor

_BATCH_SECONDS = {"cpu": 2.0, "cuda": 120.0}
"""Sound that goes through the model at once, by kind of device. Longer batches are no faster on a CPU: convolutions of
more than two seconds leave its cache."""
_TILE_SECONDS = 1.0
"""Sound that goes through the convolutions at once."""
_VARIANCE_FLOOR = 1e-7
"""What transformers' feature extractor adds to the variance of the samples."""


@dataclass(frozen=True, kw_only=True)
class SpeechSetting:
    """How a speech model is run."""

    layers: tuple[int, ...]
    """Hidden states: 0 is what goes into the first transformer layer."""
    weights: tuple[float, ...] | None
    """Shares in their mean; None: they stand side by side."""
    chunk_seconds: float
    """Longest sound that goes through the model whole."""
    context_seconds: float
    """What chunks of a longer one see on either side beyond their own."""
    precision: Precision


class SpeechEncoder(ABC):
    """A loaded speech model on a device.

    Raises
    ------
    WeightsError
        If transformers cannot load it, or weights are missing.
    """

    def __init__(self, described: SpeechDescription, setting: SpeechSetting, device: str) -> None:
        self.grid = described.grid
        self._described = described
        self._setting = setting
        self._device = device
        # Hidden state 0 is what went into the first layer, so that one stays.
        self._network = self._prepare(load_network(described.folder), max(1, *setting.layers)).to(device)
        prepare_linear_layers(self._network, setting.precision, device)
        self._room = max(1, self.grid.count(round(setting.chunk_seconds * self.grid.rate)))
        self._context = -(-round(setting.context_seconds * self.grid.rate) // self.grid.hop)

    def fits(self, samples: int) -> bool:
        """Say whether a sound of so many samples goes through the model whole."""
        return self.grid.count(samples) <= self._room

    def at_once(self, samples: int) -> int:
        """Return how many sounds of so many samples to give at once."""
        budget = _BATCH_SECONDS.get(self._device.partition(":")[0], _BATCH_SECONDS["cuda"])
        return max(1, int(budget * self.grid.rate / samples))

    @abstractmethod
    def whole(self, sounds: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Run sounds of the same length, each for itself and exactly as transformers would.

        Nothing is padded to a common length: where a network normalises over time that would change the numbers.

        Parameters
        ----------
        sounds
            Each of shape (n,): at least one frame, and no more than what `fits`.

        Returns
        -------
        ndarray
            Shape (sounds, frames, values).
        """

    @abstractmethod
    def pieces(self, samples: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        """Run one sound of any length, in chunks where it is longer than one; memory holds one of them.

        Parameters
        ----------
        samples
            Shape (n,); may be mapped from disk.

        Yields
        ------
        ndarray
            Shape (frames, values): the next frames, in order.
        """

    @abstractmethod
    def _prepare(self, network: Any, depth: int) -> Any:
        """Take what is needed of a network, and leave out the layers above ``depth``."""

    def _chunks(self, samples: int) -> list[Chunk]:
        return chunks(self.grid.count(samples), self._room, self._context)

    def _states(self, values: "Tensor") -> NDArray[np.float32]:
        """Run the network and bring the chosen hidden states together, shape (sounds, frames, values)."""
        import torch

        network = self._network
        with torch.inference_mode(), multiplying_in(self._setting.precision, self._device), convolving_exactly():
            output = network(values.to(self._device), output_hidden_states=True)
        # What the last layer gives may be normalised once more; that is the model's output.
        complete = max(self._setting.layers) == self._described.depth
        hidden = (*output.hidden_states[:-1], output.last_hidden_state) if complete else output.hidden_states
        chosen = [hidden[layer].float() for layer in self._setting.layers]
        with torch.inference_mode():
            if self._setting.weights is None:
                states = torch.cat(chosen, dim=2)
            else:
                states = sum(share * state for share, state in zip(self._setting.weights, chosen, strict=True))
        if not states.isfinite().all():
            advice = "; take bfloat16 or float32" if self._setting.precision == "float16" else ""
            raise WeightsError(f"{self._described.folder}: gives numbers that are not finite{advice}")
        return np.asarray(states.cpu().numpy(), np.float32)


class ConvolutionalEncoder(SpeechEncoder):
    """wav2vec2 and its kin: convolutions over the samples, then a transformer over their frames.

    Of a long sound the convolutions give just what they would give of the whole, also where they normalise over time:
    mean and variance of the whole sound, and of what the first convolution makes of it, are measured beforehand. What
    differs is that attention looks no farther than the chunk.
    """

    def __init__(self, described: SpeechDescription, setting: SpeechSetting, device: str) -> None:
        super().__init__(described, setting, device)
        self._features = read_features(described.folder, "Wav2Vec2FeatureExtractor")

    def whole(self, sounds: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Run sounds of the same length, each for itself."""
        values = self._features(list(sounds), sampling_rate=self.grid.rate, return_tensors="pt").input_values
        return self._states(self._convolve(values, self._convolutions))

    def pieces(self, samples: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        """Run one sound of any length."""
        import torch

        tiles = self._tiles(samples)
        held, start = next(tiles, None), 0
        for chunk in self._chunks(len(samples)):
            assert held is not None  # there are as many frames as chunks ask for
            held, start = held[:, :, chunk.start - start :], chunk.start
            while held.shape[2] < chunk.stop - start:
                held = torch.cat([held, next(tiles)], dim=2)
            states = self._states(held[:, :, : chunk.stop - start])
            yield states[0, chunk.first - start : chunk.last - start]

    def _prepare(self, network: Any, depth: int) -> Any:
        import torch

        # The network takes what its convolutions give instead of samples, so that both are cut as each needs.
        self._convolutions = list(network.feature_extractor.conv_layers.to(self._device))
        network.feature_extractor = torch.nn.Identity()
        network.encoder.layers = network.encoder.layers[:depth]
        return network

    def _tiles(self, samples: NDArray[np.float32]) -> Iterator["Tensor"]:
        """Yield what the convolutions make of a sound, shape (1, channels, frames)."""
        import torch

        frames = self.grid.count(len(samples))
        if not frames:
            return
        mean, deviation = 0.0, 1.0
        if self._features.do_normalize:
            mean, variance = moments(samples)
            deviation = (variance + _VARIANCE_FLOOR) ** 0.5
        layers = [self._first_layer(samples, mean, deviation), *self._convolutions[1:]]
        step = max(1, round(_TILE_SECONDS * self.grid.rate) // self.grid.hop)
        for start in range(0, frames, step):
            tile = samples[self.grid.samples(start, min(start + step, frames))]
            values = (tile - np.float32(mean)) / np.float32(deviation)
            yield self._convolve(torch.from_numpy(values)[None], layers)

    def _convolve(self, values: "Tensor", layers: Sequence[Any]) -> "Tensor":
        import torch

        with torch.inference_mode(), multiplying_in(self._setting.precision, self._device), convolving_exactly():
            hidden = values.to(self._device)[:, None]
            for layer in layers:
                hidden = layer(hidden)
            return hidden

    def _first_layer(self, samples: NDArray[np.float32], mean: float, deviation: float) -> Any:
        """Return the first convolution, which normalises as it would if the whole sound went through it at once.

        Its group normalisation has one channel a group. With statistics that are given, that is what batch
        normalisation does when it is not trained.
        """
        import torch

        first = self._convolutions[0]
        own = getattr(first, "layer_norm", None)
        if not isinstance(own, torch.nn.GroupNorm):
            return first
        weight = first.conv.weight[:, 0].detach().cpu().double().numpy() / deviation
        means, covariances = window_moments(samples, first.conv.kernel_size[0], first.conv.stride[0])
        fixed = torch.nn.BatchNorm1d(own.num_channels, eps=own.eps)
        fixed.weight, fixed.bias = own.weight, own.bias
        shift = 0.0 if first.conv.bias is None else first.conv.bias.detach().cpu().double().numpy()
        fixed.running_mean = torch.from_numpy(weight @ (means - mean) + shift).float()
        fixed.running_var = torch.from_numpy(np.einsum("ci,ij,cj->c", weight, covariances, weight).clip(0)).float()
        layer = deepcopy(first)
        layer.layer_norm = fixed.to(self._device).eval()
        return layer


class WhisperEncoder(SpeechEncoder):
    """The encoder of Whisper, which takes 30 s at once: what is shorter is filled up with silence.

    States of the silence are left out.
    """

    def __init__(self, described: SpeechDescription, setting: SpeechSetting, device: str) -> None:
        super().__init__(described, setting, device)
        self._features = read_features(described.folder, "WhisperFeatureExtractor")
        self._features.dither = 0.0  # noise for training

    def at_once(self, samples: int) -> int:
        """Return how many sounds to give at once, whatever their length."""
        return super().at_once(round(self._described.longest_seconds * self.grid.rate))

    def whole(self, sounds: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Run sounds of the same length, each for itself."""
        values = self._features(list(sounds), sampling_rate=self.grid.rate, return_tensors="pt").input_features
        return self._states(values)[:, : self.grid.count(len(sounds[0]))]

    def pieces(self, samples: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        """Run one sound of any length."""
        for chunk in self._chunks(len(samples)):
            (states,) = self.whole([samples[self.grid.samples(chunk.start, chunk.stop)]])
            yield states[chunk.first - chunk.start : chunk.last - chunk.start]

    def _prepare(self, network: Any, depth: int) -> Any:
        import torch

        encoder = network.get_encoder()
        if depth < len(encoder.layers):
            encoder.layers = encoder.layers[:depth]
            encoder.layer_norm = torch.nn.Identity()  # it belongs to the last layer
        return encoder


@lru_cache(maxsize=4)
def load_encoder(described: SpeechDescription, setting: SpeechSetting, device: str) -> SpeechEncoder:
    """Return a model on a device; it is kept for the next recording."""
    kind = WhisperEncoder if described.is_whisper else ConvolutionalEncoder
    return kind(described, setting, device)
