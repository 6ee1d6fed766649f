"""Reading a store in training: a torch Dataset, and a collate function that pads and masks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import StoreError, did_you_mean, require_packages
from .normalisation import Method, Normaliser
from .reader import FeatureStore, Sample

require_packages("trimodal.store.loader", ["torch"], "torch")

import torch  # noqa: E402
from torch.utils.data import Dataset  # noqa: E402


class SegmentDataset(Dataset[Sample]):
    """The segments of a store, or of one of its splits, as a map-style dataset.

    Parameters
    ----------
    store
        The store, or its folder.
    split
        Keep the segments of this split, or of these; None: all.
    normalise
        For outputs by name ``standard``, ``minmax``, ``robust`` or ``per_segment``, see `normalisation`; the others
        stay as they are. Normalised values are float32; rows that were not observed stay zero, as padding is.
    statistics
        Of which splits the statistics are to be: ``train``, ``without fold0``; None: those that the store has, where
        there is no choice.

    Raises
    ------
    StoreError
        If there is no such split, output or table of statistics.

    Examples
    --------
    >>> train = SegmentDataset("moods.store", split="train", normalise={"audio": "standard"})  # doctest: +SKIP
    >>> DataLoader(train, batch_size=32, shuffle=True, collate_fn=collate)  # doctest: +SKIP
    """

    def __init__(
        self,
        store: FeatureStore | str,
        split: str | Sequence[str] | None = None,
        *,
        normalise: Mapping[str, Method] | None = None,
        statistics: str | None = None,
    ) -> None:
        self.store = store if isinstance(store, FeatureStore) else FeatureStore(store)
        splits = self.store.segments["split"].to_numpy()
        wanted = [split] if isinstance(split, str) else split
        for name in wanted or ():
            if name not in splits:
                raise StoreError(f"{self.store.path}: no split is called '{name}'; {did_you_mean(name, set(splits))}")
        self.indices = np.arange(len(self.store)) if wanted is None else np.flatnonzero(np.isin(splits, wanted))
        self._normaliser = Normaliser(self.store, normalise or {}, statistics)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Sample:
        sample = self.store[self.indices[index]]
        return replace(sample, outputs=self._normaliser(sample.outputs))


def collate(samples: Sequence[Sample]) -> dict[str, Any]:
    """Make a batch: every output padded at the end to its longest segment.

    Parameters
    ----------
    samples
        Segments of one store.

    Returns
    -------
    dict
        For every output by its name ``values`` (B, L, ...), ``mask`` (B, L), True where something was observed, and
        ``lengths`` (B,), the number of rows before the padding. ``id`` is a list; ``labels`` has for every label a
        float32 tensor (B,) or, for text, a list. Padding is zero, with a mask of False.
    """
    batch: dict[str, Any] = {
        name: _pad(
            [sample.outputs[name].values for sample in samples], [sample.outputs[name].mask for sample in samples]
        )
        for name in samples[0].outputs
    }
    batch["id"] = [sample.id for sample in samples]
    batch["labels"] = {name: _labels([sample.labels[name] for sample in samples]) for name in samples[0].labels}
    return batch


def _pad(values: Sequence[np.ndarray], masks: Sequence[np.ndarray]) -> Mapping[str, torch.Tensor]:
    lengths = [len(value) for value in values]
    first = values[0]
    padded = np.zeros((len(values), max(lengths), *first.shape[1:]), first.dtype)
    mask = np.zeros(padded.shape[:2], bool)
    for row, (value, observed) in enumerate(zip(values, masks, strict=True)):
        padded[row, : len(value)] = value
        mask[row, : len(value)] = observed
    return {"values": torch.from_numpy(padded), "mask": torch.from_numpy(mask), "lengths": torch.tensor(lengths)}


def _labels(values: Sequence[float | str]) -> torch.Tensor | list[str]:
    if any(isinstance(value, str) for value in values):
        return [str(value) for value in values]
    return torch.tensor(values, dtype=torch.float32)
