"""Loops over numbers as machine code, for what numpy and SciPy do only with a copy of every row for every interval."""

from collections.abc import Callable
from functools import cache, wraps
from typing import TypeVar, TypeVarTuple

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")


def compiled(loop: Callable[[*Arguments], Result]) -> Callable[[*Arguments], Result]:
    """Return the loop compiled by Numba, at its first call: some tenths of a second for every combination of types.

    Sums are made in the order in which they are written, so that the numbers are those of the Python code. That stays
    at hand as ``__wrapped__``.
    """

    @cache
    def machine_code() -> Callable[[*Arguments], Result]:
        from numba import njit

        made: Callable[[*Arguments], Result] = njit(loop)
        return made

    @wraps(loop)
    def call(*arguments: *Arguments) -> Result:
        return machine_code()(*arguments)

    return call
