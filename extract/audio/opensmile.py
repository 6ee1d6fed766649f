"""Acoustic descriptors of openSMILE.

openSMILE's licence allows research and education only; a product needs a licence from audEERING.
"""

import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from ...media import Audio
from ...track import Field, Gap, Schema, Track, empty_track
from ..base import CPU, AudioExtractor, Execution

if TYPE_CHECKING:
    import opensmile

_FRAME_SECONDS = 0.020
"""The frame that opensmile-python's index gives for the low-level descriptors of eGeMAPS."""


@dataclass(frozen=True, kw_only=True)
class OpenSmile(AudioExtractor):
    """Low-level descriptors of the extended Geneva minimalistic acoustic parameter set, every 10 ms.

    Frames are not centred: row k stands for ``[k * 10 ms, k * 10 ms + 20 ms)``, the frame that openSMILE's index gives.
    Its values are smoothed over three frames and so also saw 10 ms on either side, those of pitch and voice quality
    come from frames of 60 ms. Research use only.

    References
    ----------
    Eyben et al., The Geneva Minimalistic Acoustic Parameter Set (GeMAPS) for Voice Research and Affective Computing,
    IEEE Transactions on Affective Computing 7(2), 2016. https://audeering.github.io/opensmile-python/
    """

    name: ClassVar[str] = "opensmile"
    packages: ClassVar[tuple[str, ...]] = ("opensmile",)

    feature_set: Literal["eGeMAPSv02"] = "eGeMAPSv02"
    """Name of the set, its version included."""
    level: Literal["low_level_descriptors"] = "low_level_descriptors"
    """Which level of the set."""

    @property
    def schema(self) -> Schema:
        """``values``: one column per descriptor, under openSMILE's names."""
        columns = tuple(_smile(self.feature_set).feature_names)
        return {"values": Field(shape=(len(columns),), columns=columns)}

    def extract(self, audio: Audio, execution: Execution = CPU) -> Track:
        """Compute the track; sound too short for openSMILE's windows gives no row and a gap."""
        smile = _smile(self.feature_set)
        if audio.end_seconds - audio.start_seconds < _FRAME_SECONDS:
            return self._nothing(audio)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # it warns of short sound; the gap below says so
            table = smile.process_signal(audio.samples, audio.rate)
        values = table.to_numpy(np.float32)
        if not np.isfinite(values).any():  # openSMILE's way to say that the sound is too short
            return self._nothing(audio)
        finite = np.isfinite(values).all(axis=1)
        starts = table.index.get_level_values("start").total_seconds().to_numpy(np.float64)[finite]
        starts = audio.start_seconds + starts
        times = np.stack([starts, np.minimum(starts + _FRAME_SECONDS, audio.end_seconds)], axis=1)
        fields = {"values": np.ascontiguousarray(values[finite])}
        return Track(schema=self.schema, times=times, fields=fields, gaps=audio.gaps)

    def _nothing(self, audio: Audio) -> Track:
        reason = "sound too short for openSMILE's windows"
        gap = Gap(start_seconds=audio.start_seconds, end_seconds=audio.end_seconds, reason=reason)
        return empty_track(self.schema, (*audio.gaps, gap))


@cache
def _smile(feature_set: str) -> "opensmile.Smile":
    import opensmile

    return opensmile.Smile(
        feature_set=opensmile.FeatureSet[feature_set],
        feature_level=opensmile.FeatureLevel.LowLevelDescriptors,
    )
