"""What the extractors that run a backbone of timm share: which network, with which weights, and how it runs."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

from ..base import Execution, Extractor
from ..dry_weights.picture_model import dry_state
from .timm_model import Scaling, TimmModel
from .torch_model import Embedder


@dataclass(frozen=True, kw_only=True)
class TimmExtractor(Extractor):
    """The parameters of a backbone. No pickled code of its checkpoint runs.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    packages: ClassVar[tuple[str, ...]] = ("timm", "torch", "safetensors", "cv2")

    architecture: str = "resnet101"
    """timm's name of the backbone."""
    weights_file: str = ""
    """Path of its state dict: .pth or .pt as ``torch.save(network.state_dict(), ...)`` writes it, or .safetensors."""
    head_dimensions: int | None = None
    """Numbers that a head of dropout, linear layer, batch normalisation and tanh makes; None: the pooled features."""
    size_pixels: int = 224
    """Width and height of the pictures that go in."""
    scaling: Scaling = "imagenet"
    """``imagenet``: divided by 255, then by ImageNet's mean and deviation; ``symmetric``: from -1 to 1."""
    half_precision: bool = False
    """On a GPU only: multiply in float16, which is faster and wrong by about 0.0005 of a vector's length (measured with
    random weights, in float16 on a CPU)."""

    def __post_init__(self) -> None:
        _ = self.network

    @property
    def network(self) -> TimmModel:
        """The backbone with its head."""
        return TimmModel(
            architecture=self.architecture,
            weights_file=self.weights_file,
            size_pixels=self.size_pixels,
            head_dimensions=self.head_dimensions,
        )

    def weights(self) -> dict[str, Path]:
        """Return the checkpoint."""
        return self.network.weights()

    def with_dry_weights(self, folder: Path) -> Self:
        """Return it with random weights of the same backbone and head."""
        parts = [self.architecture, self.head_dimensions]
        weights = dry_state(self.architecture, parts, self.network.untrained, folder)
        return replace(self, weights_file=str(weights))

    def embedder(self, execution: Execution) -> Embedder:
        """Return the network where it runs."""
        return self.network.embedder(self.scaling, execution.device, self.half_precision)
