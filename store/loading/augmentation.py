"""Changing segments as they are read. What is drawn depends on seed, epoch and segment, and on nothing else."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError, StoreError, did_you_mean
from ..reader import OutputRows


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """One reading of one segment: what a random draw may depend on."""

    seed: int
    epoch: int
    segment: int
    """Its number in the store."""
    place: int
    """Of the augmentation among those of the segment, so that two of them draw differently."""

    def generator(self, round_: int | None = None) -> np.random.Generator:
        """Return a generator for this reading, or one that stays the same for a round of several epochs."""
        return np.random.default_rng([self.seed, self.epoch if round_ is None else round_, self.segment, self.place])


Augmentation: TypeAlias = Callable[[Mapping[str, OutputRows], Occasion], Mapping[str, OutputRows]]
"""Returns other outputs and leaves the given ones, which are views of the store, as they are."""


@dataclass(frozen=True, kw_only=True)
class TimeStepNoise:
    """Adds to what was observed of every row one number for all of its columns, drawn from a normal distribution.

    This is ``white_noise`` of MultiBench (Liang et al. 2021), which adds to what was not observed, too.
    """

    outputs: Sequence[str]
    deviation: float
    """Standard deviation, in the values' unit after normalisation."""

    def __post_init__(self) -> None:
        if not 0 <= self.deviation < np.inf:
            raise ParameterError(f"deviation: {self.deviation}; expected a finite number from 0")

    def __call__(self, outputs: Mapping[str, OutputRows], occasion: Occasion) -> Mapping[str, OutputRows]:
        """Return the outputs with noise."""
        _check_names(self.outputs, outputs)
        random = occasion.generator()
        return {**outputs, **{name: self._noisy(name, outputs[name], random) for name in self.outputs}}

    def _noisy(self, name: str, rows: OutputRows, random: np.random.Generator) -> OutputRows:
        if rows.values.dtype.kind != "f":
            raise StoreError(f"output '{name}' holds {rows.values.dtype}; noise can only be added to float numbers")
        noise = random.normal(0, self.deviation, len(rows)).astype(rows.values.dtype)
        observed = rows.observed.reshape(rows.observed.shape + (1,) * (rows.values.ndim - rows.observed.ndim))
        return replace(rows, values=rows.values + np.where(observed, _per_row(noise, rows), noise.dtype.type(0)))


@dataclass(frozen=True, kw_only=True)
class TimeStepDropout:
    """Drops whole rows at random: their values are zero and their mask False (``structured_drop`` of MultiBench)."""

    outputs: Sequence[str]
    probability: float

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ParameterError(f"probability: {self.probability}; expected 0 to 1")

    def __call__(self, outputs: Mapping[str, OutputRows], occasion: Occasion) -> Mapping[str, OutputRows]:
        """Return the outputs without some rows."""
        _check_names(self.outputs, outputs)
        random = occasion.generator()
        kept = {name: random.random(len(outputs[name])) >= self.probability for name in self.outputs}
        return {**outputs, **{name: _kept(outputs[name], rows) for name, rows in kept.items()}}


@dataclass(frozen=True, kw_only=True)
class ModalityDropout:
    """Reads a segment once with every one of some combinations of outputs, in as many epochs and in random order.

    The outputs that a combination leaves out are dropped whole: zero, with a mask of False. Four epochs with
    ``[("text", "video", "audio"), ("text", "video"), ("text", "audio"), ("video", "audio")]`` are one epoch of a
    training set that has every segment as T,V,A and again as T,V,0, T,0,A and 0,V,A. A combination that is listed
    twice is twice as frequent. Outputs that no combination names are always kept.
    """

    kept: Sequence[Sequence[str]]

    def __post_init__(self) -> None:
        if not self.kept or any(isinstance(names, str) for names in self.kept):
            raise ParameterError(f"kept: {self.kept!r}; expected combinations: [('text', 'audio'), ('text',)]")

    def __call__(self, outputs: Mapping[str, OutputRows], occasion: Occasion) -> Mapping[str, OutputRows]:
        """Return the outputs of one combination; the others have their rows, but dropped."""
        named = {name for names in self.kept for name in names}
        _check_names(named, outputs)
        round_, step = divmod(occasion.epoch, len(self.kept))
        chosen = occasion.generator(round_).permutation(len(self.kept))[step]
        dropped = named - {*self.kept[chosen]}
        return {**outputs, **{name: _kept(outputs[name], np.zeros(len(outputs[name]), bool)) for name in dropped}}


def _kept(rows: OutputRows, kept: NDArray[np.bool_]) -> OutputRows:
    return replace(
        rows,
        values=np.where(_per_row(kept, rows), rows.values, rows.values.dtype.type(0)),
        mask=rows.mask & kept,
        coverage=np.where(kept, rows.coverage, np.float32(0)),
        observed=rows.observed & kept.reshape(-1, *[1] * (rows.observed.ndim - 1)),
    )


def _per_row(numbers: NDArray[np.generic], rows: OutputRows) -> NDArray[np.generic]:
    """Shape numbers, one for a row, so that they apply to all columns."""
    return numbers.reshape(-1, *[1] * (rows.values.ndim - 1))


def _check_names(names: Iterable[str], outputs: Mapping[str, OutputRows]) -> None:
    for name in names:
        if name not in outputs:
            raise StoreError(f"no output to augment is called '{name}'; {did_you_mean(name, outputs)}")
