"""OpenFace's tables, and its program, which a script stands in for."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import cv2
import numpy as np
import pytest
from clips import frame_number, numbered_frame

from trimodal.corpus import Recording
from trimodal.errors import ParameterError, TrackError, WeightsError
from trimodal.extract import Execution
from trimodal.extract.plan import make_plan
from trimodal.extract.recording import RecordingTracks, extract_recording
from trimodal.extract.track_file import read_track
from trimodal.extract.video import openface_program
from trimodal.extract.video.faces import Faces
from trimodal.extract.video.openface import Group, OpenFace, _write, openface_schema, read_openface
from trimodal.media import Frames
from trimodal.track import Gap, Track, concatenate

VARIABLE = np.array([[0.0, 0.04], [0.04, 0.09], [0.09, 0.5], [0.5, 0.54]])
"""Frames whose times follow from no rate."""
UNITS = ["01", "02", "04", "05", "06", "07", "09", "10", "12", "14", "15", "17", "20", "23", "25", "26", "45"]
GAZE = [*(f"gaze_{eye}_{axis}" for eye in (0, 1) for axis in "xyz"), "gaze_angle_x", "gaze_angle_y"]
EYES = [f"eye_lmk_{axis}_{point}" for axis in "xyXYZ" for point in range(56)]
POSE = [f"pose_{kind}{axis}" for kind in "TR" for axis in "xyz"]
POINTS = [f"{axis}_{point}" for axis in "xyXYZ" for point in range(68)]
SHAPE = [*(f"p_{kind}" for kind in ("scale", "rx", "ry", "rz", "tx", "ty")), *(f"p_{number}" for number in range(34))]
ACTION_UNITS = [*(f"AU{unit}_r" for unit in UNITS), *(f"AU{unit}_c" for unit in sorted([*UNITS, "28"]))]
HEADER = ["frame", "face_id", "timestamp", "confidence", "success", *GAZE, *EYES, *POSE, *POINTS, *SHAPE, *ACTION_UNITS]


def line(frame: int, face: int = 0, confidence: float = 0.98, success: int = 1, **cells: str) -> str:
    """Return a row in which every value tells its column and frame."""
    row = [f"{frame}", f"{face}", f"{(frame - 1) / 30:.3f}", f"{confidence:.2f}", f"{success}"]
    row += [cells.get(name, f"{frame + at / 1000:.3f}") for at, name in enumerate(HEADER)][5:]
    return ", ".join(row)


def table(path: Path, *lines: str, header: list[str] = HEADER) -> Path:
    path.write_text("\n".join([", ".join(header), *lines, ""]))
    return path


def test_columns_are_found_by_name_and_times_are_those_of_the_frames(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", *(line(frame) for frame in (1, 2, 3, 4)))
    track = read_openface(path, VARIABLE, ("pose", "gaze", "landmarks", "action_units"))
    names = [*GAZE, *POSE, *POINTS[:136], *ACTION_UNITS]
    assert track.schema["values"].columns == tuple(names) and track.schema["values"].unit == ""
    np.testing.assert_array_equal(track.times, VARIABLE)
    expected = np.array([[frame + HEADER.index(name) / 1000 for name in names] for frame in (1, 2, 3, 4)])
    np.testing.assert_allclose(track.values.astype(float), expected, rtol=1e-6)
    np.testing.assert_allclose(track.fields["confidence"].astype(float), 0.98, rtol=1e-6)
    assert track.gaps == ()
    assert read_openface(path, VARIABLE, ["pose"]).schema["values"].columns == tuple(POSE)
    assert len(openface_schema()["values"].columns) == 8 + 6 + 35


def test_all_groups_are_all_709_columns_in_the_order_of_the_file(tmp_path: Path) -> None:
    groups = get_args(Group)
    track = read_openface(table(tmp_path / "a.csv", line(1)), VARIABLE[:1], groups)
    assert track.schema["values"].columns == tuple(HEADER[5:])
    assert track.values.shape == (1, 709)
    np.testing.assert_allclose(track.values[0].astype(float), 1 + np.arange(5, 714) / 1000, rtol=1e-6)


def test_what_was_not_seen_is_a_gap(tmp_path: Path) -> None:
    rows = [line(1, success=0), line(2, confidence=0.0), line(3, AU01_r="-nan(ind)"), line(3, face=1)]
    track = read_openface(table(tmp_path / "a.csv", *rows), VARIABLE)
    assert track.times.tolist() == [[0.09, 0.5]] and track.fields["track"].tolist() == [1]
    assert track.gaps == (
        Gap(start_seconds=0.0, end_seconds=0.09, reason="OpenFace found no face"),
        Gap(start_seconds=0.5, end_seconds=0.54, reason="OpenFace has no row"),
    )
    track = read_openface(table(tmp_path / "a.csv", line(1), line(2), line(3, pose_Tx="nan"), line(4)), VARIABLE)
    assert track.gaps == (Gap(start_seconds=0.09, end_seconds=0.5, reason="OpenFace's values are not finite"),)


def test_several_faces_in_any_order(tmp_path: Path) -> None:
    rows = [line(2, face=7), line(1, face=1), line(2, face=1), line(3), line(4)]
    track = read_openface(table(tmp_path / "a.csv", *rows), VARIABLE)
    assert track.fields["track"].tolist() == [1, 1, 7, 0, 0]
    assert track.times[:, 0].tolist() == [0.0, 0.04, 0.04, 0.09, 0.5]


def test_a_table_of_openface_1_has_no_face_id(tmp_path: Path) -> None:
    header = [name for name in HEADER if name != "face_id"]
    rows = [line(1).replace("1, 0, ", "1, ", 1)]
    track = read_openface(table(tmp_path / "a.csv", *rows, header=header), VARIABLE[:1])
    assert track.fields["track"].tolist() == [0] and track.gaps == ()


@pytest.mark.parametrize("frames", [0, 4])
def test_a_table_without_rows(frames: int, tmp_path: Path) -> None:
    track = read_openface(table(tmp_path / "a.csv"), VARIABLE[:frames])
    assert len(track) == 0
    assert [gap.reason for gap in track.gaps] == ["OpenFace has no row"] * bool(frames)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"a\.csv: no such file or directory; expected OpenFace's CSV"),
        ("", "not a table of numbers .*No columns to parse"),
        (b"\xff\xfe\x00garbage", "not a table of numbers"),
        ("hello\nworld\n", "has no column 'frame'; expected the output of OpenFace with one row per frame"),
        (", ".join(HEADER[:5]) + "\n", "has no column 'gaze_0_x'; expected the output of OpenFace with -gaze"),
        (", ".join(HEADER[:-35]) + "\n", "has no column 'AU01_r'; expected the output of OpenFace with -aus"),
        ([line(1, pose_Tx="far")], "not a table of numbers .*far"),
        ([line(1) + ", 7"], "not a table of numbers"),
        ([line(1), line(5)], "has a frame 5; the video has the frames 1 to 4"),
        ([line(0)], "has a frame 0; the video has the frames 1 to 4"),
        ([line(1).replace("1,", "1.5,", 1)], "column 'frame' has a cell that is no whole number"),
        ([line(2), line(1), line(2)], "face 0 of frame 2 occurs twice; expected one row"),
    ],
)
def test_broken_tables(content: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    if isinstance(content, list):
        table(path, *content)
    elif content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(TrackError, match=message):
        read_openface(path, VARIABLE)


@pytest.mark.parametrize(("groups", "found"), [((), "none"), (("gaze", "lips"), "lips")])
def test_wrong_groups(groups: Any, found: str) -> None:
    for make in (lambda: OpenFace(groups=groups), lambda: openface_schema(groups)):
        with pytest.raises(ParameterError, match=f"some of gaze, eyes, .*, action_units; found {found}"):
            make()


# --- the program ---------------------------------------------------------------------------------------------------

STAND_IN = """\
#!/bin/sh
# -fdir FOLDER -out_dir FOLDER flags
[ "$1" = -fdir ] && [ "$3" = -out_dir ] || exit 9
echo "$OMP_NUM_THREADS $5 $6 $7" > {told}
mkdir "$4"
cp {answer} "$4/$(basename "$2").csv"
cp "$2"/* {kept}
"""


def frames_of(*sizes: int) -> Iterator[Frames]:
    """Return batches of numbered frames; the time of a frame is its number's square."""
    number = 0
    for size in sizes:
        some = np.arange(number, number + size, dtype=float)
        pixels = np.stack([numbered_frame(int(n)) for n in some]) if size else np.zeros((0, 0, 0, 3), np.uint8)
        gaps = () if size else (Gap(start_seconds=9.0, end_seconds=16.0, reason="lost"),)
        yield Frames(times=np.stack([some**2, (some + 1) ** 2], axis=1), pixels=pixels, gaps=gaps)
        number += size


def program(tmp_path: Path, script: str) -> str:
    path = tmp_path / "FeatureExtraction"
    path.write_text(script)
    path.chmod(0o755)
    return str(path)


def made(extractor: OpenFace, *sizes: int) -> Track:
    return concatenate(extractor.schema, list(extractor.extract(frames_of(*sizes))))


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which temporary folders are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def test_the_program_sees_every_frame_and_its_rows_get_their_times(tmp_path: Path, temporary: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    answer = table(tmp_path / "answer.csv", line(1), line(2), line(3, success=0), line(4), line(5))
    script = STAND_IN.format(told=tmp_path / "told", answer=answer, kept=kept)
    extractor = OpenFace(binary=program(tmp_path, script), groups=("pose", "action_units"))
    pieces = list(extractor.extract(frames_of(3, 0, 2)))
    assert [len(piece) for piece in pieces] == [0, 0, 0, 4]
    track = concatenate(extractor.schema, pieces)
    assert track.times.tolist() == [[0, 1], [1, 4], [9, 16], [16, 25]]
    assert [gap.reason for gap in track.gaps] == ["lost", "OpenFace found no face"]
    assert (tmp_path / "told").read_text().split() == ["1", "-pose", "-aus"]
    pictures = [cv2.imread(str(path)) for path in sorted(kept.iterdir())]
    assert [frame_number(picture) for picture in pictures] == list(range(5))
    np.testing.assert_array_equal(pictures[3][..., ::-1], numbered_frame(3))
    assert list(temporary.iterdir()) == []


def test_beside_another_reader_of_the_same_frames(tmp_path: Path) -> None:
    folder, kept = tmp_path / "001", tmp_path / "kept"
    for made_here in (folder, kept):
        made_here.mkdir()
    for number in (*range(20), 21):
        cv2.imwrite(str(folder / f"{number}.png"), numbered_frame(number))
    answer = table(tmp_path / "answer.csv", *(line(frame) for frame in range(1, 22)))
    script = STAND_IN.format(told=tmp_path / "told", answer=answer, kept=kept)
    extractors = {"faces": Faces(detector="dlib-hog"), "openface": OpenFace(binary=program(tmp_path, script))}
    recording = Recording(id="a", media=folder, frames_per_second=10.0)
    result = extract_recording(recording, [], make_plan(extractors), tmp_path / "work", Execution())
    assert isinstance(result, RecordingTracks), result
    track = read_track(result.paths["openface"], openface_schema())
    np.testing.assert_allclose(track.times[-2:], [[1.9, 2.0], [2.1, 2.2]])
    assert [gap.reason for gap in track.gaps] == ["1 pictures are missing in the numbering"]


def test_no_frames_run_no_program(tmp_path: Path) -> None:
    track = made(OpenFace(binary=program(tmp_path, "#!/bin/sh\nexit 1\n")), 0)
    assert len(track) == 0 and [gap.reason for gap in track.gaps] == ["lost"]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            "#!/bin/sh\necho 'could not load the model'\nexit 1\n",
            "ended with code 1; its last line: could not load the",
        ),
        ("#!/bin/sh\nkill -SEGV $$\n", r"was ended by signal 11 \(SIGSEGV\); its last line: none"),
        ("#!/bin/sh\nkill -40 $$\n", "was ended by signal 40"),
        ("#!/bin/sh\necho done\n", "wrote 0 CSV files, expected one; its last line: done"),
        ('#!/bin/sh\nmkdir "$4"; touch "$4/a.csv" "$4/b.csv"\n', "wrote 2 CSV files, expected one"),
        ('#!/bin/sh\nmkdir "$4"; echo garbage > "$4/a.csv"\n', "has no column 'frame'"),
        ('#!/bin/sh\nmkdir "$4"; printf "\\000\\377" > "$4/a.csv"\n', "a.csv: (not a table|has no column)"),
        ("#!/no/such/shell\n", "cannot be run"),
    ],
)
def test_a_program_that_fails(script: str, message: str, tmp_path: Path, temporary: Path) -> None:
    with pytest.raises(TrackError, match=message):
        made(OpenFace(binary=program(tmp_path, script)), 2)
    assert list(temporary.iterdir()) == []


def test_a_program_that_hangs_is_ended_with_what_it_started(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openface_program, "_LIMIT_SECONDS", 0.3)
    monkeypatch.setattr(openface_program, "_LIMIT_SECONDS_PER_FRAME", 0.0)
    late = tmp_path / "late"
    started = time.monotonic()
    with pytest.raises(TrackError, match=r"did not end in 0\.3 s for 2 frames; ended it"):
        made(OpenFace(binary=program(tmp_path, f"#!/bin/sh\n(sleep 2; touch {late}) &\nsleep 60\n")), 2)
    assert time.monotonic() - started < 20
    time.sleep(2.5)
    assert not late.exists() and list(temporary.iterdir()) == []


def test_a_program_is_in_our_process_group_and_ends_with_a_worker(tmp_path: Path) -> None:
    write = f'#!/bin/sh\nps -o pgid= -p $$ > {tmp_path}/group; mkdir "$4"\n'
    with pytest.raises(TrackError, match="wrote 0 CSV files"):
        made(OpenFace(binary=program(tmp_path, write)), 2)
    assert int((tmp_path / "group").read_text()) == os.getpgrp()


def test_stopping_half_way_leaves_nothing(tmp_path: Path, temporary: Path) -> None:
    pieces = OpenFace(binary=program(tmp_path, "#!/bin/sh\n")).extract(frames_of(2, 2))
    next(pieces)
    assert len(list(temporary.iterdir())) == 1
    pieces.close()  # type: ignore[attr-defined]
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("binary", ["no-such-program", "/no/such/FeatureExtraction", ""])
def test_a_missing_program_is_found_before_anything_is_decoded(binary: str) -> None:
    with pytest.raises(WeightsError, match=f"'{binary}': no such program; build OpenFace 2"):
        make_plan({"openface": OpenFace(binary=binary)})


def test_the_program_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    extractor = OpenFace(binary=program(tmp_path, "#!/bin/sh\n"))
    first = make_plan({"openface": extractor}).track("openface").fingerprint
    program(tmp_path, "#!/bin/sh\n# another version\n")
    assert make_plan({"openface": extractor}).track("openface").fingerprint != first


def test_a_frame_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(TrackError, match=r"a\.png: cannot be written; is the temporary folder full"):
        _write(tmp_path / "missing" / "a.png", numbered_frame(0))
