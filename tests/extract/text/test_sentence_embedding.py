from pathlib import Path

import numpy as np
import pytest
from text_models import MINI_LM, tiny_bert, tiny_t5, words_track

from trimodal.errors import ParameterError
from trimodal.extract.text.bert import Bert
from trimodal.extract.text.sentence_embedding import SentenceEmbedding
from trimodal.extract.weights import model_folder


def test_equals_sentence_transformers() -> None:
    from sentence_transformers import SentenceTransformer

    utterances = [["A", "man", "is", "eating", "food."], ["Unbelievable!"], ["Two", "men", "pushed", "carts."]]
    track = SentenceEmbedding().extract({"words": words_track(utterances)})
    model = SentenceTransformer(str(model_folder(MINI_LM)), device="cpu")
    expected = model.encode([" ".join(words) for words in utterances], show_progress_bar=False)
    np.testing.assert_allclose(track.values, expected, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(track.values, axis=1), 1.0, atol=1e-5)
    assert track.times.tolist() == [[0, 5], [5, 6], [6, 10]]
    assert track.fields["utterance"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("pool", ["mean", "cls", "max"])
def test_pools_over_all_tokens(pool: str, tmp_path: Path) -> None:
    folder = str(tiny_bert(tmp_path))
    words = {"words": words_track([["ab", "c"]])}
    states = Bert(model=folder, level="sub-word", special_tokens=True).extract(words).values
    expected = {"mean": states.mean(axis=0), "cls": states[0], "max": states.max(axis=0)}[pool]
    plain = SentenceEmbedding(model=folder, token_pool=pool, normalised=False).extract(words)  # type: ignore[arg-type]
    np.testing.assert_allclose(plain.values, [expected], atol=1e-6)
    scaled = SentenceEmbedding(model=folder, token_pool=pool).extract(words)  # type: ignore[arg-type]
    np.testing.assert_allclose(scaled.values, plain.values / np.linalg.norm(plain.values), atol=1e-6)


def test_overlapping_utterances_and_those_of_nothing(tmp_path: Path) -> None:
    folder = str(tiny_bert(tmp_path))
    words = words_track([["a", "b", "c"], ["\u200d", "\u200d"], ["d"]], starts=[2.0, 0.0, 1.0])
    track = SentenceEmbedding(model=folder).extract({"words": words})
    assert track.fields["utterance"].tolist() == [2, 0]
    assert track.times.tolist() == [[1, 2], [2, 5]]
    assert [gap.start_seconds for gap in track.gaps] == [0.0, 1.0]
    alone = SentenceEmbedding(model=folder).extract({"words": words_track([["d"]])})
    np.testing.assert_allclose(track.values[0], alone.values[0], atol=1e-5)


def test_a_long_utterance_is_read_whole(tmp_path: Path) -> None:
    folder = str(tiny_bert(tmp_path))
    letters = [chr(ord("a") + number % 26) for number in range(80)]
    whole, start = (
        SentenceEmbedding(model=folder, normalised=False).extract({"words": words_track([text])}).values[0]
        for text in (letters, letters[:30])
    )
    assert np.abs(whole - start).max() > 1e-3


def test_no_words_no_rows(tmp_path: Path) -> None:
    folder = str(tiny_bert(tmp_path))
    assert len(SentenceEmbedding(model=folder).extract({"words": words_track([])})) == 0
    assert len(SentenceEmbedding(model=folder).extract({"words": words_track([["\u200d"]])})) == 0


def test_refuses_the_first_token_where_there_is_none(tmp_path: Path) -> None:
    extractor = SentenceEmbedding(model=str(tiny_t5(tmp_path)), token_pool="cls")
    with pytest.raises(ParameterError, match="has no token before its text; expected mean or max"):
        extractor.extract({"words": words_track([["hello"]])})
    with pytest.raises(ParameterError, match="model is empty"):
        SentenceEmbedding(model="")
