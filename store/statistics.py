"""Statistics of the columns of a store's outputs, gathered while it is written; `normalisation` applies them."""

import heapq
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import StoreError
from .manifest import FileEntry, check_is_file
from .parts import by_track, observed_values
from .schema import OutputArrays, OutputSchema, SegmentRow

FILE_NAME = "statistics.json"
_BLOCK_VALUES = 2**20
_SAMPLE_ROWS = 10_000
_SAMPLE_BYTES = 32 * 2**20
_COUNTS = ("count", "sampled")
_VECTORS = ("mean", "standard_deviation", "minimum", "maximum", "lower_quartile", "median", "upper_quartile")


@dataclass(frozen=True, kw_only=True, eq=False)
class ColumnStatistics:
    """Statistics of every column of one output (the last axis of its rows), of what was observed; shapes (C,)."""

    count: NDArray[np.int64]
    """Values of each column; where there is none, the statistics are zeros."""
    mean: NDArray[np.float64]
    standard_deviation: NDArray[np.float64]
    """Of the population: the squares are divided by their count."""
    minimum: NDArray[np.float64]
    maximum: NDArray[np.float64]
    sampled: NDArray[np.int64]
    """Values of each column of which the quartiles are; where it is ``count``, they are exact."""
    lower_quartile: NDArray[np.float64]
    median: NDArray[np.float64]
    upper_quartile: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class StatisticsTable:
    """The statistics of some splits."""

    splits: tuple[str, ...]
    outputs: Mapping[str, ColumnStatistics]
    """By output; one of which nothing was observed is not there."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Moments:
    """Count, mean, sum of squared deviations, minimum and maximum of columns."""

    count: int
    mean: NDArray[np.float64]
    squares: NDArray[np.float64]
    minimum: NDArray[np.float64]
    maximum: NDArray[np.float64]

    @classmethod
    def of(cls, rows: NDArray[np.float64]) -> "Moments":
        """Return those of rows, shape (n, C) with n at least 1."""
        # Near zero, nothing is lost of the mean; what rounding leaves of it is taken out of the squares again.
        shifted = rows - rows[0]
        mean = shifted.mean(axis=0)
        deviations = shifted - mean
        squares = np.square(deviations).sum(axis=0) - np.square(deviations.sum(axis=0)) / len(rows)
        return cls(
            count=len(rows),
            mean=rows[0] + mean,
            squares=np.maximum(squares, 0),
            minimum=rows.min(axis=0),
            maximum=rows.max(axis=0),
        )

    def merged(self, other: "Moments") -> "Moments":
        """Return those of both, by the pairwise update of Chan, Golub and LeVeque (1983), equations 2.1."""
        count = self.count + other.count
        difference = other.mean - self.mean
        return Moments(
            count=count,
            mean=self.mean + difference * (other.count / count),
            squares=self.squares + other.squares + np.square(difference) * (self.count * other.count / count),
            minimum=np.minimum(self.minimum, other.minimum),
            maximum=np.maximum(self.maximum, other.maximum),
        )


class RowSample:
    """A uniform sample of rows of bounded size: those with the lowest of the random keys that all rows are given.

    The rows of some splits among them are a uniform sample of the rows of these splits.

    Parameters
    ----------
    columns
        Numbers of a row.
    dtype
        Their type.
    """

    def __init__(self, columns: int, dtype: str) -> None:
        self._size = max(1, min(_SAMPLE_ROWS, _SAMPLE_BYTES // max(1, columns * np.dtype(dtype).itemsize)))
        self._generator = np.random.default_rng(0)
        self._kept: list[tuple[float, int]] = []
        """A heap of the keys, negative so that the highest comes first, and the places of their rows."""
        self._splits = np.zeros(self._size, np.intp)
        self._rows = np.zeros((self._size, columns), dtype)

    def add(self, rows: NDArray[Any], split: int) -> None:
        """Offer rows of a split, shape (n, C)."""
        keys = self._generator.random(len(rows))
        low = np.flatnonzero(keys < -self._kept[0][0]) if len(self._kept) == self._size else np.arange(len(rows))
        if len(low) > self._size:
            low = low[np.argsort(keys[low], kind="stable")[: self._size]]
        for row in low:
            key, place = float(keys[row]), len(self._kept)
            if place < self._size:
                heapq.heappush(self._kept, (-key, place))
            elif key < -self._kept[0][0]:
                place = self._kept[0][1]
                heapq.heapreplace(self._kept, (-key, place))
            else:
                continue
            self._rows[place], self._splits[place] = rows[row], split

    def of(self, splits: Sequence[int]) -> NDArray[Any]:
        """Return the sampled rows of some splits."""
        taken = len(self._kept)
        return self._rows[:taken][np.isin(self._splits[:taken], splits)]


class StatisticsCollector:
    """Gathers statistics of some splits in one pass, in memory that does not grow with the rows.

    Parameters
    ----------
    tables
        Names of tables, and the splits that each is of.
    outputs
        What every output holds.
    """

    def __init__(self, tables: Mapping[str, Sequence[str]], outputs: Mapping[str, OutputSchema]) -> None:
        self._tables = tables
        splits = sorted({split for splits in tables.values() for split in splits})
        self._numbers = {split: number for number, split in enumerate(splits)}
        self._outputs = outputs if tables else {}
        self._moments: dict[tuple[str, int, int], Moments] = {}
        """By output, number of the track and number of the split."""
        self._samples = {name: _samples(schema) for name, schema in self._outputs.items()}
        """One of every track."""

    def add(self, segments: Sequence[SegmentRow], outputs: Mapping[str, OutputArrays]) -> None:
        """Add what was observed of segments."""
        splits = [self._numbers.get(segment.split, -1) for segment in segments]
        for name, schema in self._outputs.items():
            arrays = outputs[name]
            observed = observed_values(schema, arrays.mask if arrays.observed is None else arrays.observed)
            split_of_row = np.repeat(splits, np.diff(arrays.offsets))
            for number in sorted({*splits} - {-1}):
                own = split_of_row == number
                for track, (_, rows) in enumerate(by_track(schema, arrays.values[own], observed[own])):
                    if rows.size:
                        self._add(name, track, number, rows)

    def tables(self) -> dict[str, StatisticsTable]:
        """Return every table by its name."""
        return {name: self._table(splits) for name, splits in self._tables.items()}

    def _add(self, output: str, track: int, split: int, rows: NDArray[Any]) -> None:
        step = max(1, _BLOCK_VALUES // rows.shape[1])
        for start in range(0, len(rows), step):
            block = rows[start : start + step]
            moments, before = Moments.of(block.astype(np.float64)), self._moments.get((output, track, split))
            self._moments[output, track, split] = moments if before is None else before.merged(moments)
            self._samples[output][track].add(block, split)

    def _table(self, splits: Sequence[str]) -> StatisticsTable:
        numbers = sorted(self._numbers[split] for split in set(splits))
        found = {
            name: [self._statistics(name, track, numbers) for track in range(len(samples))]
            for name, samples in self._samples.items()
        }
        outputs = {name: _side_by_side(tracks) for name, tracks in found.items()}
        return StatisticsTable(
            splits=tuple(splits), outputs={name: one for name, one in outputs.items() if one.count.any()}
        )

    def _statistics(self, output: str, track: int, splits: Sequence[int]) -> ColumnStatistics:
        sample = self._samples[output][track].of(splits).astype(np.float64)
        columns = sample.shape[1]
        moments: Moments | None = None
        for split in splits:
            if (other := self._moments.get((output, track, split))) is not None:
                moments = other if moments is None else moments.merged(other)
        if moments is None:
            moments = replace(Moments.of(np.zeros((1, columns))), count=0)
        # A split that hardly any row of the sample is of has no quartiles of its own: its mean stands for them.
        quartiles = np.quantile(sample, (0.25, 0.5, 0.75), axis=0) if len(sample) else np.tile(moments.mean, (3, 1))
        return ColumnStatistics(
            count=np.full(columns, moments.count),
            mean=moments.mean,
            standard_deviation=np.sqrt(moments.squares / max(moments.count, 1)),
            minimum=moments.minimum,
            maximum=moments.maximum,
            sampled=np.full(columns, len(sample)),
            lower_quartile=quartiles[0],
            median=quartiles[1],
            upper_quartile=quartiles[2],
        )


def _samples(schema: OutputSchema) -> list[RowSample]:
    widths = [track.columns for track in schema.tracks] or [schema.columns]
    return [RowSample(width, schema.dtype) for width in widths]


def _side_by_side(tracks: Sequence[ColumnStatistics]) -> ColumnStatistics:
    names = [one.name for one in fields(ColumnStatistics)]
    return ColumnStatistics(**{name: np.concatenate([getattr(track, name) for track in tracks]) for name in names})


def write_statistics(path: Path, tables: Mapping[str, StatisticsTable]) -> None:
    """Write tables as JSON; the same ones give the same bytes, and numbers come back as they were."""
    data = {name: {"splits": table.splits, "outputs": _as_json(table.outputs)} for name, table in tables.items()}
    path.write_text(json.dumps(data, sort_keys=True, allow_nan=False) + "\n", encoding="utf-8")


def _as_json(outputs: Mapping[str, ColumnStatistics]) -> dict[str, Any]:
    return {
        name: {column: getattr(found, column).tolist() for column in (*_COUNTS, *_VECTORS)}
        for name, found in outputs.items()
    }


def read_statistics(
    folder: Path, entry: FileEntry | None, outputs: Mapping[str, OutputSchema]
) -> dict[str, StatisticsTable]:
    """Read the statistics of a store; without an entry in the manifest there are none.

    Raises
    ------
    StoreError
        If the file is missing or damaged.
    """
    if entry is None:
        return {}
    path = folder / entry.file
    try:
        check_is_file(path)
        if (size := path.stat().st_size) != entry.bytes:
            raise StoreError(f"{path}: {size} bytes; the manifest says {entry.bytes}")
        data = json.loads(path.read_text(encoding="utf-8"))
        return {name: _read_table(table, outputs) for name, table in data.items()}
    except FileNotFoundError:
        raise StoreError(f"{path}: missing; the manifest lists it") from None
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise StoreError(f"{path}: damaged ({type(error).__name__}: {error})") from None


def _read_table(data: Mapping[str, Any], outputs: Mapping[str, OutputSchema]) -> StatisticsTable:
    return StatisticsTable(
        splits=tuple(str(split) for split in data["splits"]),
        outputs={name: _read_columns(columns, outputs[name]) for name, columns in data["outputs"].items()},
    )


def _read_columns(data: Mapping[str, Any], schema: OutputSchema) -> ColumnStatistics:
    vectors = {vector: np.asarray(data[vector], np.float64) for vector in _VECTORS}
    columns = schema.columns
    for vector, values in vectors.items():
        if values.shape != (columns,) or not np.isfinite(values).all():
            raise ValueError(f"'{vector}' is not {columns} finite numbers")
    # One number for all columns, as it was before tracks side by side were counted each on its own.
    count, sampled = (np.broadcast_to(_whole_numbers(name, data[name]), columns) for name in _COUNTS)
    if not count.any() or (sampled > count).any():
        raise ValueError("nothing is counted, or more is sampled than that")
    if (vectors["standard_deviation"] < 0).any() or (vectors["minimum"] > vectors["maximum"]).any():
        raise ValueError("a standard deviation is negative, or a minimum above its maximum")
    return ColumnStatistics(count=count, sampled=sampled, **vectors)


def _whole_numbers(name: str, value: Any) -> NDArray[np.int64]:
    numbers = np.asarray(value)
    if numbers.dtype.kind != "i" or (numbers < 0).any():
        raise ValueError(f"'{name}' is {value!r}; expected whole numbers from 0")
    return numbers
