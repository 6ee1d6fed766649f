"""Some of the segments of a store."""

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import ParameterError, StoreError, did_you_mean

if TYPE_CHECKING:
    from .reader import FeatureStore, Sample


class Selection(Sequence["Sample"]):
    """Some of the segments of a store, read when they are asked for; `numbers` are their places in it."""

    def __init__(self, store: "FeatureStore", numbers: NDArray[np.intp]) -> None:
        self.store = store
        self.numbers = numbers

    def __repr__(self) -> str:
        return f"Selection({len(self)} of {len(self.store)} segments of {str(self.store.path)!r})"

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator["Sample"]:
        return (self.store[int(number)] for number in self.numbers)

    @overload
    def __getitem__(self, index: int) -> "Sample": ...
    @overload
    def __getitem__(self, index: slice) -> "Selection": ...
    def __getitem__(self, index: int | slice) -> "Sample | Selection":
        if isinstance(index, slice):
            return Selection(self.store, self.numbers[index])
        check_number(index)
        return self.store[int(self.numbers[index])]

    @property
    def segments(self) -> pd.DataFrame:
        """Their rows of the segment table, under their numbers in the store."""
        return self.store.segments.iloc[self.numbers]


def check_number(segment: object) -> None:
    """Check that one segment is asked for by its number; raises `TypeError`."""
    if isinstance(segment, bool) or not isinstance(segment, int | np.integer):
        raise TypeError(f"segment {segment!r}; expected a whole number, or for several of them a slice or 'select'")


def select(
    store: "FeatureStore", split: str | Collection[str] | None, query: str | None, present: Collection[str]
) -> NDArray[np.intp]:
    """Return the numbers of the segments that `FeatureStore.select` describes, rising."""
    chosen = np.ones(len(store), bool)
    if split is not None:
        chosen &= _in_splits(store, [split] if isinstance(split, str) else list(split))
    if isinstance(present, str):
        raise ParameterError(f"present: '{present}'; expected several names: ['{present}']")
    for output in present:
        store.check_output(output)
        chosen &= np.concatenate([shard.observed(output) for shard in store.shards()])
    if query is not None:
        chosen &= _answers(store, query)
    return np.flatnonzero(chosen)


def _in_splits(store: "FeatureStore", wanted: Sequence[str]) -> NDArray[np.bool_]:
    splits = np.concatenate([shard.column("split") for shard in store.shards()])
    known = set(splits)
    for name in wanted:
        if name not in known:
            raise StoreError(f"{store.path}: no split is called '{name}'; {did_you_mean(name, known)}")
    return np.isin(splits, wanted)


def _answers(store: "FeatureStore", query: str) -> NDArray[np.bool_]:
    table = store.segments
    try:
        answer = table.eval(query, engine="python", local_dict={}, global_dict={})
    except Exception as error:  # whatever pandas and the columns' types raise
        why = str(error).split("\n", 1)[0]
        raise StoreError(f"{store.path}: query '{query}': {why}; columns: {', '.join(table.columns)}") from None
    if not isinstance(answer, pd.Series) or answer.dtype != bool:
        raise StoreError(f"{store.path}: query '{query}' is not true or false of every segment")
    return answer.to_numpy()
