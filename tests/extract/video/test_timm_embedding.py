from collections.abc import Iterator

import cv2
import numpy as np
import pytest
import timm
import torch

from trimodal.errors import ParameterError
from trimodal.extract.face_frames import faces_in_frames
from trimodal.extract.video.cropping import align, letterbox
from trimodal.extract.video.face_schema import FACES
from trimodal.extract.video.timm_embedding import TimmEmbedding
from trimodal.media import Frames
from trimodal.track import Track, concatenate

# The last two reach past the frame, one of them at both sides.
_BOXES = np.array([(20.7, 30.2, 90.1, 110.9), (60, 10, 100, 80), (-15, -9, 40, 50), (150, 90, 190, 140)], np.float32)
_IN_FRAME = np.array([0, 0, 2, 2])


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    return timm.create_model("test_resnet", pretrained=False, num_classes=0).eval()


@pytest.fixture(scope="module")
def weights_file(network: torch.nn.Module, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("timm") / "weights.pth"
    torch.save(network.state_dict(), path)
    return str(path)


def _faces() -> Track:
    fields = {name: field.empty(len(_BOXES)) for name, field in FACES.items()}
    fields["box"][:] = _BOXES
    corner, size = _BOXES[:, None, :2], (_BOXES[:, 2:] - _BOXES[:, :2])[:, None]
    fields["landmarks"][:] = corner + size * [(0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)]
    return Track(schema=FACES, times=_IN_FRAME[:, None] / 10 + np.array([0.0, 0.1]), fields=fields)


def _images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (4, 120, 160, 3), np.uint8)


def _frames(per_batch: int) -> Iterator[Frames]:
    for start in range(0, 4, per_batch):
        times = np.arange(start, start + per_batch)[:, None] / 10 + np.array([0.0, 0.1])
        yield Frames(times=times, pixels=_images()[start : start + per_batch])


def _embed(extractor: TimmEmbedding, per_batch: int = 4) -> Track:
    return concatenate(extractor.schema, list(extractor.extract(faces_in_frames(_frames(per_batch), _faces()))))


def _directly(network: torch.nn.Module, pictures: list[np.ndarray]) -> np.ndarray:
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    values = ((np.stack(pictures) / 255 - mean) / deviation).astype(np.float32).transpose(0, 3, 1, 2)
    with torch.no_grad():
        return np.asarray(network(torch.from_numpy(values.copy())).numpy())


def test_boxes_go_through_the_network(network: torch.nn.Module, weights_file: str) -> None:
    found = _embed(TimmEmbedding(architecture="test_resnet", weights_file=weights_file, size_pixels=96))
    images = _images()[_IN_FRAME]
    spans = [(20, 30, 90, 110), (60, 10, 100, 80), (0, 0, 40, 50), (150, 90, 160, 120)]
    crops = [
        cv2.resize(image[top:bottom, left:right], (96, 96), interpolation=cv2.INTER_AREA)
        for image, (left, top, right, bottom) in zip(images, spans, strict=True)
    ]
    np.testing.assert_allclose(found.values, _directly(network, crops), atol=1e-5)
    np.testing.assert_array_equal(found.fields["row"], [0, 1, 2, 3])
    np.testing.assert_array_equal(found.times, _faces().times)


def test_letterboxes_and_landmarks_go_through_the_network(network: torch.nn.Module, weights_file: str) -> None:
    images, faces = _images()[_IN_FRAME], _faces()
    parameters = {"architecture": "test_resnet", "weights_file": weights_file, "size_pixels": 80}
    found = _embed(TimmEmbedding(**parameters, cut="letterbox", margin_pixels=10))  # type: ignore[arg-type]
    crops = [letterbox(image, box, 80, 10) for image, box in zip(images, _BOXES, strict=True)]
    np.testing.assert_allclose(found.values, _directly(network, crops), atol=1e-5)
    found = _embed(TimmEmbedding(**parameters, cut="landmarks", margin=0.2))  # type: ignore[arg-type]
    landmarks = faces.fields["landmarks"].astype(float)
    crops = [align(image, points, 80, 0.2) for image, points in zip(images, landmarks, strict=True)]
    np.testing.assert_allclose(found.values, _directly(network, crops), atol=1e-5)


def test_batches_change_nothing_beyond_rounding(weights_file: str) -> None:
    extractor = TimmEmbedding(architecture="test_resnet", weights_file=weights_file, size_pixels=96)
    at_once, one_by_one = _embed(extractor), _embed(extractor, per_batch=1)
    np.testing.assert_allclose(at_once.values, one_by_one.values, atol=1e-5)
    np.testing.assert_array_equal(at_once.fields["row"], one_by_one.fields["row"])
    assert [len(piece) for piece in extractor.extract(faces_in_frames(_frames(1), _faces()))] == [2, 0, 2, 0]


def test_margins_go_with_their_cuts(weights_file: str) -> None:
    with pytest.raises(ParameterError, match="margin goes with the cut landmarks, found box"):
        TimmEmbedding(weights_file=weights_file, margin=0.1)


def test_what_is_published_are_parameters() -> None:
    assert TimmEmbedding().schema["values"].shape == (2048,)
    extractor = TimmEmbedding(
        architecture="efficientnet_b1", head_dimensions=256, cut="letterbox", margin_pixels=10, size_pixels=240
    )
    assert extractor.schema["values"].shape == (256,)
