"""Changing single values of a recipe's text; all else of it, comments too, stays as it is."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import RecipeError, did_you_mean
from .yaml_tree import YamlTree

_Node = Any
"""Of ruamel.yaml; which class it is of says what it has, and that is only asked where it is known."""
_KEY = "value"
_EMPTY_TAGS = ("tag:yaml.org,2002:null", "tag:yaml.org,2002:map")
"""Of values that have no keys and can get one."""


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """A value and where it stands."""

    node: _Node
    behind_key: int
    """Where it stands if it is not written: behind the colon of its key."""


def changed_text(text: str, source: str, changes: Sequence[str]) -> str:
    """Return a recipe's YAML with values that are changed, one after the other.

    Parameters
    ----------
    text, source
        The recipe's YAML and the file it is in.
    changes
        Each ``KEY=VALUE``: keys with dots between them, as ``tracks.bert.model``, and a value in YAML. A last key that
        is not there is added.

    Raises
    ------
    RecipeError
        If one is not of this form, or a key but the last is not there; names the nearest.
    """
    for change in changes:
        text = _changed(text, source, change)
    return text


def _changed(text: str, source: str, change: str) -> str:
    path, equals, given = change.partition("=")
    keys = path.strip().split(".")
    if not (equals and all(keys)):
        raise RecipeError(f"--set {change}: expected KEY=VALUE, as tracks.bert.model=/models/bert")
    # JSON is YAML on one line, which can stand wherever a value can.
    value = json.dumps(YamlTree(f"{_KEY}: {given}", f"--set {change}").data[_KEY], ensure_ascii=False)
    parent = _Entry(node=YamlTree(text, source).root, behind_key=0)
    for place, key in enumerate(keys[:-1]):
        children = _children(parent.node, text)
        if key not in children:
            missing = ".".join(keys[: place + 1])
            raise RecipeError(f"--set {change}: {source} has no '{missing}'; {_hint(key, children)}")
        parent = children[key]
    children = _children(parent.node, text)
    if keys[-1] in children:
        return _replaced(text, children[keys[-1]], value)
    added = f"{keys[-1] if keys[-1].isidentifier() else json.dumps(keys[-1], ensure_ascii=False)}: {value}"
    if children:
        return _with_first(text, parent.node, added)
    if parent.node.tag not in _EMPTY_TAGS:
        raise RecipeError(f"--set {change}: {source}: '{'.'.join(keys[:-1])}' holds no keys; give it a whole new value")
    return _replaced(text, parent, f"{{{added}}}")


def _replaced(text: str, entry: _Entry, value: str) -> str:
    start, end = entry.node.start_mark.index, _end(entry.node, text)
    if start == end:
        return f"{text[: entry.behind_key]} {value}{text[entry.behind_key :]}"
    between = text[entry.behind_key : start]
    if "\n" in between:  # where a block began, one line may not stand; what was said of the block stays
        return f"{text[: entry.behind_key]} {value}{between.rstrip()}{text[end:]}"
    return f"{text[:start]}{value}{text[end:]}"


def _with_first(text: str, mapping: _Node, added: str) -> str:
    """Return a text in which a mapping that is not empty has one more entry, before the others."""
    first = mapping.value[0][0].start_mark
    between = ", " if mapping.flow_style else f"\n{' ' * first.column}"
    return f"{text[: first.index]}{added}{between}{text[first.index :]}"


def _end(node: _Node, text: str) -> int:
    """Return where a value ends: in block style not where the next one begins, before which comments may stand."""
    start, end = int(node.start_mark.index), int(node.end_mark.index)
    if isinstance(node.value, str):
        return start + len(text[start:end].rstrip())
    if node.flow_style or not node.value:
        return end
    last = node.value[-1]
    if not isinstance(last, tuple):
        return _end(last, text)
    key, value = last
    return _end(value, text) if value.start_mark.index < value.end_mark.index else _behind(key, text)


def _behind(key: _Node, text: str) -> int:
    rest = text[key.end_mark.index :]
    colon = len(rest) - len(rest.lstrip())
    return int(key.end_mark.index) + (colon + 1 if rest[colon : colon + 1] == ":" else 0)  # none in {key}


def _children(node: _Node, text: str) -> dict[str, _Entry]:
    """Return the entries of a mapping by key; none of anything else."""
    pairs: Sequence[Any] = node.value if isinstance(node.value, list) else ()
    return {
        str(pair[0].value): _Entry(node=pair[1], behind_key=_behind(pair[0], text))
        for pair in pairs
        if isinstance(pair, tuple)
    }


def _hint(key: str, known: dict[str, _Entry]) -> str:
    return did_you_mean(key, known) if known else "it holds no keys"
