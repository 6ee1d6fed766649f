"""Safetensors: all arrays of a store in one file that is mapped, with the segment table in its header."""

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from ..errors import StoreError
from ..store import FeatureStore
from .base import Exporter, new_file
from .selection import output_schema
from .stream import ArrayStream, all_words, stream_of, whole_output

_TYPES = {
    "bool": "BOOL",
    **{f"float{bits}": f"F{bits}" for bits in (16, 32, 64)},
    **{f"int{bits}": f"I{bits}" for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": f"U{bits}" for bits in (8, 16, 32, 64)},
}
_MAX_HEADER_BYTES = 100_000_000
"""What readers accept."""


@dataclass(frozen=True, kw_only=True)
class SafeTensors(Exporter):
    """``<output>.values``, ``.times``, ``.mask``, ``.coverage`` and ``.offsets``, and ``labels.<name>`` for numbers.

    The metadata hold ``recipe`` and, in JSON, ``segments`` (the table) and by output ``names`` (of columns) and
    ``words`` (of rows). The package has no writer that does without all arrays in memory; the format is a header in
    JSON and the bytes.

    References
    ----------
    https://github.com/huggingface/safetensors#format
    """

    name: ClassVar[str] = "safetensors"

    outputs: tuple[str, ...] = ()
    """The outputs to write; all where they are not given."""

    def write(self, store: FeatureStore, path: Path) -> list[str]:
        """Write the file; see `Exporter`. One shard is in memory at a time at most."""
        outputs = self.outputs or tuple(store.outputs)
        for output in outputs:
            output_schema(store, output)
        arrays = {
            f"{output}.{name}": array for output in outputs for name, array in whole_output(store, output).items()
        }
        numbers = [name for name, kind in store.manifest.labels.items() if kind == "number"]
        arrays |= {f"labels.{name}": stream_of(store.segments[name].to_numpy(np.float64)) for name in numbers}
        metadata = {
            "format": "np",
            "segments": json.dumps(store.segments.to_dict("split", index=False)),
            "names": json.dumps({output: store.names(output) for output in outputs}),
            "words": json.dumps({name: all_words(store, name) for name in outputs if store.outputs[name].has_text}),
            "recipe": store.recipe,
        }
        # Wide types first, so that every array is aligned.
        arrays = dict(sorted(arrays.items(), key=lambda item: -item[1].dtype.itemsize))
        header = _header(arrays, metadata)
        if len(header) > _MAX_HEADER_BYTES:
            raise StoreError(f"{store.path}: the segment table takes {len(header)} bytes; expected 100 MB at most")
        with new_file(path) as temporary, open(temporary, "wb") as file:
            file.write(struct.pack("<Q", len(header)) + header)
            for array in arrays.values():
                array.write(file)
        return []


def _header(arrays: dict[str, ArrayStream], metadata: dict[str, str]) -> bytes:
    """Return the header in JSON, which says where the arrays lie behind it; blanks make its length a multiple of 8."""
    entries: dict[str, object] = {"__metadata__": metadata}
    end = 0
    for name, array in arrays.items():
        start, end = end, end + array.nbytes
        entries[name] = {"dtype": _TYPES[array.dtype.name], "shape": list(array.shape), "data_offsets": [start, end]}
    text = json.dumps(entries, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % 8)
