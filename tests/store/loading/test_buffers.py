import gc

import numpy as np
import pytest
import torch

from trimodal.store.loading.buffers import BufferPool

FLOAT = np.dtype(np.float32)


@pytest.fixture
def made() -> list[int]:
    return []


@pytest.fixture
def pool(made: list[int]) -> BufferPool:
    def allocate(size: int) -> np.ndarray:
        made.append(size)
        return np.empty(size, np.uint8)

    return BufferPool(allocate, spare=2)


def test_buffer_comes_back_once_nobody_holds_it(pool: BufferPool, made: list[int]) -> None:
    address = pool.array((2, 3), FLOAT).ctypes.data
    for shape in ((2, 3), (1, 2), (6,)):
        assert pool.array(shape, FLOAT).ctypes.data == address
    assert made == [36]


VIEWS = [lambda a: a, lambda a: a[1:], lambda a: a.T[0], torch.from_numpy, lambda a: torch.from_numpy(a)[0]]


@pytest.mark.parametrize("hold", VIEWS)
def test_view_keeps_its_buffer(pool: BufferPool, hold) -> None:  # type: ignore[no-untyped-def]
    array = pool.array((2, 3), FLOAT)
    array[:] = 5
    kept = hold(array)
    del array
    gc.collect()
    for _ in range(3):
        pool.array((2, 3), FLOAT)[:] = 9
    assert (kept == 5).all()


def test_larger_array_gets_a_larger_buffer(pool: BufferPool, made: list[int]) -> None:
    pool.array((2,), FLOAT)
    pool.array((4,), FLOAT)
    pool.array((3,), FLOAT)
    assert made == [12, 24]


def test_no_more_than_some_wait(pool: BufferPool, made: list[int]) -> None:
    for _ in range(2):
        assert len({id(array) for array in [pool.array((2,), FLOAT) for _ in range(5)]}) == 5
        gc.collect()
    assert len(made) == 5 + 3


def test_array_without_rows(pool: BufferPool, made: list[int]) -> None:
    assert pool.array((2, 0, 3), FLOAT).shape == (2, 0, 3)
    assert made == []
