import numpy as np
import pytest

from trimodal.extract.audio import decibels
from trimodal.extract.audio.decibels import above_floor

VALUES = np.random.default_rng(0).normal(size=(2, 3, 20)).astype(np.float32) * 40
BLOCKS = [range(first, first + 5) for first in range(0, 20, 5)]


@pytest.mark.parametrize("held", [32, 2])
def test_each_leading_index_has_a_floor_of_its_own(held: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decibels, "_HELD_BLOCKS", held)
    asked = []

    def block(rows: range) -> np.ndarray:
        asked.append(rows)
        return VALUES[..., rows.start : rows.stop]

    found = np.concatenate(list(above_floor(block, BLOCKS, 30.0)), axis=-1)
    floors = VALUES.max(axis=(1, 2), keepdims=True) - 30
    np.testing.assert_array_equal(found, np.maximum(VALUES, floors))
    assert found.dtype == np.float32
    assert len(asked) == (len(BLOCKS) if held > len(BLOCKS) else 2 * len(BLOCKS))


def test_no_floor_reads_every_block_once_and_changes_nothing() -> None:
    found = list(above_floor(lambda rows: VALUES[..., rows.start : rows.stop], BLOCKS, None))
    np.testing.assert_array_equal(np.concatenate(found, axis=-1), VALUES)
