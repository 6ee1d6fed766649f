"""Which values were observed, where parts of a row can be missing: tracks side by side, places of a group."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .schema import OutputSchema


def any_part(observed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return of which rows any part was observed; ``observed`` has the shape (R, ...)."""
    return np.asarray(observed.any(axis=tuple(range(1, observed.ndim))), bool)


def observed_values(schema: OutputSchema, observed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which values were observed: an array that picks them, of the shape of their first axes.

    Parameters
    ----------
    schema
        What the output holds.
    observed
        Shape (R, *parts), see `OutputSchema.parts`: the mask where rows have no parts.
    """
    if not schema.tracks:
        return observed
    return np.repeat(observed, [track.columns for track in schema.tracks], axis=-1)


def by_track(
    schema: OutputSchema, values: NDArray[Any], observed: NDArray[np.bool_]
) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Yield the columns of every track, and what was observed of them.

    Parameters
    ----------
    schema
        What the output holds.
    values
        Shape (R, ...).
    observed
        What `observed_values` returns.

    Yields
    ------
    columns : slice
        Of the last axis.
    rows : ndarray of shape (n, C)
        Places of groups and rows of pictures one after the other.
    """
    if not schema.tracks:
        yield slice(None), values[observed].reshape(-1, schema.columns)
        return
    first = 0
    for track in schema.tracks:
        columns = slice(first, first + track.columns)
        yield columns, values[..., columns][observed[..., first]]
        first += track.columns
