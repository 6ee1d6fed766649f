"""Media with ratings in folders called like what is rated."""

from pathlib import Path

import numpy as np
import pytest
from miniature_rated import PEOPLE, RATERS, rating, write_rated

from trimodal.corpus import CorpusError, read_annotation, read_corpus
from trimodal.corpus.rated import recognises
from trimodal.pipeline import run
from trimodal.recipe import parse_recipe
from trimodal.store import FeatureStore

RECIPE = """
tracks: {arousal: {extractor: annotation, annotation: arousal}}
align: {ratings: {tracks: [arousal], timeline: none}}
labels: {arousal: {track: arousal, reduce: mean}}
"""


def test_the_release_of_recola_itself(tmp_path: Path) -> None:
    root = tmp_path / "RECOLA"
    corpus = read_corpus(write_rated(root))
    assert (corpus.layout, corpus.problems) == ("rated", ())
    assert [one.id for one in corpus.recordings] == list(PEOPLE)
    first = corpus.recordings[0]
    assert (first.media, first.sound) == (root / "RECOLA-Audio-recordings/P16.wav", None)
    valence = first.annotation("valence")
    assert valence is not None
    ratings = read_annotation(valence)
    assert ratings.raters == RATERS
    np.testing.assert_allclose(ratings.values[50], [rating("valence", rater, 2.0) for rater in range(6)])
    store = FeatureStore(run(corpus, parse_recipe(RECIPE, "r.yaml"), tmp_path / "s").store)
    np.testing.assert_allclose(store.segments["arousal"], [0.1 * (4.0 - 0.04) / 2] * 3, atol=1e-6)


def write_arff(path: Path, column: str, values: list[float]) -> None:
    """Write a table as openSMILE does: a name, the time, and a class that nobody knows at the end."""
    rows = "".join(f"'{path.stem}',{row / 10:g},{value},?\n" for row, value in enumerate(values))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "@relation x\n@attribute name string\n@attribute frameTime numeric\n"
        f"@attribute {column} numeric\n@attribute class numeric\n\n@data\n{rows}"
    )


def test_arff_of_the_challenges_with_video_and_sound(tmp_path: Path) -> None:
    for name in ("train_1", "Devel_02", "test_3", "other"):
        write_arff(tmp_path / f"labels/Arousal/{name}.arff", "Arousal", [0.0, 0.5, 1.0])
    write_arff(tmp_path / "features_audio/arousal/train_1.arff", "pcm", [9.0] * 3)
    for file in ("video/train_1.avi", "audio/train_1.wav", "audio/Devel_02.wav", "audio/test_3.wav", "audio/other.wav"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    corpus = read_corpus(tmp_path)
    assert [(one.id, one.split) for one in corpus.segments] == [
        ("Devel_02", "valid"),
        ("other", ""),
        ("test_3", "test"),
        ("train_1", "train"),
    ]
    train = corpus.recordings[3]
    assert (train.media, train.sound) == (tmp_path / "video/train_1.avi", tmp_path / "audio/train_1.wav")
    (annotation,) = train.annotations
    ratings = read_annotation(annotation)
    assert (annotation.name, ratings.raters, ratings.values[:, 0].tolist()) == ("arousal", ("Arousal",), [0, 0.5, 1])
    np.testing.assert_allclose(ratings.times, [[0, 0.1], [0.1, 0.2], [0.2, 0.3]])


def test_several_folders_of_one_dimension_and_the_gold_standard_among_columns(tmp_path: Path) -> None:
    for folder, column in (("gold", "Gold Standard"), ("people", "A")):
        write_arff(tmp_path / folder / "valence/x.arff", f"'{column}'", [1.0, 2.0])
    (tmp_path / "x.wav").touch()
    (recording,) = read_corpus(tmp_path).recordings
    assert {one.name: one.columns for one in recording.annotations} == {
        "valence_gold": ("Gold Standard",),
        "valence_people": ("A",),
    }


def test_what_does_not_fit_is_in_one_report(tmp_path: Path) -> None:
    write_rated(tmp_path, ("P16", "P17", "P21", "P23"))
    sounds = tmp_path / "RECOLA-Audio-recordings"
    (sounds / "P21.wav").rename(sounds / "P99.wav")
    (sounds / "P16.flac").touch()
    ratings = tmp_path / "RECOLA-Annotation/emotional_behaviour"
    (ratings / "valence/P17.csv").unlink()
    (ratings / "valence/P16.csv").write_bytes(b"time;Ren\xe9;FM2\n0;1;2\n0.04;1;2\n")
    (ratings / "arousal/P16.csv").write_text("time;FM1\n1;0\n0;0\n")
    write_arff(ratings / "arousal/P17.arff", "FM1", [0.0, 1.0])
    corpus = read_corpus(tmp_path)
    assert [one.id for one in corpus.recordings] == ["P16", "P17", "P23"]
    assert [[two.name for two in one.annotations] for one in corpus.recordings] == [
        ["valence"],
        ["arousal"],
        ["arousal", "valence"],
    ]
    assert corpus.problems == (
        "1 tables are of the same name as another, which counts: RECOLA-Annotation/emotional_behaviour/arousal/P17.csv",
        "1 recordings have ratings and no media, and are left out: P21",
        "1 media have no ratings, and are left out: P99",
        "1 media are of the same name as another, which counts: RECOLA-Audio-recordings/P16.wav",
        "1 recordings have no valence: P17",
        f"{ratings}/arousal/P16.csv, line 3: at 0 s, behind a row at 1 s; expected rising times; P16 has no arousal",
        "1 tables of arousal have other columns than most (FM1, class): P23",
        "1 tables of valence have other columns than most (Ren\xe9, FM2): P23",
        "1 files of ratings are not UTF-8, and are read as cp1252: "
        "RECOLA-Annotation/emotional_behaviour/valence/P16.csv, line 1",
    )


def test_ratings_without_media(tmp_path: Path) -> None:
    write_rated(tmp_path, ["P16"])
    (tmp_path / "RECOLA-Audio-recordings/P16.wav").unlink()
    assert recognises(tmp_path)
    with pytest.raises(CorpusError, match=r"no file has media and ratings; expected ratings as arousal/NAME\.csv and"):
        read_corpus(tmp_path)
