import json
from collections.abc import Callable
from pathlib import Path

import pytest
from speech_models import DEPTH, FIELD, HOP, KINDS, WIDTH, save_model

from trimodal.errors import WeightsError
from trimodal.extract.audio.speech_description import describe, model_and_feature_files


@pytest.mark.parametrize("kind", KINDS)
def test_knows_size_and_frames_before_the_weights_are_read(kind: str, tmp_path: Path) -> None:
    folder = save_model(tmp_path, kind)
    (folder / "model.safetensors").write_bytes(b"")
    found = describe(folder)
    assert (found.depth, found.width, found.grid.hop) == (DEPTH, WIDTH, HOP)
    if kind == "whisper":
        # Spectra of 400 samples, two of them on either side of the one in the middle, 160 samples apart.
        assert (found.grid.first, found.grid.field) == (-520, 1040)
        assert found.longest_seconds == 30
    else:
        assert (found.grid.first, found.grid.field) == (0, FIELD)


def test_what_is_done_to_the_samples_is_part_of_the_weights(tmp_path: Path) -> None:
    folder = save_model(tmp_path, "wav2vec2-group")
    assert set(model_and_feature_files(folder)) == {"config.json", "model.safetensors", "preprocessor_config.json"}


def _write(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text)


def _configure(**changes: object) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return change


@pytest.mark.parametrize(
    ("kind", "spoil", "message"),
    [
        ("wav2vec2-group", _write("config.json", "{"), "not a model that transformers can load .*not a valid JSON"),
        ("wav2vec2-group", _configure(model_type="bert"), "a model of the type 'bert'; expected a speech model: wav2v"),
        ("wav2vec2-group", _configure(model_type="nobody"), r"not a model that transformers can load \(The checkpoint"),
        ("wav2vec2-group", _configure(hidden_size=10**12), "has the size 1000000000000; expected 1 to 65536"),
        ("wav2vec2-group", _configure(num_hidden_layers=0), "has the size 0; expected 1 to 65536"),
        ("wav2vec2-group", _configure(conv_stride=[0] * 7), "has the size 0; expected 1 to 65536"),
        ("wav2vec2-group", _configure(conv_kernel=[3]), "not a model that transformers can load .*conv"),
        ("wav2vec2-group", _configure(add_adapter=True), "its adapter joins frames; expected a model without one"),
        (
            "wav2vec2-group",
            lambda folder: (folder / "preprocessor_config.json").unlink(),
            "no feature extractor that transformers can load .*expected preprocessor_config.json beside the weights",
        ),
        (
            "wav2vec2-group",
            _write("preprocessor_config.json", '{"feature_extractor_type": "WhisperFeatureExtractor"}'),
            "has a WhisperFeatureExtractor; expected a Wav2Vec2FeatureExtractor",
        ),
        (
            "wav2vec2-group",
            _write(
                "preprocessor_config.json", '{"feature_extractor_type": "Wav2Vec2FeatureExtractor", "sampling_rate": 0}'
            ),
            "has the size 0; expected 1 to 65536",
        ),
        (
            "whisper",
            _configure(max_source_positions=100),
            "its feature extractor makes 3000 frames of 80 bands; its network takes 200 of 80",
        ),
    ],
)
def test_says_in_one_line_what_is_wrong_with_a_folder(
    kind: str, spoil: Callable[[Path], object], message: str, tmp_path: Path
) -> None:
    folder = save_model(tmp_path, kind)
    spoil(folder)
    with pytest.raises(WeightsError, match=message) as error:
        describe(folder)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(f"{folder}: ")
