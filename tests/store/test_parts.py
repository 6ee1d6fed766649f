"""Rows with parts that are observed each on its own: tracks side by side, places of a group, and both."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray
from stores import Recording, edit_manifest, edit_shard, recording, store_writer

from trimodal.errors import StoreError
from trimodal.exchange.npz import Npz
from trimodal.store import FeatureStore, JoinedTrack, OutputArrays, OutputSchema, diff, merge, subset, verify
from trimodal.store.loading import Segments, TimeStepDropout, TimeStepNoise
from trimodal.store.normalisation import Method

TRACKS = (JoinedTrack(name="f", columns=2, unit="px"), JoinedTrack(name="g", columns=1, unit="dB"))
_PLAIN = OutputSchema(
    dtype="float32", shape=(3,), names=(), unit="", timeline="grid", pool="mean", gaps="zero", has_text=False
)
SCHEMAS = {
    "joined": replace(_PLAIN, tracks=TRACKS),
    "groups": replace(_PLAIN, shape=(4, 2, 3), is_group=True),
    "both": replace(_PLAIN, shape=(4, 3), tracks=TRACKS, is_group=True),
    "numbers": replace(_PLAIN, shape=(4,), is_group=True),
}
ROWS = {"one": (0, 6, 2), "two": (9, 1), "three": (7, 3, 5)}
TABLES = {"train": ("train",), "train+valid": ("train", "valid")}


def of_value(schema: OutputSchema, observed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return for every single number whether it was observed, one by one."""
    found = np.zeros((len(observed), *schema.shape), bool)
    for index in np.ndindex(*found.shape):
        part = list(index[: observed.ndim])
        if schema.tracks:
            part[-1] = int(part[-1] >= TRACKS[0].columns)
        found[index] = observed[tuple(part)]
    return found


def made(name: str, rows: tuple[int, ...]) -> Recording:
    content = recording(name, rows)
    return replace(content, outputs={output: _arrays(name, rows, schema) for output, schema in SCHEMAS.items()})


def _arrays(name: str, rows: tuple[int, ...], schema: OutputSchema) -> OutputArrays:
    total, random = sum(rows), np.random.default_rng([len(name), len(schema.shape)])
    observed = random.random((total, *schema.parts)) < 0.6
    values = 50 + 3 * random.normal(size=(total, *schema.shape))
    values[~of_value(schema, observed)] = 0
    mask = observed.reshape(total, -1).any(axis=1)
    starts = np.concatenate([10.0 * number + np.arange(count) for number, count in enumerate(rows)])
    return OutputArrays(
        values=values.astype(schema.dtype),
        times=np.stack([starts, starts + 1], axis=1),
        mask=mask,
        coverage=mask.astype(np.float32),
        offsets=np.cumsum([0, *rows], dtype=np.int64),
        observed=observed,
    )


def write(path: Path, recordings: dict[str, Recording], schemas: dict[str, OutputSchema] = SCHEMAS) -> FeatureStore:
    with store_writer(path, outputs=schemas, statistics=TABLES, shard_bytes=700) as writer:
        for name, content in recordings.items():
            writer.append(content.segments, content.outputs, content.gaps, {"media": name}, {})
        writer.commit()
    return FeatureStore(path)


RECORDINGS = {name: made(name, rows) for name, rows in ROWS.items()}


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return write(tmp_path / "s.store", RECORDINGS)


def observed_numbers(output: str, splits: tuple[str, ...]) -> list[NDArray[np.float64]]:
    """Return what was observed of every column in some splits, gathered number by number."""
    schema, found = SCHEMAS[output], [[] for _ in range(SCHEMAS[output].columns)]
    for content in RECORDINGS.values():
        arrays = content.outputs[output]
        assert arrays.observed is not None
        there = of_value(schema, arrays.observed)
        for number, segment in enumerate(content.segments):
            for row in range(arrays.offsets[number], arrays.offsets[number + 1]):
                for place in np.ndindex(*schema.shape):
                    if segment.split in splits and there[row][place]:
                        column = 0 if output == "numbers" else place[-1]
                        found[column].append(float(arrays.values[row][place]))
    return [np.array(column) for column in found]


def test_a_store_with_parts_has_no_problems(store: FeatureStore) -> None:
    assert verify(store.path) == []
    assert len(store.manifest.shards) > 1
    assert store.outputs == SCHEMAS


@pytest.mark.parametrize("output", SCHEMAS)
def test_samples_say_which_values_were_observed(store: FeatureStore, output: str) -> None:
    expected = np.concatenate(
        [of_value(SCHEMAS[output], content.outputs[output].observed) for content in RECORDINGS.values()]  # type: ignore[arg-type]
    )
    found = [store.rows(output, number) for number in range(len(store))]
    axes = found[0].values.ndim - found[0].observed.ndim
    observed = np.concatenate([rows.observed.reshape(*rows.observed.shape, *[1] * axes) for rows in found])
    np.testing.assert_array_equal(np.broadcast_to(observed, expected.shape), expected)


@pytest.mark.parametrize("output", SCHEMAS)
@pytest.mark.parametrize("table", TABLES)
def test_statistics_are_of_what_was_observed(store: FeatureStore, output: str, table: str) -> None:
    found, columns = store.statistics[table].outputs[output], observed_numbers(output, TABLES[table])
    assert found.count.tolist() == found.sampled.tolist() == [len(column) for column in columns]
    assert output not in ("joined", "both") or found.count[0] != found.count[-1]
    np.testing.assert_allclose(found.mean, [column.mean() for column in columns], rtol=1e-12)
    np.testing.assert_allclose(found.standard_deviation, [column.std() for column in columns], rtol=1e-9)
    np.testing.assert_array_equal(found.minimum, [column.min() for column in columns])
    np.testing.assert_allclose(found.median, [np.median(column) for column in columns], rtol=1e-12)
    assert found.minimum.min() > 30  # no zero is among them


@pytest.mark.parametrize("output", SCHEMAS)
@pytest.mark.parametrize("method", ["standard", "minmax", "robust", "per_segment"])
def test_what_was_not_observed_stays_zero(store: FeatureStore, output: str, method: Method) -> None:
    segments = Segments(store, normalise={output: method}, statistics="train")
    batch = segments.gather(0, range(len(store)))
    shift = store.statistics["train"].outputs[output]
    for number in range(len(store)):
        raw, rows = store.rows(output, number), segments[number].outputs[output]
        np.testing.assert_array_equal(batch.outputs[output].values[number], rows.values)
        assert not rows.values[~rows.observed].any()
        if method == "standard":
            expected = (raw.values - shift.mean) / shift.standard_deviation
            np.testing.assert_allclose(rows.values[rows.observed], expected[rows.observed], rtol=1e-5, atol=1e-5)
        if method == "per_segment" and output == "joined" and raw.observed.all(axis=1).sum() > 1:
            for column in range(3):
                own = rows.values[raw.observed[:, column], column].astype(np.float64)
                assert (own.mean(), own.std()) == (pytest.approx(0, abs=1e-5), pytest.approx(1, rel=1e-4))


def test_a_track_that_was_never_observed_has_no_statistics(tmp_path: Path) -> None:
    content = RECORDINGS["two"]
    joined = content.outputs["joined"]
    assert joined.observed is not None
    observed = joined.observed & np.array([True, False])
    values = np.where(of_value(SCHEMAS["joined"], observed), joined.values, np.float32(0))
    mask = observed.any(axis=1)
    blind = replace(joined, values=values, observed=observed, mask=mask, coverage=mask.astype(np.float32))
    recordings = {"two": replace(content, outputs={**content.outputs, "joined": blind})}
    store = write(tmp_path / "s.store", recordings)
    found = store.statistics["train"].outputs["joined"]
    assert found.count[:2].all()
    assert [found.count[2], found.mean[2], found.standard_deviation[2], found.median[2]] == [0, 0, 0, 0]
    with pytest.raises(
        StoreError, match="no row of 'g' in 'joined' was observed to make statistics of; leave 'joined'"
    ):
        Segments(store, normalise={"joined": "standard"}, statistics="train")


def test_parts_outlast_merging_and_choosing(store: FeatureStore, tmp_path: Path) -> None:
    parts = [write(tmp_path / name, {name: content}) for name, content in RECORDINGS.items()]
    merge(parts, tmp_path / "merged")
    subset(store.select(), tmp_path / "all")
    for path in (tmp_path / "merged", tmp_path / "all"):
        assert verify(path) == []
        assert diff(store, FeatureStore(path)) == []


def test_parts_that_differ_are_a_difference(store: FeatureStore, tmp_path: Path) -> None:
    content = RECORDINGS["three"]
    groups = content.outputs["groups"]
    assert groups.observed is not None
    observed = groups.observed | ~groups.observed[:, ::-1]
    observed[~groups.mask] = False
    changed = replace(content, outputs={**content.outputs, "groups": replace(groups, observed=observed)})
    other = write(tmp_path / "other", {**RECORDINGS, "three": changed})
    first, *of_statistics = diff(store, other)
    assert first == "output groups: mask and coverage differ in 3 of 8 segments"
    starts = [line.partition(": count, mean")[0] for line in of_statistics]
    assert starts == [f"statistics of {table}: groups" for table in TABLES]


def test_noise_and_dropout_keep_to_what_was_observed(store: FeatureStore) -> None:
    names = list(SCHEMAS)
    noisy = Segments(store, augment=[TimeStepNoise(outputs=names, deviation=1.0)])
    dropped = Segments(store, augment=[TimeStepDropout(outputs=names, probability=0.5)])
    for output in names:
        raw, rows, kept = (one[1].outputs[output] for one in (Segments(store), noisy, dropped))
        assert (rows.values != raw.values)[raw.observed].all()
        assert not rows.values[~raw.observed].any()
        gone = raw.mask & ~kept.mask
        assert gone.any()
        assert not kept.observed[gone].any()
        np.testing.assert_array_equal(kept.observed[~gone], raw.observed[~gone])


def test_parts_are_exported(store: FeatureStore, tmp_path: Path) -> None:
    Npz().write(store, tmp_path / "s.npz")
    with np.load(tmp_path / "s.npz") as arrays:
        for output in SCHEMAS:
            expected = [content.outputs[output].observed for content in RECORDINGS.values()]
            np.testing.assert_array_equal(arrays[f"{output}.observed"], np.concatenate(expected))  # type: ignore[arg-type]


Edit = Callable[[h5py.File], Any]


def _set(name: str, where: Any, value: Any) -> Edit:
    return lambda file: file[name].__setitem__(where, value)


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (lambda file: file.pop("outputs/both/observed"), "/outputs/both/observed: missing; expected bool (6, 4, 2)"),
        (_set("outputs/joined/observed", slice(None), False), "/outputs/joined/observed: says otherwise than the mask"),
        (_set("outputs/both/values", slice(None), 1), "/outputs/both/values: what was not observed is not zero"),
    ],
)
def test_damaged_parts(store: FeatureStore, edit: Edit, problem: str) -> None:
    shard = edit_shard(store.path, 1, edit)
    assert f"{shard}:{problem}" in verify(store.path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tracks": [{"name": "f", "columns": 1, "unit": ""}]}, "tracks do not have 3 columns together"),
        ({"tracks": [{"name": "f", "columns": 3}]}, "KeyError: 'unit'"),
        ({"is_group": 1}, "1 is neither true nor false"),
        ({"is_group": True, "shape": [], "tracks": []}, "a group has no places"),
    ],
)
def test_damaged_schemas(store: FeatureStore, changes: dict[str, Any], message: str) -> None:
    edit_manifest(store.path, lambda data: data["outputs"]["joined"].update(changes))
    with pytest.raises(StoreError, match=message):
        FeatureStore(store.path)
