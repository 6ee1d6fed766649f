"""Prints the shapes of one batch of a store: run python examples/one_batch.py sample.store."""

import sys

from torch.utils.data import DataLoader

from trimodal.store.loading import SegmentDataset, collate

train = SegmentDataset(sys.argv[1], split="train")
batch = next(iter(DataLoader(train, batch_size=4, collate_fn=collate)))
print("one batch of the train split:")
for name in train.store.outputs:
    shapes = ", ".join(f"{key} {list(tensor.shape)}" for key, tensor in batch[name].items())
    print(f"  {name}: {shapes}")
print(f"  labels: {batch['labels']}")
