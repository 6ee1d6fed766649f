import numpy as np
import pytest

from trimodal.extract.audio.speech_pooling import Pool, RunningPool

FRAMES = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32) + 5


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        ("mean", FRAMES.mean(axis=0)),
        ("max", FRAMES.max(axis=0)),
        ("mean_std", np.concatenate([FRAMES.mean(axis=0), FRAMES.std(axis=0)])),
    ],
)
@pytest.mark.parametrize("cuts", [(), (1,), (7, 8, 29)])
def test_pieces_give_what_all_frames_at_once_give(pool: Pool, expected: np.ndarray, cuts: tuple[int, ...]) -> None:
    running = RunningPool(pool)
    for piece in np.split(FRAMES, cuts):
        running.add(piece)
    np.testing.assert_allclose(running.vector(), expected, rtol=1e-5)
    assert running.vector().dtype == np.float32


def test_one_frame_does_not_deviate() -> None:
    running = RunningPool("mean_std")
    running.add(np.full((1, 3), 0.1, np.float32))
    np.testing.assert_allclose(running.vector(), [0.1, 0.1, 0.1, 0, 0, 0], atol=1e-8)
