"""Every split as arrays of one length, for trainers that load whole data sets."""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import StoreError
from ..store import FeatureStore
from .base import Exporter, new_file
from .npz import write_array
from .padding import Padding, padded
from .selection import in_splits, output_schema, row_counts
from .stream import ArrayStream, stream_of, text_array

_UNSPLIT = "all"


@dataclass(frozen=True, kw_only=True)
class Arrays(Exporter):
    """An ``.npz`` of ``<output>_<split>`` (segments, rows, ...), zeros behind the rows that a segment has.

    ``<output>_rows_<split>`` says how many rows those are, ``<label>_<split>`` are labels (numbers float32) and
    ``id_<split>`` the segments' ids. Where no segment is in a split, the split is called ``all``.
    """

    name: ClassVar[str] = "arrays"

    outputs: tuple[str, ...] = ()
    """The outputs to write; all where they are not given."""
    lengths: dict[str, int] = field(default_factory=dict)
    """Rows of an output's arrays by its name; of the longest segment in the store where not given."""

    def write(self, store: FeatureStore, path: Path) -> list[str]:
        """Write the archive; see `Exporter`. One block of segments is in memory at a time at most."""
        outputs = self.outputs or tuple(store.outputs)
        for output in (*outputs, *self.lengths):
            output_schema(store, output)
        if strange := [name for name in self.lengths if name not in outputs]:
            raise StoreError(f"{store.path}: output '{strange[0]}' has a length and is not among those to write")
        splits, notes = _splits(store)
        arrays: dict[str, ArrayStream] = {}
        for output in outputs:
            counts = row_counts(store, output)
            length = self.lengths.get(output) or max(1, int(counts.max(initial=1)))
            if longer := int((counts > length).sum()):
                notes.append(f"{longer} segments have more than {length} rows of '{output}', which are cut off")
            for split, segments in splits.items():
                dtype = store.outputs[output].dtype
                rows = padded(store, output, segments, Padding(length=length), dtype)
                kept = stream_of(np.minimum(counts[segments], length))
                _add(arrays, store, {f"{output}_{split}": rows, f"{output}_rows_{split}": kept})
        for name, kind in store.manifest.labels.items():
            column = store.segments[name]
            values = column.to_numpy(np.float32) if kind == "number" else text_array(column)
            _add(arrays, store, {f"{name}_{split}": stream_of(values[segments]) for split, segments in splits.items()})
        ids = text_array(store.segments["id"])
        _add(arrays, store, {f"id_{split}": stream_of(ids[segments]) for split, segments in splits.items()})
        with new_file(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
            for name, array in arrays.items():
                write_array(archive, name, array)
        return notes


def _splits(store: FeatureStore) -> tuple[Mapping[str, NDArray[np.intp]], list[str]]:
    """Return the segments of every split, and a line where there are others."""
    names = [name for name in dict.fromkeys(store.segments["split"]) if name]
    if not names:
        return {_UNSPLIT: np.arange(len(store))}, []
    splits = {name: in_splits(store, name) for name in names}
    left = len(store) - sum(map(len, splits.values()))
    return splits, [f"{left} segments are in no split"] if left else []


def _add(arrays: dict[str, ArrayStream], store: FeatureStore, more: Mapping[str, ArrayStream]) -> None:
    for name in more:
        if name in arrays:
            raise StoreError(f"{store.path}: two arrays would be called '{name}'; choose the outputs, or name others")
    arrays |= more
