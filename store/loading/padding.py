"""Bringing segments of different lengths into one array."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError, did_you_mean
from ..reader import GatheredRows
from .buffers import BatchMemory
from .counts import check_count
from .segments import GatheredSegments


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
                if length is not None:
                    check_count(name, length, 1)
        for output in ("", *_named(self.max_length), *_named(self.min_length)):
            least, most = _of(self.min_length, output), _of(self.max_length, output)
            if least is not None and most is not None and least > most:
                raise ParameterError(f"min_length: {least}, max_length: {most}; expected no more at least than at most")

    def check_names(self, outputs: Iterable[str]) -> None:
        """Check that lengths are those of outputs that are there.

        Raises
        ------
        ParameterError
            Names the first that is not.
        """
        known = set(outputs)
        for name, lengths in (("max_length", self.max_length), ("min_length", self.min_length)):
            for output in _named(lengths):
                if output not in known:
                    raise ParameterError(f"{name}: no output is called '{output}'; {did_you_mean(output, known)}")

    def cut(self, output: str, arrays: list[NDArray[Any]]) -> list[NDArray[Any]]:
        """Return of arrays, one for every segment, the rows that are kept."""
        longest = _of(self.max_length, output)
        if longest is None:
            return arrays
        if self.keep == "first":
            return [array[:longest] for array in arrays]
        return [array[max(len(array) - longest, 0) :] for array in arrays]

    def length(self, output: str, lengths: Sequence[int]) -> int:
        """Return how long a batch of segments of these lengths is, once they are cut."""
        return max(*lengths, _of(self.min_length, output) or 0)


def make_batch(segments: GatheredSegments, padding: Padding, memory: BatchMemory) -> dict[str, Any]:
    """Make a batch of padded arrays.

    Parameters
    ----------
    segments
        What it is made of.
    padding
        How they are padded.
    memory
        Where the values go, and how they get there.

    Returns
    -------
    dict
        For every output by its name ``values`` (B, L, ...), ``mask`` (B, L), True where something was observed,
        ``lengths`` (B,), the number of rows without the padding, and ``present`` (B,), whether anything of it was
        observed in a segment. ``id`` is a list; ``labels`` has for every label float32 numbers (B,) or, for text, a
        list. Padding is zero, with a mask of False.
    """
    batch: dict[str, Any] = {name: _output(name, rows, padding, memory) for name, rows in segments.outputs.items()}
    batch["id"] = segments.ids
    batch["labels"] = {name: _labels(cells) for name, cells in segments.labels.items()}
    return batch


def _output(name: str, rows: GatheredRows, padding: Padding, memory: BatchMemory) -> dict[str, Any]:
    values, masks = padding.cut(name, rows.values), padding.cut(name, rows.mask)
    lengths = [len(one) for one in masks]
    shape = (len(masks), padding.length(name, lengths))
    padded = memory.array(name, (*shape, *values[0].shape[1:]), values[0].dtype)
    memory.join(_pieces(values, shape[1], padding.side), padded.reshape(shape[0] * shape[1], *padded.shape[2:]))
    mask = np.concatenate(_pieces(masks, shape[1], padding.side)).reshape(shape)
    return {"values": padded, "mask": mask, "lengths": np.array(lengths, np.int64), "present": np.any(mask, axis=1)}


def _pieces(arrays: Sequence[NDArray[Any]], length: int, side: Literal["right", "left"]) -> list[NDArray[Any]]:
    """Return arrays and zeros in turn, of ``length`` rows together: one call joins them faster than many copy them."""
    zeros = np.broadcast_to(np.zeros((), arrays[0].dtype), (length, *arrays[0].shape[1:]))  # takes no memory
    if side == "right":
        return [piece for array in arrays for piece in (array, zeros[len(array) :])]
    return [piece for array in arrays for piece in (zeros[len(array) :], array)]


def _labels(values: Sequence[float | str]) -> NDArray[np.float32] | list[str]:
    if any(isinstance(value, str) for value in values):
        return [str(value) for value in values]
    return np.array(values, np.float32)


def _named(lengths: int | Mapping[str, int] | None) -> Iterable[str]:
    return lengths if isinstance(lengths, Mapping) else ()


def _of(lengths: int | Mapping[str, int] | None, output: str) -> int | None:
    return lengths.get(output) if isinstance(lengths, Mapping) else lengths
