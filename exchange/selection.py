"""What exporters take of a store: outputs, labels and splits, checked before anything is written."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from ..errors import StoreError, did_you_mean
from ..store import FeatureStore, OutputSchema


def output_schema(store: FeatureStore, output: str) -> OutputSchema:
    """Return what an output holds; raises `StoreError` where there is none of that name."""
    store.check_output(output)
    return store.outputs[output]


def vector_length(store: FeatureStore, output: str) -> int:
    """Return the number of columns of an output.

    Raises
    ------
    StoreError
        If there is no such output, or its rows are no vectors.
    """
    shape = output_schema(store, output).shape
    if len(shape) != 1:
        raise StoreError(f"{store.path}: rows of output '{output}' have the shape {shape}; expected vectors")
    return shape[0]


def number_label(store: FeatureStore, label: str) -> NDArray[np.float64]:
    """Return a label of all segments.

    Raises
    ------
    StoreError
        If there is no such label, or it is text.
    """
    if label not in store.manifest.labels:
        raise StoreError(f"{store.path}: no label is called '{label}'; {did_you_mean(label, store.manifest.labels)}")
    if store.manifest.labels[label] != "number":
        raise StoreError(f"{store.path}: label '{label}' is text; expected numbers (in a recipe: merge)")
    return store.segments[label].to_numpy(np.float64)


def in_splits(store: FeatureStore, wanted: str) -> NDArray[np.intp]:
    """Return the segments of a split, or of several, written ``train+valid``.

    Raises
    ------
    StoreError
        If there is no such split.
    """
    splits = store.segments["split"].to_numpy(object)
    names = wanted.split("+")
    for name in names:
        if name not in splits:
            known = {str(split) or "(none)" for split in splits}
            raise StoreError(f"{store.path}: no segment is in the split '{name}'; {did_you_mean(name, known)}")
    return np.flatnonzero(np.isin(splits, names))


def in_split_or_all(store: FeatureStore, wanted: str) -> NDArray[np.intp]:
    """Return the segments of splits as `in_splits` does, or all where no split is named."""
    return in_splits(store, wanted) if wanted else np.arange(len(store))


def in_each_split(store: FeatureStore, wanted: dict[str, str]) -> tuple[dict[str, NDArray[np.intp]], list[str]]:
    """Return the segments of every split of a format.

    Parameters
    ----------
    store
        The store.
    wanted
        For every split of the format those of the store, as `in_splits` reads them.

    Returns
    -------
    segments, notes
        By the format's split; and a line where segments are in none of them.

    Raises
    ------
    StoreError
        If there is no such split, or one is wanted twice.
    """
    names = [name for splits in wanted.values() for name in splits.split("+")]
    if twice := [name for number, name in enumerate(names) if name in names[:number]]:
        raise StoreError(f"{store.path}: split '{twice[0]}' is wanted twice; expected every segment in one split")
    found = {}
    for name, splits in wanted.items():
        try:
            found[name] = in_splits(store, splits)
        except StoreError as error:
            raise StoreError(f"{error}; say which one is the format's '{name}' with {name}=SPLIT") from None
    left = len(store) - sum(map(len, found.values()))
    return found, [f"{left} segments are in none of the splits {', '.join(names)}"] if left else []


def row_counts(store: FeatureStore, output: str) -> NDArray[np.int64]:
    """Return the number of rows that an output has in every segment, shape (segments,)."""
    return np.concatenate([np.diff(shard.array(output, "offsets")) for shard in store.shards()])


def check_one_timeline(store: FeatureStore, outputs: Iterable[str]) -> None:
    """Check that outputs have as many rows as each other in every segment.

    Raises
    ------
    StoreError
        Names the first segment in which they have not.
    """
    first, *others = outputs
    counts = row_counts(store, first)
    for other in others:
        if (differ := counts != row_counts(store, other)).any():
            segment = int(np.argmax(differ))
            raise StoreError(
                f"{store.path}: '{first}' has {counts[segment]} rows and '{other}' has "
                f"{row_counts(store, other)[segment]} in segment '{store.segments['id'].iloc[segment]}'; "
                "expected outputs on one timeline, or aligned=no"
            )


def by_recording(store: FeatureStore, segments: NDArray[np.intp]) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Yield every recording with those of ``segments`` that are in it, by their start."""
    table = store.segments.iloc[segments]
    for recording, starts in table.groupby("recording", sort=False)["start"]:
        yield str(recording), starts.sort_values(kind="stable").index.to_numpy(np.intp)
