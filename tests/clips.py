"""Generated clips with known truth: numbered frames, a white flash and a beep at known times."""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

WIDTH, HEIGHT = 64, 48
_BITS = 10
"""A frame carries its number as black and white blocks in its upper half, the lower half is white while it flashes."""


@dataclass(frozen=True, kw_only=True)
class Clip:
    """What to generate. Times are on the recording's clock: the earliest first PTS is zero."""

    frame_times: tuple[float, ...] = tuple(n / 25 for n in range(50))
    """When each video frame starts; empty: no video."""
    audio_start_seconds: float | None = 0.0
    """When the sound starts; None: no audio."""
    audio_seconds: float = 2.0
    beep_seconds: float = 1.0
    """When a tone starts."""
    tone_seconds: float = 0.1
    """How long it lasts."""
    tone_hertz: float = 1000.0
    flash_seconds: float | None = None
    """The frame that is shown at this time flashes; None: none does."""
    width: int = WIDTH
    sample_rate: int = 16_000
    video_codec: str = "libx264"
    audio_codec: str = "pcm_s16le"
    options: dict[str, str] = field(default_factory=dict)
    """Of the video encoder."""
    container_options: dict[str, str] = field(default_factory=dict)
    nominal_fps: int | Fraction = 25
    """What the header says; no time follows from it."""
    ticks_per_second: int | Fraction = 90_000
    rotation: int = 0
    """Display matrix, degrees counter-clockwise; the pixels are stored turned the other way."""
    lost_audio: tuple[float, float] = (0.0, 0.0)
    """Blocks of sound (1024 samples) that start in this stretch of the sound are not written; the others keep time."""
    lost_video: tuple[float, float] = (0.0, 0.0)
    """Packets of the frames that start in this stretch are overwritten with rubbish."""


def make_clip(path: Path, clip: Clip) -> Path:
    """Write a clip; the container follows from the suffix."""
    with av.open(str(path), "w", options=dict(clip.container_options)) as container:
        video = audio = None
        if clip.frame_times:
            video = container.add_stream(clip.video_codec, clip.nominal_fps, options=dict(clip.options))
            turned = clip.rotation % 180 != 0
            video.width, video.height = (HEIGHT, clip.width) if turned else (clip.width, HEIGHT)
            video.pix_fmt = "yuv420p"
            video.time_base = video.codec_context.time_base = Fraction(1, clip.ticks_per_second)
            if clip.rotation:
                video.set_display_rotation(clip.rotation)
        if clip.audio_start_seconds is not None:
            audio = container.add_stream(clip.audio_codec, clip.sample_rate, layout="mono")
        if video is not None:
            flash = None if clip.flash_seconds is None else frame_at(clip, clip.flash_seconds)
            for number, seconds in enumerate(clip.frame_times):
                pixels = np.rot90(numbered_frame(number, clip.width, number == flash), -clip.rotation // 90)
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24")
                frame.pts, frame.time_base = round(seconds * clip.ticks_per_second), Fraction(1, clip.ticks_per_second)
                container.mux([_damaged(packet, clip) for packet in video.encode(frame)])
            container.mux([_damaged(packet, clip) for packet in video.encode()])
        if audio is not None and clip.audio_start_seconds is not None:
            start = round(clip.audio_start_seconds * clip.sample_rate)
            sound = (beep(clip) * 32767).astype(np.int16)
            for first in range(0, len(sound), 1024):
                if clip.lost_audio[0] <= first / clip.sample_rate < clip.lost_audio[1]:
                    continue
                block = av.AudioFrame.from_ndarray(sound[None, first : first + 1024], "s16", "mono")
                block.sample_rate, block.time_base = clip.sample_rate, Fraction(1, clip.sample_rate)
                block.pts = start + first
                container.mux(audio.encode(block))
            container.mux(audio.encode())
    return path


def _damaged(packet: av.Packet, clip: Clip) -> av.Packet:
    low, high = clip.lost_video
    if packet.pts is None or not low <= packet.pts / clip.ticks_per_second < high:
        return packet
    rubbish = av.Packet(b"\xff" * packet.size)
    rubbish.stream, rubbish.time_base = packet.stream, packet.time_base
    rubbish.pts, rubbish.dts, rubbish.duration = packet.pts, packet.dts, packet.duration
    return rubbish


def frame_at(clip: Clip, seconds: float) -> int:
    """Return the number of the frame that is shown at a time."""
    return int(np.searchsorted(clip.frame_times, seconds, side="right")) - 1


def numbered_frame(number: int, width: int = WIDTH, flashes: bool = False) -> np.ndarray:
    """Return a picture that carries its number."""
    pixels = np.full((HEIGHT, width, 3), 64, np.uint8)
    block = width // _BITS
    for bit in range(_BITS):
        pixels[: HEIGHT // 2, bit * block : (bit + 1) * block] = 235 if number >> bit & 1 else 16
    if flashes:
        pixels[HEIGHT // 2 :] = 235
    return pixels


def frame_number(pixels: np.ndarray) -> int:
    """Read the number that a decoded picture carries, of shape (height, width) or (height, width, 3)."""
    width = pixels.shape[1] // _BITS
    middle = pixels[pixels.shape[0] // 4] if pixels.ndim == 2 else pixels[pixels.shape[0] // 4, :, 1]
    return sum(1 << bit for bit in range(_BITS) if middle[bit * width + width // 2] > 128)


def beep(clip: Clip) -> np.ndarray:
    """Return the sound: silence with a tone."""
    seconds = (clip.audio_start_seconds or 0.0) + np.arange(
        round(clip.audio_seconds * clip.sample_rate)
    ) / clip.sample_rate
    inside = (seconds >= clip.beep_seconds) & (seconds < clip.beep_seconds + clip.tone_seconds)
    return np.where(inside, 0.5 * np.cos(2 * np.pi * clip.tone_hertz * (seconds - clip.beep_seconds)), 0.0)


def beep_onset(samples: np.ndarray, rate: int, start_seconds: float) -> float:
    """Return when the beep starts in decoded sound: the first sample above a fifth of its height."""
    return start_seconds + int(np.argmax(np.abs(samples) > 0.1)) / rate
