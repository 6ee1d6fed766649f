"""Normalisation against numpy; what was not observed stays zero."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stores import OUTPUTS, RECORDINGS, write_store

from trimodal.errors import StoreError
from trimodal.store import FeatureStore
from trimodal.store.loading import SegmentDataset, collate
from trimodal.store.normalisation import METHODS, Method


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_store(tmp_path_factory.mktemp("normalisation") / "s.store", statistics={"train": ("train",)})


def observed(store: FeatureStore, output: str, indices: Sequence[int]) -> np.ndarray:
    rows = [store.rows(output, index) for index in indices]
    found = np.concatenate([one.values[one.mask] for one in rows]).astype(np.float64)
    return found.reshape(-1, found.shape[-1])


def expected(rows: np.ndarray, method: Method, values: np.ndarray) -> np.ndarray:
    if method == "minmax":
        return (values - rows.min(axis=0)) / (rows.max(axis=0) - rows.min(axis=0))
    if method == "robust":
        low, middle, high = np.quantile(rows, [0.25, 0.5, 0.75], axis=0)
        return (values - middle) / (high - low)
    return (values - rows.mean(axis=0)) / rows.std(axis=0)


@pytest.mark.parametrize("output", sorted(OUTPUTS))
@pytest.mark.parametrize("method", METHODS)
def test_rows_are_normalised_where_they_were_observed(path: Path, output: str, method: Method) -> None:
    store = FeatureStore(path)
    dataset = SegmentDataset(store, normalise={output: method})
    train = SegmentDataset(store, "train").indices
    compared = 0
    for index in range(len(dataset)):
        raw, rows = store.rows(output, index), dataset[index].outputs[output]
        assert rows.values.dtype == np.float32
        assert not rows.values[~rows.mask].any()
        if not rows.mask.any():
            continue
        of = observed(store, output, [index] if method == "per_segment" else train)
        if method == "per_segment" and len(of) < 2:
            assert not rows.values.any()
            continue
        wanted = expected(of, method, raw.values[raw.mask].astype(np.float64))
        np.testing.assert_allclose(rows.values[rows.mask], wanted, rtol=1e-5, atol=1e-6)
        compared += 1
    assert compared >= 3


def test_the_other_outputs_stay_as_they_are(path: Path) -> None:
    sample = SegmentDataset(path, normalise={"text": "standard"})[1]
    np.testing.assert_array_equal(sample.outputs["video"].values, FeatureStore(path).rows("video", 1).values)
    assert sample.outputs["video"].values.dtype == np.float16


def test_padding_is_zero_which_is_the_mean(path: Path) -> None:
    dataset = SegmentDataset(path, "train", normalise=dict.fromkeys(OUTPUTS, "standard"))
    batch = collate([dataset[index] for index in range(len(dataset))])
    for name in OUTPUTS:
        values, mask = batch[name]["values"].numpy(), batch[name]["mask"].numpy()
        assert not values[~mask].any()
        assert not mask.all()
        columns = values[mask].reshape(-1, values.shape[-1]).astype(np.float64)
        np.testing.assert_allclose(columns.mean(axis=0), 0, atol=1e-6)
        np.testing.assert_allclose(columns.std(axis=0), 1, rtol=1e-5)


def test_what_holds_or_interpolates_is_normalised_too(tmp_path: Path) -> None:
    outputs = {name: replace(schema, gaps="hold") for name, schema in OUTPUTS.items()}
    store = write_store(tmp_path / "s.store", statistics={"train": ("train",)}, outputs=outputs)
    rows = SegmentDataset(store, normalise={"text": "standard"})[1].outputs["text"]
    assert rows.values[~rows.mask].all()


@pytest.mark.parametrize("method", METHODS)
def test_a_column_that_does_not_vary_is_divided_by_one(tmp_path: Path, method: Method) -> None:
    content = RECORDINGS["one"]
    text = content.outputs["text"]
    values = np.where(text.mask[:, None], np.full((1, 3), 0.1, np.float32), np.float32(0))
    constant = replace(content, outputs={**content.outputs, "text": replace(text, values=values)})
    store = write_store(tmp_path / "s.store", {"one": constant}, statistics={"all": ("train", "valid", "test")})
    found = SegmentDataset(store, normalise={"text": method})[1].outputs["text"].values
    np.testing.assert_allclose(found, 0, atol=1e-9)


def test_a_single_number_a_row(tmp_path: Path) -> None:
    content = RECORDINGS["one"]
    text = replace(content.outputs["text"], values=content.outputs["text"].values[:, 0])
    single = replace(content, outputs={**content.outputs, "text": text})
    schemas = {**OUTPUTS, "text": replace(OUTPUTS["text"], shape=(), names=())}
    store = write_store(tmp_path / "s.store", {"one": single}, statistics={"valid": ("valid",)}, outputs=schemas)
    for method in ("standard", "per_segment"):
        rows = SegmentDataset(store, normalise={"text": method})[1].outputs["text"]
        assert rows.values.shape == (4,)
        assert rows.values[rows.mask].mean() == pytest.approx(0, abs=1e-6)
        assert rows.values[rows.mask].std() == pytest.approx(1, rel=1e-5)


def test_folds(tmp_path: Path) -> None:
    tables = {"without test": ("train", "valid"), "without train": ("valid", "test")}
    path = write_store(tmp_path / "s.store", statistics=tables)
    dataset = SegmentDataset(path, ["train", "valid"], normalise={"text": "standard"}, statistics="without test")
    assert len(dataset) == 7
    values = np.concatenate(
        [one.outputs["text"].values[one.outputs["text"].mask] for one in map(dataset.__getitem__, range(7))]
    )
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-6)
    with pytest.raises(StoreError, match="statistics of several splits; choose one of: without test, without train"):
        SegmentDataset(path, normalise={"text": "standard"})
    with pytest.raises(StoreError, match="no statistics are called 'without tst'; did you mean 'without test'"):
        SegmentDataset(path, normalise={"text": "standard"}, statistics="without tst")


def test_refusals(path: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no output is called 'txt'; did you mean 'text'"):
        SegmentDataset(path, normalise={"txt": "standard"})
    with pytest.raises(StoreError, match="'standrd' normalises nothing; did you mean 'standard'"):
        SegmentDataset(path, normalise={"text": "standrd"})  # type: ignore[dict-item]
    bare = write_store(tmp_path / "bare.store")
    with pytest.raises(StoreError, match=r"has no statistics; expected a recipe with 'statistics: \{split: \.\.\.\}'"):
        SegmentDataset(bare, normalise={"text": "standard"})
    assert SegmentDataset(bare, normalise={"text": "per_segment"})[1].outputs["text"].values.any()
    blind = write_store(tmp_path / "blind.store", {"two": RECORDINGS["two"]}, statistics={"valid": ("valid",)})
    with pytest.raises(StoreError, match="no row of 'text' was observed to make statistics of; leave it as it is"):
        SegmentDataset(blind, normalise={"text": "standard"})
