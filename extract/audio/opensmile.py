"""Low-level descriptors of openSMILE.

openSMILE's licence allows research and education only; a product needs a licence from audEERING.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from ...media import Audio
from ...track import Field, Gap, Schema, Track, empty_track
from ..base import CPU, AudioExtractor, Execution
from .opensmile_columns import columns_of
from .opensmile_process import run_smile
from .opensmile_setup import SmileSetup

_LEVELS = ("low_level_descriptors", "low_level_descriptors_deltas")


@dataclass(frozen=True, kw_only=True)
class OpenSmile(AudioExtractor):
    """Low-level descriptors of openSMILE, every 10 ms. Research use only.

    A row's interval is the one that openSMILE gives: frames are not centred and row k starts at k * 10 ms (IS11 and
    IS12: one row later), of 20 ms for GeMAPS and eGeMAPS, of 25 ms for emobase, IS09 and IS10, of 60 ms for the others.
    Not in it: up to 20 ms on either side that the smoothing also saw (deltas up to 40 ms), the 60 ms from its start
    that pitch and voice quality are taken from, and what pitch and RASTA filters remember; docs/audio.md has the
    figures for every set. At the end openSMILE pads for smoothing and deltas, and the last one to four rows share their
    start. Intervals end with the sound.

    openSMILE reads the whole sound in one go, so that there are no seams, and holds no more than some seconds of it. A
    configuration of one's own says itself what it holds.

    References
    ----------
    Eyben et al., openSMILE: The Munich Versatile and Fast Open-Source Audio Feature Extractor, ACM MM 2010
    Eyben et al., The Geneva Minimalistic Acoustic Parameter Set (GeMAPS) for Voice Research and Affective Computing,
    IEEE Transactions on Affective Computing 7(2), 2016. https://audeering.github.io/opensmile-python/

    Raises
    ------
    ParameterError
        If there is no such feature set, or it has no such level.
    """

    name: ClassVar[str] = "opensmile"
    version: ClassVar[int] = 2
    packages: ClassVar[tuple[str, ...]] = ("opensmile",)

    feature_set: str = "eGeMAPSv02"
    """GeMAPSv01a, GeMAPSv01b, eGeMAPSv01a, eGeMAPSv01b, eGeMAPSv02, ComParE_2016, emobase, IS09, IS10, IS11, IS12 or
    IS13; or the path of a configuration of one's own, which ends with ``.conf`` and has the form that opensmile-python
    asks for. Its files are part of the fingerprint."""
    level: str = "low_level_descriptors"
    """``low_level_descriptors`` or ``low_level_descriptors_deltas``, the deltas alone; of a configuration also the name
    of any level of its data memory."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._setup.check(_LEVELS)

    @property
    def schema(self) -> Schema:
        """``values``: one column per descriptor, under openSMILE's names."""
        columns = columns_of(self._setup)
        return {"values": Field(shape=(len(columns),), columns=columns)}

    def weights(self) -> dict[str, Path]:
        """Return the files of a configuration of one's own; raises `WeightsError` where it is missing."""
        return self._setup.files()

    def extract(self, audio: Audio, execution: Execution = CPU) -> Iterator[Track]:
        """Compute the track; sound too short for openSMILE's windows gives no row and a gap."""
        schema = self.schema
        rows = 0
        for block in run_smile(self._setup, audio.samples):
            times = np.minimum(audio.start_seconds + block.times, audio.end_seconds)
            finite = np.isfinite(block.values).all(axis=1)
            gaps = tuple(
                Gap(start_seconds=start, end_seconds=end, reason="openSMILE gives values that are not finite")
                for start, end in times[~finite]
            )
            rows += int(finite.sum())
            yield Track(schema=schema, times=times[finite], fields={"values": block.values[finite]}, gaps=gaps)
        if not rows:
            reason = "sound too short for openSMILE's windows"
            gap = Gap(start_seconds=audio.start_seconds, end_seconds=audio.end_seconds, reason=reason)
            yield empty_track(schema, [gap])

    @property
    def _setup(self) -> SmileSetup:
        return SmileSetup(feature_set=self.feature_set, level=self.level, sample_rate=self.sample_rate)
