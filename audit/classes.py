"""Which labels are classes."""

from collections.abc import Mapping

from ..store import FeatureStore
from .recipe_text import mapping, recipe_part


def class_labels(store: FeatureStore) -> list[str]:
    """Return the labels that are text, and the numbers of which the store's recipe makes classes."""
    rules = recipe_part(store, "labels")
    return [
        name
        for name, kind in store.manifest.labels.items()
        if kind == "text" or _makes_classes(mapping(rules.get(name)))
    ]


def _makes_classes(label: Mapping[str, object]) -> bool:
    """Return whether a rule of a label gives numbers that stand for classes: edges, a named rule, other values."""
    return any(label.get(key) for key in ("bins", "rule", "merge"))
