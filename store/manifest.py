"""The manifest of a store: which shards belong to it, and what is in them."""

import hashlib
import json
import stat
from collections.abc import Collection, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import NewerStoreError, StoreError, did_you_mean
from .schema import FORMAT, VERSION, JoinedTrack, OutputSchema

FILE_NAME = "manifest.json"
DRY_OR_REAL = "weights (those of --dry-weights or real ones)"
"""What stores that are put together have in common."""
LOST = "in a damaged shard"
"""Why segments are left out that were in a store."""
_MOST_BYTES = 2**28
_CHECKSUM = "manifest_sha256"
_NO_CHECKSUM = "0" * 64


@dataclass(frozen=True, kw_only=True)
class FileEntry:
    """One file."""

    file: str
    """A plain file name in the store's folder."""
    bytes: int
    sha256: str
    """Of the whole file."""


@dataclass(frozen=True, kw_only=True)
class ShardEntry(FileEntry):
    """One shard."""

    segments: int
    head_sha256: str
    """Of its first bytes, by which every reader knows it."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The whole manifest."""

    key: str
    """Hash of everything that decides what is in the store: recipe, tracks, segments."""
    recipe: str
    """Name of the recipe."""
    trimodal: str
    """Version of the package that wrote it."""
    outputs: Mapping[str, OutputSchema]
    labels: Mapping[str, str]
    """``number`` or ``text`` for every label."""
    shards: Sequence[ShardEntry]
    statistics: FileEntry | None = None
    """The statistics of its columns; None: the recipe wants none."""
    excluded: Mapping[str, int] = field(default_factory=dict)
    """How many segments of the corpus are not in it, by reason."""
    noted: Mapping[str, int] = field(default_factory=dict)
    """How many segments in it have something odd about them, by what it is."""
    layout: str = ""
    """Name of the layout by which the corpus was read; empty: not known, or several."""
    dry_weights: bool = False
    """Whether models were tiny and random, so that its numbers mean nothing."""

    @property
    def segments(self) -> int:
        """Number of segments in all shards."""
        return sum(shard.segments for shard in self.shards)

    @property
    def files(self) -> list[FileEntry]:
        """Every file of the store but the manifest."""
        return [*self.shards, *([] if self.statistics is None else [self.statistics])]

    def write(self, folder: Path) -> None:
        """Write the manifest into the store's folder."""
        data = {"format": FORMAT, "version": VERSION, _CHECKSUM: _NO_CHECKSUM, **asdict(self)}
        text = (json.dumps(data, indent=1, sort_keys=True) + "\n").encode()
        (folder / FILE_NAME).write_bytes(with_checksum(text))


def check_is_file(path: Path) -> None:
    """Check that something is a file, if it is there; reading a pipe or a device would never end.

    Raises
    ------
    StoreError
        If it is something else.
    OSError
        If it is not there, or the system does not say what it is.
    """
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # of a folder, the system says so itself
        raise StoreError(f"{path}: a pipe or a device; expected a file")


def with_checksum(text: bytes) -> bytes:
    """Return a manifest with the hash of itself, in place of the zeros that stand for it."""
    return text.replace(_checksum_line(_NO_CHECKSUM), _checksum_line(hashlib.sha256(text).hexdigest()), 1)


def without_checksum(text: bytes, checksum: str) -> bytes:
    """Return a manifest with zeros in place of the hash of itself."""
    return text.replace(_checksum_line(checksum), _checksum_line(_NO_CHECKSUM), 1)


def _checksum_line(checksum: str) -> bytes:
    return f'"{_CHECKSUM}": "{checksum}"'.encode()


def read_manifest(folder: Path) -> Manifest:
    """Read and check the manifest of a store.

    Raises
    ------
    StoreError
        If the folder is no store, of a newer version, or its manifest is damaged.
    """
    path = folder / FILE_NAME
    try:
        check_is_file(path)
        if path.stat().st_size > _MOST_BYTES:
            raise StoreError(f"{path}: {path.stat().st_size} bytes; expected at most {_MOST_BYTES}")
        text = path.read_bytes()
        data = json.loads(text.decode())
    except NotADirectoryError:
        raise StoreError(f"{folder}: a file; expected a feature store, which is a folder") from None
    except FileNotFoundError:
        raise StoreError(f"{folder}: no {FILE_NAME} in it; expected a feature store") from None
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError(f"{path}: cannot be read ({error})") from None
    found = (data.get("format"), data.get("version")) if isinstance(data, dict) else (None, None)
    check_version(path, *found)
    checksum = data.get(_CHECKSUM)
    if not isinstance(checksum, str) or with_checksum(without_checksum(text, checksum)) != text:
        raise StoreError(
            f"{path}: damaged (its checksum is not that of its content; it was changed after it was written)"
        )
    try:
        manifest = Manifest(
            key=_text(data["key"]),
            recipe=_text(data["recipe"]),
            trimodal=_text(data["trimodal"]),
            outputs={_name(name): _output(entry) for name, entry in data["outputs"].items()},
            labels={_name(name): _text(kind) for name, kind in data["labels"].items()},
            shards=[_shard(entry) for entry in data["shards"]],
            statistics=None if data["statistics"] is None else FileEntry(**_file(data["statistics"])),
            excluded={_text(reason): _count(count) for reason, count in data["excluded"].items()},
            noted={_text(what): _count(count) for what, count in data["noted"].items()},
            layout=_text(data.get("layout", "")),
            dry_weights=_flag(data.get("dry_weights", False)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(f"{path}: damaged ({type(error).__name__}: {error})") from None
    if not manifest.shards or len({shard.file for shard in manifest.shards}) != len(manifest.shards):
        raise StoreError(f"{path}: damaged (no shards, or one that is listed twice)")
    return manifest


def without_files(folder: Path, manifest: Manifest, files: Collection[str]) -> Manifest:
    """Return the manifest of what is left of a store without some files; the segments in them count as left out.

    Raises
    ------
    StoreError
        If there is no such file, or no shard is left.
    """
    if not files:
        return manifest
    known = [entry.file for entry in manifest.files]
    for file in files:
        if file not in known:
            raise StoreError(f"{folder}: no file is called '{file}'; {did_you_mean(file, known)}")
    kept = [shard for shard in manifest.shards if shard.file not in files]
    if not kept:
        raise StoreError(f"{folder}: every shard is left out; expected one that is whole")
    lost = manifest.segments - sum(shard.segments for shard in kept)
    statistics = manifest.statistics
    return replace(
        manifest,
        shards=kept,
        statistics=None if statistics is None or statistics.file in files else statistics,
        excluded={**manifest.excluded, **({LOST: lost} if lost else {})},
    )


def check_version(path: Path, kind: object, version: object) -> None:
    """Check format and version of a manifest or a shard.

    Raises
    ------
    NewerStoreError
        If this package has to be updated to read it.
    StoreError
        If it is something else.
    """
    if kind == FORMAT and isinstance(version, int) and version > VERSION:
        raise NewerStoreError(f"{path}: {FORMAT} version {version}; this trimodal reads version {VERSION}, update it")
    if (kind, version) != (FORMAT, VERSION):
        raise StoreError(f"{path}: format {kind} version {version}; expected {FORMAT} version {VERSION}")


def _output(entry: Mapping[str, Any]) -> OutputSchema:
    values = {one.name: entry[one.name] for one in fields(OutputSchema) if one.name in entry or one.default is MISSING}
    for name in ("dtype", "unit", "timeline", "pool", "gaps"):
        _text(values[name])
    # Only numbers can be mapped.
    if np.dtype(values["dtype"]).kind not in "fiub":
        raise ValueError(f"dtype '{values['dtype']}' is not one of numbers")
    _flag(values["has_text"])
    values["shape"] = tuple(_count(size) for size in values["shape"])
    values["names"] = tuple(_text(name) for name in values["names"])
    values["tracks"] = tuple(_joined_track(track) for track in values.get("tracks", ()))
    schema = OutputSchema(**values)
    if _flag(schema.is_group) and not schema.shape:
        raise ValueError("a group has no places")
    if schema.tracks and sum(track.columns for track in schema.tracks) != schema.columns:
        raise ValueError(f"tracks do not have {schema.columns} columns together")
    return schema


def _joined_track(entry: Mapping[str, Any]) -> JoinedTrack:
    return JoinedTrack(name=_text(entry["name"]), columns=_count(entry["columns"]), unit=_text(entry["unit"]))


def _shard(entry: Mapping[str, Any]) -> ShardEntry:
    return ShardEntry(**_file(entry), segments=_count(entry["segments"]), head_sha256=_text(entry["head_sha256"]))


def _file(entry: Mapping[str, Any]) -> dict[str, Any]:
    file = _text(entry["file"])
    if not file or Path(file).name != file or file.startswith(".") or not file.isprintable():
        raise ValueError(f"file {file!r} is not a plain file name")
    return {"file": file, "bytes": _count(entry["bytes"]), "sha256": _text(entry["sha256"])}


def _name(value: Any) -> str:
    if not _text(value) or "/" in value or value.startswith(".") or not value.isprintable():
        raise ValueError(f"{value!r} is not a name")
    return _text(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError(f"{value!r} is not a count")
    return value
