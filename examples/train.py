"""Learns the sentiment of the sample corpus from words, voice and face: run python examples/train.py sample.store."""

import sys

import torch

from trimodal.store.loading import BatchOrder, ModalityDropout, Segments, TimeStepNoise, TorchLoader

OUTPUTS = ("text", "audio", "video")
LABEL = "sentiment"


class LateFusion(torch.nn.Module):
    """A recurrent layer for every output; what is missing adds nothing."""

    def __init__(self, columns: dict[str, int], size: int = 32) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleDict(
            {name: torch.nn.GRU(width, size, batch_first=True) for name, width in columns.items()}
        )
        self.head = torch.nn.Linear(size, 1)

    def forward(self, batch: dict) -> torch.Tensor:
        """Return one number for every segment, shape (B,)."""
        pooled = 0
        for name, layer in self.layers.items():
            output = batch[name]
            hidden, _ = layer(output["values"])
            mask = output["mask"][..., None]
            pooled = pooled + (hidden * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
        return self.head(pooled)[:, 0]


def main(store: str, epochs: int = 30) -> list[float]:
    """Train, and return the mean loss of every epoch."""
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    kept = [OUTPUTS, *([name for name in OUTPUTS if name != left_out] for left_out in OUTPUTS)]
    augment = [TimeStepNoise(outputs=("audio",), deviation=0.1), ModalityDropout(kept=kept)]
    train = Segments(store, "train", outputs=OUTPUTS, normalise=dict.fromkeys(OUTPUTS, "per_segment"), augment=augment)
    loader = TorchLoader(train, BatchOrder(batch_size=4, bucket_by="text"), device=device)
    model = LateFusion({name: train.store.outputs[name].shape[-1] for name in OUTPUTS}).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for epoch in range(epochs):
        total = 0.0
        for batch in loader:
            loss = torch.nn.functional.mse_loss(model(batch), batch["labels"][LABEL])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        losses.append(total / len(loader))
        print(f"epoch {epoch:3d}  loss {losses[-1]:.4f}")
    return losses


if __name__ == "__main__":
    main(sys.argv[1])
