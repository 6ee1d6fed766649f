"""What every process of a distributed training does; a module of its own, so that spawned processes can import it."""

import json
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist

from trimodal.store.loading import BatchOrder, Segments, TorchLoader


def train(rank: int, world_size: int, store: Path, order: dict[str, object], folder: Path) -> None:
    """Go through two epochs, with a sum over all ranks after every batch as of gradients; note what was read.

    A rank that had a batch more than the others would wait for them until the time is up.
    """
    dist.init_process_group(
        "gloo",
        init_method=f"file://{folder / 'meeting'}",
        rank=rank,
        world_size=world_size,
        timeout=timedelta(seconds=60),
    )
    loader = TorchLoader(
        Segments(store),
        BatchOrder(rank=dist.get_rank(), world_size=dist.get_world_size(), **order),  # type: ignore[arg-type]
    )
    epochs: list[list[list[str]]] = []
    total = torch.zeros(1, dtype=torch.float64)
    for _ in range(2):
        epochs.append([])
        for batch in loader:
            part = batch["video"]["values"].sum(dtype=torch.float64)[None]
            dist.all_reduce(part)
            total += part
            epochs[-1].append(batch["id"])
    dist.destroy_process_group()
    (folder / f"{rank}.json").write_text(json.dumps({"epochs": epochs, "total": total.item()}))
