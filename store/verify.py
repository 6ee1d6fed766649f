"""Checking a store: checksums, schema, times, masks."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..errors import StoreError
from .manifest import FileEntry, Manifest, ShardEntry, read_manifest
from .schema import OutputSchema
from .shard import ShardReader
from .statistics import read_statistics
from .writer import sha256

_TOLERANCE_SECONDS = 1e-9


def verify(path: Path | str) -> list[str]:
    """Check everything that can be checked about a store.

    Returns
    -------
    list of str
        One line per problem, with the shard and the HDF5 path; empty where there is none.

    Raises
    ------
    StoreError
        If the folder is no store at all.
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    seen: set[str] = set()
    problems = [problem for entry in manifest.shards for problem in _verify_shard(folder, entry, manifest, seen)]
    problems += _verify_statistics(folder, manifest)
    listed = {entry.file for entry in manifest.shards}
    problems += [
        f"{file}: not in the manifest; expected no other shards"
        for file in sorted(folder.glob("*.h5"))
        if file.name not in listed
    ]
    return problems


def _verify_shard(folder: Path, entry: ShardEntry, manifest: Manifest, seen: set[str]) -> Iterator[str]:
    path = folder / entry.file
    try:
        # HDF5 loops forever over some damage: what is not the file that was written is not given to it.
        if (problem := _changed(path, entry, "shard")) is not None:
            yield problem
            return
        shard = ShardReader(path, manifest.outputs, manifest.labels)
        if shard.segments != entry.segments:
            yield f"{path}:/segments/id: {shard.segments} segments; the manifest says {entry.segments}"
        yield from _verify_segments(path, shard, seen)
        yield from _verify_documents(path, shard)
        for name, schema in manifest.outputs.items():
            yield from _verify_output(path, shard, name, schema)
    except StoreError as error:
        yield str(error)
    except OSError as error:
        yield f"{path}: cannot be read ({error})"


def _verify_statistics(folder: Path, manifest: Manifest) -> Iterator[str]:
    if manifest.statistics is None:
        return
    path = folder / manifest.statistics.file
    try:
        if (problem := _changed(path, manifest.statistics, "file")) is not None:
            yield problem
            return
        read_statistics(folder, manifest.statistics, manifest.outputs)
    except StoreError as error:
        yield str(error)
    except OSError as error:
        yield f"{path}: cannot be read ({error})"


def _changed(path: Path, entry: FileEntry, kind: str) -> str | None:
    """Return what says that a file is not the one that was written; None: it is."""
    if not path.is_file():
        return f"{path}: {kind} missing"
    if (size := path.stat().st_size) != entry.bytes:
        return f"{path}: {size} bytes; the manifest says {entry.bytes}"
    if sha256(path) != entry.sha256:
        return f"{path}: the checksum is not the manifest's; the file was changed after it was written"
    return None


def _verify_segments(path: Path, shard: ShardReader, seen: set[str]) -> Iterator[str]:
    """Check the segment table; ``seen`` are the ids of the shards before, to which those of this one are added."""
    table = shard.segment_table()
    for name, column in table.items():
        if len(column) != shard.segments:
            yield f"{path}:/segments/{name}: {len(column)} rows; expected {shard.segments}"
    starts, ends = table["start"], table["end"]
    if len(starts) == len(ends) and not (np.isfinite(starts) & np.isfinite(ends) & (starts <= ends)).all():
        yield f"{path}:/segments: a segment's times are not finite or not in order"
    if repeated := [name for name, count in Counter(table["id"]).items() if count > 1 or name in seen]:
        yield f"{path}:/segments/id: {repeated[0]!r} repeats; expected ids that differ"
    seen.update(table["id"])


def _verify_documents(path: Path, shard: ShardReader) -> Iterator[str]:
    shard.document("recipe")
    shard.provenance()
    gaps = shard.gap_table()
    if len({len(column) for column in gaps.values()}) != 1:
        yield f"{path}:/gaps: columns differ in length"


def _verify_output(path: Path, shard: ShardReader, name: str, schema: OutputSchema) -> Iterator[str]:
    where = f"{path}:/outputs/{name}"
    arrays = {key: shard.array(name, key) for key in ("values", "times", "mask", "coverage", "offsets")}
    offsets, times, mask, coverage = (arrays[key] for key in ("offsets", "times", "mask", "coverage"))
    if offsets[0] != 0 or offsets[-1] != len(mask) or (offsets[1:] < offsets[:-1]).any():
        yield f"{where}/offsets: do not run from 0 to {len(mask)} in order"
        return
    if tuple(shard.column_names(name)) != schema.names:
        yield f"{where}/names: are not those of the manifest"
    if schema.has_text and (words := len(shard.texts(name, slice(None)))) != len(mask):
        yield f"{where}/text: {words} rows; expected {len(mask)}"
    if not np.isfinite(times).all() or (times[:, 1] < times[:, 0]).any():
        yield f"{where}/times: a time is not finite, or an end before its start"
    else:
        falls = np.flatnonzero(np.diff(times[:, 0]) < -_TOLERANCE_SECONDS) + 1
        if not np.isin(falls, offsets).all():
            yield f"{where}/times: starts are not in order inside a segment"
    if not ((coverage >= 0) & (coverage <= 1)).all():
        yield f"{where}/coverage: a value is outside 0 to 1"
    if (mask != (coverage > 0)).any():
        yield f"{where}/mask: says otherwise than the coverage"
    for start in range(0, len(mask), 65536):
        rows = slice(start, start + 65536)
        block = arrays["values"][rows]
        if block.dtype.kind == "f" and not np.isfinite(block).all():
            yield f"{where}/values: a value is not finite"
            break
        if schema.gaps == "zero" and np.any(block[~mask[rows]]):
            yield f"{where}/values: a row that was not observed is not zero"
            break
