"""Functionals of openSMILE over windows of sound or over words and segments.

openSMILE's licence allows research and education only; a product needs a licence from audEERING.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError, TrackError
from ...media import Audio
from ...track import Field, Gap, Schema, Track
from ..base import CPU, Execution, SpanExtractor
from .opensmile_columns import columns_of
from .opensmile_process import FunctionalFrames, run_smile
from .opensmile_setup import SmileSetup

_STEP_SECONDS = 0.010
_LONGEST_FRAME_SECONDS = 0.060
"""Of the frames that low-level descriptors are taken from."""
_SPANS_A_PIECE = 64
_ROUNDING_SECONDS = 1e-6


@dataclass(frozen=True, kw_only=True)
class OpenSmileFunctionals(SpanExtractor):
    """Functionals of openSMILE: statistics over each stretch of the sound. Research use only.

    A row's interval is the part of its stretch in which there is sound; nothing else was seen. What a window with the
    tail rule ``pad`` asks for beyond the end of the sound is filled with silence.

    ``each: in_passing`` goes through the sound once and takes the functionals on the way. It is much faster for windows
    that overlap, and close to ``alone`` but not the same: the descriptors at both ends of a window also saw up to 30 ms
    outside it, and pitch is found in the course of the whole sound. Means and quantiles hardly change, statistics of
    few values and positions of extremes do: docs/audio.md has the figures. What it cannot do, a last window that does
    not start at a hop or is cut off or filled up, is computed alone.

    References
    ----------
    Eyben et al., The Geneva Minimalistic Acoustic Parameter Set (GeMAPS) for Voice Research and Affective Computing,
    IEEE Transactions on Affective Computing 7(2), 2016. https://audeering.github.io/opensmile-python/

    Raises
    ------
    ParameterError
        If there is no such feature set, or the windows cannot be computed in passing.
    """

    name: ClassVar[str] = "opensmile_functionals"
    packages: ClassVar[tuple[str, ...]] = ("opensmile",)

    feature_set: str = "eGeMAPSv02"
    """As `OpenSmile.feature_set` says."""
    level: str = "functionals"
    """``functionals``; of a configuration of one's own also the name of any level that has one row for a sound."""
    each: Literal["alone", "in_passing"] = "alone"
    """``alone``: every stretch is a sound of its own, as opensmile-python computes it; ``in_passing``: see above. The
    latter is for windows whose length and hop are multiples of 10 ms, at sample rates that are multiples of 100."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._setup.check(("functionals",))
        if self.each == "in_passing":
            self._check_in_passing()

    @property
    def schema(self) -> Schema:
        """``values``: one column per functional, under openSMILE's names; ``row``: which stretch it is of."""
        columns = columns_of(self._setup)
        return {"values": Field(shape=(len(columns),), columns=columns), "row": Field(dtype="int64")}

    def weights(self) -> dict[str, Path]:
        """Return the files of a configuration of one's own; raises `WeightsError` where it is missing."""
        return self._setup.files()

    def extract(self, audio: Audio, spans: NDArray[np.float64], execution: Execution = CPU) -> Iterator[Track]:
        """Compute the rows; a stretch too short for openSMILE's windows has none, but a gap.

        Raises
        ------
        TrackError
            If the level has more than one row for a stretch.
        """
        done = 0
        if self.each == "in_passing" and len(spans):
            for values in self._in_passing(audio, spans):
                yield self._piece(audio, spans[done : done + len(values)], values, done)
                done += len(values)
        for first in range(done, len(spans), _SPANS_A_PIECE):
            chosen = spans[first : first + _SPANS_A_PIECE]
            yield self._piece(audio, chosen, np.stack([self._alone(audio, *span) for span in chosen]), first)

    def _in_passing(self, audio: Audio, spans: NDArray[np.float64]) -> Iterator[NDArray[np.float32]]:
        """Yield the values of the first windows in blocks, as far as they lie in the sound and start at hops."""
        assert self.windows is not None  # checked at the start
        length, hop = self.windows.length_seconds, self.windows.hop_seconds
        starts = audio.start_seconds + np.arange(len(spans)) * hop
        regular = np.abs(spans - np.stack([starts, starts + length], axis=1)).max(axis=1) < _ROUNDING_SECONDS
        regular &= spans[:, 1] < audio.end_seconds + _ROUNDING_SECONDS
        remaining = len(spans) if regular.all() else int(np.argmin(regular))
        # Only frames that lie in the window as a whole are counted, as they would be if there were nothing around it.
        within = length - (_LONGEST_FRAME_SECONDS - _STEP_SECONDS)
        frames = FunctionalFrames(length_seconds=within, hop_seconds=hop)
        for block in run_smile(self._setup, audio.samples, frames):
            yield block.values[:remaining]
            remaining -= len(block.values[:remaining])

    def _alone(self, audio: Audio, start_seconds: float, end_seconds: float) -> NDArray[np.float32]:
        """Return the values of one stretch; NaN where there is too little sound."""
        samples = audio.between(start_seconds, end_seconds).samples
        if self.windows is not None and self.windows.tail == "pad":
            missing = round((end_seconds - audio.end_seconds) * audio.rate)
            samples = np.pad(samples, (0, max(0, missing)))
        rows = np.concatenate(
            [np.zeros((0, len(columns_of(self._setup))), np.float32)]
            + [block.values for block in run_smile(self._setup, samples)]
        )
        if len(rows) > 1:
            raise TrackError(f"the level '{self.level}' has {len(rows)} rows for one stretch; expected one")
        return rows[0] if len(rows) else np.full(rows.shape[1], np.nan, np.float32)

    def _piece(self, audio: Audio, spans: NDArray[np.float64], values: NDArray[np.float32], first: int) -> Track:
        """Return the rows of consecutive stretches, of which the first has the number ``first``."""
        times = np.clip(spans, audio.start_seconds, audio.end_seconds)
        finite = np.isfinite(values).all(axis=1)
        rows = first + np.flatnonzero(finite).astype(np.int64)
        reason = "too little sound for openSMILE's windows"
        gaps = [Gap(start_seconds=start, end_seconds=end, reason=reason) for start, end in spans[~finite]]
        fields: dict[str, NDArray[np.generic]] = {"values": values[finite], "row": rows}
        return Track(schema=self.schema, times=times[finite], fields=fields, gaps=tuple(gaps))

    def _check_in_passing(self) -> None:
        if self._setup.is_config:
            raise ParameterError(f"each: in_passing is for openSMILE's own sets, found {self.feature_set}")
        if self.windows is None:
            raise ParameterError("each: in_passing is for windows; expected 'windows', or each: alone")
        if self.sample_rate % 100:
            raise ParameterError(
                f"each: in_passing needs a sample_rate of whole samples in 10 ms, found {self.sample_rate}"
            )
        if self.windows.length_seconds < _LONGEST_FRAME_SECONDS:
            raise ParameterError(
                f"each: in_passing needs windows of at least {_LONGEST_FRAME_SECONDS} s, "
                f"found {self.windows.length_seconds}"
            )
        for name in ("length_seconds", "hop_seconds"):
            steps = getattr(self.windows, name) / _STEP_SECONDS
            if abs(steps - round(steps)) > 1e-6:
                raise ParameterError(
                    f"each: in_passing needs a window's {name} to be a multiple of 0.01, "
                    f"found {getattr(self.windows, name)}"
                )

    @property
    def _setup(self) -> SmileSetup:
        return SmileSetup(feature_set=self.feature_set, level=self.level, sample_rate=self.sample_rate)
