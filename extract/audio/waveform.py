"""The samples themselves, one row per stretch of sound, for models that read the waveform."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from ...media import Audio
from ...track import Field, Gap, Schema, Track, empty_track
from ..base import CPU, Execution, SpanExtractor

_LONGEST_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True)
class Waveform(SpanExtractor):
    """The samples of each stretch, cut off or filled up with zeros on the right to one length.

    A row's interval is the part of its stretch that is in the row: it ends with the sound, and after
    ``length_seconds``. A sample belongs to a stretch where its time lies in it.

    Raises
    ------
    ParameterError
        If a parameter is outside its range.
    """

    name: ClassVar[str] = "waveform"

    length_seconds: float
    """Length of a row, at most 600 s."""
    rms: float | None = None
    """The root mean square that every row is scaled to (full scale 1); silence stays silence. None: as it is."""
    rms_of: Literal["sound", "row"] = "sound"
    """For ``rms``: whether it is that of the sound alone, or of the whole row with the zeros that fill it up."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.length_seconds * self.sample_rate <= _LONGEST_SECONDS * self.sample_rate:
            raise ParameterError(
                f"length_seconds must be from one sample to {_LONGEST_SECONDS:g}, found {self.length_seconds}"
            )
        if self.rms is not None and not 0 < self.rms <= 1e3:
            raise ParameterError(f"rms must be more than 0 and at most 1000, found {self.rms}")
        if self.rms is None and self.rms_of == "row":
            raise ParameterError("rms_of goes with rms, which is not given")

    @property
    def schema(self) -> Schema:
        """``values``: samples; ``seconds``: how much of the row is sound; ``row``: which stretch it is of."""
        return {
            "values": Field(shape=(self._count,)),
            "seconds": Field(dtype="float64", unit="s"),
            "row": Field(dtype="int64"),
        }

    def extract(self, audio: Audio, spans: NDArray[np.float64], execution: Execution = CPU) -> Iterator[Track]:
        """Cut out the samples, one piece of the track per stretch; one without any sound has no row, but a gap."""
        schema, count = self.schema, self._count
        for number, (start, end) in enumerate(spans):
            heard = audio.between(start, end)
            samples = heard.samples[:count]
            if not len(samples):
                yield empty_track(schema, [Gap(start_seconds=start, end_seconds=end, reason="no sound")])
                continue
            seconds = len(samples) / audio.rate
            values = np.zeros((1, count), np.float32)
            values[0, : len(samples)] = samples if self.rms is None else self._scaled(samples, self.rms)
            fields = {"values": values, "seconds": np.array([seconds]), "row": np.array([number], np.int64)}
            times = np.array([[heard.start_seconds, min(end, heard.start_seconds + seconds)]])
            yield Track(schema=schema, times=times, fields=fields)

    def _scaled(self, samples: NDArray[np.float32], rms: float) -> NDArray[np.float64]:
        """Return the samples at another root mean square; silence as it is."""
        rows = self._count if self.rms_of == "row" else len(samples)
        found = np.sqrt(np.square(samples, dtype=np.float64).sum() / rows)
        return np.asarray(samples * (rms / found if found > 0 else 1.0), np.float64)

    @property
    def _count(self) -> int:
        return round(self.length_seconds * self.sample_rate)
