"""Dry runs: a recipe with stand-ins for the weights that would have to be fetched."""

from dataclasses import replace
from pathlib import Path

from ..errors import ParameterError, WeightsError, require_packages
from .model import Recipe

DRY_WEIGHTS_FOLDER = "dry-weights"
"""In a work folder: where stand-ins lie."""


def dry_recipe(recipe: Recipe, folder: Path) -> Recipe:
    """Return a recipe whose models are tiny and random: the same outputs, and numbers that mean nothing.

    Weights that ship inside packages stay. A store that is made by it says so, and is not opened by accident.

    Parameters
    ----------
    recipe
        What to change.
    folder
        Where stand-ins lie; those that are not there yet are written. Processes may share it.

    Raises
    ------
    MissingPackageError
        If an extractor's package is not installed.
    ParameterError, WeightsError
        If no stand-in is known for a model, or a track's parameters do not fit the model; names the track.
    """
    tracks = {}
    for name, extractor in recipe.tracks.items():
        require_packages(f"track '{name}' ({extractor.name})", extractor.packages, extractor.extra)
        try:
            tracks[name] = extractor.with_dry_weights(folder)
        except (ParameterError, WeightsError) as error:
            raise type(error)(f"track '{name}': {error}") from None
    return replace(recipe, tracks=tracks, dry_weights=True)
