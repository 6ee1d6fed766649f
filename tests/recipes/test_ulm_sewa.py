"""SEWA to windows of faces and voices that meet by the clock, with stand-ins for both networks."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.signal
import torch
from miniature_sewa import FACELESS, PEOPLE, arousal, tone_hertz, valence, write_sewa
from transformers import AutoModel

from trimodal.audit import audit
from trimodal.corpus import Corpus, read_corpus
from trimodal.exchange import export
from trimodal.pipeline import default_work, run
from trimodal.recipe import Recipe, dry_recipe, load_recipe
from trimodal.store import FeatureStore, verify

pytestmark = pytest.mark.xdist_group("ulm_sewa")

WINDOWS = [f"{person}#{number}" for person in PEOPLE for number in (0, 1)]
"""Of 2 s, every second, of recordings of 3 s."""
KNOWS_THE_CORPUS = "track 'emotion': the model 'radiant_fog_160.pth' was trained on SEWA, of which this store is"
"""What an audit says even of a dry run."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sewa")


@pytest.fixture(scope="module")
def corpus(folder: Path) -> Corpus:
    corpus = read_corpus(write_sewa(folder / "corpus"))
    assert (corpus.layout, corpus.problems) == ("sewa", ())
    return corpus


def with_stand_ins(folder: Path, *changes: str) -> Recipe:
    """Return the recipe with stand-ins, the one for faces with smaller pictures."""
    return dry_recipe(load_recipe("ulm-sewa", ["tracks.emotion.size_pixels=64", *changes]), folder / "dry")


@pytest.fixture(scope="module")
def recipe(folder: Path) -> Recipe:
    return with_stand_ins(folder)


@pytest.fixture(scope="module")
def store(corpus: Corpus, recipe: Recipe, folder: Path) -> FeatureStore:
    report = run(corpus, recipe, folder / "mini.store")
    assert report.extraction.failures == ()
    assert verify(report.store) == []
    return FeatureStore(report.store, dry_weights=True)


def start_of(window: str) -> float:
    return float(window.partition("#")[2])


def test_windows_names_shapes_and_types(store: FeatureStore) -> None:
    assert list(store.segments["id"]) == WINDOWS
    assert list(store.segments["speaker"]) == [window.partition("#")[0] for window in WINDOWS]
    assert {name: (schema.shape, schema.dtype) for name, schema in store.outputs.items()} == {
        "video": ((256,), "float32"),
        "ratings": ((2,), "float32"),
        "audio": ((768,), "float32"),
    }
    numbers = dict.fromkeys(("arousal", "valence", "arousal_last", "valence_last"), "number")
    assert store.manifest.labels == {**numbers, "pair": "text"}


@pytest.mark.parametrize("number", range(len(WINDOWS)), ids=WINDOWS)
def test_frames_are_at_their_own_times_whatever_the_rate(number: int, store: FeatureStore) -> None:
    """Five a second of 50, 30 and 25: where the code takes every 17th frame."""
    start = start_of(WINDOWS[number])
    low, high = FACELESS.get(WINDOWS[number][:7], (0.0, 0.0))
    times = [start + k / 5 for k in range(10)]
    times = [time for time in times if not low - 1e-6 <= time < high - 1e-6]
    video, ratings, audio = (store.rows(name, number) for name in ("video", "ratings", "audio"))
    assert len(times) == (8 if WINDOWS[number][:7] in FACELESS else 10)
    np.testing.assert_allclose(video.times[:, 0], times, atol=1e-6)
    np.testing.assert_array_equal(ratings.times, video.times)
    np.testing.assert_allclose(ratings.values, [[arousal(time), valence(time)] for time in times], atol=1e-6)
    assert audio.values.shape == (1, 768)
    assert audio.mask.all()
    np.testing.assert_allclose(audio.times, [[start, start + 2]])


@pytest.mark.parametrize("number", range(2))
def test_labels_are_the_mean_of_the_window_and_what_was_rated_at_its_last_frame(
    number: int, store: FeatureStore
) -> None:
    times = [number + k / 100 for k in range(200)]
    row = store.segments.iloc[number]
    assert row["arousal"] == pytest.approx(np.mean([arousal(time) for time in times]))
    assert row["valence"] == pytest.approx(np.mean([valence(time) for time in times]))
    last_frame = store.rows("video", number).times[-1, 0]
    assert last_frame == pytest.approx(number + 1.8)
    assert row["arousal_last"] == pytest.approx(arousal(number + 1.8))  # not the last rating in it, that at 1.99 s
    np.testing.assert_allclose(store.rows("ratings", number).values[-1], row[["arousal_last", "valence_last"]].tolist())
    assert row["valence_last"] == -0.5
    assert row["valence"] != row["valence_last"]


def test_the_voice_is_the_mean_of_the_last_hidden_state_of_the_normalised_window(
    store: FeatureStore, recipe: Recipe
) -> None:
    """By transformers itself; the sound is that of Original/audio, as that in the video is silence."""
    person = 2
    seconds = np.arange(44_100 * 2) / 44_100 + 1.0
    sound = scipy.signal.resample(0.5 * np.sin(2 * np.pi * tone_hertz(PEOPLE[person]) * seconds), 32_000)
    normal = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)
    model = AutoModel.from_pretrained(recipe.tracks["speech"].model, dtype=torch.float32).eval()
    with torch.no_grad():
        states = model(torch.from_numpy(normal[None].astype(np.float32))).last_hidden_state[0]
    found = store.rows("audio", 2 * person + 1).values[0]
    assert found.std() > 0.01
    assert np.corrcoef(found, states.mean(axis=0).numpy())[0, 1] > 0.999  # resampled another way
    others = [store.rows("audio", 2 * other + 1).values[0] for other in range(len(PEOPLE)) if other != person]
    assert all(np.abs(found - other).max() > 1e-3 for other in others)


def test_pairs_are_shared_out_whole(store: FeatureStore) -> None:
    splits = store.segments.groupby("pair")["split"].agg(set)
    assert list(splits.index) == ["SEW1101+SEW1102", "SEW1119+SEW1120", "SEW2201+SEW2202"]
    assert sorted(split for (split,) in splits) == ["test", "train", "valid"]
    assert audit(store) == [KNOWS_THE_CORPUS]


def test_partners_in_different_splits_are_found(
    corpus: Corpus, store: FeatureStore, folder: Path, tmp_path: Path
) -> None:
    """As the released code shares videos out."""
    by_video = with_stand_ins(folder, "split.by=recording")
    report = run(corpus, by_video, tmp_path / "by_video.store", work=default_work(store.path))
    assert report.extraction.extracted == 0
    shared, knows = audit(FeatureStore(report.store, dry_weights=True))
    assert re.match(r"pair: [123] of 3 in several splits", shared)
    assert knows == KNOWS_THE_CORPUS


def test_windows_meet_as_the_fusion_reads_them(store: FeatureStore, tmp_path: Path) -> None:
    """Tuples of frames ``(W, 256)``, voice ``(n, 768)``, label ``(2,)``, name and time, out of what numpy reads."""
    export(store, "numpy", tmp_path / "sewa.npz", {"outputs": "video,audio"})
    with np.load(tmp_path / "sewa.npz", allow_pickle=False) as arrays:
        found = {name: arrays[name] for name in arrays.files}
    video, audio = (np.split(found[f"{name}.values"], found[f"{name}.offsets"][1:-1]) for name in ("video", "audio"))
    segments = store.segments
    labels = segments[["arousal_last", "valence_last"]].to_numpy(np.float32)
    tuples = list(zip(video, audio, labels, segments["recording"], segments["start"], strict=True))
    whole = [one for one in tuples if len(one[0]) == 10]
    assert len(tuples) == 12 and len(whole) == 10
    assert np.stack([one[0] for one in whole]).shape == (10, 10, 256)
    assert np.stack([one[1] for one in whole]).shape == (10, 1, 768)
    assert tuples[1][3:] == ("SEW1101", 1.0)
    export(store, "csv", tmp_path / "audio.csv", {"output": "audio"})
    table = pd.read_csv(tmp_path / "audio.csv")
    assert table[["recording", "start", "end"]].iloc[3].tolist() == ["SEW1102", 1.0, 3.0]
    assert len([name for name in table if "hidden" in name]) == 768


def test_what_it_was_made_of_is_in_the_store(store: FeatureStore) -> None:
    (made_by,) = store.provenance[0]["tracks"]["speech"]
    assert made_by["parameters"]["windows"] == {"length_seconds": 2.0, "hop_seconds": 1.0, "tail": "drop"}
    assert "every 17th frame" in store.recipe
    assert json.loads((store.path / "manifest.json").read_text())["dry_weights"] is True


@pytest.mark.parametrize("length", [1, 3, 4])
def test_voices_go_with_windows_of_other_lengths(length: int, folder: Path) -> None:
    """One value is changed, that of the segments, and the windows of the voice follow."""
    root = folder / "longer"
    if not root.exists():
        write_sewa(root, PEOPLE[:2], seconds=5.0)
    hop = length / 2
    lengths = [f"segments.windows.{key}={value}" for key, value in (("length_seconds", length), ("hop_seconds", hop))]
    recipe = with_stand_ins(folder, *lengths, "split=null")
    report = run(read_corpus(root), recipe, folder / f"{length}.store", work=folder / "longer.work")
    store = FeatureStore(report.store, dry_weights=True)
    expected = [round(start * hop, 1) for start in range(int((5 - length) / hop) + 1)]
    assert store.segments["start"].tolist() == expected * 2
    for number, start in enumerate(expected):
        video, audio = store.rows("video", number), store.rows("audio", number)
        frames = [k / 5 for k in range(25) if start - 1e-6 <= k / 5 + 0.1 < start + length - 1e-6]  # by their middles
        assert len(frames) == 5 * length
        np.testing.assert_allclose(video.times[:, 0], frames, atol=1e-6)
        assert audio.mask.tolist() == [True]
        np.testing.assert_allclose(audio.times, [[start, start + length]])
        seconds = start + np.arange(100 * length) / 100
        row = store.segments.iloc[number]
        assert row["arousal"] == pytest.approx(np.mean([arousal(time) for time in seconds]))
