"""Options of exporters, from text."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any, get_type_hints

from ..errors import UsageError, did_you_mean
from .base import Exporter


def parse_options(written: Iterable[str]) -> dict[str, str]:
    """Return options by name from texts ``NAME=VALUE``.

    Raises
    ------
    UsageError
        If a text is not of that form, or a name occurs twice.
    """
    options: dict[str, str] = {}
    for text in written:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise UsageError(f"option '{text}'; expected NAME=VALUE")
        if name in options:
            raise UsageError(f"option '{name}' is given twice; expected it once")
        options[name] = value
    return options


def with_options(exporter: type[Exporter], options: Mapping[str, str]) -> Exporter:
    """Make an exporter with options given as text.

    Raises
    ------
    UsageError
        If an option is unknown, missing, or its value is not valid.
    """
    known = {field.name: field for field in fields(exporter)}
    for name in options:
        if name not in known:
            raise UsageError(f"{exporter.name} has no option '{name}'; {did_you_mean(name, known)}")
    if missing := [name for name, field in known.items() if _is_required(field) and name not in options]:
        raise UsageError(f"{exporter.name} needs the option '{missing[0]}'; expected {missing[0]}=NAME")
    types = get_type_hints(exporter)
    return exporter(**{name: _value(name, text, types[name]) for name, text in options.items()})


def _is_required(field: "Field[Any]") -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _value(name: str, text: str, kind: Any) -> Any:
    expected, parse = _KINDS[kind]
    try:
        return parse(text)
    except (ValueError, KeyError):
        raise UsageError(f"option {name}={text}: expected {expected}") from None


def _count(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError(number)
    return number


_KINDS: dict[Any, tuple[str, Callable[[str], Any]]] = {
    str: ("a name", str),
    bool: ("yes or no", lambda text: {"yes": True, "no": False}[text]),
    int: ("a whole number from 1", _count),
    int | None: ("a whole number from 1", _count),
    dict[str, int]: (
        "names with whole numbers from 1, as a:50,b:5",
        lambda text: {name: _count(number) for name, number in (one.split(":") for one in text.split(","))},
    ),
    tuple[str, ...]: ("names with commas between them", lambda text: tuple(text.split(","))),
}
"""Of every type that a field may have, what is expected and how it is read."""
