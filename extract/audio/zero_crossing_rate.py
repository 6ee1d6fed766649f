"""How often the samples change their sign (librosa)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from numpy.typing import NDArray

from ...media import Audio
from ...track import Field, Schema
from .framing import FramedExtractor
from .librosa_import import import_librosa


@dataclass(frozen=True, kw_only=True)
class ZeroCrossingRate(FramedExtractor):
    """Share of the samples of every window that differ in sign from the one before, as librosa computes it.

    Zero counts as positive, and so does all within 1e-10 of it. Centred windows see the first and the last sample
    repeated beyond the ends.
    """

    name: ClassVar[str] = "zero_crossing_rate"

    @property
    def schema(self) -> Schema:
        """``values``: ``zero_crossing_rate``, from 0 to 1."""
        return {"values": Field(shape=(1,), columns=("zero_crossing_rate",))}

    def values(self, audio: Audio, blocks: Sequence[range]) -> Iterator[NDArray[Any]]:
        """Yield the rates of each block."""
        librosa = import_librosa()

        framing = self.framing
        for rows in blocks:
            yield librosa.feature.zero_crossing_rate(
                self.frames(audio, rows, padding="edge"),
                frame_length=framing.window_samples,
                hop_length=framing.hop_samples,
                center=False,
            )
