"""Tones and the WAV files that they are written to."""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def sine(hertz: float, seconds: float, rate: int = 16_000) -> NDArray[np.float64]:
    """Return a sine at full scale that begins with 0, shape (n,)."""
    return np.asarray(np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate))


def write_wave(path: Path, samples: NDArray[np.float64], rate: int = 16_000) -> Path:
    """Write samples in [-1, 1] with 16 bits, shape (n,) or (channels, n), and the folders above them."""
    channels = np.atleast_2d(samples)
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((len(channels), 2, rate, 0, "NONE", ""))
        file.writeframes(sixteen_bits(channels.T).astype("<i2").tobytes())
    return path


def sixteen_bits(samples: NDArray[np.float64]) -> NDArray[np.int16]:
    """Return samples in [-1, 1] as integers."""
    return np.round(samples * 32767).astype(np.int16)
