from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from trimodal.corpus import FeatureFile, Recording
from trimodal.errors import ParameterError, TrackError
from trimodal.extract import Execution
from trimodal.extract.base import FeatureExtractor
from trimodal.extract.imported.features import Imported
from trimodal.extract.plan import make_plan
from trimodal.extract.recording import Failure, RecordingTracks, extract_recording
from trimodal.extract.track_file import read_track
from trimodal.track import Track

TABLE = "frameTime;F0;loudness\n0.00;1;0.5\n0.01;2;inf\n0.02;3;1\n0.03;?;1\n0.04;?;1\n0.05;6;7\n"


def no_frames() -> NDArray[np.float64]:
    raise AssertionError("the video is not needed")


def feature(path: Path) -> FeatureFile:
    return FeatureFile(name="f", path=path, entry="v")


def imported(path: Path, duration: float = 0.06, **parameters: Any) -> Track:
    return Imported(feature="f", **parameters).extract(feature(path), duration, no_frames)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "a.csv").write_text(TABLE)
    return tmp_path / "a.csv"


def gaps(track: Track) -> list[tuple[float, float, str]]:
    return [(round(gap.start_seconds, 6), round(gap.end_seconds, 6), gap.reason) for gap in track.gaps]


def test_columns_by_name_and_rows_that_are_not_finite(table: Path) -> None:
    track = imported(table, columns=("loudness", "F0"), unit="x")
    assert track.values.tolist() == [[0.5, 1], [1, 3], [7, 6]]
    assert track.values.dtype == np.float32
    np.testing.assert_allclose(track.times[:, 0], [0, 0.02, 0.05])
    assert gaps(track) == [(0.01, 0.02, "1 rows are not finite"), (0.03, 0.05, "2 rows are not finite")]
    assert (track.schema["values"].columns, track.schema["values"].unit) == (("loudness", "F0"), "x")
    only = imported(table, columns=("loudness",))  # what is missing in other columns does not matter
    assert (len(only), gaps(only)) == (5, [(0.01, 0.02, "1 rows are not finite")])


def test_all_columns_without_names(table: Path) -> None:
    track = imported(table, dimensions=2)
    assert (track.values.shape, track.schema["values"].columns) == ((3, 2), ())


def test_what_no_row_covers_is_a_gap(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("start,end,x\n1,2,1\n2.001,3,2\n4,5,3\n")
    track = imported(tmp_path / "a.csv", 7.0, columns=("x",))
    assert track.values[:, 0].tolist() == [1, 2, 3]
    reason = "the file has no row"
    assert gaps(track) == [(0, 1, reason), (3, 4, reason), (5, 7, reason)]


def test_numbers_that_float32_cannot_hold(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([[1e300], [1.0]]))
    assert imported(tmp_path / "a.npy", 2.0, dimensions=1, rows_per_second=1.0).values.tolist() == [[1.0]]
    track = imported(tmp_path / "a.npy", 2.0, dimensions=1, rows_per_second=1.0, dtype="float64")
    assert track.values.tolist() == [[1e300], [1.0]]


def test_columns_give_names_to_files_without_them(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones((2, 2)))
    track = imported(tmp_path / "a.npy", 2.0, columns=("yaw", "pitch"), rows_per_second=1.0, start_seconds=0.5)
    assert track.schema["values"].columns == ("yaw", "pitch")
    assert track.times.tolist() == [[0.5, 1.5], [1.5, 2.5]]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"columns": ("F1",)}, "has no column of numbers 'F1'; known: F0, loudness"),
        ({"dimensions": 3}, "has 2 columns of numbers; expected 3"),
        ({"dimensions": 2, "rows_per_second": 25.0}, "has times of its own; leave out rows_per_second"),
    ],
)
def test_files_that_do_not_fit(table: Path, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(TrackError, match=message):
        imported(table, **parameters)


def test_other_files(table: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones((2, 2)))
    with pytest.raises(TrackError, match=r"a\.npy: has no times; give rows_per_second"):
        imported(tmp_path / "a.npy", dimensions=2)
    with pytest.raises(TrackError, match=r"features in '\.mat' are not known; expected \.csd, \.csv, \.arff, \.npy"):
        imported(tmp_path / "a.mat", dimensions=2)
    with pytest.raises(TrackError, match=r"and the recording lasts 0\.06 s; expected times on its clock"):
        np.save(tmp_path / "long.npy", np.ones((90, 2)))
        imported(tmp_path / "long.npy", dimensions=2, rows_per_second=25.0)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "expected either 'columns' or 'dimensions', found neither"),
        ({"columns": ("a",), "dimensions": 1}, "found both"),
        ({"dimensions": 0}, "dimensions must be at least 1, found 0"),
        ({"columns": ("a", "a")}, "columns must differ from each other, found a, a"),
        ({"dimensions": 1, "rows_per_second": 0.0}, "rows_per_second must be more than 0, found 0.0"),
        ({"dimensions": 1, "start_seconds": float("nan")}, "start_seconds must be finite, found nan"),
    ],
)
def test_parameters_out_of_range(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Imported(feature="f", **parameters)


def extract(media: Path, work: Path, extractor: FeatureExtractor, *features: FeatureFile) -> Track | Failure:
    plan = make_plan({"x": extractor})
    recording = Recording(id="r", media=media, features=features)
    done = extract_recording(recording, [], plan, work, Execution())
    return read_track(done.paths["x"], extractor.schema) if isinstance(done, RecordingTracks) else done


def test_a_recording_with_and_without_the_file(sample: Path, tmp_path: Path) -> None:
    media = sample / "happy.mp4"
    np.save(tmp_path / "a.npy", np.ones((10, 2)))
    extractor = Imported(feature="f", dimensions=2, rows_per_second=10.0)
    track = extract(media, tmp_path / "work", extractor, feature(tmp_path / "a.npy"))
    assert isinstance(track, Track) and len(track) == 10
    none = extract(media, tmp_path / "work", extractor, replace(feature(tmp_path / "a.npy"), name="g"))
    assert isinstance(none, Track) and (len(none), none.gaps[0].reason) == (0, "no features 'f'")
    np.save(tmp_path / "a.npy", np.zeros((9, 2)))  # another content is another track
    track = extract(media, tmp_path / "work", extractor, feature(tmp_path / "a.npy"))
    assert isinstance(track, Track) and track.values.tolist() == [[0, 0]] * 9
    (tmp_path / "a.npy").write_bytes(b"?")
    failed = extract(media, tmp_path / "work", extractor, feature(tmp_path / "a.npy"))
    assert isinstance(failed, Failure) and failed.track == "x" and "not a whole array" in failed.reason
