"""Loops over numbers as machine code, for what numpy and SciPy do only with a copy of every row for every interval."""

from collections.abc import Callable
from functools import cache, wraps
from typing import TypeVar, TypeVarTuple, cast

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")


def compiled(loop: Callable[[*Arguments], Result]) -> Callable[[*Arguments], Result]:
    """Return the loop compiled by Numba, at its first call with arguments of these types.

    That takes some tenths of a second and is kept beside the file's byte code, or in the user's cache folder. Sums are
    made in the order in which they are written, so that the numbers are those of the Python code, which stays at hand
    as ``__wrapped__``.
    """

    @cache
    def machine_code() -> Callable[[*Arguments], Result]:
        from numba import njit

        try:
            return cast(Callable[[*Arguments], Result], njit(loop, cache=True))
        except RuntimeError:  # there is no folder to keep it in
            return cast(Callable[[*Arguments], Result], njit(loop))

    @wraps(loop)
    def call(*arguments: *Arguments) -> Result:
        return machine_code()(*arguments)

    return call
