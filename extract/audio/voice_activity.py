"""Voice activity: where somebody speaks (silero-vad)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ...errors import ParameterError
from ...media import Audio
from ...track import Field, Gap, Schema, Track, empty_track
from ..base import CPU, AudioExtractor, Execution
from ..weights import single_file

_WINDOW_SAMPLES = {16_000: 512, 8_000: 256}
_WINDOWS_A_PIECE = 1000


@dataclass(frozen=True, kw_only=True)
class VoiceActivity(AudioExtractor):
    """How likely somebody speaks, and how loud it is, every 32 ms.

    Windows do not overlap: row k saw ``[k * 32 ms, (k + 1) * 32 ms)`` and that is its interval; what is left at the end
    is filled up with silence. The network also remembers what came before, which the interval leaves out.

    References
    ----------
    Silero Team, Silero VAD, 2021, https://github.com/snakers4/silero-vad; its weights ship inside the package.

    Raises
    ------
    ParameterError
        If the network does not know the sample rate.
    """

    name: ClassVar[str] = "voice_activity"
    packages: ClassVar[tuple[str, ...]] = ("silero_vad", "torch")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sample_rate not in _WINDOW_SAMPLES:
            raise ParameterError(f"voice activity needs a sample_rate of 16000 or 8000, found {self.sample_rate}")

    @property
    def expected_rate(self) -> float:
        """One row every window."""
        return self.sample_rate / _WINDOW_SAMPLES[self.sample_rate]

    @property
    def schema(self) -> Schema:
        """``values``: ``speech``, a probability, and ``level``, the root mean square of the samples (full scale 1)."""
        return {"values": Field(shape=(2,), columns=("speech", "level"))}

    def weights(self) -> dict[str, Path]:
        """Return the network, which ships inside its package."""
        return {"network": single_file("silero_vad", "data/silero_vad.jit")}

    def extract(self, audio: Audio, execution: Execution = CPU) -> Iterator[Track]:
        """Compute the track, 32 s at a time; no sound gives no row and a gap."""
        import torch

        if not len(audio.samples):
            gap = Gap(start_seconds=audio.start_seconds, end_seconds=audio.start_seconds, reason="no sound")
            yield empty_track(self.schema, [gap])
            return
        window = _WINDOW_SAMPLES[self.sample_rate]
        network = _network()
        network.reset_states()  # from here on it remembers, so that blocks make no difference
        for first in range(0, len(audio.samples), _WINDOWS_A_PIECE * window):
            samples = audio.samples[first : first + _WINDOWS_A_PIECE * window]
            windows = np.pad(samples, (0, -len(samples) % window)).reshape(-1, window)
            with torch.inference_mode():
                speech = [float(network(torch.from_numpy(one), self.sample_rate)) for one in windows]
            level = np.sqrt(np.square(windows, dtype=np.float64).mean(axis=1))
            edges = np.minimum(first + window * np.arange(len(windows) + 1), len(audio.samples))
            seconds = audio.start_seconds + edges / self.sample_rate
            values = np.stack([speech, level], axis=1).astype(np.float32)
            times = np.stack([seconds[:-1], seconds[1:]], axis=1)
            yield Track(schema=self.schema, times=times, fields={"values": values})


@cache
def _network() -> Any:
    import warnings

    from silero_vad import load_silero_vad

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # torch deprecates the format that the package ships
        return load_silero_vad()
