"""Stores to audit: four recordings in which nothing leaks, and ways to change them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stores import Recording, recording, store_writer

from trimodal.store import FeatureStore, SegmentRow

TEXTS = {
    "a": "the first thing that anybody says here",
    "b": "something completely different follows after that",
    "c": "nobody could have expected the third sentence",
    "d": "finally a fourth one which ends the matter",
}


def clean() -> dict[str, Recording]:
    """Four recordings of three segments; every speaker and recording in one split, every mood in each."""
    splits = {"a": "train", "b": "train", "c": "valid", "d": "test"}
    return {
        name: with_segments(recording(name, (2, 3, 4)), split=split, text=TEXTS[name]) for name, split in splits.items()
    }


def with_segments(content: Recording, **changes: Any) -> Recording:
    return replace(content, segments=[replace(segment, **changes) for segment in content.segments])


def with_segment(content: Recording, number: int, **changes: Any) -> Recording:
    segments: list[SegmentRow] = list(content.segments)
    segments[number] = replace(segments[number], **changes)
    return replace(content, segments=segments)


@dataclass(frozen=True, kw_only=True)
class Made:
    """What provenance says: a hash of each recording's media, and JSON of how each track was made."""

    media: Mapping[str, str]
    tracks: Mapping[str, str]


def write(path: Path, recordings: Mapping[str, Recording], made: Made | None = None, **changes: Any) -> FeatureStore:
    made = made or Made(media={}, tracks={})
    with store_writer(path, **({"statistics": {"train": ("train",)}} | changes)) as writer:
        for name, content in recordings.items():
            sources = {"media": made.media.get(name, f"hash of {name}")}
            made_by = {track: [text] for track, text in made.tracks.items()}
            writer.append(content.segments, content.outputs, content.gaps, sources, made_by)
        writer.commit()
    return FeatureStore(path, dry_weights=True)
