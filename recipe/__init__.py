"""Recipes: YAML files that say which tracks to extract and which outputs to make of them. Strict about every key."""

from ..errors import RecipeError
from .dry import DRY_WEIGHTS_FOLDER, dry_recipe
from .files import load_recipe, recipe_names, recipe_text
from .model import OutputSpec, PooledTrack, Recipe, StoreSpec
from .parser import parse_recipe

__all__ = [
    "DRY_WEIGHTS_FOLDER",
    "OutputSpec",
    "PooledTrack",
    "Recipe",
    "RecipeError",
    "StoreSpec",
    "dry_recipe",
    "load_recipe",
    "parse_recipe",
    "recipe_names",
    "recipe_text",
]
