from pathlib import Path

import numpy as np
import pytest
import timm
import torch

from trimodal.errors import ParameterError, WeightsError
from trimodal.extract.base import CPU
from trimodal.extract.video.cropping import centre
from trimodal.extract.video.frame_embedding import FrameEmbedding
from trimodal.media import Frames
from trimodal.track import Gap, concatenate


def _frames(start: int, end: int) -> Frames:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 90, 120, 3), np.uint8)[start:end]
    times = np.arange(start, end)[:, None] / 10 + np.array([0.0, 0.1])
    return Frames(times=times, pixels=pixels, gaps=(Gap(start_seconds=3.0, end_seconds=4.0, reason="broken"),))


def test_frames_go_through_the_network_in_any_batches(tmp_path: Path) -> None:
    network = timm.create_model("test_efficientnet", pretrained=False, num_classes=0).eval()
    torch.save(network.state_dict(), tmp_path / "weights.pth")
    extractor = FrameEmbedding(
        architecture="test_efficientnet", weights_file=str(tmp_path / "weights.pth"), size_pixels=64
    )
    (at_once,) = extractor.extract(iter([_frames(0, 20)]))
    pieces = list(extractor.extract(iter([_frames(i, i + 1) for i in range(20)])))
    one_by_one = concatenate(extractor.schema, pieces)
    np.testing.assert_allclose(at_once.values, one_by_one.values, atol=1e-5)
    assert pieces[3].gaps == _frames(0, 1).gaps

    frame = centre(_frames(0, 20).pixels[7], 64)
    values = ((frame / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]).astype(np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(values.transpose(2, 0, 1)[None].copy()))[0].numpy()
    np.testing.assert_allclose(at_once.values[7], expected, atol=1e-5)
    (nothing,) = extractor.extract(iter([_frames(0, 0)]), CPU)
    assert nothing.values.shape == (0, *extractor.schema["values"].shape)


def test_half_precision_needs_a_gpu(tmp_path: Path) -> None:
    network = timm.create_model("test_efficientnet", pretrained=False, num_classes=0)
    torch.save(network.state_dict(), tmp_path / "weights.pth")
    extractor = FrameEmbedding(
        architecture="test_efficientnet", weights_file=str(tmp_path / "weights.pth"), half_precision=True
    )
    with pytest.raises(ParameterError, match="half_precision needs a GPU"):
        next(extractor.extract(iter([_frames(0, 1)])))


def test_missing_weights_say_what_to_get() -> None:
    with pytest.raises(WeightsError, match="weights_file is not given; get a state dict of timm's resnet101"):
        FrameEmbedding().weights()
