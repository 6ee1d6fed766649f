from pathlib import Path

import numpy as np

from trimodal.corpus import Recording, Segment
from trimodal.extract import Execution
from trimodal.extract.audio.waveform import Waveform
from trimodal.extract.plan import make_plan
from trimodal.extract.recording import RecordingTracks, extract_recording
from trimodal.extract.segments import Segments
from trimodal.extract.track_file import read_track
from trimodal.track import TEXT


def _segment(name: str, start: float, end: float | None) -> Segment:
    return Segment(id=name, recording="r", start_seconds=start, end_seconds=end)


def test_segments_by_start_and_within_the_recording() -> None:
    segments = [
        _segment("late", 4.0, None),
        _segment("first", -1.0, 2.0),
        _segment("again", 0.0, 12.0),
        _segment("outside", 10.0, 12.0),
        _segment("before", -3.0, -1.0),
    ]
    track = Segments().extract(segments, 10.0)
    np.testing.assert_array_equal(track.times, [[0.0, 2.0], [0.0, 10.0], [4.0, 10.0]])
    assert list(track.fields["id"]) == ["first", "again", "late"]
    assert track.schema["id"].dtype == TEXT
    assert [(gap.start_seconds, gap.end_seconds, gap.reason) for gap in track.gaps] == [
        (10.0, 12.0, "the segment 'outside' lies outside the recording"),
        (0.0, 0.0, "the segment 'before' lies outside the recording"),
    ]


def test_no_segments() -> None:
    track = Segments().extract([], 10.0)
    assert (len(track), track.gaps) == (0, ())


def test_others_read_them_as_intervals(media: Path, tmp_path: Path) -> None:
    recording = Recording(id="r", media=media / "speech" / "had_that_curiosity.wav")
    plan = make_plan({"cut": Waveform(intervals="turns", length_seconds=1.0), "turns": Segments()})
    segments = [_segment("b", 1.0, 1.5), _segment("a", 0.25, 0.75)]
    done = extract_recording(recording, segments, plan, tmp_path, Execution())
    assert isinstance(done, RecordingTracks), done
    track = read_track(done.paths["cut"], plan.track("cut").schema)
    np.testing.assert_allclose(track.times, [[0.25, 0.75], [1.0, 1.5]])
    np.testing.assert_array_equal(track.fields["row"], [0, 1])
