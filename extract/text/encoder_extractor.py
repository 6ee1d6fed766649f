"""What the extractors that run an encoder of text share: which model, and what of it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

from ...errors import ParameterError
from ...track import Field
from ..base import Execution, TrackExtractor
from ..dry_weights.layers import counted, ranked
from ..dry_weights.text_model import dry_text_model, text_model_depth
from ..torch_precision import Precision
from ..weights import is_packaged, model_files, model_folder
from .encoder import Encoder, EncoderModel, encoder_sizes, load_encoder
from .tokenizer import tokenizer_files


@dataclass(frozen=True, kw_only=True)
class EncoderExtractor(TrackExtractor):
    """The parameters of a model that transformers loads. No code that comes with its weights runs.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    packages: ClassVar[tuple[str, ...]] = ("transformers", "torch")
    needs: ClassVar[tuple[str, ...]] = ("words",)

    model: str
    """A hub name, the path of a local folder, or ``package:NAME`` for a model inside an installed package."""
    layers: int | tuple[int, ...] = -1
    """Which hidden state, or a list of those whose mean is taken: 0 is the embeddings, -1 the last layer."""
    precision: Precision = "float32"
    """What the network multiplies in: ``float32``, ``bfloat16``, or, on a GPU only, ``float16``."""
    words: str = "words"
    """The track of words."""

    def __post_init__(self) -> None:
        if not self.model:
            raise ParameterError("model is empty; expected a hub name, a folder or package:NAME")
        if self.layers == ():
            raise ParameterError("layers is empty; expected the number of a hidden state, or several")

    def weights(self) -> dict[str, Path]:
        """Return the files of the model and of its tokenizer."""
        folder = model_folder(self.model)
        return model_files(folder) | tokenizer_files(folder)

    def with_dry_weights(self, folder: Path) -> Self:
        """Return it with a random model that has just as many layers as are read."""
        if is_packaged(self.model):
            return self
        layers = ranked(self._layers(), text_model_depth(self.model))
        model = dry_text_model(self.model, max(1, *layers), folder)
        return replace(self, model=str(model), layers=layers[0] if isinstance(self.layers, int) else layers)

    def state(self) -> Field:
        """Return what a row holds: a hidden state."""
        sizes = encoder_sizes(model_folder(self.model))
        counted(self._layers(), sizes.layers)
        return Field(shape=(sizes.hidden,), columns=tuple(f"hidden{i}" for i in range(sizes.hidden)))

    def encoder(self, execution: Execution, added_tokens: tuple[str, ...] = ()) -> Encoder:
        """Return the model where it runs."""
        model = EncoderModel(
            folder=model_folder(self.model), layers=self._layers(), added_tokens=added_tokens, precision=self.precision
        )
        return load_encoder(model, execution.device)

    def _layers(self) -> tuple[int, ...]:
        return (self.layers,) if isinstance(self.layers, int) else self.layers
