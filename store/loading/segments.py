"""The segments that a trainer reads: which, of them which outputs, normalised and augmented."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError, StoreError, did_you_mean
from ..normalisation import Method, Normaliser
from ..reader import FeatureStore, GatheredRows, OutputRows, Sample
from ..selection import Selection
from .augmentation import Augmentation, Occasion
from .counts import check_count

BATCH_KEYS = ("id", "labels")
"""What a batch holds beside outputs."""


@dataclass(frozen=True, kw_only=True)
class GatheredSegments:
    """What a batch is made of, by columns: samples cost more to make than their rows to copy."""

    ids: list[str]
    labels: Mapping[str, list[float | str]]
    outputs: Mapping[str, GatheredRows]

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> "GatheredSegments":
        """Return what samples hold."""
        first = samples[0]
        return cls(
            ids=[sample.id for sample in samples],
            labels={name: [sample.labels[name] for sample in samples] for name in first.labels},
            outputs={
                name: GatheredRows(
                    values=[sample.outputs[name].values for sample in samples],
                    mask=[sample.outputs[name].mask for sample in samples],
                )
                for name in first.outputs
            },
        )


class Segments:
    """The segments of a store, or of some of its splits, as a sequence of samples; safe in threads and processes.

    Parameters
    ----------
    store
        The store, its folder, or what `FeatureStore.select` chose of it.
    split
        Keep the segments of this split, or of these; None: all.
    outputs
        Read only these outputs; None: all.
    normalise
        For outputs by name ``standard``, ``minmax``, ``robust`` or ``per_segment``, see `normalisation`; the others
        stay as they are. Normalised values are float32; rows that were not observed stay zero, as padding is.
    statistics
        Of which splits the statistics are to be: ``train``, ``without fold0``; None: those that the store has, where
        there is no choice.
    augment
        What changes a sample after it was normalised, one after the other.
    seed
        What the augmentations' random draws depend on, beside epoch and segment.

    Attributes
    ----------
    store : FeatureStore
    indices : ndarray of int, shape (len(self),)
        The segments' numbers in the store.
    outputs : tuple of str
        The outputs that are read.
    epoch : int
        What augmentations draw by, where a segment is asked for by its place alone; set it before every epoch.

    Raises
    ------
    StoreError
        If there is no such split, output or table of statistics.
    ParameterError
        If the seed is no whole number from 0, or ``outputs`` is one text.
    """

    def __init__(
        self,
        store: FeatureStore | Selection | Path | str,
        split: str | Sequence[str] | None = None,
        *,
        outputs: Sequence[str] | None = None,
        normalise: Mapping[str, Method] | None = None,
        statistics: str | None = None,
        augment: Sequence[Augmentation] = (),
        seed: int = 0,
    ) -> None:
        check_count("seed", seed, 0)
        chosen = store if isinstance(store, Selection) else _opened(store).select()
        self.store = chosen.store
        self.indices = chosen.numbers
        if split is not None:
            self.indices = np.intersect1d(self.indices, self.store.select(split=split).numbers)
        self.outputs = _output_names(self.store, outputs, normalise or {})
        for shard in self.store.shards():
            shard.load({"segments": ["id"], "labels": self.store.manifest.labels})
        self._ids = _column(shard.column("id") for shard in self.store.shards())
        self._labels = {
            name: _column(shard.label(name) for shard in self.store.shards()) for name in self.store.manifest.labels
        }
        self._normaliser = Normaliser(self.store, normalise or {}, statistics)
        self._augment = tuple(augment)
        self._seed = seed
        self._epoch = self._new_epoch()

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def epoch(self) -> int:
        """The epoch of segments that are asked for by their place alone: what augmentations draw by."""
        return int(self._epoch[0])

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        check_count("epoch", epoch, 0)
        self._epoch[0] = epoch

    def __getitem__(self, index: int | tuple[int, int]) -> Sample:
        """Return a segment by its place among these, or by an epoch and its place (as batch samplers name it)."""
        epoch, place = index if isinstance(index, tuple) else (self.epoch, index)
        number = int(self.indices[place])
        outputs: Mapping[str, OutputRows] = self._normaliser(
            {name: self.store.rows(name, number) for name in self.outputs}
        )
        for chain, augment in enumerate(self._augment):
            outputs = augment(outputs, Occasion(seed=self._seed, epoch=epoch, segment=number, place=chain))
        labels = {name: column[number] for name, column in self._labels.items()}
        return Sample(id=self._ids[number], labels=labels, outputs=outputs)

    def gather(self, epoch: int, places: Sequence[int]) -> GatheredSegments:
        """Return some segments by their places, as `__getitem__` would one by one."""
        if self._augment:
            return GatheredSegments.of([self[epoch, place] for place in places])
        numbers = self.indices[places].tolist()
        outputs = self.store.gather(self.outputs, numbers)
        for name in self._normaliser.outputs:
            pairs = zip(outputs[name].values, (self.store.observed(name, number) for number in numbers), strict=True)
            values = [self._normaliser.normalised(name, *pair) for pair in pairs]
            outputs[name] = GatheredRows(values=values, mask=outputs[name].mask)
        return GatheredSegments(
            ids=[self._ids[number] for number in numbers],
            labels={name: [column[number] for number in numbers] for name, column in self._labels.items()},
            outputs=outputs,
        )

    def ids(self) -> list[str]:
        """Return the ids of the segments."""
        return [self._ids[number] for number in self.indices.tolist()]

    def shard_numbers(self) -> NDArray[np.int64]:
        """Return the number of the shard that each of the segments lies in, shape (len(self),)."""
        counts = [shard.segments for shard in self.store.manifest.shards]
        return np.repeat(np.arange(len(counts)), counts)[self.indices]

    def lengths(self, output: str) -> NDArray[np.int64]:
        """Return how many rows an output has in each of the segments, shape (len(self),)."""
        if output not in self.outputs:
            raise StoreError(f"{self.store.path}: no output is called '{output}'; {did_you_mean(output, self.outputs)}")
        shards = self.store.shards()
        return np.concatenate([np.diff(shard.array(output, "offsets")) for shard in shards])[self.indices]

    def _new_epoch(self) -> Any:
        """Return what holds the epoch as its only element."""
        return [0]


def _opened(store: FeatureStore | Path | str) -> FeatureStore:
    return store if isinstance(store, FeatureStore) else FeatureStore(store)


def _column(parts: Iterable[NDArray[Any]]) -> list[Any]:
    return [cell for part in parts for cell in part.tolist()]


def _output_names(
    store: FeatureStore, outputs: Sequence[str] | None, normalise: Mapping[str, Method]
) -> tuple[str, ...]:
    if isinstance(outputs, str):
        raise ParameterError(f"outputs: '{outputs}'; expected several names: ['{outputs}']")
    names = tuple(store.outputs if outputs is None else outputs)
    for name in names:
        store.check_output(name)
        if name in BATCH_KEYS:
            raise StoreError(
                f"{store.path}: output '{name}' would hide the {name} of a batch; leave it out of 'outputs'"
            )
    for name in normalise:
        if name in store.outputs and name not in names:
            raise StoreError(f"{store.path}: output '{name}' is to be normalised, but is not among {', '.join(names)}")
    return names
