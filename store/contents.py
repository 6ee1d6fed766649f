"""Taking a shard apart into the recordings that were put into it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from .elements import OBSERVED
from .schema import GapRow, OutputArrays, OutputSchema, SegmentRow, joined
from .shard import ShardReader


@dataclass(frozen=True, kw_only=True)
class StoredRecording:
    """What a shard has of one recording; the arguments of `StoreWriter.append`."""

    segments: Sequence[SegmentRow]
    outputs: Mapping[str, OutputArrays]
    gaps: Sequence[GapRow]
    sources: Mapping[str, str]
    made_by: Mapping[str, Sequence[str]]
    """Of all recordings in the shard: it does not say which track of which was made how."""

    def of(self, kept: Sequence[int]) -> "StoredRecording":
        """Return the part of some of its segments, by their places."""
        parts = {
            name: joined([arrays.of_segments(place, place + 1) for place in kept])
            for name, arrays in self.outputs.items()
        }
        return replace(self, segments=[self.segments[place] for place in kept], outputs=parts)


def recordings_of(shard: ShardReader, outputs: Mapping[str, OutputSchema]) -> Iterator[StoredRecording]:
    """Yield the recordings of a shard, in order; values of one alone are read at a time."""
    provenance = shard.provenance()
    made_by = {track: [json.dumps(one, sort_keys=True) for one in made] for track, made in provenance["tracks"].items()}
    columns = (column.tolist() for column in shard.gap_table().values())
    gaps = [
        GapRow(recording=recording, track=track, start=start, end=end, reason=reason)
        for recording, track, start, end, reason in zip(*columns, strict=True)
    ]
    first = 0
    for recording, rows in groupby(shard.segment_rows(), lambda row: row.recording):
        segments = list(rows)
        yield StoredRecording(
            segments=segments,
            outputs={
                name: _of_segments(shard, name, schema, first, first + len(segments))
                for name, schema in outputs.items()
            },
            gaps=[gap for gap in gaps if gap.recording == recording],
            sources=provenance["sources"].get(recording, {}),
            made_by=made_by,
        )
        first += len(segments)


def _of_segments(shard: ShardReader, name: str, schema: OutputSchema, first: int, last: int) -> OutputArrays:
    offsets = shard.array(name, "offsets")[first : last + 1]
    rows = slice(int(offsets[0]), int(offsets[-1]))
    return OutputArrays(
        values=shard.rows(name, "values", rows),
        times=shard.rows(name, "times", rows),
        mask=shard.rows(name, "mask", rows),
        coverage=shard.rows(name, "coverage", rows),
        offsets=offsets - offsets[0],
        text=np.array(shard.texts(name, rows), object) if schema.has_text else None,
        observed=shard.rows(name, OBSERVED, rows) if schema.parts else None,
    )
