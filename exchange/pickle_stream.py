"""Pickles written piece by piece: plain containers, numbers, texts and arrays, and nothing else.

The standard pickler needs every array in memory, and numpy 2 writes names that numpy 1 does not know. What is written
here takes no memory, is the same for the same content, and is read by numpy from 1.7 on and Python from 3.4 on.
"""

import pickle
import struct
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy as np

from .stream import ArrayStream, stream_of

_PROTOCOL = 4
"""The first that can hold arrays of more than 4 GiB."""


def write_pickle(file: BinaryIO, value: object) -> None:
    """Write a value: mappings, lists, tuples, texts, numbers, arrays (of objects like these, too), and `ArrayStream`.

    Raises
    ------
    TypeError
        If there is anything else in it.
    """
    file.write(pickle.PROTO + bytes([_PROTOCOL]))
    _write(file, value)
    file.write(pickle.STOP)


def _write(file: BinaryIO, value: object) -> None:
    match value:
        case ArrayStream():
            _write_array(file, value)
        case np.ndarray() if value.dtype == object:
            _write_state(file, value.shape, value.dtype, lambda: _write(file, value.ravel().tolist()))
        case np.ndarray():
            _write_array(file, stream_of(value))
        case Mapping():
            file.write(pickle.EMPTY_DICT + pickle.MARK)
            for key, entry in value.items():
                _write(file, key)
                _write(file, entry)
            file.write(pickle.SETITEMS)
        case list():
            file.write(pickle.EMPTY_LIST + pickle.MARK)
            for entry in value:
                _write(file, entry)
            file.write(pickle.APPENDS)
        case tuple():
            file.write(pickle.MARK)
            for entry in value:
                _write(file, entry)
            file.write(pickle.TUPLE)
        case str():
            encoded = value.encode("utf-8", "surrogatepass")
            file.write(pickle.BINUNICODE + struct.pack("<I", len(encoded)) + encoded)
        case bool():
            file.write(pickle.NEWTRUE if value else pickle.NEWFALSE)
        case int():
            encoded = pickle.encode_long(value)
            file.write(pickle.LONG1 + bytes([len(encoded)]) + encoded)
        case float():
            file.write(pickle.BINFLOAT + struct.pack(">d", value))
        case None:
            file.write(pickle.NONE)
        case _:
            raise TypeError(f"{type(value).__name__} is not written into pickles")


def _write_array(file: BinaryIO, array: ArrayStream) -> None:
    def write_numbers() -> None:
        file.write(pickle.BINBYTES8 + struct.pack("<Q", array.nbytes))
        array.write(file)

    _write_state(file, array.shape, array.dtype.newbyteorder("<"), write_numbers)


def _write_state(
    file: BinaryIO, shape: tuple[int, ...], dtype: np.dtype[Any], write_content: Callable[[], None]
) -> None:
    """Write what numpy reads as an array: an empty one, and its state with its content."""
    _write_global(file, "numpy.core.multiarray", "_reconstruct")
    file.write(pickle.MARK)
    _write_global(file, "numpy", "ndarray")
    _write(file, (0,))
    file.write(pickle.SHORT_BINBYTES + b"\x01b" + pickle.TUPLE + pickle.REDUCE)
    file.write(pickle.MARK)
    _write(file, 1)
    _write(file, shape)
    _write_dtype(file, dtype)
    file.write(pickle.NEWFALSE)
    write_content()
    file.write(pickle.TUPLE + pickle.BUILD)


def _write_dtype(file: BinaryIO, dtype: np.dtype[Any]) -> None:
    if dtype.kind not in "biufUO":
        raise TypeError(f"arrays of {dtype} are not written into pickles")
    rebuilt_by = dtype.__reduce__()
    assert isinstance(rebuilt_by, tuple)
    _, arguments, state = rebuilt_by
    _write_global(file, "numpy", "dtype")
    _write(file, arguments)
    file.write(pickle.REDUCE)
    _write(file, state)
    file.write(pickle.BUILD)


def _write_global(file: BinaryIO, module: str, name: str) -> None:
    file.write(pickle.GLOBAL + f"{module}\n{name}\n".encode())
