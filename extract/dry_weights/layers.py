"""Which hidden states of a stand-in take the places of those of the real model, which is far deeper."""

from collections.abc import Sequence

from ...errors import ParameterError


def counted(layers: Sequence[int], depth: int) -> tuple[int, ...]:
    """Return the numbers of hidden states counted from 0.

    Raises
    ------
    ParameterError
        If a model of ``depth`` layers has no such state.
    """
    for layer in layers:
        if not -depth - 1 <= layer <= depth:
            raise ParameterError(f"layers must be from {-depth - 1} to {depth}, found {layer}")
    return tuple(layer if layer >= 0 else depth + 1 + layer for layer in layers)


def ranked(layers: Sequence[int], depth: int) -> tuple[int, ...]:
    """Return as many states of a model that has just the layers it needs: the embeddings stay, others move down."""
    numbers = counted(layers, depth)
    used = sorted({number for number in numbers if number > 0})
    return tuple(used.index(number) + 1 if number else 0 for number in numbers)
