"""The types that every corpus layout fills."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import CorpusError
from ..media.clock import Adjustment, Stream
from .annotations import Annotation
from .features import FeatureFile


@dataclass(frozen=True, kw_only=True)
class Recording:
    """One source item with its own clock.

    Raises
    ------
    CorpusError
        If the frame rate is not positive, the rotation is no quarter turn, two annotations or two files of features
        have one name, there is no transcript whose times could be adjusted, or not exactly one of media and duration,
        or sound without media.
    """

    id: str
    """Unique in the corpus; any text."""
    media: Path | None = None
    """The video or audio file whose container sets the clock, or a folder of numbered pictures; None: there is neither
    sound nor video, but what was said, rated or extracted by others."""
    sound: Path | None = None
    """A file whose sound counts instead of what the media have, and which begins with them; None: the media's own."""
    duration_seconds: float | None = None
    """How long a recording without media lasts; None: as its media say."""
    transcript: Path | None = None
    """The transcript file, if there is one."""
    turns: Path | None = None
    """Who speaks when (RTTM), on the clock of the transcript: the speakers of utterances that name none."""
    frames_per_second: float | None = None
    """Rate of a folder of pictures, which sets its clock; None: a file, which has times of its own."""
    rotation_degrees: int | None = None
    """By how much to turn the stored pictures counter-clockwise: 0, 90, 180 or 270; None: as the file says."""
    annotations: tuple[Annotation, ...] = ()
    """What raters said of it in the course of time, each with a name of its own."""
    features: tuple[FeatureFile, ...] = ()
    """What others extracted from it, each with a name of its own."""
    clock: Mapping[Stream, Adjustment] = field(default_factory=dict)
    """How to adjust the times of streams; those that are not named have them right."""

    def __post_init__(self) -> None:
        if (self.media is None) == (self.duration_seconds is None):
            found = "neither media nor" if self.media is None else "both media and"
            raise CorpusError(f"recording '{self.id}' has {found} a duration; expected one of them")
        if self.sound is not None and self.media is None:
            raise CorpusError(f"recording '{self.id}' has sound of its own and no media; give the file as its media")
        if self.duration_seconds is not None and not 0 < self.duration_seconds < float("inf"):
            raise CorpusError(f"recording '{self.id}' lasts {self.duration_seconds} s; expected more than 0")
        if self.frames_per_second is not None and not 0 < self.frames_per_second < float("inf"):
            raise CorpusError(
                f"recording '{self.id}' has the frame rate {self.frames_per_second}; expected more than 0"
            )
        if self.rotation_degrees not in (None, 0, 90, 180, 270):
            raise CorpusError(
                f"recording '{self.id}' has the rotation {self.rotation_degrees}; expected 0, 90, 180 or 270 degrees"
            )
        _check_unique("annotation", (one.name for one in self.annotations), f"recording '{self.id}': ")
        _check_unique("feature", (one.name for one in self.features), f"recording '{self.id}': ")
        if "transcript" in self.clock and self.transcript is None:
            raise CorpusError(f"recording '{self.id}' has a clock for the transcript and no transcript; leave it out")

    def annotation(self, name: str) -> Annotation | None:
        """Return an annotation by name, None where there is none."""
        return next((annotation for annotation in self.annotations if annotation.name == name), None)

    def feature(self, name: str) -> FeatureFile | None:
        """Return a file of features by name, None where there is none."""
        return next((feature for feature in self.features if feature.name == name), None)


@dataclass(frozen=True, kw_only=True)
class Segment:
    """``[start_seconds, end_seconds)`` of a recording: the sample that a trainer sees."""

    id: str
    """Unique in the corpus."""
    recording: str
    """Id of the recording."""
    start_seconds: float = 0.0
    """On the recording's clock."""
    end_seconds: float | None = None
    """On the recording's clock; None: the end of the recording."""
    split: str = ""
    speaker: str = ""
    text: str | None = None
    """The words spoken, where the corpus gives them; None: take them from the transcript."""
    transcript: Path | None = None
    """A transcript file of this segment alone, whose times count from the segment's start; it goes before ``text``."""
    labels: Mapping[str, float | str] = field(default_factory=dict)
    """Values by the label's name, numbers finite; a label that the segment does not have is not in it."""


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """Recordings, segments and labels, as a layout found them.

    Raises
    ------
    CorpusError
        If ids repeat, a segment names an unknown recording, or an interval is reversed.
    """

    root: Path
    layout: str
    recordings: tuple[Recording, ...]
    segments: tuple[Segment, ...]
    notes: tuple[str, ...] = ()
    """What the layout did, or noticed and left alone, one line each."""
    problems: tuple[str, ...] = ()
    """Where the folder is not as it was published or as its lists say, one line each."""

    def __post_init__(self) -> None:
        _check_unique("recording", (recording.id for recording in self.recordings))
        _check_unique("segment", (segment.id for segment in self.segments))
        known = {recording.id for recording in self.recordings}
        for segment in self.segments:
            if segment.recording not in known:
                raise CorpusError(f"segment '{segment.id}' is in recording '{segment.recording}', which is not listed")
            if segment.end_seconds is not None and segment.end_seconds <= segment.start_seconds:
                raise CorpusError(
                    f"segment '{segment.id}' ends at {segment.end_seconds} s, "
                    f"which is not after its start at {segment.start_seconds} s"
                )

    @property
    def label_names(self) -> tuple[str, ...]:
        """Names of the labels, in the order of the source."""
        return tuple(dict.fromkeys(name for segment in self.segments for name in segment.labels))

    def segments_by_recording(self) -> dict[str, list[Segment]]:
        """Return the segments of every recording, in the order of the source."""
        groups: dict[str, list[Segment]] = {recording.id: [] for recording in self.recordings}
        for segment in self.segments:
            groups[segment.recording].append(segment)
        return groups


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One way in which corpora lie on disk."""

    name: str
    summary: str
    """One line for the list of layouts."""
    recognises: Callable[[Path], bool]
    """Whether the path looks like this layout; cheap, raises nothing but `OSError`, which means no."""
    read: Callable[[Path], Corpus]
    """Read the corpus; raises `CorpusError`."""


def _check_unique(kind: str, ids: Iterable[str], where: str = "") -> None:
    name, count = max(Counter(ids).items(), key=lambda item: item[1], default=("", 0))
    if count > 1:
        raise CorpusError(f"{where}the {kind} id '{name}' occurs {count} times; ids must be unique")
