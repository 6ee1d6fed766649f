"""What the extractors of a store have seen, and what they have not."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ..store import FeatureStore
from .recipe_text import mapping, recipe_part
from .training_data import trained_on


def parameters_by_track(store: FeatureStore) -> dict[str, list[Mapping[str, Any]]]:
    """Return the parameters of every track, one mapping for each way in which it was made.

    They are those of the provenance; of a dry run, whose models are stand-ins, those that its recipe gives.
    """
    if store.manifest.dry_weights:
        return {name: [mapping(parameters)] for name, parameters in recipe_part(store, "tracks").items()}
    found: dict[str, list[Mapping[str, Any]]] = {}
    for one in store.provenance:
        for track, ways in mapping(one.get("tracks")).items():
            for made_by in ways if isinstance(ways, list) else ():
                found.setdefault(track, []).append(mapping(mapping(made_by).get("parameters")))
    return found


def knows_the_corpus(tracks: Mapping[str, Sequence[Mapping[str, Any]]], corpora: Collection[str]) -> Iterator[str]:
    """Find models that were trained on the corpus."""
    yield from sorted(
        {
            f"track '{track}': the model '{model}' was trained on {corpus}, of which this store is"
            for track, ways in tracks.items()
            for parameters in ways
            for model, seen in trained_on({"parameters": parameters}).items()
            for corpus in seen.intersection(corpora)
        }
    )


def never_trained(tracks: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    """Find tokens that were added to a model after it was trained."""
    for track, ways in tracks.items():
        if tokens := {
            str(token): None
            for parameters in ways
            if isinstance(added := parameters.get("added_tokens"), list)
            for token in added
        }:
            yield f"track '{track}': nothing has trained the embeddings of the added tokens {', '.join(tokens)}"
