"""Loudness as the root mean square of the samples (librosa)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from numpy.typing import NDArray

from ...media import Audio
from ...track import Field, Schema
from .framing import FramedExtractor
from .librosa_import import import_librosa


@dataclass(frozen=True, kw_only=True)
class Rms(FramedExtractor):
    """Root mean square of the samples of every window, as `librosa.feature.rms` computes it. Full scale is 1."""

    name: ClassVar[str] = "rms"

    @property
    def schema(self) -> Schema:
        """``values``: ``rms``."""
        return {"values": Field(shape=(1,), columns=("rms",))}

    def values(self, audio: Audio, blocks: Sequence[range]) -> Iterator[NDArray[Any]]:
        """Yield the root mean squares of each block."""
        librosa = import_librosa()

        framing = self.framing
        for rows in blocks:
            yield librosa.feature.rms(
                y=self.frames(audio, rows),
                frame_length=framing.window_samples,
                hop_length=framing.hop_samples,
                center=False,
            )
