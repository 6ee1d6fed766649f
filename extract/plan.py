"""The tracks of a recipe in an order in which they can be made."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import RecipeError, did_you_mean, require_packages
from ..track import Schema
from .base import Extractor
from .fingerprint import fingerprint


@dataclass(frozen=True, kw_only=True)
class PlannedTrack:
    """One track to make of every recording."""

    name: str
    """What the recipe calls it."""
    extractor: Extractor
    fingerprint: str
    """Covers the extractor, its parameters and weights, and the tracks that it needs."""
    schema: Schema

    @property
    def folder_name(self) -> str:
        """Name of the folder in the cache."""
        return f"{self.extractor.name}-{self.fingerprint[:16]}"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Every track after those that it needs."""

    tracks: tuple[PlannedTrack, ...]

    def track(self, name: str) -> PlannedTrack:
        """Return a track by name."""
        return next(track for track in self.tracks if track.name == name)


def make_plan(extractors: Mapping[str, Extractor]) -> Plan:
    """Order extractors by what they need and compute their fingerprints.

    Before anything is decoded this finds every missing package and weight file.

    Raises
    ------
    RecipeError
        If a track needs one that is not there, or itself.
    MissingPackageError
        If an extractor's package is not installed.
    WeightsError
        If an extractor's weights are missing.
    """
    for name, extractor in extractors.items():
        require_packages(f"track '{name}' ({extractor.name})", extractor.needed_packages(), extractor.extra)
    planned: dict[str, PlannedTrack] = {}
    for name in _in_order(extractors):
        extractor = extractors[name]
        needed = {need: planned[need].fingerprint for need in extractor.needed_tracks()}
        planned[name] = PlannedTrack(
            name=name, extractor=extractor, fingerprint=fingerprint(extractor, needed), schema=extractor.schema
        )
    return Plan(tracks=tuple(planned.values()))


def check_needs(extractors: Mapping[str, Extractor]) -> None:
    """Check that every needed track is there and that none needs itself in the end.

    Raises
    ------
    RecipeError
        Names the track and what it needs.
    """
    _in_order(extractors)


def _in_order(extractors: Mapping[str, Extractor]) -> list[str]:
    order: list[str] = []

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            raise RecipeError(f"track '{name}' needs itself: {' -> '.join((*trail, name))}")
        if name in order:
            return
        for need in extractors[name].needed_tracks():
            if need not in extractors:
                hint = did_you_mean(need, extractors)
                raise RecipeError(f"track '{name}' needs the track '{need}', which the recipe does not have; {hint}")
            visit(need, (*trail, name))
        order.append(name)

    for name in extractors:
        visit(name, ())
    return order
