"""What an extractor does and which parameters it has, from its own docstrings."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from itertools import pairwise
from typing import Any

from .base import Extractor


def summary(extractor: type[Extractor]) -> str:
    """Return the first sentence of an extractor's docstring, in one line."""
    first = inspect.cleandoc(extractor.__doc__ or "").partition("\n\n")[0]
    return " ".join(first.split())


def description(extractor: type[Extractor]) -> str:
    """Return an extractor's docstring, then every parameter with its type, its default and what it means."""
    documented = dict(_field_docstrings(extractor))
    lines = [extractor.name, "", inspect.cleandoc(extractor.__doc__ or ""), "", "Parameters", "----------"]
    for field in sorted(fields(extractor), key=lambda one: one.default is not MISSING):  # type: ignore[arg-type]  # all are dataclasses
        lines.append(f"{field.name}: {_type(field)}{_default(field)}")
        lines += textwrap.wrap(documented.get(field.name, ""), 116, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(lines)


def _field_docstrings(kind: type[Any]) -> Iterator[tuple[str, str]]:
    """Yield the string that stands below each field; a class' own come after those of its bases."""
    for base in reversed(kind.__mro__[:-1]):
        try:
            (tree,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        except (OSError, TypeError):  # a class without source, as those of the standard library are
            continue
        body = tree.body if isinstance(tree, ast.ClassDef) else []
        for statement, below in pairwise(body):
            is_field = isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
            if is_field and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
                yield statement.target.id, " ".join(str(below.value.value).split())  # type: ignore[attr-defined]  # as checked


def _type(field: "Field[Any]") -> str:
    text = field.type if isinstance(field.type, str) else inspect.formatannotation(field.type)
    return text.replace("typing.", "")


def _default(field: "Field[Any]") -> str:
    if field.default is not MISSING:
        return f" = {field.default!r}"
    if field.default_factory is not MISSING:
        return f" = {field.default_factory()!r}"
    return ""
