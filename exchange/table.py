"""Tables: one output with a row for each of its rows, or the segments with their labels, as CSV or Parquet."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import require_packages
from ..store import FeatureStore
from .base import Exporter, new_file
from .selection import in_split_or_all, output_schema, row_counts

_PIECE_BYTES = 16 * 2**20
"""Values that are written at a time, about."""


@dataclass(frozen=True, kw_only=True)
class _Table(Exporter):
    """What both kinds of files have in common."""

    output: str = ""
    """The output to write, a line for each of its rows; the segments and their labels where it is not given."""
    split: str = ""
    """The split to write, ``a+b``: several; all segments where it is not given."""

    def write(self, store: FeatureStore, path: Path) -> list[str]:
        """Write the table; see `Exporter`. Some of its lines are in memory at a time."""
        segments = in_split_or_all(store, self.split)
        if self.output:
            output_schema(store, self.output)
            pieces = _pieces(store, self.output, segments)
        else:
            pieces = iter([store.segments.iloc[segments]])
        with new_file(path) as temporary:
            self._write_pieces(pieces, temporary)
        return []

    @abstractmethod
    def _write_pieces(self, pieces: Iterator[pd.DataFrame], path: Path) -> None:
        """Write the pieces of the table, of which there is at least one."""


@dataclass(frozen=True, kw_only=True)
class Csv(_Table):
    """A table as text, with a line of names and commas; numbers are read back as they were."""

    name: ClassVar[str] = "csv"

    def _write_pieces(self, pieces: Iterator[pd.DataFrame], path: Path) -> None:
        with open(path, "w", encoding="utf-8", newline="") as file:
            for number, piece in enumerate(pieces):
                piece.to_csv(file, header=number == 0, index=False, lineterminator="\n")


@dataclass(frozen=True, kw_only=True)
class Parquet(_Table):
    """A table of columns with types, compressed."""

    name: ClassVar[str] = "parquet"

    def _write_pieces(self, pieces: Iterator[pd.DataFrame], path: Path) -> None:
        require_packages("the format parquet", ["pyarrow"], "parquet")
        import pyarrow as pa
        import pyarrow.parquet as pq

        first = pa.Table.from_pandas(next(pieces), preserve_index=False)
        with pq.ParquetWriter(path, first.schema) as writer:
            writer.write_table(first)
            for piece in pieces:
                writer.write_table(pa.Table.from_pandas(piece, schema=first.schema, preserve_index=False))


def _pieces(store: FeatureStore, output: str, segments: NDArray[np.intp]) -> Iterator[pd.DataFrame]:
    """Yield the rows of an output, those of some segments at a time."""
    schema = store.outputs[output]
    row_bytes = int(np.prod(schema.shape)) * np.dtype(schema.dtype).itemsize
    groups = np.cumsum(row_counts(store, output)[segments] * row_bytes) // _PIECE_BYTES
    for group in np.split(segments, np.flatnonzero(np.diff(groups)) + 1):
        yield _lines(store, output, group)


def _lines(store: FeatureStore, output: str, segments: NDArray[np.intp]) -> pd.DataFrame:
    """Return the rows of an output in some segments."""
    schema = store.outputs[output]
    rows = [store.rows(output, int(segment)) for segment in segments]
    values = np.concatenate([np.zeros((0, *schema.shape), schema.dtype), *(row.values for row in rows)])
    times = np.concatenate([np.zeros((0, 2)), *(row.times for row in rows)])
    whole = store.segments[["id", "recording", "split"]].iloc[np.repeat(segments, [len(row) for row in rows])]
    table = whole.rename(columns={"id": "segment"}).reset_index(drop=True)
    table["start"], table["end"] = times.T
    table["mask"] = np.concatenate([np.zeros(0, bool), *(row.mask for row in rows)])
    table["coverage"] = np.concatenate([np.zeros(0, np.float32), *(row.coverage for row in rows)])
    if schema.has_text:
        table["text"] = [word for segment in segments for word in store.text(output, int(segment))]
    wide = values.astype(np.float32) if values.dtype == np.float16 else values  # which tables hardly know
    columns = schema.names if len(schema.shape) == 1 and schema.names else _numbered(output, schema.shape)
    flat = pd.DataFrame(wide.reshape(len(wide), len(columns)), columns=list(columns))
    return pd.concat([table, flat], axis=1)


def _numbered(output: str, shape: tuple[int, ...]) -> tuple[str, ...]:
    """Return a name for every number of a row: ``video.0.1``."""
    return tuple(".".join([output, *map(str, index)]) for index in np.ndindex(shape))
