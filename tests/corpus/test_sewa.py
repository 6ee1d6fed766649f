"""SEWA with tables of all recordings, and as the AVEC challenges gave it."""

from pathlib import Path

import numpy as np
import pytest
from miniature_sewa import PEOPLE, tone_hertz, write_avec, write_labels, write_media, write_sewa, write_tone

from trimodal.corpus import Corpus, CorpusError, read_annotation, read_corpus
from trimodal.corpus.sewa import pair, recognises


def write_sounds(root: Path, people: tuple[str, ...] = PEOPLE[:4]) -> Path:
    """Write the corpus without videos, which takes no time."""
    for person in people:
        write_tone(root / "Original" / "audio" / f"{person}.wav", tone_hertz(person))
    for dimension in ("arousal", "valence"):
        write_labels(root, dimension, people)
    return root


def ids(corpus: Corpus) -> list[str]:
    return [recording.id for recording in corpus.recordings]


def test_videos_with_the_sound_beside_them(tmp_path: Path) -> None:
    corpus = read_corpus(write_sewa(tmp_path, PEOPLE[:2]))
    assert (corpus.layout, corpus.problems) == ("sewa", ())
    first = corpus.recordings[0]
    assert (first.id, first.media) == ("SEW1101", tmp_path / "Original" / "videos" / "SEW1101.avi")
    assert first.sound == tmp_path / "Original" / "audio" / "SEW1101.wav"
    assert [annotation.name for annotation in first.annotations] == ["arousal", "valence"]
    assert [(one.speaker, one.labels["pair"], one.split) for one in corpus.segments] == [
        ("SEW1101", "SEW1101+SEW1102", ""),
        ("SEW1102", "SEW1101+SEW1102", ""),
    ]
    assert corpus.notes == ("recordings: 2; the whole database has 398 people",)


@pytest.mark.parametrize("header", ["", "filename_timestamp,arousal"])
def test_ratings_of_a_person_are_found_in_the_table_of_all(header: str, tmp_path: Path) -> None:
    write_sounds(tmp_path)
    write_labels(tmp_path, "arousal", PEOPLE[:4], header)
    annotation = read_corpus(tmp_path).recordings[3].annotation("arousal")
    assert annotation is not None
    ratings = read_annotation(annotation)
    assert ratings.values.shape == (300, 1)
    np.testing.assert_allclose(ratings.times[[0, 299]], [[0, 0.01], [2.99, 3.0]])
    np.testing.assert_allclose(ratings.values[:, 0], -0.3 + 0.2 * ratings.times[:, 0], atol=1e-4)


def test_a_table_in_utf_16(tmp_path: Path) -> None:
    path = write_sounds(tmp_path) / "SEW_labels_valence_100Hz_gold_shifted.csv"
    path.write_bytes(path.read_text().encode("utf-16"))
    corpus = read_corpus(tmp_path)
    annotation = corpus.recordings[0].annotation("valence")
    assert annotation is not None and read_annotation(annotation).values.shape == (300, 1)


@pytest.mark.parametrize("header", ["", "key,arousal"])
def test_a_third_column_is_no_second_rater(header: str, tmp_path: Path) -> None:
    path = write_labels(write_sounds(tmp_path), "arousal", PEOPLE[:4], header)
    path.write_text("".join(f"{line},9\n" for line in path.read_text().split()))
    corpus = read_corpus(tmp_path)
    annotation = corpus.recordings[0].annotation("arousal")
    assert annotation is not None
    np.testing.assert_allclose(read_annotation(annotation).values[[0, 100]], [[-0.3], [-0.1]])
    assert corpus.problems == (f"{path}: has 3 columns; expected a key and a value; others are not used",)


def test_rows_of_all_that_are_odd_are_named(tmp_path: Path) -> None:
    path = write_sounds(tmp_path) / "SEW_labels_valence_100Hz_gold_shifted.csv"
    lines = path.read_text().split()
    lines[4:4] = [lines[3], f"{lines[4]},1"]
    path.write_bytes("\n".join([*lines, "SEW1104_9.00,\xe9", ""]).encode("cp1252"))
    corpus = read_corpus(tmp_path)
    assert corpus.problems == (
        f"1 rows of {path.name} have other cells than the first line: line 6",
        f"2 rows of {path.name} do not come after the one before, and of one time the first counts: "
        "SEW1101_0.03, SEW1101_0.04",
        "1 recordings have no arousal: SEW1104",
        "1 recordings are listed and not in audio: SEW1104",
        "1 recordings have no media and are left out: SEW1104",
        f"1 files of ratings are not UTF-8, and are read as cp1252: {path.name}, line 1203",
    )


def test_what_is_missing_or_too_much_is_named_in_one_report(tmp_path: Path) -> None:
    for person in ("SEW1101", "SEW1102", "SEW1103", "SEW9999"):
        write_tone(tmp_path / "Original" / "audio" / f"{person}.wav", 100.0)
    write_labels(tmp_path, "arousal", ("SEW1101", "SEW1102", "SEW1103", "SEW1105"))
    write_labels(tmp_path, "valence", ("SEW1101", "SEW1102", "SEW1105"))
    write_media(tmp_path / "Original", "SEW1101")
    write_tone(tmp_path / "Original" / "audio" / "SEW1102.flac.wav", 100.0)
    corpus = read_corpus(tmp_path)
    assert ids(corpus) == ["SEW1101", "SEW1102", "SEW1103"]
    assert [recording.media.suffix for recording in corpus.recordings if recording.media] == [".avi", ".wav", ".wav"]
    assert corpus.problems == (
        "1 recordings have no valence: SEW1103",
        "3 recordings are listed and not in videos: SEW1102, SEW1103, SEW1105",
        "1 recordings are listed and not in audio: SEW1105",
        "2 recordings in audio are not listed: SEW1102.flac, SEW9999",
        "1 recordings have no media and are left out: SEW1105",
    )
    assert "1 recordings have no partner, by their numbers: SEW1103" in corpus.notes


def test_without_valence_at_all(tmp_path: Path) -> None:
    (write_sounds(tmp_path) / "SEW_labels_valence_100Hz_gold_shifted.csv").unlink()
    assert read_corpus(tmp_path).problems == ("4 recordings have no valence: SEW1101, SEW1102, SEW1119, SEW1120",)


def test_tables_of_the_challenges(tmp_path: Path) -> None:
    corpus = read_corpus(write_avec(tmp_path))
    assert corpus.layout == "sewa"
    assert [(one.id, one.split, one.labels["pair"]) for one in corpus.segments] == [
        ("Devel_01", "valid", "Devel_01"),
        ("Test_01", "test", "Test_01"),
        ("Train_01", "train", "Train_01"),
    ]
    found = {one.name: read_annotation(one) for one in corpus.recordings[0].annotations}
    assert {name: ratings.raters for name, ratings in found.items()} == {
        "arousal": ("arousal",),
        "valence": ("valence",),
        "liking": ("liking",),
    }
    np.testing.assert_allclose(found["liking"].values[:, 0], 0.125)
    np.testing.assert_allclose(found["arousal"].times[9], [0.9, 1.0])
    assert corpus.problems == ()


def test_tables_that_are_none_of_the_challenges(tmp_path: Path) -> None:
    labels = write_avec(tmp_path) / "labels"
    (labels / "Train_02.csv").write_text("time ;FM1\n0;1\n")
    (labels / "Train_03.csv").write_bytes(b"name;frameTime;arousal;valence\n'\xe9';0;1;1\n'\xe9';0;1;1\n")
    (labels / "Train_04.csv").write_text("")
    (labels / "._Train_01.csv").write_bytes(b"\x00\x05")
    more = (labels / "Devel_01.csv").read_text().splitlines()
    (labels / "Devel_01.csv").write_text(
        "\n".join(f"{line};{end}" for line, end in zip(more, ["x", *"1" * 10], strict=True))
    )
    corpus = read_corpus(tmp_path)
    assert [line.replace(str(labels), "labels") for line in corpus.problems] == [
        "labels/Train_02.csv: its columns are time, FM1; "
        "expected name;frameTime;arousal;valence;liking; the recording is left out",
        "labels/Train_03.csv, line 3: at 0 s, behind a row at 0 s; expected rising times; the recording is left out",
        "labels/Train_04.csv: is empty; expected a line with the names of the columns; the recording is left out",
        "1 tables have other columns, which are not used: Devel_01.csv: x",
    ]


def test_the_labels_of_recola_are_not_taken(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "dev_1.csv").write_text("time ;FM1 ;FM2\n0;1;2\n")
    assert not recognises(tmp_path)
    (tmp_path / "labels" / "a.csv").write_text("")
    assert not recognises(tmp_path)
    assert not recognises(tmp_path / "absent")


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ("SEW1119", "SEW1119+SEW1120"),
        ("SEW1120", "SEW1119+SEW1120"),
        ("SEW2200", "SEW2199+SEW2200"),
        ("SEW0002", "SEW0001+SEW0002"),
        ("Train_DE_01", "Train_DE_01"),
    ],
)
def test_pairs(person: str, expected: str) -> None:
    assert pair(person) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"SEW1101_0.00,1\nSEW1101,2\n", "line 2: 'SEW1101'; expected a key like SEW1101_0.00"),
        (b"SEW1101_0.00\nSEW1101_0.01\n", "has keys alone; expected a key and a value in every row"),
        (b"SEW1101_0.00,1\nSEW1101_0.0.1,2\n", r"line 2: 'SEW1101_0\.0\.1'; expected a key like SEW1101_0.00"),
        (b"", "is empty; expected a line with the names of the columns"),
        (b"key,value\n", "has no labels; expected SEW_labels_arousal_100Hz_gold_shifted.csv, or labels/Train_01.csv"),
    ],
)
def test_tables_that_cannot_be_read(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "SEW_labels_arousal_100Hz_gold_shifted.csv").write_bytes(content)
    with pytest.raises(CorpusError, match=message):
        read_corpus(tmp_path)


def test_labels_without_media(tmp_path: Path) -> None:
    write_labels(tmp_path, "arousal", PEOPLE[:2])
    with pytest.raises(CorpusError, match="has labels and no media of their names; expected Original/videos or Origi"):
        read_corpus(tmp_path)
