"""The feature store: a folder of HDF5 shards and a manifest. Of heavy packages, only `loading` needs one: torch."""

from ..errors import StoreError
from .diff import diff
from .merge import merge, subset
from .reader import FeatureStore, OutputRows, Sample
from .schema import GapRow, JoinedTrack, OutputArrays, OutputSchema, SegmentRow, StoreDescription
from .selection import Selection
from .shard_writer import ShardWriter
from .verify import damaged_files, verify
from .writer import StoreWriter, appending

__all__ = [
    "FeatureStore",
    "GapRow",
    "JoinedTrack",
    "OutputArrays",
    "OutputRows",
    "OutputSchema",
    "Sample",
    "SegmentRow",
    "Selection",
    "ShardWriter",
    "StoreDescription",
    "StoreError",
    "StoreWriter",
    "appending",
    "damaged_files",
    "diff",
    "merge",
    "subset",
    "verify",
]
