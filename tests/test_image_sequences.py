"""Folders of pictures from a manifest to a store."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from trimodal.corpus import Recording, read_corpus
from trimodal.extract.cache import TrackCache
from trimodal.extract.plan import make_plan
from trimodal.extract.video.face_landmarks import FaceLandmarks
from trimodal.extract.video.faces import Faces
from trimodal.media import Sampling, probe, read_frames
from trimodal.pipeline import run
from trimodal.recipe import parse_recipe
from trimodal.store import FeatureStore, verify

pytestmark = pytest.mark.xdist_group("pipeline")

RECIPE = parse_recipe(
    "tracks: {mfcc: {}, faces: {detector: dlib-hog, sampling: {every: 2}}, face_landmarks: {}}\n"
    "align:\n"
    "  points: {tracks: [face_landmarks], timeline: {grid: {hop_seconds: 0.1}}}\n"
    "  sound: {tracks: [mfcc], timeline: {grid: {hop_seconds: 0.1}}}\n",
    "pictures.yaml",
)


@pytest.fixture
def corpus_folder(sample: Path, tmp_path: Path) -> Path:
    """Twenty frames of a clip as pictures, of which the numbers 8 to 11 are missing and 14 is broken."""
    clip, folder = sample / "happy.mp4", tmp_path / "corpus" / "001"
    folder.mkdir(parents=True)
    number = 0
    for batch in read_frames(clip, probe(clip), Sampling()):
        for pixels in batch.pixels:
            if number < 20 and number not in range(8, 12):
                cv2.imwrite(str(folder / f"{number:05d}.png"), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
            number += 1
    (folder / "00014.png").write_bytes(b"")
    (tmp_path / "corpus" / "manifest.csv").write_text("media,fps,valence\n001,20,-3\n")
    return tmp_path / "corpus"


def test_from_a_manifest_to_a_store_and_on(corpus_folder: Path, tmp_path: Path) -> None:
    report = run(read_corpus(corpus_folder), RECIPE, tmp_path / "s")
    assert report.extraction.failures == ()
    assert verify(report.store) == []
    store = FeatureStore(report.store)
    rows = store.rows("points", 0)
    np.testing.assert_allclose(rows.times, np.stack([np.arange(10) / 10, np.arange(1, 11) / 10], axis=1), atol=1e-9)
    # Every second picture stands for 0.1 s. 8 and 10 are missing, so that 6 stands for one and a half; 14 is broken.
    np.testing.assert_allclose(rows.coverage, [1, 1, 1, 1, 0.5, 0, 1, 0, 1, 1], atol=1e-9)
    assert not store.rows("sound", 0).mask.any()
    found = {(gap.track, gap.reason) for gap in store.gaps.itertuples()}
    assert ("face_landmarks", "4 pictures are missing in the numbering") in found
    assert ("face_landmarks", "the picture 00014.png cannot be read") in found
    assert ("mfcc", "no audio") in found

    assert run(read_corpus(corpus_folder), RECIPE, tmp_path / "s").extraction.extracted == 0
    picture = corpus_folder / "001" / "00002.png"
    cv2.imwrite(str(picture), cv2.imread(str(picture))[::-1])
    assert run(read_corpus(corpus_folder), RECIPE, tmp_path / "s").extraction.extracted == 3
    (corpus_folder / "manifest.csv").write_text("media,fps,valence\n001,10,-3\n")
    again = run(read_corpus(corpus_folder), RECIPE, tmp_path / "s")
    assert again.extraction.extracted == 3
    assert FeatureStore(again.store).rows("points", 0).times[-1, 1] == pytest.approx(2.0)


def test_a_folder_without_a_rate_costs_itself_alone(corpus_folder: Path, sample: Path, tmp_path: Path) -> None:
    (corpus_folder / "manifest.csv").write_text(f"media,fps\n001,20\n../corpus/001,\n{sample / 'happy.mp4'},\n")
    sound = parse_recipe("tracks: {mfcc: {}}\nalign: {a: {tracks: [mfcc], timeline: segment}}", "sound.yaml")
    report = run(read_corpus(corpus_folder), sound, tmp_path / "s")
    (failure,) = report.extraction.failures
    assert failure.reason.endswith(
        "001: a folder of pictures needs a frame rate; give it in the column 'fps' of a manifest"
    )
    assert len(FeatureStore(report.store).segments) == 2


def test_keys_of_pictures_change_with_names_bytes_and_rate(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.png").write_bytes(b"picture %d" % number)
    plan, cache = (
        make_plan({"faces": Faces(detector="dlib-hog"), "points": FaceLandmarks()}),
        TrackCache(tmp_path / "w"),
    )

    def keys(rate: float = 25.0) -> tuple[str, ...]:
        recording = Recording(id="a", media=folder, frames_per_second=rate)
        return tuple(cache.keys(plan, cache.source(recording, [])).values())

    seen = [keys()]
    assert keys() == keys(25) == seen[0]
    seen.append(keys(30.0))
    (folder / "1.png").write_bytes(b"picture X")
    seen.append(keys())
    (folder / "2.png").rename(folder / "4.png")
    seen.append(keys())
    (folder / "5.png").write_bytes(b"")
    seen.append(keys())
    assert len({key for both in seen for key in both}) == 2 * len(seen)
    (folder / "notes.txt").write_text("not a picture")
    assert keys() == seen[-1]
