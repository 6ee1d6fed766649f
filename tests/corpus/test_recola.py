import shutil
from pathlib import Path

import numpy as np
import pytest
from miniature_recola import RECORDINGS, ROWS, STEP_SECONDS, gold, write_ratings, write_recola

from trimodal.corpus import CorpusError, read_annotation, read_corpus
from trimodal.corpus import recola as layout

MISSING = (
    *(f"RECOLA, {split}: 1 found, 9 published" for split in ("train", "dev", "test")),
    "24 recordings are not there: train_2, train_3, train_4, train_5, train_6, ...",
)
SHORT = "8 files of ratings have other rows than published: " + ", ".join(
    f"ratings_{place}: 301 of 7,501"
    for place in (
        "gold_standard/arousal/train_1.arff",
        "gold_standard/valence/train_1.arff",
        "individual/arousal/train_1.csv",
        "individual/valence/train_1.csv",
        "gold_standard/arousal/dev_9.arff",
    )
)
PROBLEMS = (*MISSING, f"{SHORT}, ...")


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
    assert found.problems == PROBLEMS
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
        *MISSING,
        "2 recordings are not in recordings_video: dev_9, test_3",
        "1 recordings are not in recordings_audio: test_3",
        f"{SHORT}, ...",
    )


def test_features_of_2018_are_told_apart_by_window_and_step(changed: Path) -> None:
    (changed / "features_audio/arousal/train_1.arff").rename(changed / "features_audio/train_1_4.0_0.4.arff")
    names = {one.name for one in read_corpus(changed).recordings[0].features}
    assert "audio_4.0_0.4" in names and "audio_arousal" not in names


def test_ratings_that_are_missing_are_named(changed: Path) -> None:
    (changed / "ratings_gold_standard/valence/dev_9.arff").unlink()
    assert "1 recordings have no gold standard of valence: dev_9" in read_corpus(changed).problems


def test_the_whole_release_is_as_published(tmp_path: Path) -> None:
    write_ratings(tmp_path, rows=7501)
    found = read_corpus(tmp_path)
    assert (len(found.recordings), found.problems) == (18 + 9, ())
    assert [one.end_seconds for one in found.segments[:18]] == [pytest.approx(300.04)] * 18


def test_ratings_of_2018_have_a_step_of_400_ms(tmp_path: Path) -> None:
    write_ratings(tmp_path, rows=751, step_seconds=0.4)
    found = read_corpus(tmp_path)
    assert found.problems == ()
    assert [one.end_seconds for one in found.segments[:18]] == [pytest.approx(300.4)] * 18
    annotation = found.recordings[0].annotation("arousal")
    assert annotation is not None
    np.testing.assert_allclose(read_annotation(annotation).times[[0, 750]], [[0, 0.4], [300, 300.4]])


def add_column(path: Path) -> None:
    """Put a column of ones behind the others of an ARFF file."""
    head, rows = path.read_text().split("@data")
    cells = "".join(f"{line},1.0\n" for line in rows.split())
    path.write_text(f"{head}@attribute Extra numeric\n@data\n{cells}")


def test_what_is_no_rating_is_not_taken_for_a_rater(changed: Path) -> None:
    add_column(changed / "ratings_gold_standard/valence/train_1.arff")
    raters = changed / "ratings_individual/valence/train_1.csv"
    lines = raters.read_text().split("\n")
    raters.write_text("\n".join([f"{lines[0].strip()};Mean", *(f"{line.strip()};7" for line in lines[1:] if line)]))
    found = read_corpus(changed)
    gold_annotation, people = (found.recordings[0].annotation(name) for name in ("valence", "valence_raters"))
    assert gold_annotation is not None and people is not None
    np.testing.assert_allclose(read_annotation(gold_annotation).values, gold("train_1", "valence")[:, None])
    assert read_annotation(people).raters == ("FM1", "FM2", "FM3", "FF1", "FF2", "FF3")
    assert (
        "2 files of ratings have columns that are not used: ratings_gold_standard/valence/train_1.arff: Extra, "
        "ratings_individual/valence/train_1.csv: Mean"
    ) in found.problems


def test_a_table_without_a_gold_standard_is_none(changed: Path) -> None:
    path = changed / "ratings_gold_standard/valence/train_1.arff"
    path.write_text(path.read_text().replace("GoldStandard", "Standard"))
    found = read_corpus(changed)
    assert found.recordings[0].annotation("valence") is None
    assert (
        f"{path}: its columns are Instance_name, frameTime, Standard; expected GoldStandard; train_1 has no valence"
        in found.problems
    )


def test_odd_files_are_one_report(changed: Path) -> None:
    path = changed / "ratings_gold_standard/valence/train_1.arff"
    path.write_bytes("@relation 'r\xe9'\r\n".encode("cp1252") + path.read_bytes().partition(b"\n")[2])
    ended = changed / "ratings_individual/valence/dev_9.csv"
    lines = ended.read_text().split("\n")
    ended.write_text("\n".join([*lines[:-1], lines[-2], ""]))
    sounds = changed / "recordings_audio"
    sounds.mkdir()
    for name in ("train_1.wav", "train_1.mp4", "dev_9.wav", "test_3.wav", "P16.wav", "train_10.wav"):
        (sounds / name).touch()
    found = read_corpus(changed)
    assert found.recordings[0].annotation("valence") is not None
    assert {
        "1 files of ratings are not UTF-8, and are read as cp1252: ratings_gold_standard/valence/train_1.arff, line 1",
        f"{ended}, line 303: at 12 s, behind a row at 12 s; expected rising times; dev_9 has no valence_raters",
        "1 files are of the same name as another, which counts: recordings_audio/train_1.wav",
        "1 media files are not called like a recording, and are not read: recordings_audio/P16.wav",
        "1 recordings are none of the published ones: train_10",
    } <= {*found.problems}


def test_a_recording_without_anything_that_has_times(changed: Path) -> None:
    (changed / "ratings_individual/arousal/dev_4.csv").write_text("time ;FM1\r\n0;0.1\r\n")
    with pytest.raises(CorpusError, match="recording 'dev_4' has neither sound nor video nor rows with times"):
        read_corpus(changed)


@pytest.mark.parametrize(
    "content", ["", "@data\r\ndev_9\r\n", "@data\r\ndev_9,soon,0.1\r\n", "@data\ndev_9,1,0\n", "a,2,0\na,1,0\n"]
)
def test_a_table_without_times(content: str, changed: Path) -> None:
    (changed / "ratings_gold_standard/arousal/dev_9.arff").write_text(content)
    with pytest.raises(CorpusError, match=r"arousal/dev_9\.arff: its last two lines have no times that rise; expec"):
        read_corpus(changed)


def test_a_folder_without_recordings(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"holds no recording; expected names like train_1\.wav"):
        layout.read(tmp_path)
