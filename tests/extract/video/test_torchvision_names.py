from pathlib import Path

import pytest
import torch
import torchvision
from ulm_network import UlmFaceNetwork, drawn

from trimodal.errors import WeightsError
from trimodal.extract.video.timm_model import TimmModel
from trimodal.extract.video.torchvision_names import timm_names

PICTURES = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(1))


def test_the_published_extractor_gives_the_same_vectors(tmp_path: Path) -> None:
    network = drawn(UlmFaceNetwork())
    path = tmp_path / "radiant_fog_160.pth"
    torch.save(network.state_dict(), path)
    model = TimmModel(architecture="efficientnet_b1", weights_file=str(path), size_pixels=96, head_dimensions=256)
    with torch.no_grad():
        expected, found = network(PICTURES), model.load(path).eval()(PICTURES)
    assert expected.shape == (2, 256)
    assert expected.std() > 0.01
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("architecture", ["efficientnet_b0", "efficientnet_b2"])
def test_networks_of_torchvision_give_the_same_features(architecture: str, tmp_path: Path) -> None:
    network = drawn(torchvision.models.get_model(architecture, weights=None))
    path = tmp_path / "weights.pth"
    torch.save(network.state_dict(), path)
    model = TimmModel(architecture=architecture, weights_file=str(path), size_pixels=96)
    with torch.no_grad():
        expected, found = network.avgpool(network.features(PICTURES)).flatten(1), model.load(path).eval()(PICTURES)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_another_head_is_refused(tmp_path: Path) -> None:
    state = {name: value for name, value in UlmFaceNetwork().state_dict().items() if not name.startswith("batchnorm")}
    torch.save(state, tmp_path / "w.pth")
    model = TimmModel(
        architecture="efficientnet_b1", weights_file=str(tmp_path / "w.pth"), size_pixels=96, head_dimensions=256
    )
    with pytest.raises(WeightsError, match=r"lacks weights 'classifier\.2\.weight' and 3 more; expected exactly"):
        model.weights()


@pytest.mark.parametrize(
    "names", [{"conv_stem.weight": 1, "blocks.0.0.bn1.bias": 2}, {"features.1.0.weight": 1, "classifier.1.bias": 2}]
)
def test_other_names_stay(names: dict[str, int]) -> None:
    assert timm_names(names) == names


def test_names_that_are_not_known_stay() -> None:
    given = {"features.8.0.weight": 1, "features.1.0.block.9.x.weight": 2, "more.bias": 3}
    assert timm_names(given) == {"conv_head.weight": 1, "features.1.0.block.9.x.weight": 2, "more.bias": 3}
