"""Building dataclasses from plain values, strictly; what is wrong is said with its line."""

import json
import typing
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from ..errors import RecipeError, did_you_mean
from .yaml_tree import YamlTree

T = TypeVar("T")

_UNKNOWN_KEY = "unexpected_keyword_argument"
_MISSING_KEY = ("missing_argument", "missing", "missing_keyword_only_argument")
_IN_YAML = {"a valid array": "a list", "an object": "a mapping", "a valid string": "text"}


class Builder:
    """Builds the parts of a recipe from a YAML tree."""

    def __init__(self, tree: YamlTree) -> None:
        self._tree = tree

    def build(self, kind: type[T], value: Any, where: tuple[str, ...]) -> T:
        """Build a dataclass whose fields are the keys of a mapping.

        Raises
        ------
        RecipeError
            Names the line, the key, and the nearest valid one.
        """
        from pydantic import TypeAdapter, ValidationError

        try:
            # Strict mode reads a JSON array as a tuple, which it refuses from a Python list.
            built: T = TypeAdapter(kind).validate_json(json.dumps(value), strict=True)
            return built
        except ValidationError as invalid:
            # A misspelt key also leaves the right one missing: the misspelling is the better message.
            errors = sorted(invalid.errors(include_url=False), key=lambda error: error["type"] != _UNKNOWN_KEY)
            raise self._invalid(kind, errors[0], where) from None
        except (ValueError, OverflowError) as error:  # an integer of thousands of digits, a number that rounds to none
            raise self._tree.error(f"a number is out of range ({error})", where) from None

    def chosen(self, given: object, known: Collection[str], where: tuple[str, ...], what: str) -> tuple[str, Any]:
        """Return the name and the parameters of a choice: ``name``, or ``{name: {parameter: value}}``.

        Parameters
        ----------
        given
            The value in the recipe.
        known
            The names to choose from.
        where
            Where the value stands.
        what
            What is chosen.

        Raises
        ------
        RecipeError
            If it is neither, or the name is not known.
        """
        choice = {given: None} if isinstance(given, str) else given
        if not isinstance(choice, dict):
            found = json.dumps(given)[:60]
            raise self._tree.error(f"'{what}' is {found}; expected a name, or a mapping with one", where)
        if len(choice) != 1:
            raise self._tree.error(f"a {what} has one name, found {len(choice)}", where)
        name, parameters = next(iter(choice.items()))
        if name not in known:
            raise self._tree.error(f"no {what} is called '{name}'; {did_you_mean(name, known)}", where)
        return name, {} if parameters is None else parameters

    def _invalid(self, kind: type[Any], error: Mapping[str, Any], where: tuple[str, ...]) -> RecipeError:
        place = (*where, *(str(part) for part in error["loc"]))
        key = place[-1] if place else ""
        if error["type"] == _UNKNOWN_KEY:
            return self._tree.error(f"unknown key '{key}'; {hint(key, _field_names(kind, error['loc'][:-1]))}", place)
        if error["type"] in _MISSING_KEY:
            return self._tree.error(f"the key '{key}' is missing", place[:-1])
        if error["type"] == "json_invalid":
            reason = error["ctx"]["error"].partition(" at line")[0]
            return self._tree.error(f"cannot be read ({reason})", place)
        if error["type"] == "value_error":
            return self._tree.error(str(error["ctx"]["error"]), place)
        expected = error["msg"].removeprefix("Input should be ")
        expected = _IN_YAML.get(expected, expected)
        return self._tree.error(f"'{key}' is {json.dumps(error['input'])[:60]}; expected {expected}", place)


def hint(word: str, known: Collection[str]) -> str:
    """Return the nearest known word, in a sentence."""
    return did_you_mean(word, known) if known else "there are none"


def _field_names(kind: type[Any], path: tuple[int | str, ...]) -> list[str]:
    """Return the field names of a dataclass, or of the dataclass that lies along ``path`` in it."""
    for part in path:
        field = typing.get_type_hints(kind).get(str(part), object)
        # Of an optional part it is what it may be beside None.
        kind = next((one for one in typing.get_args(field) if isinstance(one, type) and is_dataclass(one)), field)
    return [one.name for one in fields(kind)] if is_dataclass(kind) else []
