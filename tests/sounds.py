"""Sounds to extract features from, and the tracks that come out."""

from pathlib import Path

import numpy as np

from trimodal.extract.audio import AudioExtractor
from trimodal.media import Audio, AudioSelection, probe, read_audio
from trimodal.track import Track, concatenate


def make_audio(samples: np.ndarray, rate: int = 16_000, start_seconds: float = 0.0) -> Audio:
    """Return samples as decoded sound."""
    return Audio(samples=samples.astype(np.float32), rate=rate, start_seconds=start_seconds)


def noise(seconds: float, rate: int = 16_000) -> np.ndarray:
    """Return white noise at -20 dB."""
    return np.random.default_rng(0).normal(size=round(seconds * rate)) * 0.1


def speech(media: Path, rate: int = 16_000, name: str = "had_that_curiosity.wav") -> Audio:
    """Return a recording of speech."""
    path = media / "speech" / name
    audio = read_audio(path, probe(path), AudioSelection(sample_rate=rate))
    assert audio is not None
    return audio


def extracted(extractor: AudioExtractor, audio: Audio) -> Track:
    """Return the whole track."""
    return concatenate(extractor.schema, list(extractor.extract(audio)))
