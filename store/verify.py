"""Checking a store: checksums, schema, times, masks."""

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import StoreError
from .elements import OBSERVED
from .hdf5 import HEAD_BYTES, check_superblock, head_sha256
from .manifest import FileEntry, Manifest, ShardEntry, read_manifest
from .parts import any_part, observed_values
from .schema import OutputSchema
from .shard import ShardReader
from .shard_writer import sha256
from .statistics import read_statistics
from .structure import structure_problems

_TOLERANCE_SECONDS = 1e-9
_BLOCK_BYTES = 2**24
Observed: TypeAlias = dict[tuple[str, str], NDArray[np.int64]]
"""How many values of each column were observed, by split and output."""


def damaged_files(path: Path | str) -> dict[str, str]:
    """Return the shards of a store in which something is wrong, and its statistics if something is wrong with them.

    `FeatureStore` opens the store without them: ``FeatureStore(path, leave_out=damaged_files(path))``.

    Returns
    -------
    dict
        By the file's name the first problem, one line.

    Raises
    ------
    StoreError
        If the folder is no store at all.
    """
    folder = Path(path)
    found: dict[str, str] = {}
    for file, problem in _problems(folder, read_manifest(folder)):
        found.setdefault(file, problem)
    return found


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
    problems = [problem for _, problem in _problems(folder, manifest)]
    listed = {entry.file for entry in manifest.shards}
    problems += [
        f"{file}: not in the manifest; expected no other shards"
        for file in sorted(folder.glob("*.h5"))
        if file.name not in listed
    ]
    return problems


def _problems(folder: Path, manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield file and problem."""
    seen: set[str] = set()
    observed: Observed = {}
    are_whole = True
    for entry in manifest.shards:
        for problem in _verify_shard(folder, entry, manifest, seen, observed):
            are_whole = False
            yield entry.file, problem
    if manifest.statistics is not None:
        for problem in _verify_statistics(folder, manifest.statistics, manifest, observed if are_whole else None):
            yield manifest.statistics.file, problem


def _verify_shard(
    folder: Path, entry: ShardEntry, manifest: Manifest, seen: set[str], observed: Observed
) -> Iterator[str]:
    """Check a shard, and add its ids to those that were seen and its observed values to those that were counted."""
    path = folder / entry.file
    try:
        # HDF5 loops forever over some damage: what is not the file that was written is not given to it.
        if (problem := _changed(path, entry, "shard")) is not None:
            yield problem
            return
        with open(path, "rb") as file:
            check_superblock(path, file.read(HEAD_BYTES))
        if head_sha256(path) != entry.head_sha256:
            yield f"{path}: its first bytes are not those of the manifest"
        shard = ShardReader(path, manifest.outputs, manifest.labels)
        if shard.segments != entry.segments:
            yield f"{path}:/segments/id: {shard.segments} segments; the manifest says {entry.segments}"
        yield from _verify_segments(path, shard, manifest, seen)
        yield from _verify_documents(path, shard, manifest)
        for name, schema in manifest.outputs.items():
            yield from _verify_output(path, shard, name, schema)
            for place, counts in _observed(shard, name, schema).items():
                observed[place] = observed.get(place, 0) + counts
        yield from structure_problems(path)
    except StoreError as error:
        yield str(error)
    except OSError as error:
        yield f"{path}: cannot be read ({error})"


def _observed(shard: ShardReader, name: str, schema: OutputSchema) -> Observed:
    """Count the values of each column that were observed, by split and output."""
    parts = shard.array(name, OBSERVED if schema.parts else "mask")
    splits, split_of_segment = np.unique(shard.column("split"), return_inverse=True)
    split_of_row = np.repeat(split_of_segment, np.diff(shard.array(name, "offsets")))
    each = math.prod(schema.shape) // max(1, math.prod(schema.parts) * schema.columns)
    found: Observed = {}
    for number, split in enumerate(splits.tolist()):
        own = parts[split_of_row == number]
        if schema.tracks:
            by_track = own.reshape(-1, len(schema.tracks)).sum(axis=0)
            found[split, name] = np.repeat(by_track, [track.columns for track in schema.tracks])
        else:
            found[split, name] = np.full(schema.columns, own.sum() * each)
    return found


def _verify_statistics(folder: Path, entry: FileEntry, manifest: Manifest, observed: Observed | None) -> Iterator[str]:
    """Check statistics; also how many values they are of, where all of these were counted."""
    path = folder / entry.file
    try:
        if (problem := _changed(path, entry, "file")) is not None:
            yield problem
            return
        tables = read_statistics(folder, entry, manifest.outputs)
        if observed is None:
            return
        for name, table in tables.items():
            for output, schema in manifest.outputs.items():
                nothing = np.zeros(schema.columns, np.int64)
                count = table.outputs[output].count if output in table.outputs else nothing
                expected = sum((observed.get((split, output), nothing) for split in {*table.splits}), nothing)
                if (differing := np.flatnonzero(count != expected)).size:
                    column = differing[0]
                    yield (
                        f"{path}: '{name}' is of {count[column]} values of column {column} of '{output}'; "
                        f"the shards have {expected[column]}"
                    )
    except StoreError as error:
        yield str(error)
    except OSError as error:
        yield f"{path}: cannot be read ({error})"


def _changed(path: Path, entry: FileEntry, kind: str) -> str | None:
    """Return what says that a file is not the one that was written; None: it is."""
    if not path.is_file():
        return f"{path}: {f'no file; expected a {kind}' if path.exists() else f'{kind} missing'}"
    if (size := path.stat().st_size) != entry.bytes:
        return f"{path}: {size} bytes; the manifest says {entry.bytes}"
    if sha256(path) != entry.sha256:
        return f"{path}: the checksum is not the manifest's; the file was changed after it was written"
    return None


def _verify_segments(path: Path, shard: ShardReader, manifest: Manifest, seen: set[str]) -> Iterator[str]:
    """Check the segment table; ``seen`` are the ids of the shards before, to which those of this one are added."""
    table = shard.segment_table()
    starts, ends, ids = table["start"], table["end"], table["id"]
    if not (np.isfinite(starts) & np.isfinite(ends) & (starts <= ends)).all():
        yield f"{path}:/segments: a segment's times are not finite or not in order"
    for name in manifest.labels:
        if manifest.labels[name] == "number" and not np.isfinite(table[name]).all():
            yield f"{path}:/labels/{name}: a label is not finite"
    if repeated := [name for name, count in Counter(ids).items() if count > 1 or name in seen]:
        yield f"{path}:/segments/id: {repeated[0]!r} repeats; expected ids that differ"
    seen.update(ids)


def _verify_documents(path: Path, shard: ShardReader, manifest: Manifest) -> Iterator[str]:
    shard.document("recipe")
    provenance, recordings = shard.provenance(), {*shard.column("recording")}
    if provenance.get("dry_weights") is not manifest.dry_weights:
        yield f"{path}:/provenance: says otherwise than the manifest whether it was made with --dry-weights"
    if not isinstance(provenance.get("trimodal"), str):
        yield f"{path}:/provenance: no 'trimodal'; expected a version"
    if unknown := sorted(recordings.symmetric_difference(provenance["sources"])):
        yield f"{path}:/provenance: 'sources' and the segments differ in the recording {unknown[0]!r}"
    gaps = shard.gap_table()
    if unknown := sorted({*gaps["recording"]} - recordings):
        yield f"{path}:/gaps/recording: {unknown[0]!r} is no recording of a segment"
    if not (np.isfinite(gaps["start"]) & np.isfinite(gaps["end"]) & (gaps["start"] <= gaps["end"])).all():
        yield f"{path}:/gaps: a gap's times are not finite or not in order"


def _verify_output(path: Path, shard: ShardReader, name: str, schema: OutputSchema) -> Iterator[str]:
    where = f"{path}:/outputs/{name}"
    times, mask, coverage, offsets = (shard.array(name, key) for key in ("times", "mask", "coverage", "offsets"))
    if tuple(shard.column_names(name)) != schema.names:
        yield f"{where}/names: are not those of the manifest"
    if schema.has_text:
        shard.texts(name, slice(None))
    yield from _verify_times(where, shard, times, offsets)
    if not ((coverage >= 0) & (coverage <= 1)).all():
        yield f"{where}/coverage: a value is outside 0 to 1"
    if (mask != (coverage > 0)).any():
        yield f"{where}/mask: says otherwise than the coverage"
    parts = shard.array(name, OBSERVED) if schema.parts else mask
    if (mask != any_part(parts)).any():
        yield f"{where}/observed: says otherwise than the mask"
    step = max(1, _BLOCK_BYTES // max(1, np.dtype(schema.dtype).itemsize * math.prod(schema.shape)))
    for start in range(0, len(mask), step):
        rows = slice(start, start + step)
        block = shard.rows(name, "values", rows)
        if block.dtype.kind == "f" and not np.isfinite(block).all():
            yield f"{where}/values: a value is not finite"
            break
        if schema.gaps == "zero" and np.any(block[~observed_values(schema, parts[rows])]):
            yield f"{where}/values: what was not observed is not zero"
            break


def _verify_times(
    where: str, shard: ShardReader, times: NDArray[np.float64], offsets: NDArray[np.int64]
) -> Iterator[str]:
    if not np.isfinite(times).all() or (times[:, 1] < times[:, 0]).any():
        yield f"{where}/times: a time is not finite, or an end before its start"
        return
    falls = np.flatnonzero(np.diff(times[:, 0]) < -_TOLERANCE_SECONDS) + 1
    if not np.isin(falls, offsets).all():
        yield f"{where}/times: starts are not in order inside a segment"
    starts, ends = (np.repeat(shard.column(name), np.diff(offsets)) for name in ("start", "end"))
    if ((times[:, 1] < starts - _TOLERANCE_SECONDS) | (times[:, 0] > ends + _TOLERANCE_SECONDS)).any():
        yield f"{where}/times: a row lies outside its segment"
