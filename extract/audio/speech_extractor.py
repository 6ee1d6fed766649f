"""What the extractors that run a speech model share: which model, what of it, and how it is cut."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal, Self

from ...errors import ParameterError
from ..base import Execution, SoundExtractor
from ..dry_weights.layers import counted, ranked
from ..dry_weights.speech_model import dry_speech_model, speech_model_depth
from ..torch_precision import Precision
from ..weights import is_packaged, model_folder
from .speech_description import SpeechDescription, describe, model_and_feature_files
from .speech_encoder import SpeechEncoder, SpeechSetting, load_encoder

_CHUNK_SECONDS = 20.0
_LONGEST_CHUNK_SECONDS = 300.0
"""WavLM's attention takes memory by the square: 11 GB of it, in the base model, for so much."""


@dataclass(frozen=True, kw_only=True)
class SpeechExtractor(SoundExtractor):
    """The parameters of a speech model that transformers loads. No code that comes with its weights runs.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    packages: ClassVar[tuple[str, ...]] = ("transformers", "torch")

    model: str = "facebook/wav2vec2-base-960h"
    """A hub name, the path of a local folder, or ``package:NAME`` for a model inside an installed package."""
    layers: int | tuple[int, ...] = -1
    """Which hidden state, or a list of them: 0 is what goes into the first transformer layer, -1 the last."""
    combine: Literal["concatenate", "mean"] = "concatenate"
    """What becomes of several: side by side, or their mean."""
    layer_weights: tuple[float, ...] | None = None
    """For ``mean``: the weight of each, not negative; None: equal ones."""
    chunk_seconds: float | None = None
    """Sound that goes through the model at once; what is longer is cut. None: 20 s, for Whisper 30."""
    context_seconds: float = 2.0
    """What a chunk sees on either side beyond the part that is taken from it."""
    precision: Precision = "float32"
    """What the network multiplies in: ``float32``, ``bfloat16``, or, on a GPU only, ``float16``."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.model:
            raise ParameterError("model is empty; expected a hub name, a folder or package:NAME")
        if self.layers == ():
            raise ParameterError("layers is empty; expected the number of a hidden state, or several")
        self._check_weights()
        if self.chunk_seconds is not None and not 0 < self.chunk_seconds <= _LONGEST_CHUNK_SECONDS:
            raise ParameterError(
                f"chunk_seconds must be above 0 and at most {_LONGEST_CHUNK_SECONDS:.0f}, found {self.chunk_seconds}"
            )
        if not 0 <= self.context_seconds <= _LONGEST_CHUNK_SECONDS:
            raise ParameterError(
                f"context_seconds must be from 0 to {_LONGEST_CHUNK_SECONDS:.0f}, found {self.context_seconds}"
            )

    def weights(self) -> dict[str, Path]:
        """Return the files of the model and of its feature extractor."""
        return model_and_feature_files(model_folder(self.model))

    def with_dry_weights(self, folder: Path) -> Self:
        """Return it with a random model that has just as many layers as are read, or as columns name."""
        if is_packaged(self.model):
            return self
        depth, given = speech_model_depth(self.model), self._given()
        named = len(given) > 1 and self.combine == "concatenate"
        layers = counted(given, depth) if named else ranked(given, depth)
        model = dry_speech_model(self.model, max(1, *layers), folder)
        return replace(self, model=str(model), layers=layers[0] if isinstance(self.layers, int) else layers)

    def columns(self) -> tuple[str, ...]:
        """Return the names of a state's numbers: ``hidden0``, or ``layer3_hidden0`` where layers stand side by side."""
        width = self.describe().width
        layers = self._chosen()
        if len(layers) == 1 or self.combine == "mean":
            return tuple(f"hidden{number}" for number in range(width))
        return tuple(f"layer{layer}_hidden{number}" for layer in layers for number in range(width))

    def describe(self) -> SpeechDescription:
        """Return what is known of the model before its weights are read.

        Raises
        ------
        ParameterError
            If a parameter does not go with the model.
        WeightsError
            If it is no speech model.
        """
        described = describe(model_folder(self.model))
        depth = described.depth
        counted(self._given(), depth)
        grid, longest, chunk = described.grid, described.longest_seconds, self._chunk_seconds(described)
        if grid.rate != self.sample_rate:
            raise ParameterError(f"'{self.model}' needs a sample_rate of {grid.rate}, found {self.sample_rate}")
        if chunk > longest:
            raise ParameterError(f"chunk_seconds must be at most {longest:g} for this model, found {chunk}")
        if chunk - 2 * self.context_seconds < (grid.field + 2 * grid.hop) / grid.rate:
            raise ParameterError(
                f"context_seconds on both sides must leave something of a chunk of {chunk:g} s, "
                f"found {self.context_seconds}"
            )
        return described

    def encoder(self, execution: Execution) -> SpeechEncoder:
        """Return the model where it runs."""
        described = self.describe()
        setting = SpeechSetting(
            layers=self._chosen(),
            weights=self._shares(),
            chunk_seconds=self._chunk_seconds(described),
            context_seconds=self.context_seconds,
            precision=self.precision,
        )
        return load_encoder(described, setting, execution.device)

    def _check_weights(self) -> None:
        weights = self.layer_weights
        if weights is None:
            return
        if self.combine != "mean":
            raise ParameterError(f"layer_weights need combine: mean, found {self.combine}")
        if len(weights) != (count := len(self._given())):
            raise ParameterError(f"layer_weights must be as many as layers ({count}), found {len(weights)}")
        if not all(weight >= 0 for weight in weights) or not 0 < sum(weights) < math.inf:
            raise ParameterError(f"layer_weights must not be negative, and not all be 0, found {weights}")

    def _chosen(self) -> tuple[int, ...]:
        """Return the layers counted from 0."""
        layers = counted(self._given(), self.describe().depth)
        if len(set(layers)) < len(layers):
            raise ParameterError(f"layers names a hidden state twice, found {self.layers}, which is {layers}")
        return layers

    def _given(self) -> tuple[int, ...]:
        return (self.layers,) if isinstance(self.layers, int) else self.layers

    def _shares(self) -> tuple[float, ...] | None:
        if self.combine == "concatenate":
            return None
        weights = self.layer_weights or (1.0,) * len(self._given())
        return tuple(weight / sum(weights) for weight in weights)

    def _chunk_seconds(self, described: SpeechDescription) -> float:
        if self.chunk_seconds is not None:
            return self.chunk_seconds
        return described.longest_seconds if described.is_whisper else _CHUNK_SECONDS
