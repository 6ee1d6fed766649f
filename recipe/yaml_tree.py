"""YAML with line numbers, of plain values only."""

from typing import TYPE_CHECKING, Any

from ..errors import RecipeError

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

_LARGEST = 100_000
"""Characters; no recipe needs more, and megabytes take long to parse."""
_PLAIN_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("map", "seq", "str", "int", "float", "bool", "null")}
_TEXT_TAG = "tag:yaml.org,2002:str"


class YamlTree:
    """The mapping that a YAML text holds, and the lines where its values stand.

    Parameters
    ----------
    text
        YAML.
    source
        The file's name for messages.

    Raises
    ------
    RecipeError
        If the text is no YAML, holds no mapping, or more than text, numbers, lists and mappings.
    """

    def __init__(self, text: str, source: str) -> None:
        self._text = text
        self._source = source
        self.root, self.data = self._load()

    def error(self, message: str, place: tuple[str, ...]) -> RecipeError:
        """Return an error about the value that lies along ``place``; it names file, line and place."""
        path = f"{'.'.join(place)}: " if place else ""
        return self._error_at(_line(self.root, place), f"{path}{message}")

    def _error_at(self, line: int, message: str) -> RecipeError:
        return RecipeError(f"{self._source}, line {line}: {' '.join(message.split())}")

    def _load(self) -> tuple["Node", Any]:
        """Return the tree with its line numbers and the plain values; duplicate keys are errors, tags are not run."""
        if len(self._text) > _LARGEST:
            raise self._error_at(1, f"{len(self._text)} characters; expected a recipe of at most {_LARGEST}")
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        try:
            root = YAML(typ="safe", pure=True).compose(self._text)
            self._check_plain(root)
            data = YAML(typ="safe", pure=True).load(self._text)
        except MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise self._error_at(line, f"not valid YAML ({error.problem})") from None
        except (YAMLError, RecursionError) as error:
            line = self._text.count("\n", 0, getattr(error, "position", 0)) + 1
            raise self._error_at(line, f"not valid YAML ({error})") from None
        except (ValueError, KeyError) as error:  # a value that is not what its tag says, an integer without end
            raise RecipeError(f"{self._source}: not valid YAML ({error})") from None
        if not isinstance(data, dict):
            found = "nothing" if data is None else "a list" if isinstance(data, list) else "a single value"
            raise self._error_at(1, f"holds {found}; expected the keys 'tracks' and 'align'")
        return root, data

    def _check_plain(self, root: "Node | None") -> None:
        """Refuse what is more than text, numbers, lists and mappings.

        An alias is a node that is met twice: a few nested ones stand for millions of values.
        """
        waiting = [] if root is None else [root]
        met: set[int] = set()
        while waiting:
            node = waiting.pop()
            line = int(node.start_mark.line) + 1
            if id(node) in met:
                raise self._error_at(line, "is repeated by an alias (*); expected every value to be written out")
            met.add(id(node))
            if node.tag not in _PLAIN_TAGS:
                found = str(node.tag).removeprefix("tag:yaml.org,2002:")
                raise self._error_at(line, f"has a value of type '{found}'; expected text, number, list or mapping")
            for child in node.value if isinstance(node.value, list) else ():
                if isinstance(child, tuple) and child[0].tag != _TEXT_TAG:
                    line = int(child[0].start_mark.line) + 1
                    raise self._error_at(line, "has a key that is not text; put it in quotes")
                waiting.extend(child if isinstance(child, tuple) else [child])


def _line(node: "Node", place: tuple[str, ...]) -> int:
    """Return the line of the deepest node along ``place`` that is there."""
    line = int(node.start_mark.line)
    for key in place:
        pairs = node.value if isinstance(node.value, list) else []
        found = next((pair for pair in pairs if isinstance(pair, tuple) and str(pair[0].value) == key), None)
        if found is None:
            break
        line, node = int(found[0].start_mark.line), found[1]
    return line + 1
