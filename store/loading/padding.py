"""Bringing segments of different lengths into one array."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from ..reader import Sample

Allocate: TypeAlias = Callable[[str, tuple[int, ...], np.dtype[Any]], NDArray[Any]]
"""Returns an array for the values of an output, of any content, by name, shape and dtype."""


@dataclass(frozen=True, kw_only=True)
class Padding:
    """How long the outputs of a batch are, and on which side they are filled up.

    Lengths are for all outputs, or by the name of an output for some of them.
    """

    side: Literal["right", "left"] = "right"
    """Where the padding is: behind the rows or before them."""
    max_length: int | Mapping[str, int] | None = None
    """Longer segments are cut."""
    keep: Literal["first", "last"] = "first"
    """Which rows of a segment that is cut are kept."""
    min_length: int | Mapping[str, int] | None = None
    """A batch is at least so long; the same number as ``max_length`` gives every batch the same shape."""

    def __post_init__(self) -> None:
        if self.side not in ("right", "left"):
            raise ParameterError(f"side: '{self.side}'; expected 'right' or 'left'")
        if self.keep not in ("first", "last"):
            raise ParameterError(f"keep: '{self.keep}'; expected 'first' or 'last'")
        for name in ("max_length", "min_length"):
            lengths = getattr(self, name)
            for length in lengths.values() if isinstance(lengths, Mapping) else (lengths,):
                if length is not None and length < 1:
                    raise ParameterError(f"{name}: {length}; expected 1 or more rows")

    def rows(self, output: str, length: int) -> slice:
        """Return which rows of a segment are kept."""
        kept = min(length, _of(self.max_length, output) or length)
        return slice(0, kept) if self.keep == "first" else slice(length - kept, length)

    def length(self, output: str, lengths: Sequence[int]) -> int:
        """Return how long a batch of segments of these lengths is, once they are cut."""
        return max(*lengths, _of(self.min_length, output) or 0)


def make_batch(samples: Sequence[Sample], padding: Padding, allocate: Allocate) -> dict[str, Any]:
    """Make a batch of padded arrays.

    Parameters
    ----------
    samples
        Segments of one store.
    padding
        How they are padded.
    allocate
        Where the values go.

    Returns
    -------
    dict
        For every output by its name ``values`` (B, L, ...), ``mask`` (B, L), True where something was observed,
        ``lengths`` (B,), the number of rows without the padding, and ``present`` (B,), whether anything of it was
        observed in a segment. ``id`` is a list; ``labels`` has for every label float32 numbers (B,) or, for text, a
        list. Padding is zero, with a mask of False.
    """
    batch: dict[str, Any] = {name: _output(name, samples, padding, allocate) for name in samples[0].outputs}
    batch["id"] = [sample.id for sample in samples]
    batch["labels"] = {name: _labels([sample.labels[name] for sample in samples]) for name in samples[0].labels}
    return batch


def cut(sample: Sample, output: str, padding: Padding) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the values and the mask of the rows of a sample that are kept."""
    rows = sample.outputs[output]
    kept = padding.rows(output, len(rows))
    return rows.values[kept], rows.mask[kept]


def _output(name: str, samples: Sequence[Sample], padding: Padding, allocate: Allocate) -> dict[str, Any]:
    values, masks = zip(*(cut(sample, name, padding) for sample in samples), strict=True)
    lengths = [len(one) for one in values]
    shape = (len(samples), padding.length(name, lengths))
    padded = allocate(name, (*shape, *values[0].shape[1:]), values[0].dtype)
    _fill(padded, values, padding.side)
    mask = np.empty(shape, bool)
    _fill(mask, masks, padding.side)
    return {"values": padded, "mask": mask, "lengths": np.array(lengths, np.int64), "present": np.any(mask, axis=1)}


def _fill(padded: NDArray[Any], arrays: Sequence[NDArray[Any]], side: Literal["right", "left"]) -> None:
    """Copy arrays into the rows of another, and zero what they leave of it."""
    for target, array in zip(padded, arrays, strict=True):
        if side == "left":
            start = len(target) - len(array)
            target[:start] = 0
            target[start:] = array
        else:
            target[: len(array)] = array
            target[len(array) :] = 0


def _labels(values: Sequence[float | str]) -> NDArray[np.float32] | list[str]:
    if any(isinstance(value, str) for value in values):
        return [str(value) for value in values]
    return np.array(values, np.float32)


def _of(lengths: int | Mapping[str, int] | None, output: str) -> int | None:
    return lengths.get(output) if isinstance(lengths, Mapping) else lengths
