from pathlib import Path

import numpy as np
import pytest
from text_models import words_track

from trimodal.errors import WeightsError
from trimodal.extract.text.word_vectors import WordVectors


@pytest.mark.parametrize(
    ("name", "dimensions"),
    [
        ("glove.840B.300d.txt", 300),
        ("~/vectors/glove.6B.50d.txt.gz", 50),
        ("GoogleNews-vectors-negative300.bin.gz", 300),
        ("crawl-300d-2M.vec", 300),
        ("tencent-ailab-embedding-zh-d100-v0.2.0.txt", 100),
    ],
)
def test_names_say_how_many_numbers_a_word_has(name: str, dimensions: int, tmp_path: Path) -> None:
    dry = WordVectors(vectors_file=name).with_dry_weights(tmp_path)
    assert dry.schema["values"].shape == (dimensions,)


def test_vectors_follow_from_the_word(tmp_path: Path) -> None:
    dry = WordVectors(vectors_file="glove.6B.50d.txt", unknown="zero").with_dry_weights(tmp_path)
    track = dry.extract({"words": words_track([["good", "movie", "good", "qqqq"]])})
    assert track.fields["known"].tolist() == [True, True, True, False]
    np.testing.assert_array_equal(track.values[0], track.values[2])
    assert np.abs(track.values[0] - track.values[1]).max() > 0.1


def test_a_file_that_is_there_tells_itself(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("good 0.5 0.25 0.125\n")
    dry = WordVectors(vectors_file=str(tmp_path / "mine.txt")).with_dry_weights(tmp_path)
    track = dry.extract({"words": words_track([["good"]])})
    assert track.values.shape == (1, 3)
    assert track.values.tolist() != [[0.5, 0.25, 0.125]]


def test_a_name_that_says_nothing(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"'mine.txt': no such file, and its name does not say .* glove.840B.300d"):
        WordVectors(vectors_file="mine.txt").with_dry_weights(tmp_path)
