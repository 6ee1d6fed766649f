"""Quickstart on real clips: not only that it ends well, but what comes out."""

from pathlib import Path

import numpy as np
import pytest

from trimodal.corpus import Recording, read_corpus
from trimodal.extract import Execution
from trimodal.extract.plan import make_plan
from trimodal.extract.recording import RecordingTracks, extract_recording
from trimodal.extract.running import Running
from trimodal.extract.text.words import Words
from trimodal.extract.track_file import read_track
from trimodal.pipeline import RunReport, run
from trimodal.recipe import load_recipe, parse_recipe
from trimodal.store import FeatureStore, verify
from trimodal.track import Track

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("real")]

GRID = ("bbaf2n", "brbk7n", "lbax4n", "lrwp9a", "sbia1a", "swwp2s")
GRID_TICKS_PER_SECOND = 25_000


@pytest.fixture(scope="module")
def report(media: Path, tmp_path_factory: pytest.TempPathFactory) -> RunReport:
    store = tmp_path_factory.mktemp("real") / "talking.store"
    return run(read_corpus(media / "talking"), load_recipe("quickstart"), store, running=Running(jobs=2))


def _track(report: RunReport, recording: str, name: str) -> Track:
    plan = make_plan(load_recipe("quickstart").tracks)
    tracks = next(done for done in report.extraction.recordings if done.recording == recording)
    return read_track(tracks.paths[name], plan.track(name).schema)


def _faces_per_frame(faces: Track) -> list[int]:
    return np.unique(faces.times[:, 0], return_counts=True)[1].tolist()


def test_all_clips_are_in_a_store_without_a_problem(report: RunReport) -> None:
    assert report.extraction.failures == ()
    assert len(FeatureStore(report.store)) == 9
    assert verify(report.store) == []


@pytest.mark.parametrize("clip", GRID)
def test_grid_has_one_face_in_every_sampled_frame(report: RunReport, clip: str) -> None:
    faces = _track(report, f"grid-{clip}", "faces")
    assert _faces_per_frame(faces) == [1] * 15
    np.testing.assert_allclose(faces.times[:, 0], np.arange(15) * 0.2, atol=1e-3)


def test_two_speakers_have_two_faces_in_every_sampled_frame(report: RunReport) -> None:
    faces = _track(report, "grid-two-speakers", "faces")
    assert _faces_per_frame(faces) == [2] * 30
    middle = faces.fields["box"][:, [0, 2]].mean(axis=1)
    assert (np.sort(middle.reshape(30, 2), axis=1)[:, 0] < 360).all()
    assert (np.sort(middle.reshape(30, 2), axis=1)[:, 1] > 360).all()


@pytest.mark.parametrize("clip", ["bbaf2n", "swwp2s"])
def test_aligned_words_lie_near_the_corpus_own_times(report: RunReport, media: Path, clip: str, tmp_path: Path) -> None:
    given = _track(report, f"grid-{clip}", "words")
    assert set(given.fields["origin"].tolist()) == {"given"}
    lines = (media / "talking" / f"grid-{clip}.align").read_text().splitlines()
    truth = [(int(start), int(end)) for start, end, word in map(str.split, lines) if word != "sil"]
    np.testing.assert_allclose(given.times, np.array(truth) / GRID_TICKS_PER_SECOND)

    path = media / "talking" / f"grid-{clip}"
    recording = Recording(id=clip, media=path.with_suffix(".mpg"), transcript=path.with_suffix(".txt"))
    found = extract_recording(recording, [], make_plan({"words": Words()}), tmp_path, Execution())
    assert isinstance(found, RecordingTracks), found
    words = read_track(found.paths["words"], Words().schema)
    error = np.abs(words.times - given.times)
    assert set(words.fields["origin"].tolist()) == {"aligned"}
    assert np.median(error) <= 0.03
    assert error.max() <= 0.06


def test_given_words_keep_their_times(report: RunReport) -> None:
    words = _track(report, "grid-two-speakers", "words")
    assert words.fields["origin"].tolist() == ["given"] * 12
    assert words.fields["speaker"].tolist() == ["left"] * 6 + ["right"] * 6
    np.testing.assert_allclose(words.times[0], [0.95, 1.18])


def test_a_clip_without_sound_has_a_recorded_gap(report: RunReport) -> None:
    store = FeatureStore(report.store)
    gaps = store.gaps[store.gaps["recording"] == "signing-no-audio"].set_index("track")
    assert gaps["reason"].to_dict() == {
        "mfcc": "no audio",
        "egemaps": "no audio",
        "words": "no transcript",
        "bert": "no transcript",
    }
    assert len(_track(report, "signing-no-audio", "mfcc")) == 0
    assert len(_track(report, "signing-no-audio", "face_embedding")) == 11


def test_people_are_told_apart(report: RunReport) -> None:
    vectors = {clip: _track(report, f"grid-{clip}", "face_embedding").values for clip in GRID}
    for one in GRID:
        for other in GRID:
            distance = np.linalg.norm(vectors[one][:, None] - vectors[other][None], axis=2)
            assert (distance.max() < 0.4) if one == other else (distance.min() > 0.5)


SPEAKER = """
tracks:
  faces: {sampling: {fps: 5}}
  face_landmarks: {}
  face_geometry: {}
  voice_activity: {}
  speaker: {extractor: face_choice, policy: speaker}
  face_embedding: {faces: speaker}
align:
  video: {tracks: [face_embedding], timeline: {grid: {rate_hz: 5}}}
"""


def test_the_speakers_face_goes_into_the_store(media: Path, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(f"media\n{media / 'talking' / 'grid-two-speakers.mp4'}\n")
    recipe = parse_recipe(SPEAKER, "speaker.yaml")
    report = run(read_corpus(tmp_path / "list.csv"), recipe, tmp_path / "speaker.store")
    (recording,) = report.extraction.recordings
    plan = make_plan(recipe.tracks)
    chosen = read_track(recording.paths["speaker"], plan.track("speaker").schema)
    is_left = chosen.fields["box"][:, [0, 2]].mean(axis=1) < 360
    assert (is_left == (chosen.times[:, 0] < 3.0)).mean() >= 0.9
    assert len(read_track(recording.paths["faces"], plan.track("faces").schema)) == 2 * len(chosen) == 60
    vectors = FeatureStore(report.store).rows("video", 0)
    assert vectors.mask.all()
    halves = vectors.values[vectors.times[:, 1] <= 2.5], vectors.values[vectors.times[:, 0] >= 3.5]
    assert np.linalg.norm(halves[0][:, None] - halves[1][None], axis=2).min() > 0.5
