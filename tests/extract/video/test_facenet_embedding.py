from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
from facenet_pytorch import MTCNN, InceptionResnetV1

from trimodal.errors import WeightsError
from trimodal.extract.face_frames import faces_in_frames
from trimodal.extract.video.face_schema import FACES
from trimodal.extract.video.facenet_embedding import FacenetEmbedding
from trimodal.media import Frames
from trimodal.track import Track, concatenate

# The second reaches past the frame.
_BOXES = np.array([(20.7, 30.2, 90.1, 110.9), (-15.3, -9, 40, 50.5), (60, 10, 100, 80)], np.float32)
_FILE = "20180402-114759-vggface2.pt"


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    torch.manual_seed(0)
    network = InceptionResnetV1()
    with torch.no_grad():  # so that batch normalisation has seen something
        network.train()(torch.randn(4, 3, 160, 160))
    return network.eval()


@pytest.fixture(scope="module")
def weights_file(network: torch.nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file like the published ones, which hold the classifier of the training too."""
    path = tmp_path_factory.mktemp("facenet") / "weights.pt"
    torch.save({**network.state_dict(), "logits.weight": torch.zeros(8, 512), "logits.bias": torch.zeros(8)}, path)
    return path


def _faces() -> Track:
    fields = {name: field.empty(len(_BOXES)) for name, field in FACES.items()}
    fields["box"][:] = _BOXES
    return Track(schema=FACES, times=np.arange(3)[:, None] / 10 + np.array([0.0, 0.1]), fields=fields)


def _images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 120, 160, 3), np.uint8)


def _frames(per_batch: int) -> Iterator[Frames]:
    for start in range(0, 3, per_batch):
        times = np.arange(start, start + per_batch)[:, None] / 10 + np.array([0.0, 0.1])
        yield Frames(times=times, pixels=_images()[start : start + per_batch])


def test_vectors_are_those_of_the_package(network: torch.nn.Module, weights_file: Path) -> None:
    extractor = FacenetEmbedding(model=str(weights_file))
    (found,) = extractor.extract(faces_in_frames(_frames(3), _faces()))
    mtcnn = MTCNN(image_size=160, margin=0, post_process=True)
    crops = [mtcnn.extract(image, box[None], None) for image, box in zip(_images(), _BOXES, strict=True)]
    with torch.no_grad():
        expected = network(torch.stack(crops)).numpy()
    np.testing.assert_allclose(found.values, expected, atol=1e-5)
    assert np.abs(expected[0] - expected[1]).max() > 1e-4  # it would notice another crop: one pixel more gives 2e-4
    np.testing.assert_allclose(np.linalg.norm(found.values.astype(float), axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(found.fields["row"], [0, 1, 2])

    one_by_one = concatenate(extractor.schema, list(extractor.extract(faces_in_frames(_frames(1), _faces()))))
    np.testing.assert_allclose(found.values, one_by_one.values, atol=1e-5)


def test_missing_weights_say_where_to_get_them(tmp_path: Path) -> None:
    for model, message in (
        ("", r"model is not given; get 20180402-114759-vggface2\.pt or 20180408-102900-casia-webface\.pt from github"),
        ("vggface", r"vggface: no such file; get .* \(or give the name vggface2 or casia-webface to have it fetched\)"),
    ):
        with pytest.raises(WeightsError, match=message) as error:
            FacenetEmbedding(model=model).weights()
        assert str(error.value).endswith("and give its path as model")


def test_a_wrong_checkpoint_is_refused_before_decoding(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    torch.save({"a": torch.zeros(1)}, path)
    with pytest.raises(WeightsError, match=r"lacks weights 'conv2d_1a\.conv\.weight' and \d+ more; expected exactly"):
        FacenetEmbedding(model=str(path)).weights()


def test_a_name_is_fetched_once_into_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weights_file: Path
) -> None:
    asked = []

    def download(url: str, to: str, progress: bool) -> None:
        asked.append(url)
        Path(to).write_bytes(weights_file.read_bytes())

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("facenet_pytorch.models.utils.download.download_url_to_file", download)
    for _ in range(2):
        assert FacenetEmbedding(model="vggface2").weights() == {"weights": tmp_path / "checkpoints" / _FILE}
    assert asked == [f"https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9/{_FILE}"]


def test_a_name_that_cannot_be_fetched_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(url: str, to: str, progress: bool) -> None:
        raise URLError("no network")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("facenet_pytorch.models.utils.download.download_url_to_file", download)
    message = r"not there and could not be fetched \(URLError\); get 20180402-114759-vggface2\.pt from github"
    with pytest.raises(WeightsError, match=message):
        FacenetEmbedding(model="vggface2").weights()
