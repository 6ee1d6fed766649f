"""Alignment: bringing tracks onto timelines. Knows tracks, segments and recipes, and no extractor."""

from ..errors import RecipeError
from .outputs import align_recording
from .schemas import output_schemas

__all__ = ["RecipeError", "align_recording", "output_schemas"]
