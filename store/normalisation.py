"""Normalising the rows of outputs by statistics of a store, or by those of the segment itself."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import StoreError, did_you_mean
from .parts import by_track
from .reader import FeatureStore, OutputRows
from .schema import OutputSchema
from .statistics import ColumnStatistics, Moments, StatisticsTable

Method = Literal["standard", "minmax", "robust", "per_segment"]
"""``standard`` takes away the mean and divides by the standard deviation; ``robust`` takes the median and the
interquartile range, ``minmax`` the minimum and the range (its values are from 0 to 1 in the splits that the statistics
are of); ``per_segment`` is ``standard`` by what was observed in the segment itself."""
METHODS: tuple[Method, ...] = ("standard", "minmax", "robust", "per_segment")


@dataclass(frozen=True, kw_only=True, eq=False)
class Scaling:
    """Takes ``shift`` from every row and divides by ``scale``, both of shape (C,)."""

    shift: NDArray[np.float64]
    scale: NDArray[np.float64]

    def __call__(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Return values of shape (..., C), or (L,) where C is 1, as float32."""
        shift, scale = (self.shift, self.scale) if values.ndim > 1 else (self.shift[0], self.scale[0])
        return ((values - shift) / scale).astype(np.float32)


class Normaliser:
    """Normalises the outputs of samples.

    What was not observed stays zero where the recipe fills gaps with zeros; where it holds or interpolates, what
    stands there is normalised like the rest. Of rows that have parts (tracks side by side, places of a group) each
    part counts on its own.

    Parameters
    ----------
    store
        The store.
    methods
        How to normalise outputs; the others stay as they are.
    table
        Name of the table of statistics; None: the only one.

    Raises
    ------
    StoreError
        If there is no such output, method or table, or nothing was observed to make statistics of.
    """

    def __init__(self, store: FeatureStore, methods: Mapping[str, Method], table: str | None = None) -> None:
        self._schemas = store.outputs
        self._scalings: dict[str, Scaling | None] = {}
        for name, method in methods.items():
            store.check_output(name)
            if method not in METHODS:
                raise StoreError(f"'{method}' normalises nothing; {did_you_mean(method, METHODS)}")
            own = method == "per_segment"
            self._scalings[name] = None if own else scaling(_statistics(store, table, name), method)

    def __call__(self, outputs: Mapping[str, OutputRows]) -> dict[str, OutputRows]:
        """Return the outputs of a segment, normalised ones as float32."""
        normalised = {
            name: replace(outputs[name], values=self.normalised(name, outputs[name].values, outputs[name].observed))
            for name in self.outputs
        }
        return {**outputs, **normalised}

    @property
    def outputs(self) -> Collection[str]:
        """The outputs that are normalised."""
        return self._scalings.keys()

    def normalised(self, output: str, values: NDArray[Any], observed: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Return the values of one of `outputs` of a segment normalised; ``observed`` is that of `OutputRows`."""
        schema = self._schemas[output]
        scaled = (self._scalings[output] or _own_scaling(schema, values, observed))(values)
        if schema.gaps == "zero":
            scaled[~observed] = 0
        return scaled


def scaling(found: ColumnStatistics, method: Method) -> Scaling:
    """Return the scaling of a method; columns that do not vary are divided by 1."""
    if method == "minmax":
        shift, scale = found.minimum, found.maximum - found.minimum
    elif method == "robust":
        shift, scale = found.median, found.upper_quartile - found.lower_quartile
    else:
        shift, scale = found.mean, found.standard_deviation
    return Scaling(shift=shift, scale=np.where(scale > 0, scale, 1.0))


def _own_scaling(schema: OutputSchema, values: NDArray[Any], observed: NDArray[np.bool_]) -> Scaling:
    shift, scale = np.zeros(schema.columns), np.ones(schema.columns)
    for columns, rows in by_track(schema, values, observed):
        if len(rows):
            moments = Moments.of(rows.astype(np.float64))
            deviation = np.sqrt(moments.squares / moments.count)
            shift[columns], scale[columns] = moments.mean, np.where(deviation > 0, deviation, 1.0)
    return Scaling(shift=shift, scale=scale)


def _statistics(store: FeatureStore, name: str | None, output: str) -> ColumnStatistics:
    found = _table(store, name).outputs.get(output)
    if found is None:
        raise StoreError(f"{store.path}: no row of '{output}' was observed to make statistics of; leave it as it is")
    tracks = [track.name for track in store.outputs[output].tracks for _ in range(track.columns)]
    for track, count in zip(tracks, found.count, strict=False):
        if not count:
            what = f"no row of '{track}' in '{output}' was observed to make statistics of"
            raise StoreError(f"{store.path}: {what}; leave '{output}' as it is")
    return found


def _table(store: FeatureStore, name: str | None) -> StatisticsTable:
    tables = store.statistics
    if not tables:
        raise StoreError(f"{store.path}: has no statistics; expected a recipe with 'statistics: {{split: ...}}'")
    if name is None and len(tables) > 1:
        raise StoreError(f"{store.path}: has statistics of several splits; choose one of: {', '.join(sorted(tables))}")
    if name is not None and name not in tables:
        raise StoreError(f"{store.path}: no statistics are called '{name}'; {did_you_mean(name, tables)}")
    return tables[name] if name is not None else next(iter(tables.values()))
