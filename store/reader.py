"""Reading a store: a table of segments, and their outputs as views of memory-mapped shards."""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import StoreError, did_you_mean
from .manifest import read_manifest, without_files
from .parts import observed_values
from .schema import OutputSchema
from .selection import Selection, check_number, select
from .shard import ShardReader
from .statistics import StatisticsTable, read_statistics


@dataclass(frozen=True, kw_only=True)
class OutputRows:
    """One output of one segment, read-only: views of the shard, or copies of what is compressed."""

    values: NDArray[Any]
    """Shape (L, ...)."""
    times: NDArray[np.float64]
    """Shape (L, 2): seconds on the recording's clock."""
    mask: NDArray[np.bool_]
    """Shape (L,): whether anything was observed."""
    coverage: NDArray[np.float32]
    """Shape (L,): seconds observed of seconds asked."""
    observed: NDArray[np.bool_]
    """Which values were observed, in the shape of their first axes: the mask, or, where a row holds tracks side by
    side or is a group, what was observed of each of these on its own."""

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, kw_only=True)
class GatheredRows:
    """One output of several segments, read-only as in `OutputRows`: what a batch is made of."""

    values: list[NDArray[Any]]
    """Of every segment an array of shape (L, ...)."""
    mask: list[NDArray[np.bool_]]
    """Of every segment an array of shape (L,)."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One segment."""

    id: str
    labels: Mapping[str, float | str]
    outputs: Mapping[str, OutputRows]


class FeatureStore:
    """A feature store on disk.

    Opening it reads the manifest and nothing else; a shard is opened when a segment of it is read, if its size and its
    first bytes are those that were written. No HDF5 handle stays open, so that a store can be used after a fork,
    pickled for a spawned process, and shared between threads.

    Parameters
    ----------
    path
        The store's folder.
    dry_weights
        Open it also where it was made with ``--dry-weights``, so that its numbers mean nothing: nobody trains on such a
        store by accident.
    leave_out
        Files of the store, shards or its statistics, that are not read: those that `damaged_files` found. Segments are
        counted without them.

    Raises
    ------
    StoreError
        If the folder is no store or its manifest is damaged; later, if a shard is. If its numbers mean nothing.

    Examples
    --------
    >>> store = FeatureStore("moods.store")  # doctest: +SKIP
    >>> store.select(split="train", query="valence > 0", present=["audio"])  # doctest: +SKIP
    Selection(31 of 120 segments of 'moods.store')
    >>> store[0].outputs["audio"].values.shape  # doctest: +SKIP
    (11, 145)
    """

    def __init__(self, path: Path | str, *, dry_weights: bool = False, leave_out: Collection[str] = ()) -> None:
        self.path = Path(path)
        self._left_out = tuple(leave_out)
        self.manifest = without_files(self.path, read_manifest(self.path), self._left_out)
        if self.manifest.dry_weights and not dry_weights:
            raise StoreError(
                f"{self.path}: made with --dry-weights, its numbers mean nothing; "
                "open it with dry_weights=True (--dry-weights), or make it from real weights"
            )
        self._ends = list(accumulate(shard.segments for shard in self.manifest.shards))
        self._shards: dict[int, ShardReader] = {}
        self._segments: pd.DataFrame | None = None
        self._statistics: dict[str, StatisticsTable] | None = None

    def __reduce__(self) -> tuple[Callable[[Path], "FeatureStore"], tuple[Path]]:
        opened = partial(FeatureStore, dry_weights=self.manifest.dry_weights, leave_out=self._left_out)
        return opened, (self.path,)

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
            self._segments = _table([shard.segment_table() for shard in self.shards()])
        return self._segments

    @property
    def gaps(self) -> pd.DataFrame:
        """What could not be observed, and why: recording, track, start, end, reason."""
        return _table([shard.gap_table() for shard in self.shards()])

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
        return [shard.provenance() for shard in self.shards()]

    def shard(self, number: int) -> ShardReader:
        """Return a shard, opened once."""
        if number not in self._shards:
            self._shards[number] = ShardReader.of(self.path, self.manifest, number)
        return self._shards[number]

    def shards(self) -> Iterator[ShardReader]:
        """Yield all shards in order."""
        return (self.shard(number) for number in range(len(self.manifest.shards)))

    def select(
        self, *, split: str | Collection[str] | None = None, query: str | None = None, present: Collection[str] = ()
    ) -> Selection:
        """Return the segments of which all of this is true.

        Parameters
        ----------
        split
            They are in this split, or in one of these.
        query
            What pandas finds true of their rows of `segments`: ``"valence > 0 and speaker != 'Zoë'"``.
        present
            Something was observed of each of these outputs.

        Raises
        ------
        StoreError
            If there is no such split, output or column, or the query is none.
        """
        return Selection(self, select(self, split, query, present))

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Selection: ...
    def __getitem__(self, index: int | slice) -> Sample | Selection:
        """Return a segment by its number, or several."""
        if isinstance(index, slice):
            return Selection(self, np.arange(len(self))[index])
        shard, place = self._locate(index)
        labels = {name: shard.label(name)[place] for name in self.manifest.labels}
        outputs = {name: _rows(shard, name, schema, place) for name, schema in self.outputs.items()}
        return Sample(id=shard.column("id")[place], labels=labels, outputs=outputs)

    def rows(self, output: str, segment: int) -> OutputRows:
        """Return one output of one segment, without reading anything else."""
        shard, place = self._locate(segment)
        self.check_output(output)
        return _rows(shard, output, self.outputs[output], place)

    def values(self, output: str, segment: int) -> NDArray[Any]:
        """Return the values of one output of one segment, and read nothing else."""
        shard, place = self._locate(segment)
        views = shard.views(output)
        return views.values[views.offsets[place] : views.offsets[place + 1]]

    def gather(self, outputs: Sequence[str], segments: Sequence[int]) -> dict[str, GatheredRows]:
        """Return some outputs of some segments, without their times and coverage."""
        located = [self._locate(segment) for segment in segments]
        return {name: _gathered(name, located) for name in outputs}

    def observed(self, output: str, segment: int) -> NDArray[np.bool_]:
        """Return which values of one output of one segment were observed, see `OutputRows`."""
        shard, place = self._locate(segment)
        return observed_values(self.outputs[output], shard.views(output).observed[_slice(shard, output, place)])

    def text(self, output: str, segment: int) -> list[str]:
        """Return the word of every row of one output of one segment."""
        shard, place = self._locate(segment)
        return shard.texts(output, _slice(shard, output, place))

    def names(self, output: str) -> tuple[str, ...]:
        """Return the column names of an output."""
        self.check_output(output)
        return self.outputs[output].names

    def check_output(self, name: str) -> None:
        """Check that there is an output of a name; raises `StoreError`, which names the nearest."""
        if name not in self.outputs:
            raise StoreError(f"{self.path}: no output is called '{name}'; {did_you_mean(str(name), self.outputs)}")

    def _locate(self, segment: int) -> tuple[ShardReader, int]:
        """Return the shard that a segment is in, and its place there."""
        if type(segment) is not int:  # numbers of numpy are slow to reckon with
            check_number(segment)
            segment = int(segment)
        count = self._ends[-1] if self._ends else 0  # the manifest would add it up each time
        place = segment + count if segment < 0 else segment
        if not 0 <= place < count:
            raise IndexError(f"segment {segment} of a store with {count} segments")
        number = bisect_right(self._ends, place)
        return self.shard(number), place - (self._ends[number - 1] if number else 0)


def _table(parts: Sequence[Mapping[str, NDArray[Any]]]) -> pd.DataFrame:
    # Joined before pandas has them: it looks at every text of a column that it is given.
    return pd.DataFrame({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def _slice(shard: ShardReader, output: str, place: int) -> slice:
    offsets = shard.views(output).offsets
    return slice(offsets[place], offsets[place + 1])


def _rows(shard: ShardReader, output: str, schema: OutputSchema, place: int) -> OutputRows:
    views, rows = shard.views(output), _slice(shard, output, place)
    return OutputRows(
        values=views.values[rows],
        times=views.times[rows],
        mask=views.mask[rows],
        coverage=views.coverage[rows],
        observed=observed_values(schema, views.observed[rows]),
    )


def _gathered(output: str, located: Sequence[tuple[ShardReader, int]]) -> GatheredRows:
    values, mask = [], []
    for shard, place in located:
        views = shard.views(output)
        rows = slice(views.offsets[place], views.offsets[place + 1])
        values.append(views.values[rows])
        mask.append(views.mask[rows])
    return GatheredRows(values=values, mask=mask)
