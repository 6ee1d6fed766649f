"""What a recipe makes of a corpus, known before anything is decoded."""

from collections.abc import Mapping
from dataclasses import dataclass

from .align import check_columns, label_kinds, output_schemas, statistics_tables, wanted_labels, with_splits
from .corpus import Corpus
from .errors import CorpusError, did_you_mean
from .extract.base import AnnotationExtractor, FeatureExtractor
from .extract.plan import Plan, make_plan
from .recipe import Recipe
from .recipe.labels import Label
from .store import OutputSchema
from .store.shard_file import check_compression
from .store.writer import check_names


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What a recipe makes of a corpus."""

    plan: Plan
    outputs: Mapping[str, OutputSchema]
    labels: Mapping[str, Label]
    label_kinds: Mapping[str, str]


def checked(corpus: Corpus, recipe: Recipe) -> Planned:
    """Return what a recipe makes of a corpus; finds, too, what would only show when the store is written."""
    _check_layout(corpus, recipe)
    statistics_tables(recipe, with_splits(corpus, recipe.split).segments)
    return planned_for(corpus, recipe)


def planned_for(corpus: Corpus, recipe: Recipe) -> Planned:
    """Return what a recipe makes of a corpus; finds whatever does not go together."""
    _check_layout(corpus, recipe)
    plan = make_plan(recipe.tracks)
    schemas = {track.name: track.schema for track in plan.tracks}
    _check_files(corpus, recipe)
    labels = wanted_labels(corpus, recipe, schemas)
    kinds = label_kinds(corpus, labels)
    check_names(recipe.align, kinds)
    check_columns(recipe, kinds)
    check_compression(recipe.store.compression)
    return Planned(plan=plan, outputs=output_schemas(recipe, schemas), labels=labels, label_kinds=kinds)


def _check_layout(corpus: Corpus, recipe: Recipe) -> None:
    """Check that a recipe is for corpora like this one: others may have all that it reads, and mean something else."""
    if recipe.layouts and corpus.layout not in recipe.layouts:
        raise CorpusError(
            f"{corpus.root}: is read as '{corpus.layout}', and recipe '{recipe.name}' is for "
            f"{' or '.join(recipe.layouts)}; name it with --layout, or give the recipe other 'layouts'"
        )


def _check_files(corpus: Corpus, recipe: Recipe) -> None:
    """Check that at least one recording has each annotation, and each file of features, that a track reads."""
    annotations = {annotation.name for recording in corpus.recordings for annotation in recording.annotations}
    features = {feature.name for recording in corpus.recordings for feature in recording.features}
    for name, extractor in recipe.tracks.items():
        if isinstance(extractor, AnnotationExtractor):
            kind, wanted, known = "annotation", extractor.annotation, annotations
        elif isinstance(extractor, FeatureExtractor):
            kind, wanted, known = "features", extractor.feature, features
        else:
            continue
        if wanted not in known:
            hint = did_you_mean(wanted, known) if known else "there are none"
            raise CorpusError(
                f"{corpus.root}: no recording has the {kind} '{wanted}', which track '{name}' reads; {hint}"
            )
