"""Writing a store: shards of bounded size, and a manifest that makes them one."""

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import numpy as np

from ..errors import StoreError, what_the_system_said
from .manifest import FILE_NAME, FileEntry, Manifest, ShardEntry
from .schema import FORMAT, GapRow, OutputArrays, OutputSchema, SegmentRow
from .shard import SEGMENT_COLUMNS, ShardContent, write_shard
from .statistics import FILE_NAME as STATISTICS_FILE
from .statistics import StatisticsCollector, write_statistics


class StoreWriter:
    """Writes a store to a temporary folder; ``commit`` gives it its name, leaving the context without it removes it.

    Parameters
    ----------
    path
        The folder to make. A store that is there is replaced on commit; anything else there is an error.
    outputs
        What every output holds.
    labels
        ``number`` or ``text`` for every label.
    recipe_name, recipe_text
        The recipe's name and YAML.
    version
        Version of the package that writes.
    key
        Hash of everything that decides what is in the store.
    shard_bytes
        A shard is closed when its arrays reach this size; one recording is never split.
    statistics
        Names of tables of statistics, and the splits that each is of.

    Raises
    ------
    StoreError
        If ``path`` is something else than a store, or a name cannot be one in HDF5.
    """

    def __init__(
        self,
        path: Path,
        *,
        outputs: Mapping[str, OutputSchema],
        labels: Mapping[str, str],
        recipe_name: str,
        recipe_text: str,
        version: str,
        key: str,
        shard_bytes: int,
        statistics: Mapping[str, Sequence[str]],
    ) -> None:
        check_target(path)
        check_names(outputs, labels)
        # A link to a store stays a link: what it leads to is replaced.
        self._path = path.resolve()
        self._outputs = outputs
        self._labels = labels
        self._recipe_name = recipe_name
        self._recipe_text = recipe_text
        self._version = version
        self._key = key
        self._shard_bytes = shard_bytes
        self._temporary = self._path.with_name(f".{self._path.name}.{uuid.uuid4().hex[:12]}.tmp")
        try:
            self._temporary.mkdir(parents=True)
        except OSError as error:
            raise StoreError(f"{path}: cannot be written ({(error.strerror or '').lower()})") from None
        self._shards: list[ShardEntry] = []
        self._statistics = StatisticsCollector(statistics, outputs)
        self._reset()

    def append(
        self,
        segments: Sequence[SegmentRow],
        outputs: Mapping[str, OutputArrays],
        gaps: Sequence[GapRow],
        sources: Mapping[str, str],
        made_by: Mapping[str, str],
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
            For every track JSON text on how it was made.
        """
        size = sum(arrays.nbytes for arrays in outputs.values())
        if self._blocks and self._bytes + size > self._shard_bytes:
            self._close_shard()
        self._statistics.add(segments, outputs)
        self._segments += segments
        self._blocks.append(outputs)
        self._gaps += gaps
        self._sources |= {segment.recording: dict(sources) for segment in segments}
        for track, text in made_by.items():
            self._made_by.setdefault(track, set()).add(text)
        self._bytes += size

    @property
    def segments(self) -> int:
        """Number of segments so far."""
        return len(self._segments) + sum(shard.segments for shard in self._shards)

    def commit(self, excluded: Mapping[str, int] | None = None, noted: Mapping[str, int] | None = None) -> None:
        """Write what is left and give the store its name.

        Parameters
        ----------
        excluded
            How many segments of the corpus are not in it, by reason.
        noted
            How many segments in it have something odd about them, by what it is.
        """
        self._close_shard()
        manifest = Manifest(
            key=self._key,
            recipe=self._recipe_name,
            trimodal=self._version,
            outputs=self._outputs,
            labels=self._labels,
            shards=self._shards,
            statistics=self._write_statistics(),
            excluded=dict(excluded or {}),
            noted=dict(noted or {}),
        )
        manifest.write(self._temporary)
        _sync(self._temporary / FILE_NAME)
        if self._path.exists():
            replaced = self._temporary.with_suffix(".old")
            self._path.replace(replaced)
            self._temporary.replace(self._path)
            shutil.rmtree(replaced)
        else:
            self._temporary.replace(self._path)

    def __enter__(self) -> "StoreWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._temporary, ignore_errors=True)

    def _close_shard(self) -> None:
        """Write the segments gathered so far as one shard."""
        path = self._temporary / f"shard-{len(self._shards):05d}.h5"
        made_by = {track: [json.loads(text) for text in sorted(texts)] for track, texts in self._made_by.items()}
        provenance = {"trimodal": self._version, "tracks": made_by, "sources": self._sources}
        content = ShardContent(
            segments=self._segments,
            outputs={
                name: _join([block[name] for block in self._blocks], self._outputs[name]) for name in self._outputs
            },
            gaps=self._gaps,
            recipe=self._recipe_text,
            provenance=json.dumps(provenance, indent=1, sort_keys=True),
        )
        try:
            write_shard(path, content, self._outputs, self._labels)
            _sync(path)
        except (OSError, RuntimeError) as error:  # h5py raises either where the disk is full
            raise StoreError(f"{self._path}: cannot be written ({what_the_system_said(error)})") from error
        entry = ShardEntry(file=path.name, bytes=path.stat().st_size, sha256=sha256(path), segments=len(self._segments))
        self._shards.append(entry)
        self._reset()

    def _write_statistics(self) -> FileEntry | None:
        tables = self._statistics.tables()
        if not tables:
            return None
        path = self._temporary / STATISTICS_FILE
        write_statistics(path, tables)
        _sync(path)
        return FileEntry(file=path.name, bytes=path.stat().st_size, sha256=sha256(path))

    def _reset(self) -> None:
        self._segments: list[SegmentRow] = []
        self._blocks: list[Mapping[str, OutputArrays]] = []
        self._gaps: list[GapRow] = []
        self._sources: dict[str, dict[str, str]] = {}
        self._made_by: dict[str, set[str]] = {}
        self._bytes = 0


def check_target(path: Path) -> None:
    """Check that a store may be written to ``path``: nothing is there, an empty folder, or a store and nothing else.

    Raises
    ------
    StoreError
        If something else is there.
    """
    if path.is_dir():
        if any(path.iterdir()) and not _is_store(path):
            raise StoreError(f"{path}: a folder with other things in it; expected a new name or a store to replace")
    elif path.exists():
        raise StoreError(f"{path}: a file; expected a new name or a store to replace")


def _is_store(folder: Path) -> bool:
    """Return whether a folder holds a store, of any version, and nothing else."""
    try:
        data = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    is_manifest = isinstance(data, dict) and data.get("format") == FORMAT
    names = (FILE_NAME, STATISTICS_FILE)
    return is_manifest and all(path.name in names or path.suffix == ".h5" for path in folder.iterdir())


def check_names(outputs: Collection[str], labels: Collection[str]) -> None:
    """Check that outputs and labels can have their names in a store.

    Raises
    ------
    StoreError
        Names the first that cannot.
    """
    for name in (*outputs, *labels):
        if not name or "/" in name or name.startswith(".") or not name.isprintable():
            raise StoreError(f"'{name}' cannot name an output or a label in a store; leave out '/' and a leading '.'")
    if taken := sorted({*labels} & {*SEGMENT_COLUMNS}):
        raise StoreError(f"label '{taken[0]}' is also a column of the segment table; expected another name")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _join(blocks: Sequence[OutputArrays], schema: OutputSchema) -> OutputArrays:
    """Put the arrays of several recordings one after the other."""
    if not blocks:
        text = np.zeros(0, object) if schema.has_text else None
        return OutputArrays(
            values=np.zeros((0, *schema.shape), schema.dtype),
            times=np.zeros((0, 2)),
            mask=np.zeros(0, bool),
            coverage=np.zeros(0, np.float32),
            offsets=np.zeros(1, np.int64),
            text=text,
        )
    starts = np.cumsum([0, *(len(block.mask) for block in blocks)], dtype=np.int64)
    offsets = [block.offsets[:-1] + start for block, start in zip(blocks, starts[:-1], strict=True)]
    return OutputArrays(
        values=np.concatenate([block.values for block in blocks]),
        times=np.concatenate([block.times for block in blocks]),
        mask=np.concatenate([block.mask for block in blocks]),
        coverage=np.concatenate([block.coverage for block in blocks]),
        offsets=np.concatenate([*offsets, starts[-1:]]),
        text=np.concatenate([block.text for block in blocks if block.text is not None]) if schema.has_text else None,
    )


def _sync(path: Path) -> None:
    """Wait until a file's content is on the disk."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
