"""Recipes: YAML files that say which tracks to extract and which outputs to make of them. Strict about every key."""

from ..errors import RecipeError
from .files import load_recipe, recipe_names, recipe_text
from .model import OutputSpec, PooledTrack, Recipe, StoreSpec
from .parser import parse_recipe

__all__ = [
    "OutputSpec",
    "PooledTrack",
    "Recipe",
    "RecipeError",
    "StoreSpec",
    "load_recipe",
    "parse_recipe",
    "recipe_names",
    "recipe_text",
]
