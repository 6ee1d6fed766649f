"""Reading a store: a table of segments, and their outputs as views of memory-mapped shards."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import StoreError
from .manifest import read_manifest
from .schema import OutputSchema
from .shard import ShardReader
from .statistics import StatisticsTable, read_statistics


@dataclass(frozen=True, kw_only=True)
class OutputRows:
    """One output of one segment; views of the shard, read-only."""

    values: NDArray[Any]
    """Shape (L, ...)."""
    times: NDArray[np.float64]
    """Shape (L, 2): seconds on the recording's clock."""
    mask: NDArray[np.bool_]
    """Shape (L,): whether anything was observed."""
    coverage: NDArray[np.float32]
    """Shape (L,): seconds observed of seconds asked."""

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One segment."""

    id: str
    labels: Mapping[str, float | str]
    outputs: Mapping[str, OutputRows]


class FeatureStore:
    """A feature store on disk.

    Opening it reads the manifest and nothing else; a shard is opened when a segment of it is read. No HDF5 handle stays
    open, so that a store can be used after a fork, pickled for a spawned process, and shared between threads.

    Parameters
    ----------
    path
        The store's folder.

    Raises
    ------
    StoreError
        If the folder is no store or its manifest is damaged; later, if a shard is.

    Examples
    --------
    >>> store = FeatureStore("moods.store")  # doctest: +SKIP
    >>> store.segments.query("split == 'train'").index  # doctest: +SKIP
    >>> store[0].outputs["audio"].values.shape  # doctest: +SKIP
    (11, 145)
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.manifest = read_manifest(self.path)
        self._ends = list(accumulate(shard.segments for shard in self.manifest.shards))
        self._shards: dict[int, ShardReader] = {}
        self._segments: pd.DataFrame | None = None
        self._statistics: dict[str, StatisticsTable] | None = None

    def __reduce__(self) -> tuple[type["FeatureStore"], tuple[Path]]:
        return FeatureStore, (self.path,)

    def __repr__(self) -> str:
        outputs = ", ".join(f"{name} {list(schema.shape)}" for name, schema in self.outputs.items())
        return f"FeatureStore({str(self.path)!r}: {len(self)} segments, {outputs})"

    def __len__(self) -> int:
        return self.manifest.segments

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    @property
    def outputs(self) -> Mapping[str, OutputSchema]:
        """What every output holds."""
        return self.manifest.outputs

    @property
    def segments(self) -> pd.DataFrame:
        """The segment table: id, recording, start, end, split, speaker, text and a column for every label."""
        if self._segments is None:
            tables = [pd.DataFrame(self.shard(number).segment_table()) for number in range(len(self.manifest.shards))]
            table = pd.concat(tables, ignore_index=True)
            self._segments = table.rename(columns={f"labels/{name}": name for name in self.manifest.labels})
        return self._segments

    @property
    def gaps(self) -> pd.DataFrame:
        """What could not be observed, and why: recording, track, start, end, reason."""
        tables = [pd.DataFrame(self.shard(number).gap_table()) for number in range(len(self.manifest.shards))]
        return pd.concat(tables, ignore_index=True)

    @property
    def statistics(self) -> Mapping[str, StatisticsTable]:
        """The statistics of the outputs' columns, by the name of the splits that they are of."""
        if self._statistics is None:
            self._statistics = read_statistics(self.path, self.manifest.statistics, self.outputs)
        return self._statistics

    @property
    def recipe(self) -> str:
        """The recipe's YAML."""
        return self.shard(0).document("recipe")

    @property
    def provenance(self) -> list[dict[str, Any]]:
        """Per shard: versions of software, hashes of weights and sources."""
        return [self.shard(number).provenance() for number in range(len(self.manifest.shards))]

    def shard(self, number: int) -> ShardReader:
        """Return a shard, opened once."""
        if number not in self._shards:
            entry = self.manifest.shards[number]
            shard = ShardReader(self.path / entry.file, self.outputs, self.manifest.labels)
            if shard.segments != entry.segments:
                raise StoreError(
                    f"{self.path / entry.file}: {shard.segments} segments; the manifest says {entry.segments}"
                )
            self._shards[number] = shard
        return self._shards[number]

    def __getitem__(self, index: int) -> Sample:
        """Return a segment by its number."""
        number = self._number(index)
        row = self.segments.iloc[number]
        labels = {name: row[name] for name in self.manifest.labels}
        return Sample(id=row["id"], labels=labels, outputs={name: self.rows(name, number) for name in self.outputs})

    def rows(self, output: str, segment: int) -> OutputRows:
        """Return one output of one segment, without reading anything else."""
        shard, rows = self._locate(output, segment)
        return OutputRows(
            values=shard.array(output, "values")[rows],
            times=shard.array(output, "times")[rows],
            mask=shard.array(output, "mask")[rows],
            coverage=shard.array(output, "coverage")[rows],
        )

    def text(self, output: str, segment: int) -> list[str]:
        """Return the word of every row of one output of one segment."""
        shard, rows = self._locate(output, segment)
        return shard.texts(output, rows)

    def names(self, output: str) -> tuple[str, ...]:
        """Return the column names of an output."""
        return self.outputs[output].names

    def _number(self, index: int) -> int:
        number = int(index) + len(self) if index < 0 else int(index)
        if not 0 <= number < len(self):
            raise IndexError(f"segment {index} of a store with {len(self)} segments")
        return number

    def _locate(self, output: str, segment: int) -> tuple[ShardReader, slice]:
        segment = self._number(segment)
        number = bisect_right(self._ends, segment)
        shard = self.shard(number)
        offsets = shard.array(output, "offsets")
        local = segment - (self._ends[number - 1] if number else 0)
        return shard, slice(int(offsets[local]), int(offsets[local + 1]))
