"""Writing a store: shards of bounded size, and a manifest that makes them one."""

import json
import os
import shutil
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from ..errors import StoreError, what_the_system_said
from .contents import recordings_of
from .hidden_folder import HiddenFolder
from .manifest import DRY_OR_REAL, FILE_NAME, FileEntry, Manifest, ShardEntry, read_manifest
from .schema import FORMAT, GapRow, OutputArrays, SegmentRow, StoreDescription
from .shard import SEGMENT_COLUMNS, ShardReader
from .shard_writer import ShardWriter, sha256, sync
from .statistics import FILE_NAME as STATISTICS_FILE
from .statistics import StatisticsCollector, write_statistics


class StoreWriter:
    """Writes a store to a temporary folder; ``commit`` gives it its name, leaving the context without it removes it.

    Other processes may write shards of it, each with a `ShardWriter` of its own in `folder`; `adopt` takes them in.

    Parameters
    ----------
    path
        The folder to make. A store that is there is replaced on commit; anything else there is an error.
    store
        What is written.
    statistics
        Names of tables of statistics, and the splits that each is of.

    Raises
    ------
    StoreError
        If ``path`` is something else than a store, or a name cannot be one in HDF5.
    """

    def __init__(self, path: Path, store: StoreDescription, statistics: Mapping[str, Sequence[str]]) -> None:
        check_target(path)
        check_names(store.outputs, store.labels)
        # A link to a store stays a link: what it leads to is replaced.
        self._path = path.resolve()
        self._store = store
        self._statistics = statistics
        try:
            self._hidden = HiddenFolder(self._path)
        except OSError as error:
            raise StoreError(f"{path}: cannot be written ({(error.strerror or '').lower()})") from None
        self.folder = self._hidden.path
        """Where shards are written until then."""
        self._shards: list[ShardEntry] = []
        self._ids: set[str] = set()
        self._own = ShardWriter(self.folder, store, worker=0)

    @property
    def segments(self) -> int:
        """Number of segments so far."""
        return len(self._ids)

    def append(
        self,
        segments: Sequence[SegmentRow],
        outputs: Mapping[str, OutputArrays],
        gaps: Sequence[GapRow],
        sources: Mapping[str, str],
        made_by: Mapping[str, Sequence[str]],
    ) -> None:
        """Add all segments of one recording, as `ShardWriter.append` does.

        Raises
        ------
        StoreError
            If the store has such a segment, values do not fit their type, or a shard cannot be written.
        """
        self._add_ids([segment.id for segment in segments])
        self._own.append(segments, outputs, gaps, sources, made_by)

    def adopt(self, shards: Sequence[ShardEntry], folder: Path | None = None) -> None:
        """Put whole shards behind those that are there, and what was appended before.

        Parameters
        ----------
        shards
            What `ShardWriter.close` returned, or the shards of another store of the same outputs and labels.
        folder
            Where they are: of another store, whose files stay as they are; None: of this one, see `folder`.

        Raises
        ------
        StoreError
            If a shard is damaged, or has a segment that is there already.
        """
        self._flush()
        for entry in shards:
            path = self._take(entry, folder)
            self._add_ids(ShardReader(path, self._store.outputs, self._store.labels).column("id").tolist())

    def commit(
        self,
        excluded: Mapping[str, int] | None = None,
        noted: Mapping[str, int] | None = None,
        *,
        key: str | None = None,
    ) -> None:
        """Write what is left and give the store its name.

        Parameters
        ----------
        excluded
            How many segments of the corpus are not in it, by reason.
        noted
            How many segments in it have something odd about them, by what it is.
        key
            Of what is in it, where that is not all that the description was made for.

        Raises
        ------
        StoreError
            If it cannot be written; then there is no store, or the one that was there before.
        """
        self._flush()
        if not self._shards:
            self._own.write_empty()
            self._flush()
        try:
            manifest = Manifest(
                key=self._store.key if key is None else key,
                recipe=self._store.recipe_name,
                trimodal=self._store.version,
                outputs=self._store.outputs,
                labels=self._store.labels,
                shards=self._shards,
                statistics=self._write_statistics(),
                excluded=dict(excluded or {}),
                noted=dict(noted or {}),
                layout=self._store.layout,
                dry_weights=self._store.dry_weights,
            )
            self._remove_unlisted()
            manifest.write(self.folder)
            sync(self.folder / FILE_NAME)
            sync(self.folder)
            self._hidden.become_store()
            sync(self._path.parent)
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written ({(error.strerror or '').lower()})") from None

    def __enter__(self) -> "StoreWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hidden.close()

    def _remove_unlisted(self) -> None:
        """Remove what nobody adopted: of a worker that was killed, or whose shards were written again."""
        listed = {entry.file for entry in self._shards}
        for path in self.folder.glob("*.h5"):
            if path.name not in listed:
                path.unlink()

    def _flush(self) -> None:
        """Write what was appended."""
        for entry in self._own.close():
            self._take(entry, None)
        self._own = ShardWriter(self.folder, self._store, worker=0)

    def _take(self, entry: ShardEntry, folder: Path | None) -> Path:
        """Give a shard its place and name in the store."""
        path = self.folder / f"shard-{len(self._shards):05d}.h5"
        try:
            if folder is None:
                (self.folder / entry.file).replace(path)
            else:
                _link(folder / entry.file, path)
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written ({what_the_system_said(error)})") from None
        self._shards.append(replace(entry, file=path.name))
        return path

    def _add_ids(self, ids: Sequence[str]) -> None:
        for name in ids:
            if name in self._ids:
                raise StoreError(f"{self._path}: segment '{name}' is there already; expected ids that differ")
            self._ids.add(name)

    def _write_statistics(self) -> FileEntry | None:
        if not self._statistics:
            return None
        collector = StatisticsCollector(self._statistics, self._store.outputs)
        for entry in self._shards:
            shard = ShardReader(self.folder / entry.file, self._store.outputs, self._store.labels)
            for recording in recordings_of(shard, self._store.outputs):
                collector.add(recording.segments, recording.outputs)
        path = self.folder / STATISTICS_FILE
        write_statistics(path, collector.tables())
        sync(path)
        return FileEntry(file=path.name, bytes=path.stat().st_size, sha256=sha256(path))


def appending(path: Path, store: StoreDescription, statistics: Mapping[str, Sequence[str]]) -> StoreWriter:
    """Return a writer that has what is in a store already, to which more is appended; its shards are not rewritten.

    Raises
    ------
    StoreError
        If there is no such store, or it holds something else than ``store`` says.
    """
    manifest = read_manifest(path)
    for what, found, expected in (
        ("outputs", manifest.outputs, store.outputs),
        ("labels", manifest.labels, store.labels),
        ("the recipe", ShardReader.of(path, manifest, 0).document("recipe"), store.recipe_text),
        (DRY_OR_REAL, manifest.dry_weights, store.dry_weights),
    ):
        if found != expected:
            raise StoreError(f"{path}: {what} are not those of what is appended; expected a store of the same recipe")
    with ExitStack() as stack:
        writer = stack.enter_context(StoreWriter(path, store, statistics))
        writer.adopt(manifest.shards, path)
        stack.pop_all()
    return writer


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


def _link(source: Path, target: Path) -> None:
    """Give a file another name, or copy it where a file system has no such thing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        sync(target)
