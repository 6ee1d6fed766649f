"""Voice quality of stretches of sound as Praat computes it: jitter, shimmer, harmonicity, pitch (praat-parselmouth).

Praat and parselmouth are under the GPL, version 3, and are not installed by default: pip install 'trimodal[praat]'.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...media import Audio
from ...track import Field, Gap, Schema, Track, empty_track
from ..base import CPU, Execution, SpanExtractor
from .framing import check_range

_COLUMNS = ("pitch_hz", "jitter_local", "shimmer_local", "harmonicity_db")
_PERIODS = (0.0001, 0.02, 1.3)
"""Praat's standard settings: shortest and longest period in seconds, largest ratio of two that follow one another."""
_LARGEST_AMPLITUDE_RATIO = 1.6


@dataclass(frozen=True, kw_only=True)
class VoiceQuality(SpanExtractor):
    """Mean pitch, local jitter and shimmer, and mean harmonicity of each stretch. GPL, version 3.

    Jitter (shimmer) is the mean absolute difference between periods (amplitudes of periods) that follow one another, as
    a part of their mean. Each stretch is a sound of its own; a row's interval is the part of it in which there is
    sound. All of a stretch is held in memory.

    References
    ----------
    P. Boersma, D. Weenink, Praat: doing phonetics by computer, https://www.praat.org, "Voice"

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    name: ClassVar[str] = "voice_quality"
    packages: ClassVar[tuple[str, ...]] = ("parselmouth",)

    pitch_floor: float = 75.0
    """The lowest pitch in Hz."""
    pitch_ceiling: float = 600.0
    """The highest pitch in Hz."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("pitch_floor", self.pitch_floor, 10.0, 2000.0)
        check_range("pitch_ceiling", self.pitch_ceiling, self.pitch_floor, self.sample_rate / 2)

    @property
    def extra(self) -> str:
        """The extra that installs Praat, apart from the others because of its licence."""
        return "praat"

    @property
    def schema(self) -> Schema:
        """``values``: pitch in Hz, jitter and shimmer as ratios, harmonicity in dB; ``row``: which stretch it is of."""
        return {"values": Field(shape=(len(_COLUMNS),), columns=_COLUMNS), "row": Field(dtype="int64")}

    def extract(self, audio: Audio, spans: NDArray[np.float64], execution: Execution = CPU) -> Iterator[Track]:
        """Compute the rows, one piece of the track per stretch; one with too little voice has no row, but a gap."""
        for number, (start, end) in enumerate(spans):
            samples = audio.between(start, end).samples
            # On less than this Praat complains, or ends the process.
            long_enough = len(samples) > 3 / self.pitch_floor * audio.rate + 1
            values = self._values(samples.astype(np.float64)) if long_enough else np.full(len(_COLUMNS), np.nan)
            if not np.isfinite(values).all():
                gap = Gap(start_seconds=start, end_seconds=end, reason="too little voice")
                yield empty_track(self.schema, [gap])
                continue
            yield Track(
                schema=self.schema,
                times=np.clip([[start, end]], audio.start_seconds, audio.end_seconds),
                fields={"values": values[None].astype(np.float32), "row": np.array([number], np.int64)},
            )

    def _values(self, samples: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the columns; NaN where one is not defined."""
        import parselmouth
        from parselmouth.praat import call

        sound = parselmouth.Sound(samples, self.sample_rate)
        pitch = sound.to_pitch_ac(pitch_floor=self.pitch_floor, pitch_ceiling=self.pitch_ceiling)
        periods = call(sound, "To PointProcess (periodic, cc)", self.pitch_floor, self.pitch_ceiling)
        harmonicity = sound.to_harmonicity_cc(minimum_pitch=self.pitch_floor)
        everything = (0.0, 0.0)
        return np.array(
            [
                call(pitch, "Get mean", *everything, "Hertz"),
                call(periods, "Get jitter (local)", *everything, *_PERIODS),
                call([sound, periods], "Get shimmer (local)", *everything, *_PERIODS, _LARGEST_AMPLITUDE_RATIO),
                call(harmonicity, "Get mean", *everything),
            ],
            np.float64,
        )
