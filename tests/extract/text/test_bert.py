from pathlib import Path

import numpy as np
import pytest
import torch
from text_models import MINI_LM, POSITIONS, tiny_bert, tiny_roberta, words_track

from trimodal.errors import ParameterError, WeightsError
from trimodal.extract.fingerprint import fingerprint
from trimodal.extract.text.bert import Bert, pool_words
from trimodal.extract.weights import model_folder
from trimodal.track import Track


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert(tmp_path_factory.mktemp("tiny"))


def _embed(utterances: list[list[str]], **parameters: object) -> Track:
    return Bert(**parameters).extract({"words": words_track(utterances)})


def test_equals_transformers_word_by_word() -> None:
    from transformers import AutoModel, AutoTokenizer

    words = ["Embeddings", "are", "unbelievably", "useful", "today"]
    track = _embed([words], model=MINI_LM)
    tokeniser, model = (kind.from_pretrained(model_folder(MINI_LM)) for kind in (AutoTokenizer, AutoModel))
    encoded = tokeniser(words, is_split_into_words=True, return_tensors="pt")
    with torch.inference_mode():
        states = model(**encoded).last_hidden_state[0].numpy()
    word_of_token = np.array([-1 if word is None else word for word in encoded.word_ids()])
    expected = [states[word_of_token == number].mean(axis=0) for number in range(len(words))]
    np.testing.assert_allclose(track.values, expected, atol=1e-5)
    assert track.fields["row"].tolist() == [0, 1, 2, 3, 4]
    subwords = _embed([words], model=MINI_LM, level="sub-word", special_tokens=True)
    np.testing.assert_allclose(subwords.values, states, atol=1e-5)
    assert subwords.fields["row"].tolist() == word_of_token.tolist()
    assert subwords.fields["text"].tolist() == tokeniser.convert_ids_to_tokens(encoded["input_ids"][0])


def test_many_utterances_at_once_give_what_each_alone_gives() -> None:
    utterances = [["short"], ["a", "much", "longer", "line", "of", "words", "than", "that"], ["two", "words"]]
    together = _embed(utterances, model=MINI_LM)
    alone = [_embed([words], model=MINI_LM).values for words in utterances]
    np.testing.assert_allclose(together.values, np.concatenate(alone), atol=1e-5)


def test_context_is_the_utterance(tiny: Path) -> None:
    joined = _embed([["a", "b"]], model=str(tiny)).values[1]
    apart = _embed([["a"], ["b"]], model=str(tiny)).values[1]
    assert np.abs(joined - apart).max() > 0.01


def test_pools_of_sub_words() -> None:
    states = np.array([[9, 9], [1, 2], [3, 4], [5, 0], [7, 7], [9, 9]], np.float32)
    word = np.array([-1, 0, 0, 0, 2, -1])
    for pool, expected in (("mean", [[3, 2], [7, 7]]), ("first", [[1, 2], [7, 7]]), ("last", [[5, 0], [7, 7]])):
        values, present = pool_words(states, word, pool)  # type: ignore[arg-type]
        assert values.tolist() == expected
        assert values.dtype == np.float32
        assert present.tolist() == [0, 2]
        assert len(pool_words(states[:0], word[:0], pool)[1]) == 0  # type: ignore[arg-type]


@pytest.mark.parametrize("pool", ["mean", "first", "last"])
def test_word_pool(pool: str, tiny: Path) -> None:
    track = _embed([["abc", "d"]], model=str(tiny), word_pool=pool)
    states = _embed([["abc", "d"]], model=str(tiny), level="sub-word").values
    expected = {"mean": states[:3].mean(axis=0), "first": states[0], "last": states[2]}[pool]
    np.testing.assert_allclose(track.values, [expected, states[3]], atol=1e-6)


def test_sub_words_know_their_words_times_and_text(tiny: Path) -> None:
    track = _embed([["ab", "c"], ["d"]], model=str(tiny), level="sub-word")
    assert track.fields["text"].tolist() == ["a", "##b", "c", "d"]
    assert track.fields["row"].tolist() == [0, 0, 1, 2]
    assert track.fields["utterance"].tolist() == [0, 0, 0, 1]
    assert track.times.tolist() == [[0, 1], [0, 1], [1, 2], [2, 3]]


def test_special_tokens_have_no_length_and_are_of_no_word(tiny: Path) -> None:
    whole = _embed([["ab", "c"], ["d"]], model=str(tiny), level="sub-word", special_tokens=True)
    assert whole.fields["text"].tolist() == ["[CLS]", "a", "##b", "c", "[SEP]", "[CLS]", "d", "[SEP]"]
    assert whole.fields["row"].tolist() == [-1, 0, 0, 1, -1, -1, 2, -1]
    special = whole.fields["row"] < 0
    np.testing.assert_allclose(whole.times[special], [[0, 0], [2, 2], [2, 2], [3, 3]])
    assert (whole.times[special, 0] == whole.times[special, 1]).all()
    words = _embed([["ab", "c"], ["d"]], model=str(tiny)).values
    means = [whole.values[whole.fields["row"] == row].mean(axis=0) for row in range(3)]
    np.testing.assert_allclose(means, words, atol=1e-6)


def test_scripts_without_spaces_become_characters(tiny: Path) -> None:
    track = _embed([["你好世界"]], model=str(tiny), level="sub-word")
    assert track.fields["text"].tolist() == ["你", "好", "世", "界"]
    assert track.fields["row"].tolist() == [0, 0, 0, 0]
    word = _embed([["你好世界"]], model=str(tiny))
    np.testing.assert_allclose(word.values[0], track.values.mean(axis=0), atol=1e-6)


def test_text_longer_than_the_model_is_read_in_windows(tiny: Path) -> None:
    words = [chr(ord("a") + number % 26) for number in range(100)]
    track = _embed([words], model=str(tiny))
    assert track.values.shape == (100, 16)
    room = POSITIONS - 2
    np.testing.assert_allclose(track.values[:15], _embed([words[:room]], model=str(tiny)).values[:15], atol=1e-5)
    np.testing.assert_allclose(track.values[-15:], _embed([words[-room:]], model=str(tiny)).values[-15:], atol=1e-5)


def test_a_word_of_which_nothing_is_kept_has_a_gap(tiny: Path) -> None:
    track = _embed([["a", "\u200d", "b"], ["\u200d"]], model=str(tiny))
    assert track.fields["row"].tolist() == [0, 2]
    np.testing.assert_array_equal(track.times[:, 0], [0.0, 2.0])
    assert [(gap.start_seconds, gap.end_seconds) for gap in track.gaps] == [(1.0, 2.0), (3.0, 4.0)]
    assert track.gaps[0].reason == "the tokenizer keeps nothing of '\u200d'"
    subwords = _embed([["\u200d"]], model=str(tiny), level="sub-word", special_tokens=True)
    assert len(subwords) == 0
    assert len(_embed([["\u200d"]], model=str(tiny))) == 0


def test_overlapping_utterances_stay_in_the_order_of_time(tiny: Path) -> None:
    words = words_track([["a", "b"], ["c", "d"]], starts=[0.0, 0.5])
    track = Bert(model=str(tiny)).extract({"words": words})
    assert track.fields["row"].tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(track.values[[0, 2]], _embed([["a", "b"]], model=str(tiny)).values, atol=1e-6)


def test_no_words_no_rows(tiny: Path) -> None:
    assert len(_embed([], model=str(tiny))) == 0
    assert len(_embed([], model=str(tiny), level="sub-word")) == 0


def test_layers_are_known_before_and_change_the_numbers(tiny: Path) -> None:
    last, first, both = (_embed([["a", "b"]], model=str(tiny), layers=layers).values for layers in (-1, 0, (0, -1)))
    assert np.abs(last - first).max() > 0.01
    np.testing.assert_allclose(both, (first + last) / 2, atol=1e-6)
    with pytest.raises(ParameterError, match="layers must be from -3 to 2, found 7"):
        _ = Bert(model=str(tiny), layers=(0, 7)).schema


def test_tokens_of_ones_own(tiny: Path) -> None:
    given = {"model": str(tiny), "level": "sub-word"}
    track = _embed([["a", "<sil>"]], added_tokens=("<sil>",), **given)
    assert track.fields["text"].tolist() == ["a", "<sil>"]
    assert _embed([["a", "<sil>"]], **given).fields["text"].tolist() == ["a", "[UNK]", "s", "##i", "##l", "[UNK]"]


def test_fingerprint_covers_the_tokenizer(tmp_path: Path) -> None:
    folder = tiny_roberta(tmp_path)
    once = fingerprint(Bert(model=str(folder)), {"words": ""})
    with open(folder / "merges.txt", "a") as file:
        file.write("a b\n")
    assert fingerprint(Bert(model=str(folder)), {"words": ""}) != once


def test_weights_of_another_kind_are_refused(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "no-such-type"}')
    with pytest.raises(WeightsError, match="not a model that transformers can load"):
        _ = Bert(model=str(tmp_path)).schema


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"model": ""}, "model is empty; expected a hub name, a folder or package:NAME"),
        ({"layers": ()}, "layers is empty; expected the number of a hidden state, or several"),
        ({"special_tokens": True}, "special_tokens are of no word; expected them with level: sub-word"),
        ({"level": "sub-word", "word_pool": "last"}, "word_pool last needs level: word"),
        ({"added_tokens": ("<sil>", " ")}, "added_tokens has an empty one"),
    ],
)
def test_refuses(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Bert(**parameters)
