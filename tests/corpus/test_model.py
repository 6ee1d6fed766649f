from pathlib import Path

import pytest

from trimodal.corpus import Annotation, Corpus, CorpusError, FeatureFile, Recording, Segment
from trimodal.media.clock import Shift

A, B = (Recording(id=name, media=Path(f"{name}.mp4")) for name in "ab")


def corpus(recordings: list[Recording], segments: list[Segment]) -> Corpus:
    return Corpus(root=Path(), layout="test", recordings=tuple(recordings), segments=tuple(segments))


@pytest.mark.parametrize(
    ("recordings", "segments", "message"),
    [
        ([A, B, A], [], "the recording id 'a' occurs 2 times; ids must be unique"),
        ([A], [Segment(id="s", recording="a")] * 3, "the segment id 's' occurs 3 times; ids must be unique"),
        ([A], [Segment(id="s", recording="c")], "segment 's' is in recording 'c', which is not listed"),
        (
            [A],
            [Segment(id="s", recording="a", start_seconds=2.0, end_seconds=1.0)],
            "segment 's' ends at 1.0 s, which is not after its start at 2.0 s",
        ),
        ([A], [Segment(id="s", recording="a", start_seconds=1.0, end_seconds=1.0)], "segment 's' ends at 1.0 s"),
    ],
)
def test_what_a_corpus_refuses(recordings: list[Recording], segments: list[Segment], message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        corpus(recordings, segments)


@pytest.mark.parametrize("degrees", [-90, 45, 360])
def test_rotations_are_quarter_turns(degrees: int) -> None:
    with pytest.raises(CorpusError, match=f"recording 'a' has the rotation {degrees}; expected 0, 90, 180 or 270"):
        Recording(id="a", media=Path("a.mp4"), rotation_degrees=degrees)


def test_a_clock_without_what_it_is_for() -> None:
    with pytest.raises(CorpusError, match="recording 'a' has a clock for the transcript and no transcript"):
        Recording(id="a", media=Path("a.mp4"), clock={"transcript": Shift(seconds=1.0)})


def test_segments_by_recording_keep_the_order_of_the_source() -> None:
    segments = [Segment(id=name, recording=name[0]) for name in ("b2", "a1", "b1")]
    groups = corpus([A, B, Recording(id="c", media=Path("c"))], segments).segments_by_recording()
    assert {name: [segment.id for segment in group] for name, group in groups.items()} == {
        "a": ["a1"],
        "b": ["b2", "b1"],
        "c": [],
    }


def test_label_names_keep_the_order_of_the_source() -> None:
    segments = [Segment(id="1", recording="a", labels={"z": 1.0, "a": "x"}), Segment(id="2", recording="a")]
    assert corpus([A], segments).label_names == ("z", "a")


def test_an_empty_corpus() -> None:
    assert corpus([], []).label_names == ()


@pytest.mark.parametrize("rate", [0.0, -25.0, float("nan"), float("inf")])
def test_a_frame_rate_is_positive(rate: float) -> None:
    with pytest.raises(CorpusError, match=f"recording 'a' has the frame rate {rate}; expected more than 0"):
        Recording(id="a", media=Path("a"), frames_per_second=rate)


def test_annotations_have_names_of_their_own() -> None:
    ratings = Annotation(name="arousal", path=Path("a.csv"))
    recording = Recording(
        id="a", media=Path("a"), annotations=(ratings, Annotation(name="valence", path=Path("b.csv")))
    )
    assert recording.annotation("arousal") == ratings
    assert recording.annotation("joy") is None
    with pytest.raises(
        CorpusError, match="recording 'a': the annotation id 'arousal' occurs 2 times; ids must be unique"
    ):
        Recording(id="a", media=Path("a"), annotations=(ratings, ratings))


def test_features_have_names_of_their_own() -> None:
    pose = FeatureFile(name="pose", path=Path("a.npy"), entry="a")
    recording = Recording(id="a", media=Path("a"), features=(pose,))
    assert recording.feature("pose") == pose
    assert recording.feature("gaze") is None
    with pytest.raises(CorpusError, match="recording 'a': the feature id 'pose' occurs 2 times; ids must be unique"):
        Recording(id="a", media=Path("a"), features=(pose, pose))


@pytest.mark.parametrize(
    ("media", "seconds", "message"),
    [
        (None, None, "recording 'a' has neither media nor a duration; expected one of them"),
        (Path("a.mp4"), 1.0, "recording 'a' has both media and a duration; expected one of them"),
        (None, 0.0, "recording 'a' lasts 0.0 s; expected more than 0"),
        (None, float("inf"), "recording 'a' lasts inf s"),
    ],
)
def test_a_recording_lasts_as_its_media_or_as_is_said(media: Path | None, seconds: float | None, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        Recording(id="a", media=media, duration_seconds=seconds)


def test_sound_of_its_own_needs_media() -> None:
    with pytest.raises(
        CorpusError, match="recording 'a' has sound of its own and no media; give the file as its media"
    ):
        Recording(id="a", duration_seconds=1.0, sound=Path("a.wav"))
