"""Pages of a file that is not in the page cache come in once they were asked for."""

import os
import time
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from stores import write_store

from trimodal.store.loading import BatchOrder, RingLoader, Segments, ring
from trimodal.store.loading.readahead import major_faults, read_ahead


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="nothing can be dropped from the page cache here")
def test_rows_that_were_asked_for_need_no_wait(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    np.arange(2**22, dtype=np.float32).tofile(path)
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    rows = np.asarray(np.memmap(path, np.uint8, "r"))[100:].view(np.float32)[1000:]
    read_ahead([rows, rows[:0], np.zeros(3)])
    time.sleep(0.3)
    before = major_faults()
    assert rows[-1] == 2**22 - 1
    assert rows.sum(dtype=np.float64) == sum(range(1025, 2**22))
    assert major_faults() - before < 20


def test_batches_are_the_same_when_rows_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segments = Segments(write_store(tmp_path / "s.store"))
    order = BatchOrder(batch_size=3)
    expected = [batch["text"]["values"].copy() for batch in RingLoader(segments, order, threads=0)]
    asked: list[int] = []
    faults = count()
    monkeypatch.setattr(ring, "major_faults", lambda: next(faults))
    monkeypatch.setattr(ring, "read_ahead", lambda arrays: asked.append(len([*arrays])))
    found = [batch["text"]["values"].copy() for batch in RingLoader(segments, order, threads=0)]
    # The first batch finds that pages are missing; those after it are asked for, of two outputs of three segments.
    assert asked == [6, 6]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
