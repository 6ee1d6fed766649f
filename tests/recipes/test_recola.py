"""RECOLA, in miniature, through recola-sew, recola-seqsew and recola-sew-raw."""

from pathlib import Path

import numpy as np
import pytest
from miniature_recola import HERTZ, RECORDINGS, ROWS, STEP_SECONDS, feature, gold, write_recola

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
    assert (7501 - 75) // 25 + 1 == 298  # as many as a whole recording gives by the same rule
    assert windows == 10 and len(seqsew) == 3 * windows
    for index, segment in enumerate(seqsew):
        recording, first = RECORDINGS[index // windows], index % windows * 25
        for name, width in (("audio_arousal", 88), ("geometric_valence", 632)):
            kind, of = name.split("_")
            expected = feature(recording, RELEASED[kind], of)[first : first + 75]
            assert expected.shape == (75, width)
            np.testing.assert_array_equal(segment.outputs[name].values, expected.astype(np.float32))
        if recording != "test_3":
            expected = gold(recording, "arousal")[first : first + 75].astype(np.float32)
            np.testing.assert_array_equal(segment.outputs["arousal"].values[:, 0], expected)


def test_windows_of_dev_that_do_not_overlap(seqsew: FeatureStore) -> None:
    chosen = seqsew.select(split="dev", query="start % 3 == 0")
    assert [segment.id for segment in chosen] == ["dev_9#0", "dev_9#3", "dev_9#6", "dev_9#9"]


def test_a_trainer_gets_windows_rows_and_columns(seqsew: FeatureStore, tmp_path: Path) -> None:
    export(seqsew, "numpy", tmp_path / "a.npz", {"outputs": "audio_arousal,arousal"})
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        x = arrays["audio_arousal.values"].reshape(-1, 75, 88)
        y = arrays["arousal.values"].reshape(-1, 75, 1)
    assert x.shape == (30, 75, 88) and y.shape == (30, 75, 1)


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
    names = store.outputs["audio_arousal"].names
    semitones = 12 * np.log2(HERTZ / 27.5)  # openSMILE counts from 27.5 Hz
    pitch = names.index("audio_arousal.F0semitoneFrom27.5Hz_sma3nz_amean")
    np.testing.assert_allclose(audio[:, pitch], semitones, atol=0.2)
    # A face that does not move has no deviation.
    np.testing.assert_allclose(rows["geometric_arousal"].values[100:200, 316:], 0, atol=0.05)
