"""Pictures and videos of a real face that a detector finds, and others without one."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import cv2
import numpy as np
import skimage.data

WIDTH, HEIGHT = 200, 152


def portrait(number: int) -> np.ndarray:
    """Return a picture of a face that moves a little with its number, shape (152, 200, 3), RGB."""
    return _portraits()[number % 10]


def nobody(number: int) -> np.ndarray:
    """Return a picture without a face."""
    return np.full((HEIGHT, WIDTH, 3), 90 + number % 20, np.uint8)


@lru_cache(maxsize=1)
def _portraits() -> list[np.ndarray]:
    picture = skimage.data.astronaut()[:300]
    cuts = [picture[:, left : left + 395] for left in range(60, 80, 2)]
    return [cv2.resize(cut, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) for cut in cuts]


def write_pictures(folder: Path, pictures: Iterable[tuple[int, np.ndarray]]) -> None:
    """Write numbered pictures as ``00000.png``, ..."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, pixels in pictures:
        cv2.imwrite(str(folder / f"{number:05d}.png"), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))


def write_video(path: Path, pictures: Sequence[np.ndarray], frames_per_second: int, sound: np.ndarray | None) -> None:
    """Write pictures at a constant rate, and 16 kHz sound, both from 0 s on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", frames_per_second, options={"preset": "ultrafast", "crf": "12"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        audio = container.add_stream("pcm_s16le", 16_000, layout="mono") if sound is not None else None
        for number, pixels in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, frames_per_second)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if audio is not None and sound is not None:
            block = av.AudioFrame.from_ndarray((sound * 32767).astype(np.int16)[None], "s16", "mono")
            block.sample_rate, block.pts, block.time_base = 16_000, 0, Fraction(1, 16_000)
            container.mux(audio.encode(block))
            container.mux(audio.encode())
