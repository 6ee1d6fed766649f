import shutil
from pathlib import Path

import numpy as np
import pytest
from miniature_recola import RECORDINGS, ROWS, STEP_SECONDS, gold, write_recola

from trimodal.corpus import CorpusError, read_annotation, read_corpus
from trimodal.corpus import recola as layout

COUNTS = tuple(f"RECOLA, {split}: 1 found, 9 published" for split in ("train", "dev", "test"))


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recola(tmp_path_factory.mktemp("recola") / "AVEC2016")


@pytest.fixture
def changed(released: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(released, tmp_path / "AVEC2016"))


def test_recordings_last_as_long_as_their_rows(released: Path) -> None:
    found = read_corpus(released)
    assert found.layout == "recola"
    assert tuple(one.id for one in found.recordings) == RECORDINGS
    assert [one.duration_seconds for one in found.recordings] == [pytest.approx(ROWS * STEP_SECONDS)] * 3
    assert [(one.id, one.split) for one in found.segments] == [
        ("train_1", "train"),
        ("dev_9", "dev"),
        ("test_3", "test"),
    ]
    assert [one.end_seconds for one in found.segments] == [one.duration_seconds for one in found.recordings]
    assert found.problems == COUNTS
    assert found.notes == (
        "there is no recordings_video",
        "there is no recordings_audio",
        "1 test recordings have no ratings, which were never published",
    )


def test_ratings_and_features_are_called_as_their_folders(released: Path) -> None:
    train, _, test = read_corpus(released).recordings
    assert {one.name for one in train.annotations} == {"arousal", "valence", "arousal_raters", "valence_raters"}
    assert test.annotations == ()
    kinds = {f"{kind}_{of}" for kind in ("audio", "appearance", "geometric") for of in ("arousal", "valence")}
    assert {one.name for one in train.features} == {one.name for one in test.features} == kinds
    found = train.annotation("valence")
    assert found is not None
    ratings = read_annotation(found)
    np.testing.assert_allclose(ratings.values[:, 0], gold("train_1", "valence"))
    np.testing.assert_allclose(ratings.times[:, 0], np.arange(ROWS) * STEP_SECONDS, atol=1e-9)
    raters = train.annotation("valence_raters")
    assert raters is not None
    assert read_annotation(raters).raters == ("FM1", "FM2", "FM3", "FF1", "FF2", "FF3")


def test_sound_and_video_are_one_recording(changed: Path) -> None:
    for name in ("recordings_video/train_1.mp4", "recordings_audio/train_1.wav", "recordings_audio/dev_9.wav"):
        (changed / name).parent.mkdir(exist_ok=True)
        (changed / name).touch()
    train, dev, test = read_corpus(changed).recordings
    video, sound = changed / "recordings_video/train_1.mp4", changed / "recordings_audio/train_1.wav"
    assert (train.media, train.sound, train.duration_seconds) == (video, sound, None)
    assert (dev.media, dev.sound) == (changed / "recordings_audio/dev_9.wav", None)
    assert test.media is None
    assert read_corpus(changed).problems == (
        *COUNTS,
        "2 recordings are not in recordings_video: dev_9, test_3",
        "1 recordings are not in recordings_audio: test_3",
    )


def test_features_of_2018_are_told_apart_by_window_and_step(changed: Path) -> None:
    (changed / "features_audio/arousal/train_1.arff").rename(changed / "features_audio/train_1_4.0_0.4.arff")
    names = {one.name for one in read_corpus(changed).recordings[0].features}
    assert "audio_4.0_0.4" in names and "audio_arousal" not in names


def test_ratings_that_are_missing_are_named(changed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (changed / "ratings_gold_standard/valence/dev_9.arff").unlink()
    assert read_corpus(changed).problems == (*COUNTS, "1 recordings have no gold standard of valence: dev_9")
    shutil.copy(changed / "ratings_gold_standard/arousal/dev_9.arff", changed / "ratings_gold_standard/valence")
    monkeypatch.setattr(layout, "_PUBLISHED_EACH", 1)
    assert read_corpus(changed).problems == ()


def test_a_recording_without_anything_that_has_times(changed: Path) -> None:
    (changed / "ratings_individual/arousal/dev_4.csv").write_text("time ;FM1\r\n0;0.1\r\n")
    with pytest.raises(CorpusError, match="recording 'dev_4' has neither sound nor video nor rows with times"):
        read_corpus(changed)


@pytest.mark.parametrize("content", ["", "@data\r\ndev_9\r\n", "@data\r\ndev_9,soon,0.1\r\n"])
def test_a_table_without_times(content: str, changed: Path) -> None:
    (changed / "ratings_gold_standard/arousal/dev_9.arff").write_text(content)
    with pytest.raises(CorpusError, match=r"arousal/dev_9\.arff: its last line has no time; expected rows like dev_1,"):
        read_corpus(changed)


def test_a_folder_without_recordings(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"holds no recording; expected names like train_1\.wav"):
        layout.read(tmp_path)
