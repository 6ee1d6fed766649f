"""RECOLA, in miniature, through recola-sew, recola-seqsew and recola-sew-raw."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from exported import rows_that_numpy_reads
from miniature_recola import HERTZ, RECORDINGS, ROWS, STEP_SECONDS, feature, gold, write_ratings, write_recola

from trimodal.corpus import read_corpus
from trimodal.exchange import export
from trimodal.pipeline import run
from trimodal.recipe import load_recipe
from trimodal.store import FeatureStore

pytestmark = pytest.mark.xdist_group("recola")

RELEASED = {"audio": "audio", "appearance": "video_appearance", "geometric": "video_geometric"}
WIDTHS = {"audio": 88, "appearance": 168, "geometric": 632}


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recola(tmp_path_factory.mktemp("recola") / "AVEC2016")


@pytest.fixture(scope="module")
def sew(released: Path) -> FeatureStore:
    return FeatureStore(run(read_corpus(released), load_recipe("recola-sew"), released.parent / "sew.store").store)


@pytest.fixture(scope="module")
def seqsew(released: Path) -> FeatureStore:
    recipe = load_recipe("recola-seqsew")
    return FeatureStore(run(read_corpus(released), recipe, released.parent / "seqsew.store").store)


def test_every_released_row_is_a_row(sew: FeatureStore) -> None:
    outputs = {f"{kind}_{of}": (width,) for kind, width in WIDTHS.items() for of in ("arousal", "valence")}
    found = {name: schema.shape for name, schema in sew.outputs.items()}
    assert found == outputs | {"arousal": (1,), "valence": (1,)}
    assert {schema.dtype for schema in sew.outputs.values()} == {"float32"}
    assert sew.segments["split"].tolist() == ["train", "dev", "test"]
    for segment, recording in zip(sew, RECORDINGS, strict=True):
        for name in outputs:
            kind, of = name.split("_")
            rows = segment.outputs[name]
            assert rows.mask.all()
            np.testing.assert_array_equal(rows.values, feature(recording, RELEASED[kind], of).astype(np.float32))
            np.testing.assert_allclose(rows.times[:, 0], np.arange(ROWS) * STEP_SECONDS, atol=1e-9)


def test_the_gold_standard_is_row_by_row_and_absent_in_test(sew: FeatureStore) -> None:
    for segment, recording in zip(sew, RECORDINGS, strict=True):
        for of in ("arousal", "valence"):
            rows = segment.outputs[of]
            assert len(rows) == ROWS and rows.mask.all() == (recording != "test_3")
            if recording != "test_3":
                np.testing.assert_array_equal(rows.values[:, 0], gold(recording, of).astype(np.float32))


def test_statistics_are_those_of_train(sew: FeatureStore) -> None:
    rows = feature("train_1", "audio", "arousal")
    table = sew.statistics["train"].outputs["audio_arousal"]
    np.testing.assert_allclose(table.mean, rows.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(table.standard_deviation, rows.std(axis=0), rtol=1e-4)


def test_windows_of_75_rows_every_second(seqsew: FeatureStore) -> None:
    windows = (ROWS - 75) // 25 + 1
    assert windows == 10 and len(seqsew) == 3 * windows
    for index, segment in enumerate(seqsew):
        recording, first = RECORDINGS[index // windows], index % windows * 25
        assert segment.id == f"{recording}#{index % windows}"
        times = (first + np.arange(75)) * STEP_SECONDS
        for name, width in ((f"{kind}_{of}", width) for kind, width in WIDTHS.items() for of in ("arousal", "valence")):
            kind, of = name.split("_")
            rows = segment.outputs[name]
            expected = feature(recording, RELEASED[kind], of)[first : first + 75]
            assert expected.shape == (75, width) and rows.mask.all()
            np.testing.assert_array_equal(rows.values, expected.astype(np.float32))
            np.testing.assert_allclose(rows.times, np.stack([times, times + STEP_SECONDS], axis=1), atol=1e-9)
        for of in ("arousal", "valence"):
            rows = segment.outputs[of]
            assert len(rows) == 75 and rows.mask.all() == rows.mask.any() == (recording != "test_3")
            if recording != "test_3":
                expected = gold(recording, of)[first : first + 75].astype(np.float32)
                np.testing.assert_array_equal(rows.values[:, 0], expected)
    np.testing.assert_allclose(seqsew.segments["start"], np.tile(np.arange(windows), 3), atol=1e-9)
    np.testing.assert_allclose(seqsew.segments["end"] - seqsew.segments["start"], 3.0)


def test_298_windows_of_a_whole_recording_and_100_that_do_not_overlap(tmp_path: Path) -> None:
    """The whole release, 27 recordings of 7,501 rows, with two columns of each feature; the thesis says 299."""
    changes = [f"tracks.{kind}_{of}.dimensions=2" for kind in WIDTHS for of in ("arousal", "valence")]
    corpus = read_corpus(write_ratings(tmp_path / "AVEC2016", rows=7501, width=2))
    assert corpus.problems == ()
    kept = replace(
        corpus,
        recordings=tuple(one for one in corpus.recordings if one.id.endswith("_1")),
        segments=tuple(one for one in corpus.segments if one.id.endswith("_1")),
    )
    store = FeatureStore(run(kept, load_recipe("recola-seqsew", changes), tmp_path / "s").store)
    assert store.segments["split"].value_counts().to_dict() == {"train": 298, "dev": 298, "test": 298}
    dev = store.select(split="dev", query="start % 3 == 0")
    assert len(dev) == 100
    rows = np.concatenate([segment.outputs["geometric_valence"].values for segment in dev])
    np.testing.assert_array_equal(rows, np.tile(np.arange(7500, dtype=np.float32)[:, None], 2))
    last = store[297].outputs["audio_arousal"].values
    np.testing.assert_array_equal(last[:, 0], np.arange(297 * 25, 7500))  # row 7,500 is left over


def test_windows_of_dev_that_do_not_overlap(seqsew: FeatureStore) -> None:
    chosen = seqsew.select(split="dev", query="start % 3 == 0")
    assert [segment.id for segment in chosen] == ["dev_9#0", "dev_9#3", "dev_9#6", "dev_9#9"]


def test_a_trainer_gets_windows_rows_and_columns(seqsew: FeatureStore, tmp_path: Path) -> None:
    export(seqsew, "numpy", tmp_path / "a.npz", {"outputs": "audio_arousal,arousal"})
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        x = arrays["audio_arousal.values"].reshape(-1, 75, 88)
        y = arrays["arousal.values"].reshape(-1, 75, 1)
    assert x.shape == (30, 75, 88) and y.shape == (30, 75, 1)


def test_numpy_reads_whole_recordings(sew: FeatureStore, tmp_path: Path) -> None:
    rows = rows_that_numpy_reads(sew, tmp_path / "sew.npz")
    assert {name: np.stack(found).shape for name, found in rows.items()} == {
        **{f"{kind}_{of}": (3, ROWS, width) for kind, width in WIDTHS.items() for of in ("arousal", "valence")},
        "arousal": (3, ROWS, 1),
        "valence": (3, ROWS, 1),
    }


def test_the_same_rows_from_the_recordings(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("raw")
    corpus = read_corpus(write_recola(folder / "AVEC2016", media=True))
    store = FeatureStore(run(corpus, load_recipe("recola-sew-raw"), folder / "raw.store").store)
    widths = {name: schema.shape[0] for name, schema in store.outputs.items()}
    made = {f"{kind}_{of}": WIDTHS[kind] for kind in ("audio", "geometric") for of in ("arousal", "valence")}
    assert widths == made | {"arousal": 1, "valence": 1}
    rows = store[0].outputs
    assert {len(found) for found in rows.values()} == {ROWS}
    assert all(rows[name].mask.all() for name in rows)
    # Windows around rows in the middle; before the first whole one and after the last one it is repeated.
    middles = rows["audio_arousal"].times.mean(axis=1)
    np.testing.assert_allclose(middles, (np.arange(ROWS) + 0.5) * STEP_SECONDS, atol=1e-6)
    audio = rows["audio_arousal"].values
    assert (audio[:50] == audio[50]).all() and (audio[-50:] == audio[-51]).all()
    valence = rows["audio_valence"].values  # windows of 6 s: 75 rows at either end
    assert (valence[:75] == valence[75]).all() and (valence[-75:] == valence[-76]).all()
    assert (valence[75] != valence[76]).any() and (valence[-76] != valence[-77]).any()
    assert (audio[50] != audio[51]).any()
    exported = rows_that_numpy_reads(store, folder / "raw.npz")
    assert {name: np.stack(found).shape for name, found in exported.items()} == {
        name: (3, ROWS, width) for name, width in widths.items()
    }
    names = store.outputs["audio_arousal"].names
    semitones = 12 * np.log2(HERTZ / 27.5)  # openSMILE counts from 27.5 Hz
    pitch = names.index("audio_arousal.F0semitoneFrom27.5Hz_sma3nz_amean")
    np.testing.assert_allclose(audio[:, pitch], semitones, atol=0.2)
    # A face that does not move has no deviation.
    np.testing.assert_allclose(rows["geometric_arousal"].values[100:200, 316:], 0, atol=0.05)
