"""What an extractor is: a frozen dataclass of parameters that turns decoded media, or other tracks, into one track.

The kinds differ in what they read. A field is a parameter that changes the numbers; what only changes the running
is in `Execution`. Extraction is serial and pure: processes, caches and progress belong to the runner.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ..corpus import FeatureFile, Ratings, Segment
from ..errors import ParameterError, UsageError, one_line, require_packages
from ..media import Audio, AudioSelection, Channel, Frames, MediaInfo, Sampling, Utterance
from ..track import Schema, Track
from ..windows import Windows
from .face_frames import FacesInFrames


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
    if wanted.type == "cuda":  # asked without memory being taken on it
        if (wanted.index or 0) >= torch.cuda.device_count():
            found = torch.cuda.device_count()
            raise UsageError(f"the device '{device}' is not there: torch finds {found} GPUs; use cpu")
        return
    try:
        torch.ones(1, device=wanted).add(1).item()
    except (RuntimeError, AssertionError, ImportError) as error:  # NotImplementedError is a RuntimeError
        raise UsageError(f"nothing can be computed on the device '{device}' ({one_line(error)}); use cpu") from None


CPU = Execution()

_USUAL_FRAMES_PER_SECOND = 25.0
"""Of a video whose header does not say; and of annotations and features of others."""
_WORDS_PER_SECOND = 2.5
_SEGMENTS_PER_SECOND = 0.2


class Extractor(ABC):
    """Base of the kinds; use those."""

    __pydantic_config__: ClassVar = {"extra": "forbid", "strict": True}

    name: ClassVar[str]
    """What recipes call it."""
    version: ClassVar[int] = 1
    """Raised whenever the same parameters give other numbers, so that cached tracks are made again."""
    packages: ClassVar[tuple[str, ...]] = ()
    """Modules that it imports at first use."""
    reads_with: ClassVar[tuple[str, ...]] = ()
    """Modules with which the media are read that its kind wants."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Fields that name another track of the recipe."""

    @property
    def extra(self) -> str:
        """The extra that installs its packages."""
        return "extract"

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

    def with_dry_weights(self, folder: Path) -> Self:
        """Return it with stand-ins for all weights that do not ship inside packages: the same schema, random numbers.

        Parameters
        ----------
        folder
            Where stand-ins lie; those that are not there yet are written. Processes may share it.

        Raises
        ------
        WeightsError
            If no stand-in is known, or it cannot be written.
        """
        return self

    def needed_packages(self) -> tuple[str, ...]:
        """Return the modules that these parameters need at first use."""
        return self.packages

    def needed_fields(self) -> tuple[str, ...]:
        """Return those of `needs` that these parameters use."""
        return self.needs

    def needed_tracks(self) -> tuple[str, ...]:
        """Return the names of the tracks that must exist before this one."""
        return tuple(getattr(self, name) for name in self.needed_fields())

    @abstractmethod
    def expected_rows(self, info: MediaInfo, needed: Sequence[float]) -> float:
        """Return about how many rows a recording will have, from which a run says how much room it takes.

        Parameters
        ----------
        info
            What the header of the recording's media says.
        needed
            The same number of each of `needed_tracks`.
        """


@dataclass(frozen=True, kw_only=True)
class VideoExtractor(Extractor):
    """Reads the frames of a video."""

    reads_with: ClassVar[tuple[str, ...]] = ("av", "cv2")

    sampling: Sampling = field(default_factory=Sampling)
    """Which frames to read."""

    def expected_rows(self, info: MediaInfo, needed: Sequence[float]) -> float:
        """Return the number of frames: most that is made of a frame is one row."""
        if info.video_start_seconds is None:
            return 0.0
        return info.duration_seconds * self.sampling.rate(info.frames_per_second or _USUAL_FRAMES_PER_SECOND)

    @abstractmethod
    def extract(self, frames: Iterator[Frames], execution: Execution = CPU) -> Iterator[Track]:
        """Turn frames into rows: exactly one piece of the track for every batch of frames, in order.

        The next batch is there only once the piece of the one before is taken. More pieces may follow the last batch.
        """


@dataclass(frozen=True, kw_only=True)
class FaceExtractor(Extractor):
    """Reads frames together with the faces found in them; makes one row per face."""

    reads_with: ClassVar[tuple[str, ...]] = ("av", "cv2")
    needs: ClassVar[tuple[str, ...]] = ("faces",)

    faces: str = "faces"
    """The track of faces; only its frames are read."""

    def expected_rows(self, info: MediaInfo, needed: Sequence[float]) -> float:
        """Return as many as the first needed track has."""
        return needed[0]

    @abstractmethod
    def extract(self, batches: Iterator[FacesInFrames], execution: Execution = CPU) -> Iterator[Track]:
        """Turn faces into rows: exactly one piece of the track for every batch, in order, as `VideoExtractor` does.

        The gaps of the faces become those of the track; the pieces need only their own.
        """


@dataclass(frozen=True, kw_only=True)
class SoundExtractor(Extractor):
    """Base of those that read one channel of sound."""

    reads_with: ClassVar[tuple[str, ...]] = ("av", "soxr")

    sample_rate: int = 16_000
    """Samples per second to which the sound is resampled."""
    stream: int = 0
    """Which of the file's audio streams, counted from 0."""
    channel: Channel = "mean"
    """Which channels are heard: ``mean``, ``left``, ``right``, ``loudest`` or a number; see `AudioSelection`."""

    def __post_init__(self) -> None:
        _ = self.selection

    @property
    def selection(self) -> AudioSelection:
        """The sound that is read."""
        return AudioSelection(sample_rate=self.sample_rate, stream=self.stream, channel=self.channel)


@dataclass(frozen=True, kw_only=True)
class AudioExtractor(SoundExtractor):
    """Reads sound."""

    @property
    def expected_rate(self) -> float:
        """About how many rows a second of sound has."""
        return 100.0

    def expected_rows(self, info: MediaInfo, needed: Sequence[float]) -> float:
        """Return the number by `expected_rate`."""
        return 0.0 if info.audio_start_seconds is None else info.duration_seconds * self.expected_rate

    @abstractmethod
    def extract(self, audio: Audio, execution: Execution = CPU) -> Iterator[Track]:
        """Turn sound into the pieces of a track, in order.

        However long the sound, no more of it is held than a piece needs. The gaps of the sound become those of the
        track; the pieces need only their own.
        """


@dataclass(frozen=True, kw_only=True)
class SpanExtractor(SoundExtractor):
    """Reads stretches of sound and makes one row for each: sliding windows, or the intervals of another track.

    Raises
    ------
    ParameterError
        If not exactly one of ``windows`` and ``intervals`` is given.
    """

    needs: ClassVar[tuple[str, ...]] = ("intervals",)

    windows: Windows | None = None
    """Sliding windows, the first of which starts with the sound."""
    intervals: str = ""
    """A track whose rows are the stretches: words, segments."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.windows is None) == (not self.intervals):
            found = "neither" if self.windows is None else "both"
            raise ParameterError(f"expected either 'windows' or 'intervals' (the name of a track), found {found}")

    def needed_fields(self) -> tuple[str, ...]:
        """Return ``intervals`` where it is given."""
        return self.needs if self.intervals else ()

    def expected_rows(self, info: MediaInfo, needed: Sequence[float]) -> float:
        """Return the number of windows or intervals."""
        if info.audio_start_seconds is None:
            return 0.0
        return needed[0] if self.windows is None else info.duration_seconds / self.windows.hop_seconds

    @abstractmethod
    def extract(self, audio: Audio, spans: NDArray[np.float64], execution: Execution = CPU) -> Iterator[Track]:
        """Turn stretches of sound into the pieces of a track, in order.

        The track has the field ``row``: which of ``spans`` a row was made from. Stretches with too little sound have no
        row, but a gap. Memory and the gaps of the sound: as `AudioExtractor` says.

        Parameters
        ----------
        audio
            The sound.
        spans
            Shape (n, 2), starts in order, in seconds; they may reach beyond the sound.
        execution
            How to run.
        """


@dataclass(frozen=True, kw_only=True)
class TranscriptExtractor(SoundExtractor):
    """Reads the transcript, and the sound it belongs to where there is any."""

    @property
    def hears(self) -> bool:
        """Whether it can do without a transcript where there is sound."""
        return False

    @property
    def reads_text(self) -> bool:
        """Whether it reads the text that the corpus gives of segments even where they have transcript files."""
        return False

    def expected_rows(self, info: MediaInfo, needed: Sequence[float]) -> float:
        """Return as many words as people speak."""
        return info.duration_seconds * _WORDS_PER_SECOND

    @abstractmethod
    def extract(self, utterances: Sequence[Utterance], audio: Audio | None, execution: Execution = CPU) -> Track:
        """Turn a transcript into a track."""


@dataclass(frozen=True, kw_only=True)
class SegmentExtractor(Extractor):
    """Reads what the corpus says of the recording: its segments."""

    def expected_rows(self, info: MediaInfo, needed: Sequence[float]) -> float:
        """Return a segment every five seconds."""
        return info.duration_seconds * _SEGMENTS_PER_SECOND

    @abstractmethod
    def extract(self, segments: Sequence[Segment], duration_seconds: float) -> Track:
        """Turn the segments of a recording that lasts ``duration_seconds`` into a track."""


@dataclass(frozen=True, kw_only=True)
class AnnotationExtractor(Extractor):
    """Reads one of the recording's annotations."""

    annotation: str
    """Its name in the corpus."""

    def expected_rows(self, info: MediaInfo, needed: Sequence[float]) -> float:
        """Return a row for every frame of a video of the usual rate."""
        return info.duration_seconds * _USUAL_FRAMES_PER_SECOND

    @abstractmethod
    def extract(self, ratings: Ratings, duration_seconds: float) -> Track:
        """Turn the annotation of a recording that lasts ``duration_seconds`` into a track."""


@dataclass(frozen=True, kw_only=True)
class FeatureExtractor(Extractor):
    """Reads features that somebody else made of the recording, from a file of the corpus."""

    reads_with: ClassVar[tuple[str, ...]] = ("av",)

    feature: str
    """Their name in the corpus."""

    def expected_rows(self, info: MediaInfo, needed: Sequence[float]) -> float:
        """Return a row for every frame of a video of the usual rate."""
        return info.duration_seconds * _USUAL_FRAMES_PER_SECOND

    @abstractmethod
    def extract(
        self, file: FeatureFile, duration_seconds: float, frame_times: Callable[[], NDArray[np.float64]]
    ) -> Track:
        """Turn the file of a recording that lasts ``duration_seconds`` into a track.

        ``frame_times`` decodes the video and returns the intervals of all its frames, shape (n, 2), in seconds.
        """


@dataclass(frozen=True, kw_only=True)
class TrackExtractor(Extractor):
    """Reads other tracks and no media."""

    def expected_rows(self, info: MediaInfo, needed: Sequence[float]) -> float:
        """Return as many as the first needed track has."""
        return needed[0]

    @abstractmethod
    def extract(self, tracks: Mapping[str, Track], execution: Execution = CPU) -> Track:
        """Turn the needed tracks, each under the name of the field that names it, into one."""
