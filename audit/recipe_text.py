"""What the recipe in a store says."""

from collections.abc import Mapping
from typing import Any

from ..errors import RecipeError
from ..recipe.yaml_tree import YamlTree
from ..store import FeatureStore


def recipe_part(store: FeatureStore, key: str) -> Mapping[str, Any]:
    """Return the mapping that a key of the recipe has; empty where there is none, or the recipe cannot be read."""
    try:
        return mapping(YamlTree(store.recipe, "recipe").data.get(key))
    except RecipeError:
        return {}


def mapping(value: object) -> Mapping[str, Any]:
    """Return a part of a recipe or of provenance, which anybody may have written: empty where it is no mapping."""
    return value if isinstance(value, Mapping) else {}
