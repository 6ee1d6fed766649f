"""WebDataset: tar files with a JSON file and arrays for every segment."""

import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import StoreError
from ..store import FeatureStore
from .base import Exporter, check_is_no_folder, new_file
from .selection import in_split_or_all, output_schema


@dataclass(frozen=True, kw_only=True)
class WebDataset(Exporter):
    """Files ``<number>.json`` and, for every output, ``<number>.<output>.npy``, ``.mask.npy`` and ``.times.npy``.

    References
    ----------
    https://github.com/webdataset/webdataset
    """

    name: ClassVar[str] = "webdataset"

    outputs: tuple[str, ...] = ()
    """The outputs to write; all where they are not given."""
    split: str = ""
    """The split to write, ``a+b``: several; all segments where it is not given."""
    segments_per_file: int | None = None
    """After how many segments a new file ``NAME-000001.tar`` begins; None: one file ``NAME.tar``."""

    def write(self, store: FeatureStore, path: Path) -> list[str]:
        """Write the tar files; see `Exporter`. One segment is in memory at a time."""
        outputs = self.outputs or tuple(store.outputs)
        for output in outputs:
            output_schema(store, output)
        _check_names(store, outputs)
        check_is_no_folder(path)
        segments = in_split_or_all(store, self.split)
        count = max(1, len(segments))
        each = self.segments_per_file or count
        starts = range(0, count, each)
        files = [path.with_name(f"{path.stem}-{number:06d}{path.suffix}") for number in range(len(starts))]
        for name, first in zip([path] if self.segments_per_file is None else files, starts, strict=True):
            with new_file(name) as temporary, tarfile.open(temporary, "w", format=tarfile.PAX_FORMAT) as tar:
                for segment in segments[first : first + each].tolist():
                    for ending, content in _files(store, segment, outputs):
                        entry = tarfile.TarInfo(f"{segment:08d}.{ending}")
                        entry.size = len(content)
                        tar.addfile(entry, io.BytesIO(content))
        return [] if self.segments_per_file is None else [f"the files are {files[0]} to {files[-1].name}"]


def _files(store: FeatureStore, segment: int, outputs: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a segment by the end of their names."""
    yield "json", json.dumps(_described(store, segment, outputs), ensure_ascii=False, sort_keys=True).encode()
    for output in outputs:
        rows = store.rows(output, segment)
        for ending, array in (("npy", rows.values), ("mask.npy", rows.mask), ("times.npy", rows.times)):
            yield f"{output}.{ending}", _npy(array)


def _described(store: FeatureStore, segment: int, outputs: tuple[str, ...]) -> Mapping[str, Any]:
    """Return a row of the segment table, its labels on their own, and the words of outputs that have them."""
    row = store.segments.iloc[segment]
    described = {str(name): value for name, value in row.items() if name not in store.manifest.labels}
    words = {output: store.text(output, segment) for output in outputs if store.outputs[output].has_text}
    return {**described, "labels": {name: row[name] for name in store.manifest.labels}, "words": words}


def _npy(array: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)
    return file.getvalue()


def _check_names(store: FeatureStore, outputs: tuple[str, ...]) -> None:
    """Check that readers, which write names small, can tell the outputs apart."""
    small = [output.lower() for output in outputs]
    for number, output in enumerate(small):
        if output in small[:number] or output == "json" or "." in output:
            raise StoreError(
                f"{store.path}: output '{outputs[number]}' cannot be told from others in a tar file; "
                "expected names without dots that differ in more than capitals, and not json"
            )
