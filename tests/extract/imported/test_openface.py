from pathlib import Path

import numpy as np
import pytest

from trimodal.corpus import FeatureFile, Recording
from trimodal.errors import ParameterError
from trimodal.extract import Execution
from trimodal.extract.imported.openface import ImportedOpenFace
from trimodal.extract.plan import make_plan
from trimodal.extract.recording import Failure, RecordingTracks, extract_recording
from trimodal.extract.track_file import read_track
from trimodal.media import Sampling, probe, read_frames
from trimodal.track import Track

EXTRACTOR = ImportedOpenFace(feature="openface", groups=("pose",))


def extract(media: Path, table: Path, work: Path) -> Track | Failure:
    features = (FeatureFile(name="openface", path=table, entry="x"),)
    recording = Recording(id="r", media=media, features=features)
    done = extract_recording(recording, [], make_plan({"x": EXTRACTOR}), work, Execution())
    return read_track(done.paths["x"], EXTRACTOR.schema) if isinstance(done, RecordingTracks) else done


def write(path: Path, frames: int) -> Path:
    columns = ["frame", "face_id", "timestamp", "confidence", "success", *EXTRACTOR.schema["values"].columns]
    lines = [f"{frame},0,{frame / 30:.3f},0.9,1,1,2,3,4,5,6" for frame in range(1, frames + 1)]
    path.write_text("\n".join([", ".join(columns), *lines]) + "\n")
    return path


def test_rows_have_the_times_of_frames_of_a_variable_rate(media: Path, tmp_path: Path) -> None:
    clip = media / "odd" / "vfr.mp4"
    times = np.concatenate([batch.times for batch in read_frames(clip, probe(clip), Sampling())])
    assert len(np.unique(np.diff(times[:, 0]).round(3))) > 1
    track = extract(clip, write(tmp_path / "o.csv", len(times)), tmp_path / "work")
    assert isinstance(track, Track)
    np.testing.assert_array_equal(track.times, times)
    assert track.values[0].tolist() == [1, 2, 3, 4, 5, 6]


def test_a_table_of_another_video(sample: Path, tmp_path: Path) -> None:
    failed = extract(sample / "happy.mp4", write(tmp_path / "o.csv", 100_000), tmp_path / "work")
    assert isinstance(failed, Failure)
    assert "has a frame 100000; the video has the frames 1 to" in failed.reason


def test_sound_has_no_frames(media: Path, tmp_path: Path) -> None:
    failed = extract(media / "speech" / "jfk.flac", write(tmp_path / "o.csv", 1), tmp_path / "work")
    assert isinstance(failed, Failure) and "the video has the frames 1 to 0" in failed.reason


def test_groups_that_there_are_not() -> None:
    with pytest.raises(ParameterError, match="groups must be some of gaze"):
        ImportedOpenFace(feature="f", groups=("poses",))  # type: ignore[arg-type]
