"""Rows that are not in the page cache are read from their file."""

import os
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from stores import write_store

from trimodal.errors import StoreError
from trimodal.store.loading import BatchOrder, RingLoader, Segments, ring
from trimodal.store.loading.buffers import BatchMemory
from trimodal.store.loading.cold_rows import ColdMemory, major_faults


@pytest.fixture
def rows(tmp_path: Path) -> np.ndarray:
    """Rows of two numbers of a mapped file, which begin behind a head."""
    path = tmp_path / "rows"
    np.arange(2**22 + 25, dtype=np.float32).tofile(path)
    return np.asarray(np.memmap(path, np.uint8, "r"))[100:].view(np.float32).reshape(-1, 2)


def _joined(pieces: list[np.ndarray], dtype: str = "float32") -> np.ndarray:
    target = np.full((sum(map(len, pieces)), 2), -1, dtype)
    with ColdMemory(BatchMemory()) as memory:
        memory.ask_for(pieces)
        memory.join(pieces, target)
    return target


def test_rows_come_from_the_file_and_all_else_from_memory(rows: np.ndarray) -> None:
    zeros = np.broadcast_to(np.zeros((), np.float32), (3, 2))
    pieces = [rows[1000:1003], zeros, rows[:0], rows[::2][:2], np.ones((1, 2), np.float32), rows[-1:]]
    np.testing.assert_array_equal(_joined(pieces), np.concatenate(pieces))


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="nothing can be dropped from the page cache here")
def test_nothing_waits_for_a_page_of_the_map(rows: np.ndarray, tmp_path: Path) -> None:
    with open(tmp_path / "rows", "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    before = major_faults()
    assert _joined([rows[1000:]])[-1, 1] == 2**22 + 24
    assert major_faults() - before < 20


def test_another_type_is_left_to_the_memory(rows: np.ndarray) -> None:
    np.testing.assert_array_equal(_joined([rows[5:9]], "float64"), rows[5:9])


def test_a_file_that_got_shorter_is_one_line(rows: np.ndarray, tmp_path: Path) -> None:
    os.truncate(tmp_path / "rows", 1000)
    with pytest.raises(StoreError, match=r"rows: ends before its rows do, which it did not when it was opened$"):
        _joined([rows[100:200]])


def test_batches_are_the_same_when_rows_come_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segments = Segments(write_store(tmp_path / "s.store"))
    order = BatchOrder(batch_size=3)
    expected = [batch["text"]["values"].copy() for batch in RingLoader(segments, order, threads=0)]
    asked: list[int] = []
    faults = count()

    class Asked(ColdMemory):
        def ask_for(self, arrays) -> None:
            arrays = list(arrays)
            asked.append(len(arrays))
            super().ask_for(arrays)

    monkeypatch.setattr(ring, "major_faults", lambda: next(faults))
    monkeypatch.setattr(ring, "ColdMemory", Asked)
    found = [batch["text"]["values"].copy() for batch in RingLoader(segments, order, threads=0)]
    # The first batch finds that pages are missing; those after it are asked for, of two outputs of three segments.
    assert asked == [6, 6]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
