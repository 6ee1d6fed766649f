"""One track in one HDF5 file: written piece by piece, read whole.

Layout (version 1): attributes ``format``, ``version``, ``made_by`` (JSON: extractor, parameters, software); datasets
``times`` (T, 2) float64 and ``fields/<name>`` with attributes ``columns`` and ``unit``; ``gaps/start_seconds``,
``gaps/end_seconds``, ``gaps/reason``.
"""

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ..errors import DamagedTrackError, TrackError, what_the_system_said
from ..track import TEXT, Gap, Schema, Track, concatenate, empty_track, numpy_dtype

FORMAT = "trimodal-track"
VERSION = 1
_BUFFER_BYTES = 16 * 2**20
_CHUNK_BYTES = 256 * 2**10


class TrackWriter:
    """Writes a track to a temporary name; ``commit`` gives it its own, leaving the context without it removes it.

    Parameters
    ----------
    path
        The file to make; an existing one is replaced on commit.
    schema
        Schema of the track.
    made_by
        JSON text on how the track is made.
    """

    def __init__(self, path: Path, schema: Schema, made_by: str) -> None:
        self._path = path
        self._schema = schema
        self._temporary = path.with_name(f".{path.name[:80]}.{uuid.uuid4().hex[:12]}.tmp")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = h5py.File(self._temporary, "w-", libver=("v110", "v110"))
        self._file.attrs.update({"format": FORMAT, "version": VERSION, "made_by": made_by})
        self._pieces: list[Track] = []
        self._buffered = 0
        self._gaps: list[Gap] = []

    def append(self, piece: Track) -> None:
        """Add rows, and gaps, after those that are there."""
        self._pieces.append(piece)
        self._gaps += piece.gaps
        self._buffered += piece.times.nbytes + sum(array.nbytes for array in piece.fields.values())
        if self._buffered > _BUFFER_BYTES:
            with self._disk():
                self._flush()

    def commit(self) -> None:
        """Finish the file and give it its name; raises OSError where there is no room for it."""
        with self._disk():
            self._flush()
            for name, values in _gap_columns(self._gaps).items():
                self._file.create_dataset(f"gaps/{name}", data=values)
            self._file.close()
            # Else a power cut could leave the name without the content: file systems write names first.
            with open(self._temporary, "rb") as written:
                os.fsync(written.fileno())
        self._temporary.replace(self._path)

    def discard(self) -> None:
        """Remove what is not committed."""
        with suppress(OSError, RuntimeError):  # a file that could not be written cannot be closed either
            self._file.close()
        self._temporary.unlink(missing_ok=True)

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """Tell what the disk refuses from other errors: h5py has two kinds for it, and long texts."""
        try:
            yield
        except (OSError, RuntimeError) as error:
            raise OSError(f"{self._path.parent}: a track cannot be written ({what_the_system_said(error)})") from error

    def __enter__(self) -> "TrackWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def _flush(self) -> None:
        """Write what is buffered. A track that fits into the buffer is written once, without chunks."""
        rows = concatenate(self._schema, self._pieces)
        whole = "times" not in self._file and self._buffered <= _BUFFER_BYTES
        arrays: dict[str, NDArray[Any]] = {"times": rows.times}
        arrays |= {f"fields/{name}": array for name, array in rows.fields.items()}
        for name, array in arrays.items():
            if name not in self._file:
                self._create(name, array, whole)
            else:
                dataset = self._file[name]
                dataset.resize(len(dataset) + len(array), axis=0)
                dataset[len(dataset) - len(array) :] = array
        self._pieces, self._buffered = [], 0

    def _create(self, name: str, array: NDArray[Any], whole: bool) -> None:
        dtype = h5py.string_dtype() if array.dtype == numpy_dtype(TEXT) else array.dtype
        row_bytes = max(1, array[:1].nbytes)
        chunks = None if whole else (max(1, _CHUNK_BYTES // row_bytes), *array.shape[1:])
        limit = None if whole else (None, *array.shape[1:])
        dataset = self._file.create_dataset(name, data=array, dtype=dtype, chunks=chunks, maxshape=limit)
        if name != "times":
            field = self._schema[name.removeprefix("fields/")]
            dataset.attrs.update({"columns": np.array(field.columns, h5py.string_dtype()), "unit": field.unit})


@contextmanager
def removed_if_damaged(path: Path) -> Iterator[None]:
    """Remove the file of a track that turns out to be damaged, so that the next run makes it again."""
    try:
        yield
    except DamagedTrackError:
        path.unlink(missing_ok=True)
        raise


def read_track(path: Path, schema: Schema) -> Track:
    """Read a track that was written with ``schema``.

    Raises
    ------
    DamagedTrackError
        If the file is not a track of that schema; names the file and the HDF5 path.
    """
    try:
        with h5py.File(path, "r") as file:
            _check_format(path, file.attrs)
            times = _dataset(path, file, "times")[...]
            fields = {name: _dataset(path, file, f"fields/{name}") for name in schema}
            arrays = {
                name: dataset.asstr()[...].astype(numpy_dtype(TEXT)) if schema[name].dtype == TEXT else dataset[...]
                for name, dataset in fields.items()
            }
            columns = {
                name: _dataset(path, file, f"gaps/{name}") for name in ("start_seconds", "end_seconds", "reason")
            }
            gaps = [
                Gap(start_seconds=float(start), end_seconds=float(end), reason=str(reason))
                for start, end, reason in zip(
                    columns["start_seconds"][...],
                    columns["end_seconds"][...],
                    columns["reason"].asstr()[...],
                    strict=True,
                )
            ]
        if not len(times):
            return empty_track(schema, gaps)
        return Track(schema=schema, times=times, fields=arrays, gaps=tuple(gaps))
    except (OSError, TrackError, TypeError, ValueError) as error:
        raise DamagedTrackError(f"{path}: not a readable track ({error}); the next run makes it again") from None


def read_made_by(path: Path) -> str:
    """Return the JSON text on how a track was made.

    Raises
    ------
    DamagedTrackError
        If the file is not a track.
    """
    try:
        with h5py.File(path, "r") as file:
            _check_format(path, file.attrs)
            return str(file.attrs["made_by"])
    except (OSError, KeyError) as error:
        raise DamagedTrackError(f"{path}: not a readable track ({error}); the next run makes it again") from None


def _check_format(path: Path, attributes: Mapping[str, Any]) -> None:
    found = (attributes.get("format"), attributes.get("version"))
    if found != (FORMAT, VERSION):
        raise TrackError(f"{path}: format {found[0]} version {found[1]}; expected {FORMAT} version {VERSION}")


def _dataset(path: Path, file: h5py.File, name: str) -> h5py.Dataset:
    dataset = file.get(name)
    if not isinstance(dataset, h5py.Dataset):
        raise TrackError(f"{path}: has no dataset '{name}'")
    return dataset


def _gap_columns(gaps: list[Gap]) -> dict[str, NDArray[Any]]:
    return {
        "start_seconds": np.array([gap.start_seconds for gap in gaps], np.float64),
        "end_seconds": np.array([gap.end_seconds for gap in gaps], np.float64),
        "reason": np.array([gap.reason for gap in gaps], h5py.string_dtype()),
    }
