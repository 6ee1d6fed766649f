"""Small stores with known content for the exporters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stores import store_writer

from trimodal.store import FeatureStore, OutputArrays, OutputSchema, SegmentRow

_SCHEMA = OutputSchema(
    dtype="float32", shape=(3,), names=("a.x", "a.y", "a.z"), unit="", timeline="", pool="", gaps="zero", has_text=False
)
SCHEMAS = {
    "text": replace(_SCHEMA, has_text=True),
    "audio": replace(_SCHEMA, shape=(2,), names=("m.0", "m.1")),
    "vision": replace(_SCHEMA, shape=(4,), names=(), dtype="float16"),
    "tokens": replace(_SCHEMA, names=("t.id", "t.mask", "t.segment"), dtype="int32"),
    "pooled": replace(_SCHEMA, shape=(2,), names=()),
    "level": replace(_SCHEMA, shape=(), names=()),
    "pictures": replace(_SCHEMA, shape=(2, 2), names=()),
}


@dataclass(frozen=True, kw_only=True)
class Made:
    """A segment: where it is from, and how many rows each output has."""

    id: str
    recording: str
    split: str
    rows: Mapping[str, int]
    label: float = 0.0
    text: str = "some words"
    start: float = 0.0
    missing: Sequence[int] = ()
    """Rows in which nothing was observed."""


def values(segment: str, output: str, rows: int) -> NDArray[Any]:
    """Return what stands in a segment: whole numbers from 1 that tell segments and outputs apart."""
    schema = SCHEMAS[output]
    start = 1 + sum(segment.encode()) % 50 + list(SCHEMAS).index(output)
    return (start + np.arange(rows * int(np.prod(schema.shape)))).reshape(rows, *schema.shape).astype(schema.dtype)


def make_store(path: Path, segments: Sequence[Made], **changes: Any) -> FeatureStore:
    """Write a store with the outputs that the first segment has; every recording is a shard of its own."""
    names = list(segments[0].rows)
    labels = {"sentiment": "number", "mood": "text"}
    outputs = {name: SCHEMAS[name] for name in names}
    with store_writer(path, outputs=outputs, labels=labels, key="k1", **changes) as writer:
        for recording in dict.fromkeys(segment.recording for segment in segments):
            inside = [segment for segment in segments if segment.recording == recording]
            arrays = {name: _arrays(name, inside) for name in names}
            writer.append([_row(segment) for segment in inside], arrays, [], {}, {})
        writer.commit()
    return FeatureStore(path)


def _row(segment: Made) -> SegmentRow:
    return SegmentRow(
        id=segment.id,
        recording=segment.recording,
        start=segment.start,
        end=segment.start + 10,
        split=segment.split,
        speaker="s",
        text=segment.text,
        labels={"sentiment": segment.label, "mood": "glad"},
    )


def _arrays(name: str, segments: Sequence[Made]) -> OutputArrays:
    counts = [segment.rows[name] for segment in segments]
    mask = np.ones(sum(counts), bool)
    starts = [segment.start + 0.5 * np.arange(count) for segment, count in zip(segments, counts, strict=True)]
    begin = np.concatenate(starts)
    rows = np.concatenate([values(segment.id, name, count) for segment, count in zip(segments, counts, strict=True)])
    offsets = np.cumsum([0, *counts], dtype=np.int64)
    for segment, offset in zip(segments, offsets, strict=False):
        mask[[offset + row for row in segment.missing if row < segment.rows[name]]] = False
    rows[~mask] = 0
    words = [f"wörd{row}" for count in counts for row in range(count)]
    return OutputArrays(
        values=rows,
        times=np.stack([begin, begin + 0.5], axis=1),
        mask=mask,
        coverage=mask.astype(np.float32),
        offsets=offsets,
        text=np.array(words, object) if SCHEMAS[name].has_text else None,
    )


def aligned(text: int, **more: int) -> dict[str, int]:
    """Return row counts of three outputs on one timeline."""
    return {"text": text, "audio": text, "vision": text, **more}


ALIGNED = [
    Made(id="abc_0", recording="abc", split="train", rows=aligned(4), label=-1.4, text="one, two"),
    Made(id="abc_3", recording="abc", split="train", rows=aligned(2), label=0.0, start=10.0, missing=[0]),
    Made(id="v/0001", recording="v/0001", split="valid", rows=aligned(5), label=0.6, text="字 three"),
    Made(id="clip", recording="xyz", split="test", rows=aligned(1), label=3.0),
    Made(id="xyz", recording="xyz", split="test", rows=aligned(0), label=1.0, start=10.0),
]
