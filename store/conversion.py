"""Making values of the type that a store keeps."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import StoreError
from .schema import OutputArrays, OutputSchema


def stored_values(recording: str, output: str, values: NDArray[Any], schema: OutputSchema) -> NDArray[Any]:
    """Return values of the schema's type; float16 is rounded to the nearest, ties to even.

    Raises
    ------
    StoreError
        If they cannot be of that type, or one is too large for it.
    """
    wanted = np.dtype(schema.dtype)
    if values.dtype == wanted:
        return values
    if wanted.kind != "f":
        raise StoreError(f"output '{output}': values are {values.dtype}; '{wanted}' is only for values that are such")
    with np.errstate(over="ignore"):
        stored = values.astype(wanted)
    if not np.isfinite(stored).all():
        row, column = np.argwhere(~np.isfinite(stored.reshape(len(stored), -1)))[0]
        found = values.reshape(len(values), -1)[row, column]
        raise StoreError(
            f"output '{output}', column '{_name(schema, int(column))}' of recording '{recording}': {found:g} does not "
            f"fit into {wanted}, which ends at {np.finfo(wanted).max:g}; expected 'dtype: float32'"
        )
    return stored


def stored_outputs(
    recording: str, outputs: Mapping[str, OutputArrays], schemas: Mapping[str, OutputSchema]
) -> dict[str, OutputArrays]:
    """Return the outputs of a recording with values of the schemas' types, as `stored_values` makes them."""
    return {
        name: replace(outputs[name], values=stored_values(recording, name, outputs[name].values, schema))
        for name, schema in schemas.items()
    }


def _name(schema: OutputSchema, column: int) -> str:
    return schema.names[column % len(schema.names)] if schema.names else str(column)
