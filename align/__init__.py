"""Alignment: bringing tracks onto timelines. Knows tracks, segments and recipes, and no extractor."""

from ..errors import RecipeError
from .expected_size import expected_head_bytes, expected_store_bytes
from .labels import label_kinds, wanted_labels
from .outputs import align_recording
from .outside import all_outside, rows_outside
from .samples import choose_samples
from .schemas import check_columns, output_schemas
from .segments import Exclusion
from .splits import statistics_tables, with_splits

__all__ = [
    "Exclusion",
    "RecipeError",
    "align_recording",
    "all_outside",
    "check_columns",
    "choose_samples",
    "expected_head_bytes",
    "expected_store_bytes",
    "label_kinds",
    "output_schemas",
    "rows_outside",
    "statistics_tables",
    "wanted_labels",
    "with_splits",
]
