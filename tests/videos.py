"""Videos of given pictures and given sound."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

import av
import numpy as np
from waves import sixteen_bits

_SOUND_RATE = 16_000
_SHARP: Mapping[str, str] = MappingProxyType({"preset": "ultrafast", "crf": "12"})


def write_video(
    path: Path,
    pictures: Sequence[np.ndarray],
    frames_per_second: int | Fraction,
    sound: np.ndarray | None,
    codec: str = "libx264",
    options: Mapping[str, str] = _SHARP,
) -> None:
    """Write pictures at a constant rate, and 16 kHz sound, both from 0 s on; the container follows from the suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, frames_per_second, options=dict(options))
        video.height, video.width = pictures[0].shape[:2]
        video.pix_fmt = "yuv420p"
        audio = container.add_stream("pcm_s16le", _SOUND_RATE, layout="mono") if sound is not None else None
        for number, pixels in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame.pts, frame.time_base = number, 1 / Fraction(frames_per_second)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if audio is not None and sound is not None:
            block = av.AudioFrame.from_ndarray(sixteen_bits(sound)[None], "s16", "mono")
            block.sample_rate, block.pts, block.time_base = _SOUND_RATE, 0, Fraction(1, _SOUND_RATE)
            container.mux(audio.encode(block))
            container.mux(audio.encode())
