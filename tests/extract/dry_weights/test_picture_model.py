from pathlib import Path

import numpy as np
import pytest

from trimodal.extract import Execution, Extractor
from trimodal.extract.fingerprint import weight_digests
from trimodal.extract.video.facenet_embedding import FacenetEmbedding
from trimodal.extract.video.frame_embedding import FrameEmbedding
from trimodal.extract.video.timm_embedding import TimmEmbedding


@pytest.mark.parametrize(
    ("extractor", "count"),
    [
        (TimmEmbedding(architecture="resnet18", weights_file="resnet18.pth"), 512),
        (TimmEmbedding(architecture="test_efficientnet", head_dimensions=7, size_pixels=160), 7),
        (FrameEmbedding(architecture="test_vit", size_pixels=160), 64),
        (FacenetEmbedding(model="vggface2"), 512),
    ],
    ids=["backbone", "head", "frames", "facenet"],
)
def test_the_network_itself_with_the_same_random_weights(extractor: Extractor, count: int, tmp_path: Path) -> None:
    dry = extractor.with_dry_weights(tmp_path / "a")
    assert dry.schema["values"].shape == (count,)
    assert weight_digests(dry) == weight_digests(extractor.with_dry_weights(tmp_path / "b"))


def test_pictures_give_numbers_of_their_own(tmp_path: Path) -> None:
    dry = TimmEmbedding(architecture="resnet18").with_dry_weights(tmp_path)
    pictures = np.stack(
        [np.full((224, 224, 3), 90, np.uint8), np.random.default_rng(0).integers(0, 255, (224, 224, 3))]
    )
    one, other = dry.embedder(Execution()).embed(pictures.astype(np.uint8))
    assert np.isfinite([one, other]).all()
    assert np.abs(one - other).max() > 0.01
