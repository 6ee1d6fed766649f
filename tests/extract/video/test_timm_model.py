from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from trimodal.errors import ParameterError, WeightsError
from trimodal.extract.video.timm_model import TimmModel

_MEAN, _DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def _model(path: Path, **parameters: object) -> TimmModel:
    return TimmModel(**{"architecture": "test_resnet", "size_pixels": 64, "weights_file": str(path)} | parameters)  # type: ignore[arg-type]


def _pictures(count: int, size: int = 64) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, size, size, 3), np.uint8)


def _directly(network: torch.nn.Module, pictures: np.ndarray) -> np.ndarray:
    """What the network gives, picture by picture and with the channels first."""
    values = ((pictures / 255 - _MEAN) / _DEVIATION).astype(np.float32).transpose(0, 3, 1, 2)
    with torch.no_grad():
        return np.concatenate([network(torch.from_numpy(one[None].copy())).numpy() for one in values])


@pytest.mark.parametrize("architecture", ["test_resnet", "test_efficientnet", "mobilenetv3_small_050"])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_pooled_features_are_those_of_timm(tmp_path: Path, architecture: str, suffix: str) -> None:
    path = tmp_path / f"weights{suffix}"
    network = timm.create_model(architecture, pretrained=False, num_classes=7).eval()  # with a classifier
    (save_file if suffix == ".safetensors" else torch.save)(network.state_dict(), path)
    model = _model(path, architecture=architecture)
    pictures = _pictures(19)
    found = model.embedder("imagenet", "cpu", False).embed(pictures)
    network.reset_classifier(0)
    expected = _directly(network, pictures)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())
    assert model.field().shape == found.shape[1:]
    assert model.field().columns[:2] == (f"{architecture}_0", f"{architecture}_1")


@pytest.mark.parametrize("architecture", ["test_resnet", "test_efficientnet", "test_convnext"])
def test_a_head_takes_the_place_of_the_classifier(tmp_path: Path, architecture: str) -> None:
    path = tmp_path / "weights.pth"
    network = timm.create_model(architecture, pretrained=False, num_classes=0)
    head = torch.nn.Sequential(
        torch.nn.Dropout(0.5), torch.nn.Linear(network.num_features, 6), torch.nn.BatchNorm1d(6), torch.nn.Tanh()
    )
    network.set_submodule(network.default_cfg["classifier"], head)
    network(torch.randn(8, 3, 64, 64))  # so that batch normalisation has seen something
    torch.save(network.state_dict(), path)
    model = _model(path, architecture=architecture, head_dimensions=6)
    pictures = _pictures(3)
    expected = _directly(network.eval(), pictures)
    np.testing.assert_allclose(model.embedder("imagenet", "cpu", False).embed(pictures), expected, atol=1e-5)
    assert model.field().shape == (6,)
    with pytest.raises(WeightsError, match=r"has the unknown weights '.*1\.weight' and \d more"):
        _model(path, architecture=architecture).weights()


def test_symmetric_pixels_go_from_minus_one_to_one(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    network = timm.create_model("test_resnet", pretrained=False, num_classes=0).eval()
    torch.save(network.state_dict(), path)
    pictures = _pictures(1)
    found = _model(path).embedder("symmetric", "cpu", False).embed(pictures)
    with torch.no_grad():
        expected = network(torch.from_numpy(pictures).permute(0, 3, 1, 2) / 127.5 - 1)
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)


def test_the_published_efficientnet_has_256_numbers(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    network = timm.create_model("efficientnet_b1", pretrained=False, num_classes=0)
    linear, normalisation = torch.nn.Linear(1280, 256), torch.nn.BatchNorm1d(256)
    state = {name: value for name, value in network.state_dict().items() if not name.startswith("classifier")}
    state |= {f"classifier.1.{name}": value for name, value in linear.state_dict().items()}
    state |= {f"classifier.2.{name}": value for name, value in normalisation.state_dict().items()}
    torch.save(state, path)
    model = _model(path, architecture="efficientnet_b1", size_pixels=240, head_dimensions=256)
    found = model.embedder("imagenet", "cpu", False).embed(_pictures(1, 240))
    assert found.shape == (1, 256)
    assert np.abs(found).max() <= 1


def test_a_checkpoint_that_changes_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    found = []
    for _ in range(2):
        torch.save(timm.create_model("test_resnet", pretrained=False, num_classes=0).state_dict(), path)
        found.append(_model(path).embedder("imagenet", "cpu", False).embed(_pictures(1)))
    assert not np.allclose(*found)


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save(timm.create_model("test_efficientnet", pretrained=False).state_dict(), path)
    with pytest.raises(WeightsError, match=r"lacks weights 'conv1\.0\.weight' and \d+ more; expected exactly those"):
        _model(path).weights()
    with pytest.raises(WeightsError, match="weights_file is not given; get a state dict of timm's test_resnet"):
        TimmModel(architecture="test_resnet", size_pixels=64, weights_file="").weights()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"architecture": "resnet_18"}, "timm has no architecture called 'resnet_18'; did you mean 'resnet18'?"),
        ({"architecture": "hf-hub:timm/resnet18.a1_in1k"}, "timm has no architecture called 'hf-hub:timm/resnet18"),
        ({"architecture": "-"}, r"called '-'; timm\.list_models\(\) says which there are"),
        ({"architecture": "test_vit"}, "test_vit takes pictures of 160 pixels only, found size_pixels 64"),
        ({"size_pixels": 8}, "size_pixels must be from 32 to 1024, found 8"),
        ({"head_dimensions": 0}, "head_dimensions must be from 1 to 65536, found 0"),
        (
            {"architecture": "deit_tiny_distilled_patch16_224", "size_pixels": 224, "head_dimensions": 4},
            "has no single classifier that a head could replace",
        ),
    ],
)
def test_refuses_what_timm_cannot_do(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        _model(Path("weights.pth"), **parameters).field()
