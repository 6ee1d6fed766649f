"""Statistics against numpy over the rows themselves."""

import json
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from stores import OUTPUTS, RECORDINGS, edit_manifest, write_store

from trimodal.errors import StoreError
from trimodal.store import FeatureStore, OutputArrays, OutputSchema, SegmentRow, verify
from trimodal.store.statistics import ColumnStatistics, Moments, RowSample, StatisticsCollector
from trimodal.store.writer import sha256

TABLES = {"train": ("train",), "train+test": ("train", "test")}


def expected_rows(output: str, splits: Sequence[str]) -> np.ndarray:
    """Return the observed rows of splits, gathered without the code under test; the last axis are the columns."""
    blocks = []
    for content in RECORDINGS.values():
        one = content.outputs[output]
        for number, segment in enumerate(content.segments):
            rows = slice(one.offsets[number], one.offsets[number + 1])
            if segment.split in splits:
                blocks.append(one.values[rows][one.mask[rows]])
    rows = np.concatenate(blocks).astype(np.float64)
    return rows.reshape(-1, rows.shape[-1])


def assert_statistics(found: ColumnStatistics, rows: np.ndarray) -> None:
    assert found.count.tolist() == found.sampled.tolist() == [len(rows)] * rows.shape[1]
    np.testing.assert_allclose(found.mean, rows.mean(axis=0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.standard_deviation, rows.std(axis=0), rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(found.minimum, rows.min(axis=0))
    np.testing.assert_array_equal(found.maximum, rows.max(axis=0))
    quartiles = np.quantile(rows, [0.25, 0.5, 0.75], axis=0)
    np.testing.assert_allclose([found.lower_quartile, found.median, found.upper_quartile], quartiles, atol=1e-12)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_store(tmp_path / "s.store", statistics=TABLES)


def test_statistics_are_those_of_the_observed_rows_of_the_splits(path: Path) -> None:
    tables = FeatureStore(path).statistics
    assert {name: table.splits for name, table in tables.items()} == TABLES
    for table in tables.values():
        assert set(table.outputs) == set(OUTPUTS)
        for output, found in table.outputs.items():
            assert_statistics(found, expected_rows(output, table.splits))


def test_statistics_of_folds_share_one_pass(tmp_path: Path) -> None:
    tables = {"without train": ("valid", "test"), "without test": ("train", "valid")}
    store = FeatureStore(write_store(tmp_path / "s.store", statistics=tables))
    for table in store.statistics.values():
        assert_statistics(table.outputs["text"], expected_rows("text", table.splits))


def test_the_same_store_gives_the_same_bytes_however_it_is_cut(path: Path, tmp_path: Path) -> None:
    other = write_store(tmp_path / "other.store", statistics=TABLES, shard_bytes=10**9)
    assert (path / "statistics.json").read_bytes() == (other / "statistics.json").read_bytes()
    assert verify(path) == verify(other) == []


def test_a_store_without_statistics_has_no_file(tmp_path: Path) -> None:
    store = write_store(tmp_path / "s.store")
    assert FeatureStore(store).statistics == {}
    assert not (store / "statistics.json").exists()


def test_a_store_with_statistics_can_be_replaced(path: Path) -> None:
    assert FeatureStore(write_store(path)).statistics == {}
    assert not (path / "statistics.json").exists()


def test_an_output_that_was_never_observed_is_not_in_the_table(tmp_path: Path) -> None:
    store = write_store(tmp_path / "s.store", {"two": RECORDINGS["two"]}, statistics={"valid": ("valid",)})
    assert FeatureStore(store).statistics["valid"].outputs == {}


def one_pass_deviation(rows: np.ndarray) -> np.ndarray:
    """The rule that cancels: the mean of squares less the square of the mean."""
    return np.sqrt(np.maximum((rows**2).mean(axis=0) - rows.mean(axis=0) ** 2, 0))


def test_nothing_cancels() -> None:
    rows = 1e6 + np.random.default_rng(0).normal(scale=1e-2, size=(200_000, 1))
    blocks = [Moments.of(block) for block in np.array_split(rows, 97)]
    whole = blocks[0]
    for block in blocks[1:]:
        whole = whole.merged(block)
    deviation = np.sqrt(whole.squares / whole.count)
    reference = (rows - 1e6).std(axis=0)
    assert deviation == pytest.approx(reference, rel=1e-8)
    assert whole.mean == pytest.approx(1e6 + (rows - 1e6).mean(axis=0), rel=1e-15)
    assert abs(one_pass_deviation(rows) - reference) > 0.01 * reference


@given(
    arrays(np.float64, st.tuples(st.integers(2, 30), st.just(2)), elements=st.floats(-1e6, 1e6, width=32)),
    st.data(),
)
def test_moments_do_not_depend_on_where_rows_are_cut(rows: np.ndarray, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(rows) - 1))
    merged, whole = Moments.of(rows[:cut]).merged(Moments.of(rows[cut:])), Moments.of(rows)
    assert merged.count == whole.count
    scale = np.abs(rows).max() + 1e-300
    np.testing.assert_allclose(merged.mean, whole.mean, rtol=0, atol=1e-13 * scale)
    np.testing.assert_allclose(merged.squares, whole.squares, rtol=1e-9, atol=1e-11 * scale**2)
    np.testing.assert_array_equal([merged.minimum, merged.maximum], [whole.minimum, whole.maximum])


def test_a_constant_column_does_not_vary_at_all() -> None:
    rows = np.full((1000, 1), 0.1)
    merged = Moments.of(rows[:333]).merged(Moments.of(rows[333:]))
    assert (merged.mean, merged.squares) == (0.1, 0)


def test_a_sample_is_uniform_whatever_the_order_of_splits() -> None:
    sample = RowSample(1, "float32")
    for start in range(0, 100_000, 5_000):
        rows = np.arange(start, start + 5_000, dtype=np.float32)[:, None]
        sample.add(rows, split=0 if start < 80_000 else 1)
    first, second = sample.of([0])[:, 0], sample.of([1])[:, 0]
    assert len(first) + len(second) == 10_000
    assert len(second) == pytest.approx(2_000, abs=5 * np.sqrt(10_000 * 0.2 * 0.8))
    assert np.median(first) == pytest.approx(40_000, abs=5 * 80_000 / 2 / np.sqrt(8_000))
    assert np.median(second) == pytest.approx(90_000, abs=5 * 20_000 / 2 / np.sqrt(2_000))
    assert len(np.unique(first)) == len(first)


SCHEMA = OutputSchema(
    dtype="float32", shape=(512,), names=(), unit="", timeline="grid", pool="mean", gaps="zero", has_text=False
)


def arrays_of(values: np.ndarray) -> OutputArrays:
    rows = len(values)
    return OutputArrays(
        values=values,
        times=np.zeros((rows, 2)),
        mask=np.ones(rows, bool),
        coverage=np.ones(rows, np.float32),
        offsets=np.array([0, rows]),
    )


def test_memory_does_not_grow_with_the_rows() -> None:
    segment = SegmentRow(id="a", recording="a", start=0, end=1, split="train", speaker="", text="", labels={})
    values = np.random.default_rng(0).normal(size=(4_000, 512)).astype(np.float32)

    def peak(recordings: int) -> int:
        collector = StatisticsCollector({"train": ("train",)}, {"a": SCHEMA})
        tracemalloc.start()
        for _ in range(recordings):
            collector.add([segment], {"a": arrays_of(values)})
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(12) < 1.1 * peak(6)


Damage = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data["train"]["outputs"]["text"]["mean"].pop(), "damaged .ValueError: 'mean' is not 3 finite"),
        (lambda data: data["train"]["outputs"]["text"].update(mean=[1, 2, "x"]), "damaged .ValueError"),
        (lambda data: data["train"]["outputs"]["text"].update(mean=[1, 2, float("nan")]), "is not 3 finite numbers"),
        (lambda data: data["train"]["outputs"]["text"].pop("median"), "damaged .KeyError: 'median'"),
        (lambda data: data["train"]["outputs"]["text"].update(count=[1, 2]), "damaged .ValueError"),
        (lambda data: data["train"]["outputs"]["text"].update(count="x"), "damaged .ValueError"),
        (lambda data: data["train"]["outputs"].update(other={}), "damaged .KeyError: 'other'"),
        (lambda data: data.update(train=3), "damaged .TypeError"),
    ],
)
def test_damaged_statistics(path: Path, damage: Damage, message: str) -> None:
    file = path / "statistics.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    damage(data)
    file.write_text(json.dumps(data))
    entry = {"bytes": file.stat().st_size, "sha256": sha256(file)}
    edit_manifest(path, lambda manifest: manifest["statistics"].update(entry))
    with pytest.raises(StoreError, match=rf"statistics\.json: .*{message}"):
        _ = FeatureStore(path).statistics
    assert len(verify(path)) == 1


def test_statistics_that_were_changed_or_are_gone(path: Path) -> None:
    file = path / "statistics.json"
    text = file.read_text(encoding="utf-8")
    digit = next(place for place, letter in enumerate(text) if letter in "12345678")
    file.write_text(text[:digit] + str(int(text[digit]) + 1) + text[digit + 1 :], encoding="utf-8")
    assert verify(path) == [f"{file}: the checksum is not the manifest's; the file was changed after it was written"]
    file.write_text(text + " ", encoding="utf-8")
    assert verify(path) == [f"{file}: {len(text) + 1} bytes; the manifest says {len(text)}"]
    with pytest.raises(StoreError, match="bytes; the manifest says"):
        _ = FeatureStore(path).statistics
    file.unlink()
    assert verify(path) == [f"{file}: file missing"]
    with pytest.raises(StoreError, match=r"statistics\.json: missing; the manifest lists it"):
        _ = FeatureStore(path).statistics


def test_statistics_outside_the_folder_are_not_read(path: Path) -> None:
    edit_manifest(path, lambda manifest: manifest["statistics"].update(file="../x.json"))
    with pytest.raises(StoreError, match=r"'\.\./x\.json' is not a plain file name"):
        FeatureStore(path)
