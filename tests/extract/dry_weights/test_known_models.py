import pytest

from trimodal.errors import WeightsError
from trimodal.extract.dry_weights.known_models import SPEECH_MODELS, TEXT_MODELS, known_architecture


@pytest.mark.parametrize("name", ["bert-base-uncased", "google-bert/bert-base-uncased", "/models/bert-base-uncased/"])
def test_the_last_part_of_a_name_counts(name: str) -> None:
    assert known_architecture(name, TEXT_MODELS) is TEXT_MODELS["bert-base-uncased"]


def test_widths_are_those_that_are_published() -> None:
    widths = {
        "bert-base-chinese": 768,
        "bert-large-uncased": 1024,
        "all-MiniLM-L6-v2": 384,
        "multilingual-e5-base": 768,
    }
    assert {name: TEXT_MODELS[name].width for name in widths} == widths
    speech = {"wav2vec2-base-960h": 768, "wav2vec2-large-960h": 1024, "wavlm-large": 1024, "whisper-small": 768}
    assert {name: SPEECH_MODELS[name].width for name in speech} == speech
    # The first large wav2vec 2.0 has group normalisation as the base ones have.
    norms = {"wav2vec2-large-960h": False, "wav2vec2-large-960h-lv60-self": True, "wavlm-base-plus": False}
    assert {name: SPEECH_MODELS[name].layer_norm for name in norms} == norms


def test_heads_share_the_width() -> None:
    for architecture in (*TEXT_MODELS.values(), *SPEECH_MODELS.values()):
        assert architecture.width % architecture.heads == 0


def test_an_unknown_name_is_met_with_the_nearest() -> None:
    with pytest.raises(
        WeightsError,
        match=r"no stand-in is known for the model 'bert-base-uncases'; did you mean 'bert-base-uncased'.*config.json",
    ):
        known_architecture("bert-base-uncases", TEXT_MODELS)
    with pytest.raises(
        WeightsError, match=r"'me/mine'; there are stand-ins for ModernBERT-base, .* and [0-9]+ more, or"
    ):
        known_architecture("me/mine", TEXT_MODELS)
