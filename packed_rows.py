"""Reading datasets of HDF5 files that nobody trusts: no chunk unpacks to more than it holds.

HDF5 itself unpacks a chunk as far as it goes: three megabytes of a file can become three gigabytes of memory.
"""

import struct
import zlib
from itertools import product
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

DEFLATE, SHUFFLE, BLOSC2 = h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, 32026
"""Filters of HDF5 by their numbers."""
_PIPELINES = ((), (DEFLATE,), (SHUFFLE, DEFLATE), (BLOSC2,))
# Of a Blosc2 frame: a head of fixed length, and after it an index with one entry, the array's shapes.
_FRAME_MAGIC = slice(2, 10)
_FRAME_SIZES = struct.Struct(">xq9x5xxixi")
_FRAME_SIZES_AT = 29
_FRAME_INDEX = b"\x93\xcd\x00\x11\xde\x00\x01\xa4b2nd\xd2\x00\x00\x00\x6b\xdc\x00\x01\xc6"
_FRAME_INDEX_AT = 87
_FRAME_SHAPES_AT = 112


def read_rows(dataset: h5py.Dataset, rows: slice = slice(None)) -> NDArray[Any]:
    """Read rows of a dataset in one piece, or in chunks packed by gzip, by shuffle and gzip, by Blosc2 or not.

    Parameters
    ----------
    dataset
        Of numbers, or of bytes of fixed length. How large it is has to be checked before.
    rows
        Which, of step 1.

    Raises
    ------
    ValueError
        If it is packed otherwise, or a chunk does not unpack to exactly what it holds.
    """
    if dataset.chunks is None:
        return np.asarray(dataset[rows])
    filters = filters_of(dataset)
    if filters not in _PIPELINES:
        raise ValueError(f"{dataset.name} is packed by the filters {filters}; expected gzip, with shuffle, or Blosc2")
    first, last, _ = rows.indices(len(dataset))
    bounds = [(first, max(first, last)), *((0, size) for size in dataset.shape[1:])]
    found = np.empty([end - start for start, end in bounds], dataset.dtype)
    corners = (
        range(start - start % size, end, size) for (start, end), size in zip(bounds, dataset.chunks, strict=True)
    )
    for corner in product(*corners):
        axes = list(zip(corner, dataset.chunks, bounds, strict=True))
        chunk = _chunk(dataset, corner, filters)
        taken = tuple(slice(max(start - at, 0), min(size, end - at)) for at, size, (start, end) in axes)
        place = tuple(slice(max(at - start, 0), min(at + size, end) - start) for at, size, (start, end) in axes)
        found[place] = chunk[taken]
    return found


def filters_of(dataset: h5py.Dataset) -> tuple[int, ...]:
    """Return the numbers of the filters that pack a dataset, in the order in which they do."""
    creation = dataset.id.get_create_plist()
    return tuple(creation.get_filter(number)[0] for number in range(creation.get_nfilters()))


def _chunk(dataset: h5py.Dataset, corner: tuple[int, ...], filters: tuple[int, ...]) -> NDArray[Any]:
    """Return a chunk of the dataset's `chunks`."""
    shape, itemsize = dataset.chunks, dataset.dtype.itemsize
    size = int(np.prod(shape, dtype=object)) * itemsize
    where = f"the chunk {corner} of {dataset.name}"
    stored = dataset.id.get_chunk_info_by_coord(corner).size
    if stored > 2 * size + 4096:
        raise ValueError(f"{where} takes {stored} bytes, and holds {size}")
    skipped, data = dataset.id.read_direct_chunk(corner)
    for number, packed_by in reversed([*enumerate(filters)]):
        if skipped >> number & 1:  # what does not get smaller is stored as it is
            continue
        if packed_by == BLOSC2:
            _check_frame(where, data, dataset, size)
            return np.asarray(dataset[tuple(slice(at, at + length) for at, length in zip(corner, shape, strict=True))])
        data = _inflated(data, size) if packed_by == DEFLATE else _unshuffled(data, itemsize)
    if len(data) != size:
        raise ValueError(f"{where} does not unpack to the {size} bytes that it holds; expected numbers, not a bomb")
    return np.frombuffer(data, dataset.dtype).reshape(shape)


def _inflated(data: bytes, size: int) -> bytes:
    """Return at most one byte more than a size."""
    try:
        return zlib.decompressobj().decompress(data, size + 1)
    except zlib.error as error:
        raise ValueError(f"it cannot be inflated: {error}") from None


def _unshuffled(data: bytes, itemsize: int) -> bytes:
    """Put the bytes of every number together again: HDF5 stores the first bytes of all, then the second ones."""
    whole = len(data) - len(data) % itemsize
    return np.frombuffer(data[:whole], np.uint8).reshape(itemsize, -1).T.tobytes() + data[whole:]


def _check_frame(where: str, data: bytes, dataset: h5py.Dataset, size: int) -> None:
    """Check that a Blosc2 frame, and the filter's parameters, say that it unpacks to a chunk: they would be believed.

    The layout is that of https://github.com/Blosc/c-blosc2/blob/main/README_CFRAME_FORMAT.rst, and of its metalayer
    README_B2ND_METALAYER.rst, as hdf5plugin writes them of chunks of two dimensions or more.
    """
    shape, dimensions = dataset.chunks, dataset.ndim
    shapes = struct.Struct(">4x" + "xq" * dimensions + ("x" + "xi" * dimensions) * 2)
    index = slice(_FRAME_INDEX_AT, _FRAME_INDEX_AT + len(_FRAME_INDEX))
    if len(data) < _FRAME_SHAPES_AT + shapes.size or data[_FRAME_MAGIC] != b"b2frame\0" or data[index] != _FRAME_INDEX:
        raise ValueError(f"{where} is no frame as hdf5plugin writes them")
    found = shapes.unpack_from(data, _FRAME_SHAPES_AT)
    array, chunk, blocks = (found[number * dimensions :][:dimensions] for number in range(3))
    padded = dataset.dtype.itemsize
    for length, block in zip(shape, blocks, strict=True):
        padded *= -(-length // max(block, 1)) * max(block, 1)
    total, of_block, of_chunk = _FRAME_SIZES.unpack_from(data, _FRAME_SIZES_AT)
    parameters = dataset.id.get_create_plist().get_filter(0)[2]
    if (
        not array == chunk == shape == parameters[8:]
        or not all(0 < block <= length for block, length in zip(blocks, shape, strict=True))
        or not total == of_chunk == padded
        or not 0 < of_block <= padded
        or parameters[2:4] != (dataset.dtype.itemsize, size)
        or parameters[7] != dimensions
    ):
        raise ValueError(f"{where} does not unpack to the {size} bytes that it holds; expected numbers, not a bomb")
