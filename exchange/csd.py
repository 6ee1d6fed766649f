"""Computational sequences of the CMU Multimodal SDK: an HDF5 file of features and their intervals by recording."""

import json
import uuid
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import StoreError, UsageError
from ..store import FeatureStore
from .base import Exporter, new_file
from .selection import by_recording, in_split_or_all, number_label, output_schema

Entry = tuple[NDArray[Any], NDArray[np.float64]]
"""Features (T, ...), and intervals (T, 2) in seconds."""


@dataclass(frozen=True, kw_only=True)
class Csd(Exporter):
    """``/<root>/data/<recording>/{features, intervals}`` and ``/<root>/metadata/*``, as the SDK's ``deploy`` writes it.

    One of: an output's values, its words, labels. Rows in which nothing was observed are left out: to the SDK what
    is not there is missing. Rows that several segments share stand there once.

    References
    ----------
    https://github.com/CMU-MultiComp-Lab/CMU-MultimodalSDK, ``mmdatasdk/computational_sequence/file_ops.py``
    """

    name: ClassVar[str] = "csd"

    output: str = ""
    """The output whose values become features."""
    words: str = ""
    """The output whose words do, as bytes."""
    labels: tuple[str, ...] = ()
    """The labels that do, in the interval of every segment."""
    root: str = ""
    """The sequence's name; that of the output, or ``Opinion Segment Labels``, where it is not given."""
    aligned: bool = False
    """Whether every segment is an entry ``recording[number]``, as after the SDK's ``align``, or every recording one."""
    split: str = ""
    """The split to write, ``a+b``: several; all segments where it is not given."""

    def __post_init__(self) -> None:
        given = [name for name in ("output", "words", "labels") if getattr(self, name)]
        if len(given) != 1:
            raise UsageError(f"csd: {' and '.join(given) or 'nothing'} is given; expected one of output, words, labels")

    def write(self, store: FeatureStore, path: Path) -> list[str]:
        """Write the sequence; see `Exporter`. One recording is in memory at a time."""
        import h5py

        if path.suffix != ".csd":
            raise StoreError(f"{path}: expected a name that ends in .csd, by which the SDK knows a sequence")
        columns = self._columns(store)
        root = (self.root or self.output or self.words or "Opinion Segment Labels").replace("/", "_")
        segments = in_split_or_all(store, self.split)
        _check_names(store, segments)
        empty = 0
        with new_file(path) as temporary, h5py.File(temporary, "w") as file:
            data = file.create_group(f"{root}/data")
            for recording, found in by_recording(store, segments):
                groups = np.split(found, len(found)) if self.aligned else [found]
                for number, group in enumerate(groups):
                    features, times = _joined([self._rows(store, int(segment)) for segment in group])
                    if not len(times):
                        empty += 1
                        continue
                    entry = data.create_group(_entry_name(recording) + (f"[{number}]" if self.aligned else ""))
                    entry.create_dataset("features", data=features, compression="gzip")
                    entry.create_dataset("intervals", data=times, compression="gzip")
            metadata = file.create_group(f"{root}/metadata")
            for name, value in _metadata(store, root, columns).items():
                metadata.create_dataset(name, data=[json.dumps(value)], dtype=h5py.string_dtype())
        what = "segments" if self.aligned else "recordings"
        return [f"{empty} {what} have no row that was observed, and no entry"] if empty else []

    def _columns(self, store: FeatureStore) -> list[str]:
        """Return the names of the columns of features, having checked that they are there."""
        if self.labels:
            for label in self.labels:
                number_label(store, label)
            return list(self.labels)
        schema = output_schema(store, self.output or self.words)
        if self.output:
            if not schema.shape:
                raise StoreError(f"{store.path}: rows of output '{self.output}' are single numbers; expected vectors")
            return list(schema.names)
        if not schema.has_text:
            raise StoreError(f"{store.path}: output '{self.words}' has no words; expected one on words or tokens")
        return ["word"]

    def _rows(self, store: FeatureStore, segment: int) -> Entry:
        """Return what was observed in a segment."""
        if self.labels:
            row = store.segments.iloc[segment]
            features = np.array([[row[label] for label in self.labels]], np.float64)
            return features, np.array([[row["start"], row["end"]]], np.float64)
        rows = store.rows(self.output or self.words, segment)
        if self.output:
            return np.asarray(rows.values[rows.mask]), rows.times[rows.mask]
        words = [word.encode() for word in store.text(self.words, segment)]
        return np.array(words, np.bytes_).reshape(-1, 1), np.asarray(rows.times)


def _joined(parts: list[Entry]) -> Entry:
    """Put the rows of segments in order; of rows that are the same in several segments, keep one."""
    kept = [(features, times) for features, times in parts if len(times)] or parts[:1]
    features = np.concatenate([features for features, _ in kept])
    times = np.concatenate([times for _, times in kept])
    order = np.lexsort((times[:, 1], times[:, 0]))
    features, times = features[order], times[order]
    again = np.zeros(len(times), bool)
    if len(parts) > 1:
        flat = features.reshape(len(times), -1)
        again[1:] = (times[1:] == times[:-1]).all(axis=1) & (flat[1:] == flat[:-1]).all(axis=1)
    return features[~again], times[~again]


def _entry_name(recording: str) -> str:
    return recording.replace("/", "_")  # which HDF5 would make a group of


def _check_names(store: FeatureStore, segments: NDArray[np.intp]) -> None:
    """Check that the SDK can tell the recordings apart."""
    recordings = store.segments["recording"].iloc[segments].unique()
    for name, count in Counter(map(_entry_name, recordings)).items():
        if count > 1:
            raise StoreError(f"{store.path}: {count} recordings would be called '{name}'; expected other ids")
    for recording in recordings:
        if "[" in recording:
            raise StoreError(f"{store.path}: recording '{recording}'; expected ids without [, which numbers segments")


def _metadata(store: FeatureStore, root: str, columns: list[str]) -> dict[str, Any]:
    """Return what the SDK asks for. The uuid is always the same for the same store and sequence."""
    manifest = store.manifest
    return {
        "root name": root,
        "computational sequence description": f"{root} of the recipe {manifest.recipe}",
        "dimension names": columns,
        "computational sequence version": "1.0",
        "alignment compatible": "",
        "dataset name": store.path.name,
        "dataset version": manifest.key,
        "creator": f"trimodal {manifest.trimodal}",
        "contact": "",
        "featureset bib citation": "",
        "dataset bib citation": "",
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{manifest.key} {root}")),
        "md5": None,
    }
