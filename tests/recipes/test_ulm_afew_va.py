"""AFEW-VA to windows of face embeddings, with the published network and weights of our own."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from miniature_afew_va import CLIPS, Clip, arousal, valence, write_afew_va
from portraits import portrait
from ulm_network import UlmFaceNetwork, drawn

from trimodal.audit import audit
from trimodal.corpus import Corpus, read_corpus
from trimodal.exchange import export
from trimodal.extract.track_file import read_track
from trimodal.extract.video.face_schema import FACES
from trimodal.pipeline import RunReport, default_work, run
from trimodal.recipe import Recipe, dry_recipe, load_recipe
from trimodal.store import FeatureStore, verify

pytestmark = pytest.mark.xdist_group("ulm_afew_va")

WINDOWS = ["001#0", "001#1", "002#0", "051#0", "052#0", "600#0"]
"""Of 2 s, every second; 003 lasts 0.8 s."""


@pytest.fixture(scope="module")
def network() -> UlmFaceNetwork:
    return drawn(UlmFaceNetwork())


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return read_corpus(write_afew_va(tmp_path_factory.mktemp("corpus")))


@pytest.fixture(scope="module")
def recipe(network: UlmFaceNetwork, tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    weights = tmp_path_factory.mktemp("weights") / "radiant_fog_160.pth"
    torch.save(network.state_dict(), weights)
    return load_recipe("ulm-afew-va", [f"tracks.emotion.weights_file={weights}"])


@pytest.fixture(scope="module")
def report(corpus: Corpus, recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> RunReport:
    report = run(corpus, recipe, tmp_path_factory.mktemp("store") / "mini.store")
    assert report.extraction.failures == ()
    assert verify(report.store) == []
    return report


@pytest.fixture(scope="module")
def store(report: RunReport) -> FeatureStore:
    return FeatureStore(report.store)


def index(store: FeatureStore, id: str) -> int:
    return list(store.segments["id"]).index(id)


def frames_with_a_face(window: str) -> list[int]:
    """Return the numbers of the sampled frames of a window of 50 that show a face."""
    clip, first = CLIPS[window[:3]], 25 * int(window[4:])
    return [number for number in range(first, first + 50) if number % 5 == 0 and number not in clip.faceless]


def test_windows_names_shapes_and_types(store: FeatureStore) -> None:
    assert list(store.segments["id"]) == WINDOWS
    np.testing.assert_array_equal(store.segments["end"] - store.segments["start"], 2.0)
    assert {name: (schema.shape, schema.dtype) for name, schema in store.outputs.items()} == {
        "video": ((256,), "float32"),
        "ratings": ((2,), "float32"),
    }
    assert store.outputs["ratings"].names == ("arousal.arousal", "valence.valence")
    assert store.manifest.labels == {"arousal": "number", "valence": "number"}


@pytest.mark.parametrize("window", WINDOWS)
def test_rows_are_the_frames_with_a_face_at_their_times_and_what_was_rated_then(
    window: str, store: FeatureStore
) -> None:
    number = index(store, window)
    frames = np.array(frames_with_a_face(window))
    video, ratings = store.rows("video", number), store.rows("ratings", number)
    assert len(frames) == (8 if window == "002#0" else 10)
    np.testing.assert_allclose(video.times[:, 0], frames / 25, atol=1e-9)
    np.testing.assert_array_equal(video.times, ratings.times)
    assert video.mask.all() and ratings.mask.all()
    expected = [[arousal(frame) / 10, valence(frame) / 10] for frame in frames]
    np.testing.assert_allclose(ratings.values, expected, atol=1e-6)


@pytest.mark.parametrize("window", WINDOWS)
def test_labels_are_means_of_the_window(window: str, store: FeatureStore) -> None:
    frames = range(25 * int(window[4:]), 25 * int(window[4:]) + 50)
    row = store.segments.iloc[index(store, window)]
    assert row["valence"] == pytest.approx(np.mean([valence(frame) for frame in frames]) / 10)
    assert row["arousal"] == pytest.approx(np.mean([arousal(frame) for frame in frames]) / 10)


def test_actors_are_shared_out_and_short_clips_are_left_out(report: RunReport, store: FeatureStore) -> None:
    splits = store.segments.groupby("speaker")["split"].agg(set)
    assert {name: len(split) for name, split in splits.items()} == dict.fromkeys(sorted(splits.index), 1)
    assert sorted(split for (split,) in splits) == ["test", "train", "train", "valid"]
    excluded = pd.read_csv(next(report.store.parent.glob("**/excluded.csv")), dtype=str)
    assert excluded.to_numpy().tolist() == [["003", "003", "shorter than a window of 2 s"]]
    assert {tuple(table.splits) for table in store.statistics.values()} == {("train",)}


def test_numbers_are_those_of_the_published_network(
    report: RunReport, store: FeatureStore, network: UlmFaceNetwork
) -> None:
    """The face with 10 pixels around it, its longer side 240 pixels, on black, normalised as ImageNet's."""
    tracks = next(tracks for tracks in report.extraction.recordings if tracks.recording == "052")
    face = read_track(tracks.paths["face"], FACES)
    row = 3
    box = face.fields["box"][row]
    left, top = (max(0, int(edge)) for edge in box[:2] - 10)
    right, bottom = (int(edge) for edge in box[2:] + 10)
    cut = portrait(5 * row)[top:bottom, left:right]
    scale = 240 / max(cut.shape[:2])
    size = [int(round(side * scale, 6)) for side in cut.shape[1::-1]]
    resized = cv2.resize(cut, size, interpolation=cv2.INTER_LINEAR)
    square = np.zeros((240, 240, 3), np.float32)
    y, x = (240 - size[1]) // 2, (240 - size[0]) // 2
    square[y : y + size[1], x : x + size[0]] = resized
    normal = (square / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    with torch.no_grad():
        expected = network(torch.from_numpy(normal.transpose(2, 0, 1)[None].astype(np.float32)))[0].numpy()
    found = store.rows("video", index(store, "052#0")).values[row]
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert np.abs(found).max() < 1 and found.std() > 0.01


def test_the_extractor_that_knows_the_corpus_is_found(store: FeatureStore) -> None:
    lines = audit(store)
    assert [line for line in lines if "was trained on AFEW-VA, of which this store is" in line]
    assert not [line for line in lines if line.startswith(("speaker", "recording"))]


def test_the_rate_that_nobody_measured_is_in_the_store_and_found(store: FeatureStore) -> None:
    """Times are those of 25 frames a second, which the corpus does not say."""
    (sources,) = [one["sources"] for one in store.provenance]
    assert {source["nominal_frames_per_second"] for source in sources.values()} == {"25"}
    nominal = "frames of 5 recordings have times by a nominal rate of 25 a second, and so have windows of them: 001, "
    assert [line for line in audit(store) if line.startswith(nominal)]


def test_the_exports_are_the_tables_and_tensors_of_the_trainers(store: FeatureStore, tmp_path: Path) -> None:
    """Frame by frame ``path, timestamp, arousal, valence, emb_0, ...``; and windows of 10 frames with their label."""
    for output in ("video", "ratings"):
        export(store, "csv", tmp_path / f"{output}.csv", {"output": output})
    export(store, "csv", tmp_path / "windows.csv", {})
    key = ["segment", "recording", "start"]
    video = pd.read_csv(tmp_path / "video.csv", dtype={"recording": str})
    frames = video.merge(pd.read_csv(tmp_path / "ratings.csv", dtype={"recording": str}), on=key, validate="1:1")
    frames = frames.rename(columns=lambda name: name.replace("emotion.efficientnet_b1_", "emb_"))
    numbers = frames[[name for name in frames if name.startswith("emb_")]].astype(np.float32)
    assert list(numbers) == [f"emb_{number}" for number in range(256)]
    labels = pd.read_csv(tmp_path / "windows.csv").set_index("id")[["arousal", "valence"]]
    batch, targets = [], []
    for window, rows in frames.groupby("segment", sort=False):
        if len(rows) == 10:
            batch.append(numbers.loc[rows.index].to_numpy())
            targets.append(labels.loc[window])
    assert np.shape(batch) == (5, 10, 256)
    assert np.shape(targets) == (5, 2)
    np.testing.assert_array_equal(batch[0], store.rows("video", 0).values)
    first = frames[frames["segment"] == "001#1"].iloc[0]
    assert (first["recording"], first["start"], first["valence.valence"]) == ("001", 1.0, pytest.approx(0.2 - 0.8))


def test_other_windows_need_no_extraction(corpus: Corpus, recipe: Recipe, report: RunReport, tmp_path: Path) -> None:
    changes = [
        f"tracks.emotion.weights_file={recipe.tracks['emotion'].weights_file}",
        "segments.windows.length_seconds=1",
        "segments.windows.hop_seconds=0.5",
    ]
    work = default_work(report.store)
    other = run(corpus, load_recipe("ulm-afew-va", changes), tmp_path / "other.store", work=work)
    assert other.extraction.extracted == 0
    store = FeatureStore(other.store)
    assert len(store.segments) == 5 + 3 + 3 + 3 + 3
    assert [len(store.rows("video", number)) for number in range(5)] == [5] * 5


@pytest.fixture(scope="module")
def longer(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A clip of 4.4 s."""
    return read_corpus(
        write_afew_va(tmp_path_factory.mktemp("longer") / "AFEW-VA", {"010": Clip(frames=110, actor="Jane Doe")})
    )


@pytest.mark.parametrize(("seconds", "starts"), [(3, [0.0]), (4, [0.0])])
def test_windows_of_three_and_four_seconds(seconds: int, starts: list[float], longer: Corpus, recipe: Recipe) -> None:
    """15 and 20 frames, the mean of 75 and of 100 ratings."""
    changes = [
        f"tracks.emotion.weights_file={recipe.tracks['emotion'].weights_file}",
        f"segments.windows.length_seconds={seconds}",
        f"segments.windows.hop_seconds={seconds / 2}",
        "split=null",
    ]
    work = longer.root.parent / "work"
    report = run(longer, load_recipe("ulm-afew-va", changes), longer.root.parent / f"{seconds}.store", work=work)
    store = FeatureStore(report.store)
    assert store.segments["start"].tolist() == starts
    video = store.rows("video", 0)
    assert video.values.shape == (5 * seconds, 256)
    np.testing.assert_allclose(video.times[:, 0], np.arange(5 * seconds) / 5, atol=1e-9)
    for name, rating in (("arousal", arousal), ("valence", valence)):
        expected = np.mean([rating(frame) for frame in range(25 * seconds)]) / 10
        assert store.segments[name][0] == pytest.approx(expected)


def test_stand_ins_have_the_same_columns(recipe: Recipe, tmp_path: Path) -> None:
    dry = dry_recipe(load_recipe("ulm-afew-va"), tmp_path)
    assert {name: track.schema for name, track in dry.tracks.items()} == {
        name: track.schema for name, track in recipe.tracks.items()
    }
    assert dry.tracks["emotion"].weights()["weights"].is_file()
