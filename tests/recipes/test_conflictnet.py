"""The Conflict Corpus in miniature through ConflictNET's preprocessing to the arrays that its trainer loads."""

from pathlib import Path

import librosa
import numpy as np
import pytest
from miniature_sspnet import CLIPS, RATE, write_sspnet
from numpy.typing import NDArray
from page_code import run_code_of

from trimodal.corpus import read_corpus
from trimodal.exchange import export
from trimodal.pipeline import run
from trimodal.recipe import load_recipe
from trimodal.store import FeatureStore

pytestmark = pytest.mark.xdist_group("conflictnet")

SAMPLES = 240_000
SILENT = "08-03-12_30_60"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sspnet(tmp_path_factory.mktemp("conflictnet") / "conflict")


@pytest.fixture(scope="module")
def store(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    folder = tmp_path_factory.mktemp("conflictnet_store")
    report = run(read_corpus(corpus), load_recipe("conflictnet"), folder / "conflict.store")
    assert report.extraction.failures == ()
    return FeatureStore(report.store)


@pytest.fixture(scope="module")
def arrays(store: FeatureStore, tmp_path_factory: pytest.TempPathFactory) -> dict[str, NDArray[np.generic]]:
    path = tmp_path_factory.mktemp("conflictnet_arrays") / "conflict.npz"
    assert export(store, "arrays", path, {"outputs": "waveform"}) == []
    with np.load(path, allow_pickle=False) as archive:
        return dict(archive)


def samples(store: FeatureStore, clip: str) -> NDArray[np.float64]:
    (row,) = store.rows("waveform", list(CLIPS).index(clip)).values
    return np.asarray(row, np.float64)


def test_names_shapes_and_types(store: FeatureStore) -> None:
    schema = store.outputs["waveform"]
    assert (list(store.outputs), schema.shape, schema.dtype) == (["waveform"], (SAMPLES,), "float32")
    assert store.segments["id"].tolist() == list(CLIPS)
    assert store.segments["split"].tolist() == [clip.split for clip in CLIPS.values()]
    assert store.manifest.labels == {"conflict": "number", "high": "number", "broadcast": "text"}


def test_labels(store: FeatureStore) -> None:
    np.testing.assert_allclose(store.segments["conflict"], [-0.73, 0.0, 0.55, -0.01, 1.0], atol=1e-12)
    assert store.segments["high"].tolist() == [0, 1, 1, 0, 1]
    assert store.segments["broadcast"].tolist() == [name[:8] for name in CLIPS]


def test_long_clips_are_cut_off_and_short_ones_filled_up_behind(store: FeatureStore) -> None:
    for index, (name, clip) in enumerate(CLIPS.items()):
        times = store.rows("waveform", index).times
        np.testing.assert_allclose(times, [[0.0, min(clip.seconds, 30.0)]], atol=1e-6)
        heard = round(min(clip.seconds, 30.0) * 8_000)
        row = samples(store, name)
        assert not row[heard:].any()
        assert name == SILENT or row[heard - 100 : heard].any()


@pytest.mark.parametrize("name", [name for name in CLIPS if name != SILENT])
def test_the_root_mean_square_of_the_filled_up_clip_is_1_and_its_mean_stays(name: str, store: FeatureStore) -> None:
    clip, row = CLIPS[name], samples(store, name)
    assert np.sqrt((row**2).mean()) == pytest.approx(1.0, rel=1e-6)
    share = min(clip.seconds, 30.0) / 30.0
    scale = 1 / np.sqrt(share * (clip.offset**2 + clip.amplitude**2 / 2))
    assert row.mean() == pytest.approx(clip.offset * scale * share, rel=1e-3)
    assert row.max() == pytest.approx((clip.offset + clip.amplitude) * scale, rel=0.02)


def test_silence_stays_silence(store: FeatureStore) -> None:
    assert not samples(store, SILENT).any()


def as_conflictnet_reads(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a clip as the released code makes it: 8 kHz, cut or filled up, divided by the root mean square."""
    sound = librosa.resample(samples, orig_sr=RATE, target_sr=8_000)
    sound = np.append(sound[:SAMPLES], np.zeros(max(0, SAMPLES - len(sound))))
    return np.asarray(sound / np.sqrt(np.sum(np.square(np.abs(sound))) / len(sound)), np.float64).reshape(-1, 1)


def test_its_trainer_reads_it(arrays: dict[str, NDArray[np.generic]]) -> None:
    found = {split: arrays[f"waveform_{split}"].reshape(-1, SAMPLES, 1) for split in ("train", "valid", "test")}
    assert {split: len(x) for split, x in found.items()} == {"train": 2, "valid": 1, "test": 2}
    for split, x in found.items():
        assert x.dtype == np.float32 and arrays[f"conflict_{split}"].dtype == np.float32
        for clip, row in zip(arrays[f"id_{split}"], x, strict=True):
            if clip != SILENT:  # there the code has NaN
                expected = as_conflictnet_reads(CLIPS[clip].samples)
                # Resamplers differ where a sound begins and ends.
                assert np.quantile(np.abs(row - expected), 0.999) < 0.01
    np.testing.assert_allclose(arrays["conflict_train"], [-0.73, 0.0], atol=1e-6)


def test_the_lines_of_the_page_write_its_files(
    store: FeatureStore, arrays: dict[str, NDArray[np.generic]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert export(store, "arrays", tmp_path / "conflict.npz", {"outputs": "waveform"}) == []
    monkeypatch.chdir(tmp_path)
    run_code_of("conflictnet")
    files = {path.stem: np.load(path, allow_pickle=False) for path in tmp_path.glob("*.npy")}
    assert sorted(files) == ["x_test", "x_train", "x_val", "y_test", "y_train", "y_val"]
    for split, name in {"train": "train", "valid": "val", "test": "test"}.items():
        clips = [clip for clip, one in CLIPS.items() if one.split == split]
        x, y = files[f"x_{name}"], files[f"y_{name}"]
        assert (x.shape, x.dtype, y.shape, y.dtype) == ((len(clips), SAMPLES, 1), np.float32, (len(clips),), np.float32)
        for row, level, clip in zip(x, y, clips, strict=True):
            np.testing.assert_array_equal(row[:, 0], samples(store, clip).astype(np.float32))
            assert level == pytest.approx(CLIPS[clip].level / 10)
