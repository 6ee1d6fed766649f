"""The feature store: a folder of HDF5 shards and a manifest. Of heavy packages, only `loader` needs one: torch."""

from ..errors import StoreError
from .reader import FeatureStore, OutputRows, Sample
from .schema import GapRow, OutputArrays, OutputSchema, SegmentRow
from .verify import verify
from .writer import StoreWriter

__all__ = [
    "FeatureStore",
    "GapRow",
    "OutputArrays",
    "OutputRows",
    "OutputSchema",
    "Sample",
    "SegmentRow",
    "StoreError",
    "StoreWriter",
    "verify",
]
