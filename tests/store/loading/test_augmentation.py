from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stores import OUTPUTS, RECORDINGS, append, recording, store_writer, write_store

from trimodal.errors import ParameterError, StoreError
from trimodal.store import FeatureStore
from trimodal.store.loading import ModalityDropout, Segments, TimeStepDropout, TimeStepNoise


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one segment that has two thousand rows."""
    path = tmp_path_factory.mktemp("augmentation") / "s.store"
    with store_writer(path, shard_bytes=2**20) as writer:
        append(writer, "long", recording("long", (2000, 3)))
        writer.commit()
    return path


def test_noise_is_one_number_for_an_observed_row(path: Path) -> None:
    raw = FeatureStore(path).rows("text", 0)
    rows = Segments(path, augment=[TimeStepNoise(outputs=["text"], deviation=0.5)])[0].outputs["text"]
    added = rows.values - raw.values
    assert rows.values.dtype == np.float32
    np.testing.assert_allclose(added[:, 0], added[:, 1], atol=1e-6)
    assert not added[~raw.mask].any()
    assert added[raw.mask, 0].std() == pytest.approx(0.5, rel=0.06)
    assert added[raw.mask, 0].mean() == pytest.approx(0, abs=0.05)


def test_dropped_steps_are_zero_and_say_so(path: Path) -> None:
    raw = FeatureStore(path).rows("video", 0)
    rows = Segments(path, augment=[TimeStepDropout(outputs=["video"], probability=0.3)])[0].outputs["video"]
    dropped = raw.mask & ~rows.mask
    assert dropped.sum() / raw.mask.sum() == pytest.approx(0.3, abs=0.04)
    assert not rows.values[dropped].any()
    assert not rows.coverage[dropped].any()
    assert rows.values.dtype == np.float16
    np.testing.assert_array_equal(rows.values[~dropped], raw.values[~dropped])
    np.testing.assert_array_equal(rows.mask, rows.coverage > 0)


def test_draws_depend_on_seed_epoch_segment_and_place(path: Path) -> None:
    noise = TimeStepNoise(outputs=["text"], deviation=1)

    def added(seed: int, epoch: int, index: int, times: int = 1) -> np.ndarray:
        values = Segments(path, augment=[noise] * times, seed=seed)[epoch, index].outputs["text"].values
        return (values - FeatureStore(path).rows("text", index).values)[:3, 0]

    first = added(0, 0, 0)
    np.testing.assert_array_equal(first, added(0, 0, 0))
    for other in (added(1, 0, 0), added(0, 1, 0), added(0, 0, 1), added(0, 0, 0, times=2) / 2):
        assert np.abs(first - other).max() > 1e-3


def test_every_combination_once_in_as_many_epochs(tmp_path: Path) -> None:
    path = write_store(tmp_path / "s.store")
    combinations = [("text", "video"), ("text",), ("video",)]
    segments = Segments(path, augment=[ModalityDropout(kept=combinations)])
    orders = set()
    for round_ in range(4):
        for index in (1, 4):
            raw = FeatureStore(path)[index].outputs
            seen = []
            for epoch in range(3 * round_, 3 * round_ + 3):
                outputs = segments[epoch, index].outputs
                kept = tuple(name for name in OUTPUTS if outputs[name].mask.any())
                seen.append(kept)
                for name in OUTPUTS:
                    assert len(outputs[name]) == len(raw[name])
                    expected = raw[name].values if name in kept else np.zeros_like(raw[name].values)
                    np.testing.assert_array_equal(outputs[name].values, expected)
            assert Counter(seen) == Counter(combinations)
            orders.add(tuple(seen))
    assert len(orders) > 2


def test_outputs_that_no_combination_names_are_kept(tmp_path: Path) -> None:
    path = write_store(tmp_path / "s.store")
    segments = Segments(path, augment=[ModalityDropout(kept=[("text",), ()])])
    seen = [segments[epoch, 1].outputs for epoch in (0, 1)]
    assert all(outputs["video"].mask.any() for outputs in seen)
    assert sorted(outputs["text"].mask.any() for outputs in seen) == [False, True]


def test_refusals(path: Path, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="deviation: -1; expected a finite number from 0"):
        TimeStepNoise(outputs=["text"], deviation=-1)
    with pytest.raises(ParameterError, match="deviation: nan; expected a finite number"):
        TimeStepNoise(outputs=["text"], deviation=float("nan"))
    with pytest.raises(ParameterError, match=r"probability: 1\.1; expected 0 to 1"):
        TimeStepDropout(outputs=["text"], probability=1.1)
    with pytest.raises(ParameterError, match=r"kept: \('text', 'video'\); expected combinations"):
        ModalityDropout(kept=("text", "video"))
    for augment in (
        TimeStepNoise(outputs=["txt"], deviation=1),
        TimeStepDropout(outputs=["txt"], probability=0.5),
        ModalityDropout(kept=[("txt",)]),
    ):
        with pytest.raises(StoreError, match="no output to augment is called 'txt'; did you mean 'text'"):
            Segments(path, augment=[augment])[0]
    one = RECORDINGS["one"]
    numbers = replace(one.outputs["text"], values=one.outputs["text"].values.astype(np.int32))
    whole = write_store(
        tmp_path / "whole.store",
        {"one": replace(one, outputs={**one.outputs, "text": numbers})},
        outputs={**OUTPUTS, "text": replace(OUTPUTS["text"], dtype="int32")},
    )
    with pytest.raises(StoreError, match="output 'text' holds int32; noise can only be added to float numbers"):
        Segments(whole, augment=[TimeStepNoise(outputs=["text"], deviation=1)])[1]
