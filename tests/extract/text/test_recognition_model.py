import json
from pathlib import Path

import pytest
from recognition_models import save_ctc
from transformers import (
    AutoModelForCTC,
    BertConfig,
    BertForMaskedLM,
    Wav2Vec2Config,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2Model,
)

from trimodal.errors import WeightsError
from trimodal.extract.text.recognition_model import load_recognition_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return save_ctc(tmp_path / "model", hidden_size=16, conv_dim=(8,) * 7)


def test_loads_what_was_saved(model: Path) -> None:
    network, features, tokenizer = load_recognition_model(model, AutoModelForCTC)
    assert not network.training
    assert features.sampling_rate == 16_000
    assert tokenizer.get_vocab()["z"] == 30


def test_refuses_models_of_another_kind(tmp_path: Path) -> None:
    config = BertConfig(vocab_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=1)
    BertForMaskedLM(config).save_pretrained(tmp_path)
    with pytest.raises(WeightsError, match=r"AutoModelForCTC of transformers cannot load it \(.*BertConfig"):
        load_recognition_model(tmp_path, AutoModelForCTC)


def test_refuses_a_model_that_was_never_trained_to_recognise(model: Path) -> None:
    config = Wav2Vec2Config.from_pretrained(model)
    Wav2Vec2Model(config).save_pretrained(model)
    with pytest.raises(WeightsError, match=r"lacks the weights 'lm_head\.bias'; expected a trained model"):
        load_recognition_model(model, AutoModelForCTC)


def test_refuses_other_sample_rates(model: Path) -> None:
    Wav2Vec2FeatureExtractor(sampling_rate=8_000).save_pretrained(model)
    with pytest.raises(WeightsError, match="hears 8000 samples per second; expected a model for 16000"):
        load_recognition_model(model, AutoModelForCTC)


@pytest.mark.parametrize("name", ["vocab.json", "preprocessor_config.json", "model.safetensors"])
def test_refuses_a_folder_that_lacks_a_file(model: Path, name: str) -> None:
    (model / name).unlink()
    for file in model.glob("tokenizer*.json"):
        file.unlink()
    with pytest.raises(WeightsError, match="AutoModelForCTC of transformers cannot load it"):
        load_recognition_model(model, AutoModelForCTC)


def test_refuses_broken_weights_and_runs_no_code_of_the_folder(model: Path) -> None:
    config = json.loads((model / "config.json").read_text())
    (model / "evil.py").write_text("raise SystemExit")
    (model / "config.json").write_text(json.dumps(config | {"auto_map": {"AutoConfig": "evil.Config"}}))
    load_recognition_model(model, AutoModelForCTC)
    (model / "model.safetensors").write_bytes(b"\x00" * 64)
    with pytest.raises(WeightsError, match="AutoModelForCTC of transformers cannot load it"):
        load_recognition_model(model, AutoModelForCTC)
