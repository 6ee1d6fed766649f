"""What numpy reads of a store that was exported for it."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trimodal.exchange import export
from trimodal.store import FeatureStore


def rows_that_numpy_reads(store: FeatureStore, path: Path) -> dict[str, list[NDArray[np.generic]]]:
    """Return the rows of every segment by output; all else of the file is compared with the store."""
    assert export(store, "numpy", path, {}) == []
    with np.load(path, allow_pickle=False) as archive:
        arrays = dict(archive)
    found = {}
    for output, schema in store.outputs.items():
        offsets = arrays[f"{output}.offsets"]
        assert len(offsets) == len(store) + 1
        found[output] = np.split(arrays[f"{output}.values"], offsets[1:-1])
        assert arrays[f"{output}.names"].tolist() == list(schema.names)
        for number, rows in enumerate(found[output]):
            expected = store.rows(output, number)
            np.testing.assert_array_equal(rows, expected.values)
            inside = slice(offsets[number], offsets[number + 1])
            np.testing.assert_array_equal(arrays[f"{output}.times"][inside], expected.times)
            np.testing.assert_array_equal(arrays[f"{output}.mask"][inside], expected.mask)
    for column, values in store.segments.items():
        assert arrays[f"segments.{column}"].tolist() == values.tolist()
    return found
