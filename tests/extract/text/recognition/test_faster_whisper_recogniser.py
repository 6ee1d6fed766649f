from pathlib import Path

import pytest

from trimodal.errors import WeightsError

pytest.importorskip("faster_whisper")

from trimodal.extract.text.recognition.faster_whisper_recogniser import FasterWhisperRecogniser


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("", "faster-whisper needs a model; give a size such as 'small', a hub name or a folder"),
        ("/none", "/none: no such folder; expected a model converted for CTranslate2"),
        ("no-such-size", r"'no-such-size' is no local folder and could not be fetched from the hub \(ValueError\)"),
    ],
)
def test_models_that_are_not_there(model: str, message: str) -> None:
    with pytest.raises(WeightsError, match=message):
        FasterWhisperRecogniser(model, "cpu")
    with pytest.raises(WeightsError, match=message):
        FasterWhisperRecogniser.files(model)


def test_a_size_that_cannot_be_fetched_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(WeightsError, match="'tiny' is no local folder and could not be fetched from the hub"):
        FasterWhisperRecogniser("tiny", "cpu")


def test_refuses_folders_that_hold_no_converted_model(tmp_path: Path) -> None:
    for name in ("model.bin", "config.json", "tokenizer.json"):
        with pytest.raises(WeightsError, match=f"holds no {name}; expected a model converted for CTranslate2"):
            FasterWhisperRecogniser(str(tmp_path), "cpu")
        (tmp_path / name).write_text("{}")
    with pytest.raises(WeightsError, match="not a Whisper model that CTranslate2 can load"):
        FasterWhisperRecogniser(str(tmp_path), "cpu")
