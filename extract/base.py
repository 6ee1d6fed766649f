"""What an extractor is: a frozen dataclass of parameters that turns decoded media, or other tracks, into one track.

The five kinds differ in what they read. A field is a parameter that changes the numbers; what only changes the running
is in `Execution`. Extraction is serial and pure: processes, caches and progress belong to the runner.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from ..errors import ParameterError, UsageError, require_packages
from ..media import Audio, Frames, Sampling, Utterance
from ..track import Schema, Track


@dataclass(frozen=True, kw_only=True)
class Execution:
    """How to run, which never changes what comes out (beyond a device's rounding).

    Raises
    ------
    UsageError
        If there is no such device here.
    """

    device: str = "cpu"
    """A torch device: ``cpu``, ``cuda``, ``cuda:1``."""

    def __post_init__(self) -> None:
        if self.device != "cpu":
            _check_device(self.device)


def _check_device(device: str) -> None:
    require_packages(f"the device '{device}'", ["torch"], "extract")
    import torch

    try:
        wanted = torch.device(device)
    except RuntimeError:
        raise UsageError(f"no device is called '{device}'; expected cpu, cuda or cuda:1") from None
    if wanted.type == "cuda" and (wanted.index or 0) >= torch.cuda.device_count():
        raise UsageError(f"the device '{device}' is not there: torch finds {torch.cuda.device_count()} GPUs; use cpu")


CPU = Execution()


class Extractor(ABC):
    """Base of the five kinds; use those."""

    __pydantic_config__: ClassVar = {"extra": "forbid", "strict": True}

    name: ClassVar[str]
    """What recipes call it."""
    version: ClassVar[int] = 1
    """Raised whenever the same parameters give other numbers, so that cached tracks are made again."""
    packages: ClassVar[tuple[str, ...]] = ()
    """Modules that it imports at first use."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Fields that name another track of the recipe."""

    @property
    @abstractmethod
    def schema(self) -> Schema:
        """Fields, columns and units of the track, known before anything is decoded."""

    def weights(self) -> Mapping[str, Path]:
        """Return the weight files by name; their content is part of the fingerprint.

        Raises
        ------
        WeightsError
            Says which file is missing and how to get it.
        """
        return {}

    def needed_packages(self) -> tuple[str, ...]:
        """Return the modules that these parameters need at first use."""
        return self.packages

    def needed_fields(self) -> tuple[str, ...]:
        """Return those of `needs` that these parameters use."""
        return self.needs

    def needed_tracks(self) -> tuple[str, ...]:
        """Return the names of the tracks that must exist before this one."""
        return tuple(getattr(self, name) for name in self.needed_fields())


@dataclass(frozen=True, kw_only=True)
class VideoExtractor(Extractor):
    """Reads the frames of a video."""

    sampling: Sampling = field(default_factory=Sampling)
    """Which frames to read."""

    @abstractmethod
    def extract(self, frames: Iterator[Frames], execution: Execution = CPU) -> Iterator[Track]:
        """Turn frames into rows: one piece of the track for every batch of frames, in order."""


@dataclass(frozen=True, kw_only=True)
class FaceExtractor(Extractor):
    """Reads frames together with the faces found in them; makes one row per face."""

    needs: ClassVar[tuple[str, ...]] = ("faces",)

    faces: str = "faces"
    """The track of faces; its frames are read again, and no others."""

    @abstractmethod
    def extract(self, frames: Iterator[Frames], faces: Track, execution: Execution = CPU) -> Iterator[Track]:
        """Turn frames and faces into rows: one piece of the track for every batch of frames, in order.

        The gaps of the faces become those of the track; the pieces need none.
        """


@dataclass(frozen=True, kw_only=True)
class AudioExtractor(Extractor):
    """Reads one channel of sound."""

    sample_rate: int = 16_000
    """Samples per second to which the sound is resampled."""

    def __post_init__(self) -> None:
        if self.sample_rate < 1:
            raise ParameterError(f"sample_rate must be at least 1, found {self.sample_rate}")

    @abstractmethod
    def extract(self, audio: Audio, execution: Execution = CPU) -> Track:
        """Turn sound into a track."""


@dataclass(frozen=True, kw_only=True)
class TranscriptExtractor(Extractor):
    """Reads the transcript, and the sound it belongs to where there is any."""

    sample_rate: int = 16_000
    """Samples per second to which the sound is resampled."""

    @abstractmethod
    def extract(self, utterances: Sequence[Utterance], audio: Audio | None, execution: Execution = CPU) -> Track:
        """Turn a transcript into a track."""


@dataclass(frozen=True, kw_only=True)
class TrackExtractor(Extractor):
    """Reads other tracks and no media."""

    @abstractmethod
    def extract(self, tracks: Mapping[str, Track], execution: Execution = CPU) -> Track:
        """Turn the needed tracks, each under the name of the field that names it, into one."""
