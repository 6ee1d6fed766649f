"""A small store with known content, and ways to damage it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from trimodal.store import GapRow, OutputArrays, OutputSchema, SegmentRow, StoreWriter
from trimodal.store.writer import sha256

_COMMON = {"unit": "px", "timeline": "words", "pool": "mean", "gaps": "zero"}
OUTPUTS = {
    "text": OutputSchema(dtype="float32", shape=(3,), names=("w.a", "w.b", "w.c"), has_text=True, **_COMMON),
    "video": OutputSchema(dtype="float16", shape=(2, 2), names=(), has_text=False, **_COMMON),
}
LABELS = {"valence": "number", "mood": "text"}
RECIPE = "name: smäll\n"
# Rows of every segment of every recording: an empty segment at the start, inside and at the end.
ROWS = {"one": (0, 4, 2), "two": (3,), "three": (5, 0, 1), "four": (2, 0)}


@dataclass(frozen=True, kw_only=True)
class Recording:
    segments: list[SegmentRow]
    outputs: dict[str, OutputArrays]
    gaps: list[GapRow]


def recording(name: str, rows: Sequence[int]) -> Recording:
    segments = [
        SegmentRow(
            id=f"{name}_{number}",
            recording=name,
            start=10.0 * number,
            end=10.0 * number + 5,
            split=("train", "valid", "test")[number],
            speaker=f"Zoë {name}",
            text=f"wörds of {name}",
            labels={"valence": number / 3, "mood": ("glad", "söur")[number % 2]},
        )
        for number in range(len(rows))
    ]
    outputs = {output: _arrays(name, rows, schema) for output, schema in OUTPUTS.items()}
    gaps = [GapRow(recording=name, track="face", start=1.0, end=2.5, reason="no fäce")]
    return Recording(segments=segments, outputs=outputs, gaps=gaps)


def _arrays(name: str, rows: Sequence[int], schema: OutputSchema) -> OutputArrays:
    total = sum(rows)
    random = np.random.default_rng([len(name), total])
    coverage = random.uniform(0.1, 1, total).astype(np.float32)
    coverage[1::3] = 0
    values = random.normal(size=(total, *schema.shape)).astype(schema.dtype)
    values[coverage == 0] = 0
    starts = np.concatenate([np.arange(count, dtype=np.float64) for count in rows])
    return OutputArrays(
        values=values,
        times=np.stack([starts, starts + 1], axis=1),
        mask=coverage > 0,
        coverage=coverage,
        offsets=np.cumsum([0, *rows], dtype=np.int64),
        text=np.array([f"{name} wörd {row}" for row in range(total)], object) if schema.has_text else None,
    )


RECORDINGS = {name: recording(name, rows) for name, rows in ROWS.items()}


def store_writer(path: Path, *, shard_bytes: int = 1, **changes: Any) -> StoreWriter:
    arguments: dict[str, Any] = {
        "outputs": OUTPUTS,
        "labels": LABELS,
        "recipe_name": "small",
        "recipe_text": RECIPE,
        "version": "1.2.3",
        "key": "abc",
        "statistics": {},
    }
    return StoreWriter(path, shard_bytes=shard_bytes, **(arguments | changes))


def append(writer: StoreWriter, name: str, content: Recording) -> None:
    writer.append(content.segments, content.outputs, content.gaps, {"media": f"hash of {name}"}, {"w": '{"v": 1}'})


def write_store(
    path: Path, recordings: Mapping[str, Recording] = RECORDINGS, *, shard_bytes: int = 1, **changes: Any
) -> Path:
    """Write a store; by default every recording is a shard of its own."""
    with store_writer(path, shard_bytes=shard_bytes, **changes) as writer:
        for name, content in recordings.items():
            append(writer, name, content)
        writer.commit()
    return path


def edit_manifest(store: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    path = store / "manifest.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    edit(data)
    path.write_text(json.dumps(data), encoding="utf-8")


def fit_checksum(store: Path, number: int) -> Path:
    """Make the manifest agree with a shard that was changed behind its back."""
    path = store / f"shard-{number:05d}.h5"
    entry = {"sha256": sha256(path), "bytes": path.stat().st_size}
    edit_manifest(store, lambda data: data["shards"][number].update(entry))
    return path


def edit_shard(store: Path, number: int, edit: Callable[[h5py.File], Any]) -> Path:
    with h5py.File(store / f"shard-{number:05d}.h5", "a") as file:
        edit(file)
    return fit_checksum(store, number)


def replace_dataset(path: str, **creation: Any) -> Callable[[h5py.File], None]:
    """Return an edit that makes a dataset anew, by default with its old rows; its attributes stay."""

    def edit(file: h5py.File) -> None:
        attributes = dict(file[path].attrs)
        rows = {} if {"data", "shape"} & creation.keys() else {"data": file[path][...], "dtype": file[path].dtype}
        del file[path]
        file.create_dataset(path, **rows, **creation).attrs.update(attributes)

    return edit
