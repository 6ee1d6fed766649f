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
    """Return whether numbers of a label stand for classes: between edges, by a named rule, or in place of texts."""
    return bool(label.get("bins") or label.get("rule")) or not all(map(_is_number, mapping(label.get("merge"))))


def _is_number(written: object) -> bool:
    try:
        float(str(written))
    except ValueError:
        return False
    return True
