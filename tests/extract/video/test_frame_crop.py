import numpy as np
import pytest

from trimodal.errors import ParameterError
from trimodal.extract.video.cropping import centre
from trimodal.extract.video.frame_crop import FrameCrop
from trimodal.media import Frames
from trimodal.track import Gap


def _frames(count: int) -> Frames:
    pixels = np.random.default_rng(0).integers(0, 256, (count, 90, 120, 3), np.uint8)
    times = np.arange(count)[:, None] / 10 + np.array([0.0, 0.1])
    return Frames(times=times, pixels=pixels, gaps=(Gap(start_seconds=3.0, end_seconds=4.0, reason="broken"),))


def test_every_frame_has_a_row_and_gaps_stay() -> None:
    frames = _frames(3)
    first, second = FrameCrop().extract(iter([frames, _frames(0)]))
    assert first.values.shape == (3, 224, 224, 3)
    np.testing.assert_array_equal(first.times, frames.times)
    np.testing.assert_array_equal(first.values[1], centre(frames.pixels[1], 224))
    assert first.gaps == frames.gaps
    assert len(second) == 0


def test_grey_has_one_channel() -> None:
    (piece,) = FrameCrop(size_pixels=32, colour="grey").extract(iter([_frames(2)]))
    assert piece.values.shape == (2, 32, 32)


def test_refuses_a_size_outside_its_range() -> None:
    with pytest.raises(ParameterError, match="size_pixels must be from 8 to 4096, found 0"):
        FrameCrop(size_pixels=0)
