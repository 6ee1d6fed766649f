"""From a recording's segments to the samples of the store: placed in the recording, cut and labelled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..corpus import Segment
from ..recipe import Recipe
from ..recipe.labels import Label
from ..track import Track
from .labels import labelled
from .segments import Exclusion, cut, in_recording, oddities


@dataclass(frozen=True, kw_only=True)
class Samples:
    """The samples of one recording, and what became of the other segments."""

    segments: Sequence[Segment]
    """In the order of the corpus, with ends and the labels of the store."""
    excluded: Sequence[Exclusion]
    noted: Mapping[str, int]
    """How many segments of the corpus have something odd about them, by what it is."""


def choose_samples(
    segments: Sequence[Segment],
    duration_seconds: float,
    tracks: Mapping[str, Track],
    recipe: Recipe,
    labels: Mapping[str, Label],
) -> Samples:
    """Choose the samples of one recording.

    Parameters
    ----------
    segments
        Its segments.
    duration_seconds
        Its end.
    tracks
        Its tracks by name; at least those that are labels.
    recipe
        The recipe.
    labels
        What `wanted_labels` gives.

    Raises
    ------
    CorpusError
        If values of labels do not go with their rules.
    """
    placed, outside = in_recording(segments, duration_seconds)
    whole_or_cut, short = (placed, []) if recipe.segments is None else cut(placed, recipe.segments)
    kept, unlabelled = labelled(whole_or_cut, tracks, labels)
    return Samples(
        segments=kept,
        excluded=[*outside, *short, *unlabelled],
        noted=oddities(placed, duration_seconds),
    )
