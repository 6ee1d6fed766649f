"""Checking whole numbers that users give."""

import numpy as np

from ...errors import ParameterError


def check_count(name: str, value: object, least: int, otherwise: str = "") -> None:
    """Check that a parameter is a whole number.

    Parameters
    ----------
    name
        Of the parameter.
    value
        What was given.
    least
        The smallest that it may be.
    otherwise
        What else it may be, in words.

    Raises
    ------
    ParameterError
        If it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        also = f", {otherwise}" if otherwise else ""
        raise ParameterError(f"{name}: {value!r}; expected a whole number from {least}{also}")
