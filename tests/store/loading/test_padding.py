import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stores import RECORDINGS, write_store

from trimodal.errors import ParameterError
from trimodal.store import Sample
from trimodal.store.loading import Padding, RingLoader, Segments, collate
from trimodal.store.loading.buffers import BatchMemory
from trimodal.store.loading.padding import make_batch
from trimodal.store.loading.segments import GatheredSegments


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    segments = Segments(write_store(tmp_path_factory.mktemp("padding") / "s.store"))
    return [segments[index] for index in (4, 1, 0, 2)]  # 5, 4, 0, 2 rows


class Sevens(BatchMemory):
    """Not zeroed: whatever is not written stays at 7."""

    def array(self, output: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray:
        return np.full(shape, 7, dtype)


def padded(samples: list[Sample], padding: Padding) -> dict[str, Any]:
    return make_batch(GatheredSegments.of(samples), padding, Sevens())


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("keep", ["first", "last"])
@pytest.mark.parametrize(
    ("max_length", "min_length"),
    [(None, None), (3, None), ({"text": 3}, None), (None, 8), (9, 8), ({"text": 3}, {"video": 8, "text": 3}), (3, 3)],
)
def test_sides_and_caps(samples: list[Sample], side: Any, keep: Any, max_length: Any, min_length: Any) -> None:
    batch = padded(samples, Padding(side=side, keep=keep, max_length=max_length, min_length=min_length))
    for name in ("text", "video"):
        cap = max_length.get(name, 9) if isinstance(max_length, dict) else max_length or 9
        least = min_length[name] if isinstance(min_length, dict) else min_length or 0
        lengths = [min(rows, cap) for rows in (5, 4, 0, 2)]
        length = max(*lengths, least)
        assert batch[name]["lengths"].tolist() == lengths
        assert batch[name]["values"].shape[:2] == batch[name]["mask"].shape == (4, length)
        for row, (sample, count) in enumerate(zip(samples, lengths, strict=True)):
            rows = sample.outputs[name]
            kept = slice(0, count) if keep == "first" else slice(len(rows) - count, len(rows))
            width = [(length - count, 0) if side == "left" else (0, length - count)]
            values = np.pad(rows.values[kept], width + [(0, 0)] * (rows.values.ndim - 1))
            np.testing.assert_array_equal(batch[name]["values"][row], values)
            np.testing.assert_array_equal(batch[name]["mask"][row], np.pad(rows.mask[kept], width))
            assert batch[name]["present"][row] == rows.mask[kept].any()


def test_labels_and_ids(samples: list[Sample]) -> None:
    batch = padded(samples, Padding())
    assert batch["id"] == ["three_0", "one_1", "one_0", "one_2"]
    assert batch["labels"]["mood"] == ["glad", "söur", "glad", "glad"]
    valence = [RECORDINGS["one"].segments[number].labels["valence"] for number in (0, 1, 0, 2)]
    np.testing.assert_array_equal(batch["labels"]["valence"], np.array(valence, np.float32))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"side": "front"}, "side: 'front'; expected 'right' or 'left'"),
        ({"keep": "middle"}, "keep: 'middle'; expected 'first' or 'last'"),
        ({"max_length": 0}, "max_length: 0; expected a whole number from 1"),
        ({"max_length": 2.5}, "max_length: 2.5; expected a whole number from 1"),
        ({"min_length": 9, "max_length": {"text": 3}}, "min_length: 9, max_length: 3; expected no more at least than"),
        ({"min_length": {"text": 4}, "max_length": 3}, "min_length: 4, max_length: 3; expected no more at least than"),
        ({"min_length": {"text": -1}}, "min_length: -1; expected a whole number from 1"),
    ],
)
def test_refusals(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=re.escape(message)):
        Padding(**changes)


def test_outputs_that_are_not_there(tmp_path: Path) -> None:
    segments = Segments(write_store(tmp_path / "s.store"))
    for name in ("max_length", "min_length"):
        padding = Padding(**{name: {"txt": 3}})
        for use in (lambda: RingLoader(segments, padding=padding), lambda: collate([segments[1]], padding)):  # noqa: B023
            with pytest.raises(ParameterError, match=f"{name}: no output is called 'txt'; did you mean 'text'"):
                use()
