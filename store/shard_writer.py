"""Writing shards of bounded size into a folder: what every worker does, without talking to the others."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from ..errors import StoreError, what_the_system_said
from .conversion import stored_outputs
from .hdf5 import head_sha256
from .hidden_folder import shown
from .manifest import ShardEntry
from .schema import GapRow, OutputArrays, SegmentRow, StoreDescription
from .shard_file import ShardContent, check_compression, write_shard


class ShardWriter:
    """Gathers recordings and writes a shard whenever one is full, in memory of about two shards.

    Parameters
    ----------
    folder
        Where shards are written; that of a `StoreWriter`.
    store
        What is written.
    worker
        The shards of every worker are called by its number.
    """

    def __init__(self, folder: Path, store: StoreDescription, *, worker: int) -> None:
        check_compression(store.compression)
        self._folder = folder
        self._store = store
        self._worker = worker
        self._entries: list[ShardEntry] = []
        self._reset()

    def append(
        self,
        segments: Sequence[SegmentRow],
        outputs: Mapping[str, OutputArrays],
        gaps: Sequence[GapRow],
        sources: Mapping[str, str],
        made_by: Mapping[str, Sequence[str]],
    ) -> None:
        """Add all segments of one recording.

        Parameters
        ----------
        segments
            Rows of the segment table, all of one recording.
        outputs
            Every output of these segments.
        gaps
            What its tracks could not observe.
        sources
            Hashes of the files that the recording was read from, by kind.
        made_by
            For every track JSON texts on how it was made.

        Raises
        ------
        StoreError
            If values do not fit the type that the store keeps, or a shard cannot be written.
        """
        stored = stored_outputs(segments[0].recording, outputs, self._store.outputs) if segments else {}
        for number, (first, last) in enumerate(self._parts(stored, len(segments))):
            part = {name: arrays.of_segments(first, last) for name, arrays in stored.items()}
            size = sum(arrays.nbytes for arrays in part.values())
            if self._segments and self._bytes + size > self._store.shard_bytes:
                self._write()
            self._segments += segments[first:last]
            self._gaps += gaps if number == 0 else ()
            for name, arrays in part.items():
                self._outputs[name].append(arrays)
            self._sources[segments[0].recording] = dict(sources)
            for track, texts in made_by.items():
                self._made_by.setdefault(track, set()).update(texts)
            self._bytes += size

    def close(self) -> list[ShardEntry]:
        """Write what is left, and return the shards in order."""
        if self._segments:
            self._write()
        return self._entries

    def write_empty(self) -> None:
        """Write a shard without segments: a store has at least one shard."""
        self._write()

    def _parts(self, outputs: Mapping[str, OutputArrays], segments: int) -> Iterator[tuple[int, int]]:
        """Yield ranges of segments, as few as fit into a shard each: all of them where they do."""
        ends = np.zeros(segments + 1)
        for arrays in outputs.values():
            ends += arrays.offsets * (arrays.nbytes / max(1, len(arrays.mask)))
        first = 0
        while first < segments:
            fitting = int(np.searchsorted(ends, ends[first] + self._store.shard_bytes, side="right")) - 1
            last = min(segments, max(first + 1, fitting))
            yield first, last
            first = last

    def _write(self) -> None:
        path = self._folder / f"worker-{self._worker:04d}-{len(self._entries):05d}.h5"
        made_by = {track: [json.loads(text) for text in sorted(texts)] for track, texts in self._made_by.items()}
        provenance = {
            "trimodal": self._store.version,
            "tracks": made_by,
            "sources": self._sources,
            "dry_weights": self._store.dry_weights,
        }
        content = ShardContent(
            segments=self._segments,
            outputs=self._outputs,
            gaps=self._gaps,
            provenance=json.dumps(provenance, indent=1, sort_keys=True),
        )
        try:
            write_shard(path, content, self._store)
            sync(path)
        except OSError as error:
            raise StoreError(f"{shown(self._folder)}: cannot be written ({what_the_system_said(error)})") from None
        self._entries.append(entry_of(path, len(self._segments)))
        self._reset()

    def _reset(self) -> None:
        self._segments: list[SegmentRow] = []
        self._outputs: dict[str, list[OutputArrays]] = {name: [] for name in self._store.outputs}
        self._gaps: list[GapRow] = []
        self._sources: dict[str, dict[str, str]] = {}
        self._made_by: dict[str, set[str]] = {}
        self._bytes = 0


def entry_of(path: Path, segments: int) -> ShardEntry:
    """Return what the manifest says of a shard."""
    return ShardEntry(
        file=path.name,
        bytes=path.stat().st_size,
        sha256=sha256(path),
        head_sha256=head_sha256(path),
        segments=segments,
    )


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Wait until the content of a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
