from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimodal.corpus import Annotation, CorpusError, Ratings, Recording
from trimodal.errors import ParameterError
from trimodal.extract import Execution
from trimodal.extract.annotation import RatedAnnotation, evaluator_weighted_estimator
from trimodal.extract.plan import make_plan
from trimodal.extract.recording import Failure, RecordingTracks, extract_recording
from trimodal.extract.track_file import read_track
from trimodal.track import Track

NONE = float("nan")


def ratings(values: list[list[float]], starts: list[float] | None = None, step: float = 1.0) -> Ratings:
    array = np.array(values, np.float64)
    begin = np.arange(len(array)) * step if starts is None else np.array(starts)
    return Ratings(
        path=Path("r.csv"),
        places=[f"line {row + 2}" for row in range(len(array))],
        times=np.stack([begin, begin + step], axis=1),
        raters=tuple(f"R{number}" for number in range(array.shape[1])),
        values=array,
    )


def gaps(track: Track) -> list[tuple[float, float, str]]:
    return [(gap.start_seconds, gap.end_seconds, gap.reason) for gap in track.gaps]


@pytest.mark.parametrize(("raters", "expected"), [("mean", [2, 3]), ("R0", [1, 5]), ("R1", [3, 1])])
def test_the_mean_or_one_rater(raters: str, expected: list[float]) -> None:
    track = RatedAnnotation(annotation="joy", raters=raters, scale=0.1, unit="1").extract(
        ratings([[1, 3], [5, 1]]), 2.0
    )
    np.testing.assert_allclose(track.values[:, 0], np.array(expected) / 10)
    assert track.values.dtype == np.float64
    assert track.times.tolist() == [[0, 1], [1, 2]]
    assert (track.schema["values"].columns, track.schema["values"].unit) == (("joy",), "1")
    assert track.gaps == ()


def test_weights_by_agreement_computed_by_hand() -> None:
    """Correlation with the others' mean: a 1.25 / sqrt(5 * 0.6875), b 1.5 / sqrt(4 * 0.6875), c below 0."""
    a, b, c = np.array([0.0, 1, 2, 3]), np.array([0.0, 0, 2, 2]), np.array([0.0, 0, 0, -1])
    of_a, of_b = 1.25 / 5**0.5, 1.5 / 4**0.5
    found = evaluator_weighted_estimator(np.stack([a, b, c], axis=1))
    assert found is not None
    np.testing.assert_allclose(found, (of_a * a + of_b * b) / (of_a + of_b))
    track = RatedAnnotation(annotation="joy", raters="ewe").extract(ratings(np.stack([a, b, c], axis=1).tolist()), 4.0)
    np.testing.assert_allclose(track.values[:, 0], found)


def test_a_constant_rater_weighs_nothing_and_one_rater_is_taken_as_he_is() -> None:
    same = np.array([0.0, 1, 2, 3])
    np.testing.assert_allclose(
        evaluator_weighted_estimator(np.stack([same, 2 * same, np.full(4, 9.0)], axis=1)), 1.5 * same
    )
    np.testing.assert_array_equal(evaluator_weighted_estimator(np.array([[1.0], [NONE]])), [1.0, NONE])


def test_rows_without_a_value_do_not_weigh() -> None:
    values = np.array([[0.0, 0], [1, 1], [NONE, 50], [2, 2]])
    found = evaluator_weighted_estimator(values)
    np.testing.assert_allclose(found, [0, 1, NONE, 2])


def test_missing_values_and_rows_are_gaps() -> None:
    rated = ratings([[1, 1], [NONE, 1], [1, NONE], [2, 2], [3, 3]], [1, 2, 3, 4, 7])
    track = RatedAnnotation(annotation="joy").extract(rated, 10.0)
    assert track.times.tolist() == [[1, 2], [4, 5], [7, 8]]
    assert gaps(track) == [
        (0, 1, "the annotation has no row"),
        (2, 4, "a rater has no value"),
        (5, 7, "the annotation has no row"),
        (8, 10, "the annotation has no row"),
    ]
    alone = RatedAnnotation(annotation="joy", raters="R1").extract(rated, 8.0)
    assert alone.times[:, 0].tolist() == [1, 2, 4, 7]


def test_rows_move_earlier_by_the_delay() -> None:
    track = RatedAnnotation(annotation="joy", delay_seconds=2.5).extract(
        ratings([[number] for number in range(6)]), 6.0
    )
    assert track.times[:, 0].tolist() == [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]
    assert track.values[:, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert gaps(track) == [(3.5, 6.0, "the annotation has no row")]


@given(
    steps=st.lists(st.floats(0.01, 5), min_size=1, max_size=20),
    missing=st.lists(st.booleans(), min_size=20, max_size=20),
    delay=st.floats(-3, 3),
)
def test_rows_and_gaps_cover_the_recording(steps: list[float], missing: list[bool], delay: float) -> None:
    starts = np.cumsum(steps)
    rated = ratings([[NONE if lost else 1.0] for lost in missing[: len(steps)]], starts.tolist(), step=0.01)
    duration = float(starts[-1]) + 0.5
    track = RatedAnnotation(annotation="joy", delay_seconds=delay).extract(rated, duration)
    covered = [*(tuple(row) for row in track.times), *((gap.start_seconds, gap.end_seconds) for gap in track.gaps)]
    reached = 0.0
    for start, end in sorted(covered):
        assert start <= reached + 1e-5 or start >= duration
        reached = max(reached, end)
    assert reached >= duration - 1e-5


def test_a_clock_that_drifts_is_named_with_its_row() -> None:
    """The limit for 100 s is 102 s."""
    hundred_and_two = ratings([[0]] * 102)
    assert len(RatedAnnotation(annotation="joy").extract(hundred_and_two, 100.0)) == 102
    drifting = ratings([[0]] * 120)
    message = r"^r\.csv, line 104: lasts until 103.00 s, the recording until 100.00 s; expected 102.00 s at most"
    with pytest.raises(CorpusError, match=message):
        RatedAnnotation(annotation="joy").extract(drifting, 100.0)


def test_raters_that_cannot_be_combined() -> None:
    with pytest.raises(CorpusError, match=r"r\.csv: has no rater 'R9'; known: R0, R1, ewe, mean"):
        RatedAnnotation(annotation="joy", raters="R9").extract(ratings([[1, 2]]), 1.0)
    with pytest.raises(
        CorpusError, match=r"r\.csv: no rater agrees with the others; expected 'raters: mean' or a name"
    ):
        RatedAnnotation(annotation="joy", raters="ewe").extract(ratings([[1, 2], [2, 1]]), 2.0)


def test_parameters_out_of_range() -> None:
    with pytest.raises(ParameterError, match="delay_seconds must be finite, found inf"):
        RatedAnnotation(annotation="joy", delay_seconds=float("inf"))
    with pytest.raises(ParameterError, match=r"scale must be finite and not 0, found 0\.0"):
        RatedAnnotation(annotation="joy", scale=0.0)


def _extract(media: Path, work: Path, *annotations: Annotation) -> Track | Failure:
    extractor = RatedAnnotation(annotation="arousal")
    recording = Recording(id="r", media=media, annotations=annotations)
    done = extract_recording(recording, [], make_plan({"arousal": extractor}), work, Execution())
    return read_track(done.paths["arousal"], extractor.schema) if isinstance(done, RecordingTracks) else done


def test_from_the_file_of_a_recording(sample: Path, tmp_path: Path) -> None:
    file = tmp_path / "arousal.csv"
    file.write_text("time;ann;ben\n0;0.1;0.3\n1;?;1\n2;0.5;0.7\n")
    track = _extract(sample / "happy.mp4", tmp_path / "work", Annotation(name="arousal", path=file))
    assert isinstance(track, Track)
    np.testing.assert_allclose(track.values[:, 0], [0.2, 0.6])
    assert gaps(track)[0] == (1.0, 2.0, "a rater has no value")
    nothing = _extract(sample / "happy.mp4", tmp_path / "work", Annotation(name="valence", path=file))
    assert isinstance(nothing, Track)
    assert [gap.reason for gap in nothing.gaps] == ["no annotation 'arousal'"]
    file.write_text("time;ann\n0;0.1\n0;0.3\n")
    failed = _extract(sample / "happy.mp4", tmp_path / "work", Annotation(name="arousal", path=file))
    assert isinstance(failed, Failure)
    assert (failed.track, failed.reason) == (
        "arousal",
        f"{file}, line 3: at 0 s, behind a row at 0 s; expected rising times",
    )
    file.unlink()
    gone = _extract(sample / "happy.mp4", tmp_path / "work", Annotation(name="arousal", path=file))
    assert isinstance(gone, Failure)
    assert gone.reason == f"{file}: no such file or directory"
