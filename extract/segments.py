"""The segments of the corpus as a track, so that what reads intervals can read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..corpus import Segment
from ..track import TEXT, Field, Gap, Schema, Track, numpy_dtype
from .base import SegmentExtractor


@dataclass(frozen=True, kw_only=True)
class Segments(SegmentExtractor):
    """The segments of the recording, by start and, of those that start together, in the order of the corpus.

    A row's interval is the part of the segment that lies in the recording; a segment that lies outside it has no row,
    but a gap.
    """

    name: ClassVar[str] = "segments"

    @property
    def schema(self) -> Schema:
        """``id``: the segment's id."""
        return {"id": Field(dtype=TEXT)}

    def extract(self, segments: Sequence[Segment], duration_seconds: float) -> Track:
        """List the segments."""
        gaps = []
        rows = []
        for segment in segments:
            end = duration_seconds if segment.end_seconds is None else min(segment.end_seconds, duration_seconds)
            start = max(0.0, segment.start_seconds)
            if start < end:
                rows.append((start, end, segment.id))
            else:
                reason = f"the segment '{segment.id}' lies outside the recording"
                gaps.append(
                    Gap(start_seconds=start, end_seconds=max(start, segment.end_seconds or start), reason=reason)
                )
        rows.sort(key=lambda row: row[0])
        return Track(
            schema=self.schema,
            times=np.array([row[:2] for row in rows], np.float64).reshape(-1, 2),
            fields={"id": np.array([row[2] for row in rows], numpy_dtype(TEXT))},
            gaps=tuple(gaps),
        )
