"""A small store with known content, and ways to damage it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from trimodal.store import GapRow, OutputArrays, OutputSchema, SegmentRow, StoreDescription, StoreWriter
from trimodal.store.elements import write_numbers, write_text
from trimodal.store.manifest import with_checksum, without_checksum
from trimodal.store.shard_writer import entry_of

_COMMON = {"unit": "px", "timeline": "words", "pool": "mean", "gaps": "zero"}
OUTPUTS = {
    "text": OutputSchema(dtype="float32", shape=(3,), names=("w.a", "w.b", "w.c"), has_text=True, **_COMMON),
    "video": OutputSchema(dtype="float16", shape=(2, 2), names=(), has_text=False, **_COMMON),
}
FACES = OutputSchema(dtype="uint8", shape=(2,), names=("f.a", "f.b"), has_text=False, **_COMMON)
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
            end=10.0 * number + max(5, count),
            split=("train", "valid", "test")[number],
            speaker=f"Zoë {name}",
            text=f"wörds of {name}",
            labels={"valence": number / 3, "mood": ("glad", "söur")[number % 2]},
        )
        for number, count in enumerate(rows)
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
    starts = np.concatenate([10.0 * number + np.arange(count) for number, count in enumerate(rows)])
    return OutputArrays(
        values=values,
        times=np.stack([starts, starts + 1], axis=1),
        mask=coverage > 0,
        coverage=coverage,
        offsets=np.cumsum([0, *rows], dtype=np.int64),
        text=np.array([f"{name} wörd {row}" for row in range(total)], object) if schema.has_text else None,
    )


RECORDINGS = {name: recording(name, rows) for name, rows in ROWS.items()}


def with_faces(content: Recording) -> Recording:
    """Return a recording with an output ``faces`` of `FACES`: whole numbers of one byte, on the rows of ``text``."""
    text = content.outputs["text"]
    values = np.rint(np.abs(text.values[:, :2]) * 50).astype(np.uint8)
    return replace(content, outputs={**content.outputs, "faces": replace(text, values=values, text=None)})


SHARD_BYTES = 400
"""Every recording fills a shard of its own, and none is larger than one."""


def description(*, shard_bytes: int = SHARD_BYTES, **changes: Any) -> StoreDescription:
    arguments: dict[str, Any] = {
        "outputs": OUTPUTS,
        "labels": LABELS,
        "recipe_name": "small",
        "recipe_text": RECIPE,
        "version": "1.2.3",
        "key": "abc",
    }
    return StoreDescription(shard_bytes=shard_bytes, **(arguments | changes))


def store_writer(path: Path, *, statistics: Mapping[str, Sequence[str]] | None = None, **changes: Any) -> StoreWriter:
    return StoreWriter(path, description(**changes), statistics or {})


def append(writer: StoreWriter, name: str, content: Recording) -> None:
    writer.append(content.segments, content.outputs, content.gaps, {"media": f"hash of {name}"}, {"w": ['{"v": 1}']})


def write_store(path: Path, recordings: Mapping[str, Recording] = RECORDINGS, **changes: Any) -> Path:
    """Write a store; by default every recording is a shard of its own."""
    with store_writer(path, **changes) as writer:
        for name, content in recordings.items():
            append(writer, name, content)
        writer.commit()
    return path


def edit_manifest(store: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    path = store / "manifest.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    edit(data)
    text = json.dumps(data, indent=1)
    path.write_bytes(with_checksum(without_checksum(text.encode(), str(data.get("manifest_sha256")))))


def fit_checksum(store: Path, number: int) -> Path:
    """Make the manifest agree with a shard that was changed behind its back."""
    path = store / f"shard-{number:05d}.h5"
    entry = asdict(entry_of(path, 0))
    del entry["segments"]
    edit_manifest(store, lambda data: data["shards"][number].update(entry))
    return path


def edit_shard(store: Path, number: int, edit: Callable[[h5py.File], Any]) -> Path:
    with h5py.File(store / f"shard-{number:05d}.h5", "a", libver=("v110", "v110")) as file:
        edit(file)
    return fit_checksum(store, number)


def replace_dataset(path: str, **creation: Any) -> Callable[[h5py.File], None]:
    """Return an edit that makes a dataset anew, by default with its old rows; its attributes stay."""

    def edit(file: h5py.File) -> None:
        attributes = {name: (value, file[path].attrs.get_id(name).dtype) for name, value in file[path].attrs.items()}
        rows = {} if {"data", "shape"} & creation.keys() else {"data": file[path][...], "dtype": file[path].dtype}
        del file[path]
        dataset = file.create_dataset(path, **rows, **creation)
        for name, (value, dtype) in attributes.items():
            dataset.attrs.create(name, value, dtype=dtype)

    return edit


def replace_column(path: str, cells: Any) -> Callable[[h5py.File], None]:
    """Return an edit that puts other cells into a column: texts of a list, or numbers of an array."""

    def edit(file: h5py.File) -> None:
        group, name = path.rsplit("/", 1) if "/" in path else ("/", path)
        del file[path]
        (write_numbers if isinstance(cells, np.ndarray) else write_text)(file[group], name, cells)

    return edit
