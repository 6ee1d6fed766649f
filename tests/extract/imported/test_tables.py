from pathlib import Path

import numpy as np
import pytest

from trimodal.errors import TrackError
from trimodal.extract.imported.tables import read_arff, read_csv

FRAMES = "name;frameTime;F0;loudness\n'a';0.00;1;0.5\n'a';0.01;2;?\n'a';0.02;3;inf\n"
ARFF = """% a comment
@relation openSMILE
@attribute name string
@attribute frameTime numeric
@attribute 'F0 final' NUMERIC
@attribute loudness real
@attribute class numeric

@data

'unknown, or not',0.00,1,0.5,?
'unknown, or not',0.01,2,?,?
"""


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def test_frames_of_opensmile(tmp_path: Path) -> None:
    found = read_csv(write(tmp_path / "a.csv", FRAMES), 1.0)
    assert found.columns == ("F0", "loudness")
    np.testing.assert_allclose(found.times, [[0, 0.01], [0.01, 0.02], [0.02, 0.03]])
    np.testing.assert_array_equal(found.values, [[1, 0.5], [2, np.nan], [3, np.inf]])


def test_what_the_python_package_writes(media: Path, tmp_path: Path) -> None:
    """The real program, its table as pandas writes it, and back."""
    import opensmile

    level = opensmile.FeatureLevel.LowLevelDescriptors
    smile = opensmile.Smile(feature_set=opensmile.FeatureSet.eGeMAPSv02, feature_level=level)
    table = smile.process_file(str(media / "speech" / "jfk.flac"))
    table.to_csv(tmp_path / "jfk.csv")
    found = read_csv(tmp_path / "jfk.csv", 11.0)
    assert found.columns == tuple(table.columns)
    np.testing.assert_allclose(found.values, table.to_numpy(), rtol=1e-6)
    starts, ends = (table.index.get_level_values(name).total_seconds().to_numpy() for name in ("start", "end"))
    np.testing.assert_array_equal(found.times, np.stack([starts, ends], axis=1))


def test_rows_until_the_end_of_the_file(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv", "file,start,end,x\na.wav,0 days,0 days 00:00:01.5,1\na.wav,0 days 00:00:01.500,,2\n"
    )
    assert read_csv(path, 4.0).times.tolist() == [[0, 1.5], [1.5, 4.0]]
    path = write(tmp_path / "b.csv", "start,end,x\n0,1.5,1\n1.5,2,2\n")
    assert read_csv(path, 4.0).times.tolist() == [[0, 1.5], [1.5, 2]]


def test_arff(tmp_path: Path) -> None:
    for text in (ARFF, ARFF.replace("\n", "\r\n")):
        found = read_arff(write(tmp_path / "a.arff", text), 1.0)
        assert found.columns == ("F0 final", "loudness")
        np.testing.assert_allclose(found.times, [[0, 0.01], [0.01, 0.02]])
        np.testing.assert_array_equal(found.values, [[1, 0.5], [2, np.nan]])


def test_functionals_are_of_the_whole_recording(tmp_path: Path) -> None:
    text = "@relation r\n@attribute name string\n@attribute mean numeric\n@data\n'x',2.5\n"
    assert read_arff(write(tmp_path / "a.arff", text), 7.0).times.tolist() == [[0, 7]]
    assert read_csv(write(tmp_path / "a.csv", "name;frameTime;mean\n'x';0;2.5\n"), 7.0).times.tolist() == [[0, 7]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a table"),
        ("name;frameTime;F0\n", "has no rows; expected features"),
        ("name;F0\na;1\na;2\n", "has 2 rows without times; expected a column 'frameTime', or 'start'"),
        ("name;frameTime\na;1\n", r"has no column of numbers \(found: name, frameTime\)"),
        ("frameTime;F0;f0\n0;1;2\n", "two columns are called 'f0'"),
        ("start,end,F0\nsoon,later,1\n", "column 'start' has a cell that is no time"),
        ("frameTime;F0\n0;1\n0;1;2;3\n", "not a table"),
        ("frameTime;F0\n0;1\n0.2;2\n0.1;3\n", r"a\.csv: row 2 \[0\.1, 0\.2\) follows row 1 \[0\.2, 0\.3\)"),
        ("frameTime;F0\n0;1\n0;2\n0;3\n", r"row 1 \[0, 1\) follows row 0 \[0, 1\); expected the order of time"),
        ("start,end,F0\n5,6,1\n1,2,1\n", r"row 1 \[1, 2\) follows row 0 \[5, 6\)"),
        ("frameTime;F0\n0;\udcff", "not text in UTF-8"),
    ],
)
def test_tables_of_another_form(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(TrackError, match=message):
        read_csv(path, 1.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@relation r\n@attribute a numeric\n", "has no @data; expected an ARFF file"),
        ("a,b\n1,2\n", "line 1: 'a,b'; expected @relation, @attribute or @data"),
        ("@relation r\n@attribute a numeric\n@data\n", "not a table|has no rows"),
        ("@relation r\n@attribute a numeric\n@data\n{0 1}\n", "has no column of numbers"),
    ],
)
def test_arff_of_another_form(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TrackError, match=message):
        read_arff(write(tmp_path / "a.arff", text), 1.0)


def test_files_that_are_missing_or_too_large(tmp_path: Path) -> None:
    with pytest.raises(TrackError, match=r"cannot be read \(no such file or directory\); expected features"):
        read_csv(tmp_path / "none.csv", 1.0)
    with open(tmp_path / "a.csv", "wb") as file:
        file.truncate(3 * 2**30)  # which takes no room
    with pytest.raises(TrackError, match=r"3\.0 GiB; expected features of at most 2 GiB"):
        read_csv(tmp_path / "a.csv", 1.0)
