from pathlib import Path

import numpy as np
import pytest
from text_models import words_track

from trimodal.errors import WeightsError
from trimodal.extract.fingerprint import fingerprint
from trimodal.extract.text.word_vectors import WordVectors
from trimodal.track import Track

CONTENT = "the 1.0 2.0\nparis 3.0 4.0\nParis 5.0 6.0\n"


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "glove.txt"
    path.write_text(CONTENT)
    return str(path)


def _vectors(words: list[str], **parameters: object) -> Track:
    return WordVectors(**parameters).extract({"words": words_track([words])})


def test_every_word_has_its_row(file: str) -> None:
    track = _vectors(["the", "paris", "the"], vectors_file=file)
    assert track.values.tolist() == [[1, 2], [3, 4], [1, 2]]
    assert track.fields["row"].tolist() == [0, 1, 2]
    assert track.times[:, 0].tolist() == [0, 1, 2]
    assert track.fields["known"].all()


@pytest.mark.parametrize(
    ("case", "known", "first"),
    [
        ("as-is", [True, True, False, False], [5, 6]),
        ("lower", [True, True, True, True], [3, 4]),
        ("fallback", [True, True, True, True], [5, 6]),
    ],
)
def test_case(case: str, known: list[bool], first: list[float], file: str) -> None:
    track = _vectors(["Paris", "the", "THE", "PARIS"], vectors_file=file, case=case, unknown="zero")
    assert track.fields["known"].tolist() == known
    assert track.values[0].tolist() == first


def test_unknown_words(file: str) -> None:
    words = ["the", "qwertz", "paris"]
    skipped = _vectors(words, vectors_file=file)
    assert skipped.fields["row"].tolist() == [0, 2]
    (gap,) = skipped.gaps
    assert (gap.start_seconds, gap.end_seconds, gap.reason) == (1.0, 2.0, "'qwertz' has no vector")
    zero = _vectors(words, vectors_file=file, unknown="zero")
    assert zero.values[1].tolist() == [0, 0]
    assert zero.fields["known"].tolist() == [True, False, True]
    assert zero.gaps == ()
    mean = _vectors(words, vectors_file=file, unknown="unk")
    np.testing.assert_allclose(mean.values[1], [3, 4])
    Path(file).write_text(CONTENT + "<unk> 8.0 9.0\n")
    assert _vectors(words, vectors_file=file, unknown="unk").values[1].tolist() == [8, 9]


def test_no_words_no_rows(file: str) -> None:
    assert len(_vectors([], vectors_file=file)) == 0
    assert len(_vectors(["qwertz"], vectors_file=file)) == 0


def test_fingerprint_covers_the_file(file: str) -> None:
    once = fingerprint(WordVectors(vectors_file=file), {"words": ""})
    Path(file).write_text(CONTENT.replace("1.0", "1.5"))
    assert fingerprint(WordVectors(vectors_file=file), {"words": ""}) != once


def test_refuses_a_file_that_is_not_there() -> None:
    with pytest.raises(WeightsError, match=r"vectors_file is not given; get GloVe .* or word2vec vectors"):
        _ = WordVectors().schema
    with pytest.raises(WeightsError, match=r"/none/glove.txt: no such file; expected word vectors"):
        WordVectors(vectors_file="/none/glove.txt").weights()


def test_refuses_a_wrong_file_before_anything_is_extracted(file: str) -> None:
    Path(file).write_text(CONTENT + "short 1.0\n")
    with pytest.raises(WeightsError, match=r"row 4 \('short'\) has 1 numbers; expected 2"):
        WordVectors(vectors_file=file).weights()
