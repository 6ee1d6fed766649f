import io
import pickle
import pickletools
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.exchange.pickle_stream import write_pickle
from trimodal.exchange.stream import ArrayStream


def written(value: object) -> bytes:
    file = io.BytesIO()
    write_pickle(file, value)
    return file.getvalue()


_LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(_VALUES)
def test_the_standard_reader_gives_it_back(value: Any) -> None:
    assert pickle.loads(written(value)) == value


@pytest.mark.parametrize("dtype", ["bool", "int8", "int64", "uint16", "float16", "float32", "float64", "U5", ">f4"])
@pytest.mark.parametrize("shape", [(0,), (3,), (2, 3, 4), (2, 0, 4), ()])
def test_arrays(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = pickle.loads(written({"a": array}))["a"]
    assert found.dtype == array.dtype.newbyteorder("=")
    assert found.flags.writeable and found.flags.owndata
    np.testing.assert_array_equal(found, array)


def test_arrays_of_texts() -> None:
    array = np.array([["a", "字"], [None, 1.5]], object)
    found = pickle.loads(written(array))
    assert found.dtype == object and found.tolist() == array.tolist()


def test_an_array_in_blocks_is_never_whole() -> None:
    blocks = iter(np.arange(12, dtype=np.float32).reshape(3, 2, 2))
    stream = ArrayStream(dtype=np.dtype(np.float32), shape=(6, 2), blocks=lambda: blocks)
    np.testing.assert_array_equal(pickle.loads(written(stream)), np.arange(12).reshape(6, 2))
    assert next(blocks, None) is None


def test_names_are_those_that_every_numpy_knows() -> None:
    names = {argument for code, argument, _ in pickletools.genops(written(np.zeros(2))) if code.name == "GLOBAL"}
    assert names == {"numpy.core.multiarray _reconstruct", "numpy ndarray", "numpy dtype"}


@pytest.mark.parametrize(
    "value", [{1, 2}, object(), np.array([object()]), np.float32(1), b"bytes", 1j, np.ones(1, complex)]
)
def test_nothing_else_is_written(value: object) -> None:
    with pytest.raises(TypeError, match="not written into pickles"):
        written([value])
