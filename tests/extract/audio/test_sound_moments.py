import numpy as np
import pytest
import torch

from trimodal.extract.audio import sound_moments
from trimodal.extract.audio.sound_moments import moments, window_moments


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound_moments, "_BLOCK", 97)


def _sound(samples: int, offset: float = 0.3) -> np.ndarray:
    return (np.random.default_rng(0).normal(size=samples) * 0.01 + offset).astype(np.float32)


@pytest.mark.parametrize("samples", [1, 96, 97, 98, 1000])
def test_moments_are_those_of_the_whole(samples: int) -> None:
    sound = _sound(samples)
    mean, variance = moments(sound)
    assert mean == pytest.approx(sound.mean(dtype=np.float64), rel=1e-12)
    assert variance == pytest.approx(sound.var(dtype=np.float64), rel=1e-9, abs=1e-18)


def test_a_constant_sound_has_no_variance() -> None:
    assert moments(np.full(1000, 0.1, np.float32))[1] < 1e-30


@pytest.mark.parametrize(("samples", "length", "hop"), [(10, 10, 5), (14, 10, 5), (3333, 10, 5), (2000, 3, 7)])
def test_window_moments_say_what_a_convolution_gives(samples: int, length: int, hop: int) -> None:
    sound = _sound(samples)
    weight = torch.randn(4, 1, length, dtype=torch.float64)
    given = torch.nn.functional.conv1d(torch.from_numpy(sound).double()[None, None], weight, stride=hop)[0]
    means, covariances = window_moments(sound, length, hop)
    rows = weight[:, 0].numpy()
    np.testing.assert_allclose(rows @ means, given.mean(dim=1), rtol=1e-9)
    expected = given.var(dim=1, unbiased=False)
    np.testing.assert_allclose(np.einsum("ci,ij,cj->c", rows, covariances, rows), expected, rtol=1e-6, atol=1e-15)
