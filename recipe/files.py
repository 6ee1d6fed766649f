"""Recipes by name or by path."""

from collections.abc import Sequence
from pathlib import Path

from ..errors import RecipeError, did_you_mean
from .changes import changed_text
from .model import Recipe
from .parser import parse_recipe

_FOLDER = Path(__file__).parent.parent / "recipes"


def recipe_names() -> list[str]:
    """Return the names of the recipes that come with the package."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def load_recipe(name_or_path: str, changes: Sequence[str] = ()) -> Recipe:
    """Load a recipe by name, or from a YAML file, with some values changed first; see `recipe_text`.

    Raises
    ------
    RecipeError
        Names the file, the line, the key, and the nearest valid one.
    """
    text, source = recipe_text(name_or_path, changes)
    return parse_recipe(text, source)


def recipe_text(name_or_path: str, changes: Sequence[str] = ()) -> tuple[str, str]:
    """Return a recipe's YAML and the file it is in.

    Parameters
    ----------
    name_or_path
        Name of a recipe that comes with the package, or path of a YAML file.
    changes
        Values to change in it, each ``KEY=VALUE``: ``tracks.bert.model=/models/bert``; see `changed_text`.

    Raises
    ------
    RecipeError
        If there is no such recipe or file, or a change does not fit it.
    """
    text, source = _read_text(name_or_path)
    return changed_text(text, source, changes), source


def _read_text(name_or_path: str) -> tuple[str, str]:
    if name_or_path in recipe_names():
        path = _FOLDER / f"{name_or_path}.yaml"
    else:
        path = Path(name_or_path)
        if path.suffix not in (".yaml", ".yml"):
            hint = did_you_mean(name_or_path, recipe_names())
            raise RecipeError(f"no recipe is called '{name_or_path}'; {hint}; or give the path of a .yaml file")
    try:
        return path.read_text(encoding="utf-8"), str(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or str(error)).lower() if isinstance(error, OSError) else "not text in UTF-8"
        raise RecipeError(f"{path}: {reason}; expected a recipe in YAML") from None
