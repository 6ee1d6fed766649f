"""What becomes of one value of a label."""

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping

from ..errors import CorpusError
from ..recipe.labels import Label, Rule, Value


class LeftOutError(Exception):
    """The segment is left out, for the reason that the message gives."""


def label_value(label: Label, value: Value) -> Value:
    """Return what a label's rules make of a value.

    Raises
    ------
    LeftOutError
        If the segment is to be left out.
    CorpusError
        If a rule is for numbers and the value is text, or the other way round, or a number becomes too large.
    """
    if label.merge:
        value = _merged(label.merge, value)
    if any(_is(value, one, label) for one in label.drop):
        raise LeftOutError(f"is {_written(value)}")
    if label.keep and not any(_is(value, one, label) for one in label.keep):
        raise LeftOutError("is none of those to keep")
    into_text = {isinstance(new, str) for new in label.merge.values()}
    if into_text and into_text != {isinstance(value, str)}:
        raise CorpusError(f"is {_written(value)}, for which 'merge' has no {'text' if True in into_text else 'number'}")
    if not label.computes:
        return value
    if isinstance(value, str):
        raise CorpusError(f"is {_written(value)}; expected a number to compute with")
    value = value * label.scale + label.offset
    if not math.isfinite(value):
        raise CorpusError(f"becomes {value}; expected a finite number after 'scale' and 'offset'")
    if label.clip is not None:
        value = min(max(value, label.clip[0]), label.clip[1])
    if label.bins:
        return float(bisect_right(label.bins, value))
    return value if label.rule is None else float(RULES[label.rule](value))


def _merged(merge: Mapping[str, Value], value: Value) -> Value:
    if isinstance(value, str):
        return merge.get(value, value)
    for old, new in merge.items():
        try:
            if float(old) == value:
                return new
        except ValueError:
            raise CorpusError(f"is {value:g}, a number; 'merge' replaces '{old}'") from None
    return value


def _is(value: Value, option: Value, label: Label) -> bool:
    """Return whether a value is the one that the recipe names, which must be of its kind."""
    if isinstance(value, str) != isinstance(option, str) and not label.merge:
        kinds = "text and the recipe names the number" if isinstance(value, str) else "a number and the recipe names"
        raise CorpusError(f"is {_written(value)}, {kinds} {_written(option)}")
    return value == option


def _written(value: Value) -> str:
    return f"'{value[:40]}'" if isinstance(value, str) else f"{value:g}"


def _mosi7(value: float) -> int:
    if not -3 <= value <= 3:
        raise CorpusError(f"is {value:g}; expected a number from -3 to 3 for the rule mosi7")
    if value < 0:
        return math.floor(value) + 4
    return math.ceil(value) + 3 if value > 0 else 0


def _mosei7(value: float) -> int:
    bounded = min(max(value, -3.0), 3.0)
    return math.floor(bounded) if bounded < 0 else math.ceil(bounded)


RULES: Mapping[Rule, Callable[[float], int]] = {
    "sign": lambda value: (value > 0) - (value < 0),
    "round": round,
    "positive": lambda value: value > 0,
    "nonnegative": lambda value: value >= 0,
    "mosi7": _mosi7,
    "mosei7": _mosei7,
}
"""``sign``: -1, 0 or 1. ``positive``: 1 above 0, else 0. ``nonnegative``: 1 from 0 on, else 0. ``round``: the nearest
whole number, of two the even one as numpy does: MOSI's seven classes in the CMU Multimodal SDK.

``mosei7``: MOSEI's seven classes in the SDK: -3 below -2, -2 in [-2, -1), -1 in [-1, 0), 0 at 0, 1 in (0, 1], 2 in
(1, 2], 3 above 2. ``mosi7``: the seven classes of MultiBench: 1 in [-3, -2), 2 in [-2, -1), 3 in [-1, 0), 0 at 0, 4 in
(0, 1], 5 in (1, 2], 6 in (2, 3].

References
----------
https://github.com/CMU-MultiComp-Lab/CMU-MultimodalSDK
https://github.com/pliang279/MultiBench
"""
