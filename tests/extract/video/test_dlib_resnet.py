import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dlib
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from trimodal.errors import WeightsError
from trimodal.extract.video.dlib_resnet import DlibResNet, load_network
from trimodal.extract.weights import dlib_weights
from trimodal.media import Sampling, probe, read_frames

_FIRST_WEIGHT = 352
"""Where the first number of the first convolution is in the file."""


@pytest.fixture(scope="module")
def path() -> Path:
    return dlib_weights("dlib_face_recognition_resnet_model_v1.dat")


@pytest.fixture(scope="module")
def network(path: Path) -> DlibResNet:
    return load_network(path, "cpu")


@pytest.fixture(scope="module")
def reference(path: Path) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    model = dlib.face_recognition_model_v1(str(path))
    return lambda chips: np.array(model.compute_face_descriptor(list(chips)), np.float32)


@pytest.fixture(scope="module")
def chips(sample: Path) -> NDArray[np.uint8]:
    """Faces of the sample corpus, cut out as the network was trained on them."""
    detector = dlib.get_frontal_face_detector()
    predictor = dlib.shape_predictor(str(dlib_weights("shape_predictor_5_face_landmarks.dat")))
    found: list[Any] = []
    for clip in ("angry.mp4", "table.mp4"):
        video = sample / clip
        for batch in read_frames(video, probe(video), Sampling(fps=2)):
            for image in batch.pixels:
                found += [dlib.get_face_chip(image, predictor(image, box), 150, 0.25) for box in detector(image)]
    assert len(found) >= 4
    return np.stack(found)


@pytest.fixture(scope="module")
def noise() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (35, 150, 150, 3), np.uint8)


@pytest.fixture
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_descriptors_of_faces_are_dlibs(
    network: DlibResNet,
    reference: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
    chips: NDArray[np.uint8],
) -> None:
    descriptors = network.embed(chips)
    assert descriptors.shape == (len(chips), 128)
    assert descriptors.dtype == np.float32
    np.testing.assert_allclose(descriptors, reference(chips), rtol=0, atol=1e-5)


def test_descriptors_of_noise_and_of_flat_pictures_are_dlibs(
    network: DlibResNet,
    reference: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
    noise: NDArray[np.uint8],
) -> None:
    flat = np.stack([np.full((150, 150, 3), grey, np.uint8) for grey in (0, 255)])
    pictures = np.concatenate([noise[:4], flat])
    np.testing.assert_allclose(network.embed(pictures), reference(pictures), rtol=0, atol=1e-5)


def test_a_chip_is_described_alike_alone_and_among_others(network: DlibResNet, noise: NDArray[np.uint8]) -> None:
    together = network.embed(noise)
    for row in (0, 31, 32, 34):  # on both sides of where a batch ends
        np.testing.assert_allclose(network.embed(noise[row : row + 1]), together[row : row + 1], rtol=0, atol=1e-5)


@pytest.mark.usefixtures("one_thread")
def test_two_runs_are_bit_identical(path: Path, network: DlibResNet, noise: NDArray[np.uint8]) -> None:
    first = network.embed(noise)
    np.testing.assert_array_equal(network.embed(noise), first)
    np.testing.assert_array_equal(load_network(path, "cpu").embed(noise), first)


def test_any_memory_layout_and_no_chips(network: DlibResNet, noise: NDArray[np.uint8]) -> None:
    mirrored = noise[:2, :, ::-1, ::-1]
    np.testing.assert_array_equal(network.embed(mirrored), network.embed(mirrored.copy()))
    assert network.embed(noise[:0]).shape == (0, 128)


def test_chips_of_another_shape_or_type_are_refused(network: DlibResNet) -> None:
    with pytest.raises(ValueError, match=r"shape \(n, 150, 150, 3\), found uint8 of \(150, 150, 3\)"):
        network.embed(np.zeros((150, 150, 3), np.uint8))
    with pytest.raises(ValueError, match="must be uint8"):
        network.embed(np.zeros((1, 150, 150, 3), np.float32))  # type: ignore[arg-type]


def _replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data
    return data.replace(old, new, 1)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: b"", "before byte 0: the file ends inside a number"),
        (lambda data: data[:2], "the file ends inside a number"),
        (lambda data: data[:10], "the file ends inside a name"),
        (lambda data: data[: data.index(b"110")], "the file ends inside flags"),
        (lambda data: data[:1_000_000], "the file ends inside a tensor"),
        (lambda data: data[:-1], "the file ends inside a number"),
        (lambda data: data + b"\0", "found 1 bytes after the network"),
        (lambda data: b"\x09" + data[1:], "no number starts with byte 9"),
        (lambda data: b"\x71" + data[1:], "no number starts with byte 113"),
        (lambda data: b"\x01\x05" + data[2:], "found 5 for the loss, expected 1"),
        (lambda data: b"\x80" + data[1:], "no number starts with byte 128"),
        (lambda data: _replaced(data, b"loss_metric_2", b"loss_metric_3"), "another kind .* than 'loss_metric_2'"),
        (lambda data: _replaced(data, b"\x01\x0dloss", b"\x08" + b"\xff" * 8 + b"loss"), "than 'loss_metric_2'"),
        (lambda data: _replaced(data, b"\x01\x0dloss", b"\x81\x0dloss"), "than 'loss_metric_2'"),
        (lambda data: _replaced(data, b"\x81\x18", b"\x02\x00\x7d"), "a float with the power 32000, expected a finite"),
        (lambda data: _replaced(data, b"\x01\x02\x01\x02", b"\x01\x01\x01\x02"), "found 1 for a layer's version"),
        (lambda data: _replaced(data, b"\x62\x90\xf5", b"\x62\x90\xe5"), "found the mean colour"),
        (lambda data: _replaced(data, b"\x01\x96\x01\x96", b"\x01\x97\x01\x97"), "found 151, 151 for the size of the"),
        (lambda data: _replaced(data, b"con_4", b"con_5"), "another kind or version of layer than 'con_4'"),
        # A tensor that claims to be large must be refused by its shape, before anything is made for it.
        (
            lambda data: _replaced(data, b"\x02\x80\x12", b"\x08" + b"\xff" * 8),
            "for a tensor, expected 2, 4736, 1, 1, 1",
        ),
        (lambda data: data[:_FIRST_WEIGHT] + b"\xff" * 4 + data[_FIRST_WEIGHT + 4 :], "no finite numbers"),
        (lambda data: _replaced(data, b"relu_110", b"relu_1x0"), "found b'1x0', expected flags"),
        (
            lambda data: _replaced(data, b"max_pool_2\x01\x03", b"max_pool_2\x01\x02"),
            "found 2, 3, 2, 2, 0, 0 for 'max_pool_2', expected 3, 3, 2, 2, 0, 0",
        ),
        (lambda data: _replaced(data, b"fc_2\x01\x80", b"fc_2\x01\x40"), "found 64, 256 for the last layer"),
    ],
)
def test_a_damaged_file_is_refused(path: Path, tmp_path: Path, damage: Callable[[bytes], bytes], message: str) -> None:
    damaged = tmp_path / "damaged.dat"
    damaged.write_bytes(damage(path.read_bytes()))
    with pytest.raises(WeightsError, match=message) as raised:
        load_network(damaged, "cpu")
    assert "\n" not in str(raised.value)
    assert str(damaged) in str(raised.value)
    damaged.unlink()  # 22 MB each, and pytest keeps its folders


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    large = tmp_path / "large.dat"
    large.touch()
    os.truncate(large, 1 << 40)
    with pytest.raises(WeightsError, match=r"has 1099511627776 bytes; expected .* 22\.5 MB"):
        load_network(large, "cpu")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"absent\.dat: cannot be read \(No such file or directory\)"):
        load_network(tmp_path / "absent.dat", "cpu")
    with pytest.raises(WeightsError, match=r"cannot be read \(Is a directory\)"):
        load_network(tmp_path, "cpu")
