"""The face extractor of the University of Ulm, as its published code defines it, with weights of our own."""

import torch
import torchvision
from torch import nn


class UlmFaceNetwork(nn.Module):
    """EfficientNet-B1 of torchvision, behind it a vector of 256 numbers, behind that two predictions.

    Its output is the vector, as its users cut the predictions off.
    """

    def __init__(self) -> None:
        super().__init__()
        self.model = torchvision.models.efficientnet_b1(weights=None)
        self.model.classifier = nn.Identity()
        self.embeddings_layer = nn.Linear(1280, 256)
        self.batchnorm = nn.BatchNorm1d(256)
        self.classifier = nn.Linear(256, 8)
        self.regression = nn.Linear(256, 2)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.batchnorm(self.embeddings_layer(self.model(pictures))))


def drawn(network: nn.Module) -> nn.Module:
    """Give a network weights and statistics that are all different."""
    generator = torch.Generator().manual_seed(3)
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            low, high = (0.5, 1.5) if name.endswith(("running_var", "weight")) and value.ndim == 1 else (-0.08, 0.08)
            value.uniform_(low, high, generator=generator)
    return network.eval()
