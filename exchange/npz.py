"""NumPy's archives of arrays."""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from ..store import FeatureStore
from .base import Exporter, new_file
from .selection import output_schema
from .stream import ArrayStream, all_words, stream_of, text_array, whole_output


@dataclass(frozen=True, kw_only=True)
class Npz(Exporter):
    """``<output>.values``, ``.times``, ``.mask``, ``.coverage``, ``.offsets``, ``.names``, ``.text``; and the segments.

    Columns of the table are ``segments.<column>``. It is read by ``numpy.load`` without pickle: texts are arrays of
    characters.
    """

    name: ClassVar[str] = "numpy"

    outputs: tuple[str, ...] = ()
    """The outputs to write; all where they are not given."""

    def write(self, store: FeatureStore, path: Path) -> list[str]:
        """Write the archive; see `Exporter`. One shard is in memory at a time at most."""
        outputs = self.outputs or tuple(store.outputs)
        for output in outputs:
            output_schema(store, output)
        arrays: dict[str, ArrayStream] = {}
        for output in outputs:
            arrays |= {f"{output}.{name}": array for name, array in whole_output(store, output).items()}
            arrays[f"{output}.names"] = stream_of(text_array(store.names(output)))
            if store.outputs[output].has_text:
                arrays[f"{output}.text"] = stream_of(text_array(all_words(store, output)))
        for name, column in store.segments.items():
            is_number = column.dtype.kind == "f"
            arrays[f"segments.{name}"] = stream_of(column.to_numpy(np.float64) if is_number else text_array(column))
        with new_file(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
            for name, array in arrays.items():
                write_array(archive, name, array)
        return []


def write_array(archive: zipfile.ZipFile, name: str, array: ArrayStream) -> None:
    """Write an array into an archive that `numpy.load` reads."""
    with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as file:
        header = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape}
        np.lib.format.write_array_header_1_0(file, header)
        array.write(file)  # type: ignore[arg-type]  # it only writes
