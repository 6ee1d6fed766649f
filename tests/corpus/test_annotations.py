import json
from pathlib import Path

import numpy as np
import pytest

from trimodal.corpus import Annotation, CorpusError, Ratings, read_annotation


def read(
    folder: Path,
    content: str | bytes,
    name: str = "r.csv",
    recording: str = "",
    rate: float | None = None,
    columns: tuple[str, ...] = (),
) -> Ratings:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_annotation(Annotation(name="a", path=path, recording=recording, rows_per_second=rate, columns=columns))


def test_ratings_of_recola(tmp_path: Path) -> None:
    """Header cells are padded, the delimiter is a semicolon."""
    rows = "".join(f"{number * 0.04:.2f};{number / 10};-0.5;0;1;2;3\r\n" for number in range(7501))
    found = read(tmp_path, f"time ;FM1 ;FM2 ;FM3 ;FF1 ;FF2 ;FF3\r\n{rows}")
    assert found.raters == ("FM1", "FM2", "FM3", "FF1", "FF2", "FF3")
    assert found.values.shape == (7501, 6)
    np.testing.assert_allclose(found.times[[0, 1, 7500]], [[0, 0.04], [0.04, 0.08], [300.0, 300.04]])
    np.testing.assert_array_equal(found.times[1:, 0], found.times[:-1, 1])
    assert found.values[3].tolist() == [0.3, -0.5, 0, 1, 2, 3]
    assert (found.places[0], found.places[7500]) == ("line 2", "line 7502")


def test_gold_standard_of_avec(tmp_path: Path) -> None:
    """Attributes of text, CRLF, quotes, comments, '?'."""
    content = (
        "% made by hand\r\n@RELATION 'gold standard'\r\n\r\n@attribute Instance_name string\r\n"
        "@attribute frameTime numeric\r\n@attribute 'Gold Standard' NUMERIC\r\n@attribute class {a, b}\r\n\r\n@data\r\n"
        "'dev_1',0,?,?\r\ndev_1,0.04,-0.022925,?\r\n% nothing\r\ndev_1,0.08,1e-3,?\r\n"
    )
    found = read(tmp_path, content, "dev_1.arff")
    assert found.raters == ("Gold Standard",)
    np.testing.assert_allclose(found.times, [[0, 0.04], [0.04, 0.08], [0.08, 0.12]])
    np.testing.assert_array_equal(found.values[:, 0], [np.nan, -0.022925, 0.001])
    assert list(found.places) == ["line 10", "line 11", "line 13"]


def test_dimensions_of_avec_with_names_in_quotes(tmp_path: Path) -> None:
    found = read(tmp_path, "name;frameTime;arousal;valence;liking\n'1';0.0;0.1;0.2;0.3\n'1';0.1;0.4;0.5;nan\n")
    assert found.raters == ("arousal", "valence", "liking")
    np.testing.assert_array_equal(found.values, [[0.1, 0.2, 0.3], [0.4, 0.5, np.nan]])


def test_one_column_of_several_dimensions(tmp_path: Path) -> None:
    content = "name;frameTime;Arousal;valence\n'1';0.0;0.1;0.2\n'1';0.1;0.4;nan\n"
    found = read(tmp_path, content, columns=("Arousal",))
    assert (found.raters, found.values.tolist()) == (("Arousal",), [[0.1], [0.4]])
    with pytest.raises(CorpusError, match=r"r\.csv: has no column of numbers 'arousal'; did you mean 'Arousal'"):
        read(tmp_path, content, columns=("arousal",))


def test_columns_that_do_not_count_are_not_looked_at(tmp_path: Path) -> None:
    content = "time;FM1;note;FM2\n0;0.1;1;0.2\n1;0.3;late;0.4\n"
    found = read(tmp_path, content, columns=("FM1", "FM2"))
    assert (found.raters, found.values.tolist()) == (("FM1", "FM2"), [[0.1, 0.2], [0.3, 0.4]])
    with pytest.raises(CorpusError, match="line 3: 'note' is 'late'; expected a number"):
        read(tmp_path, content)


def test_what_is_not_utf_8_is_read_as_windows_1252(tmp_path: Path) -> None:
    assert read(tmp_path, b"time,Ren\xe9,\x81\n0,1,2\n1,2,3\n").raters == ("Ren\xe9", "\ufffd")


def test_of_rows_with_one_key_the_first_counts(tmp_path: Path) -> None:
    found = read(tmp_path, "a_0.00,1\na_0.01,2\na_0.01,9\na_0.02,3\n", recording="a")
    assert found.values[:, 0].tolist() == [1, 2, 3]


def test_utf_16_with_its_mark(tmp_path: Path) -> None:
    assert read(tmp_path, "time,r\n0,1\n1,2\n".encode("utf-16")).values.tolist() == [[1], [2]]


@pytest.mark.parametrize("header", ["key,arousal\n", ""])
def test_keys_of_sewa(tmp_path: Path, header: str) -> None:
    rows = "SEW1101_0.00,0.1\nSEW1101_0.01,0.2\nSEW1102_0.00,0.9\nSEW1102_0.01,0.8\n"
    found = read(tmp_path, header + rows, recording="SEW1102")
    assert found.raters == ("arousal" if header else "column2",)
    np.testing.assert_allclose(found.times, [[0, 0.01], [0.01, 0.02]])
    np.testing.assert_array_equal(found.values, [[0.9], [0.8]])
    assert found.places[0] == ("line 4" if header else "line 3")
    with pytest.raises(CorpusError, match=r"r\.csv: has no rows of 'SEW11'; expected one for every time"):
        read(tmp_path, header + rows, recording="SEW11")


def test_frames_of_afew_va(tmp_path: Path) -> None:
    frames = {f"{number:05d}": {"landmarks": [[0, 1]], "valence": number, "arousal": -1} for number in (3, 0, 1)}
    del frames["00001"]["arousal"]
    found = read(tmp_path, json.dumps({"actor": "x", "video_id": "001", "frames": frames}), "001.json", rate=25.0)
    assert found.raters == ("valence", "arousal")
    np.testing.assert_allclose(found.times, [[0, 0.04], [0.04, 0.08], [0.12, 0.16]])
    assert found.times[0, 1] == found.times[1, 0]
    np.testing.assert_array_equal(found.values, [[0, -1], [1, np.nan], [3, -1]])
    assert list(found.places) == ["frame 0", "frame 1", "frame 3"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_intervals_keep_their_ends(tmp_path: Path, delimiter: str) -> None:
    rows = [("Start", "End", "joy"), ("0", "2.5", "1"), ("2", "3", "2"), ("7", "8", "3")]
    found = read(tmp_path, "\n".join(delimiter.join(row) for row in rows))
    np.testing.assert_array_equal(found.times, [[0, 2.5], [2, 3], [7, 8]])
    assert found.raters == ("joy",)


def test_a_row_lasts_a_median_step_where_the_next_one_comes_late(tmp_path: Path) -> None:
    found = read(tmp_path, "\ufefftime,r\n0,1\n1,1\n2.5,1\n4.1,1\n5.1,1\n\n6.1,1\n")
    np.testing.assert_allclose(found.times, [[0, 1], [1, 2.5], [2.5, 3.5], [4.1, 5.1], [5.1, 6.1], [6.1, 7.1]])
    assert found.places[5] == "line 8"


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("", "r.csv", "is empty; expected a line with the names of the columns"),
        ("time,r\n", "r.csv", "has no rows; expected one for every time"),
        ("time,r,R\n0,1,2\n", "r.csv", "two columns are called 'r'; expected a name of its own for each"),
        ("when,r\n0,1\n", "r.csv", r"has no column of times \(found: when, r\); expected 'time' or 'start'"),
        ("time,who\n0,ann\n1,ben\n", "r.csv", r"has no column of numbers beside the times \(found: time, who\)"),
        ("time,r\n0,?\n1,?\n", "r.csv", "has no column of numbers beside the times"),
        ("time,r\n0,1\n1,1,2\n", "r.csv", "line 3: has 3 cells; expected 2"),
        ("time,r\n0,1\n\n1,x\n", "r.csv", "line 4: 'r' is 'x'; expected a number, or '.' where there is none"),
        ("time,r\n0,1\n1,inf\n", "r.csv", "line 3: 'r' is 'inf'; expected a finite number"),
        ("time,r\n0,1\n?,2\n", "r.csv", "line 3: has no time; expected seconds"),
        ("start,end,r\n0,1,1\n1,,2\n", "r.csv", "line 3: has no time; expected seconds"),
        ("time,r\n0,1\n2,1\n1,1\n", "r.csv", "line 4: at 1 s, behind a row at 2 s; expected rising times"),
        ("time,r\n0,1\n2,1\n2,1\n", "r.csv", "line 4: at 2 s, behind a row at 2 s; expected rising times"),
        ("start,end,r\n0,1,1\n2,1,2\n", "r.csv", "line 3: ends at 1 s, not after its start at 2 s"),
        ("time,r\n0,1\n", "r.csv", "line 2: is the only row; expected at least two, or a column 'end'"),
        (b"time,r\n0,\xe9\n1,2\n", "r.csv", "line 2: 'r' is '\xe9'; expected a number"),
        ("@relation x\n@attribute a numeric\n", "r.arff", "has no @data; expected an ARFF file"),
        ("time,r\n0,1\n", "r.arff", "line 1: 'time,r'; expected @relation, @attribute or @data"),
        ("@attribute time numeric\n@attribute r numeric\n@data\n0,1\n1\n", "r.arff", "line 5: has 1 cells; expected 2"),
        ("{", "r.json", r"not JSON with numbered frames \(JSONDecodeError: Expecting"),
        ("[]", "r.json", r"not JSON with numbered frames \(TypeError"),
        ('{"frames": {"a": {}}}', "r.json", r"not JSON with numbered frames \(ValueError"),
        ('{"frames": {"0": 1}}', "r.json", r"not JSON with numbered frames \(TypeError"),
        ("[" * 100_000, "r.json", r"not JSON with numbered frames \(RecursionError"),
        ('{"frames": {"0": {"v": 1}, "00": {"v": 2}}}', "r.json", "frame 0: at 0 s, behind a row at 0 s"),
        ('{"frames": {"0": {"v": 1}, "1": {"v": true}}}', "r.json", "frame 1: 'v' is 'True'; expected a number"),
        ('{"frames": {}}', "r.json", "has no rows; expected one for every time"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, content: str | bytes, name: str, message: str) -> None:
    with pytest.raises(CorpusError, match=rf"^{tmp_path / name}(: |, ){message}") as caught:
        read(tmp_path, content, name, rate=25.0)
    assert len(str(caught.value).splitlines()) == 1


def test_frames_need_a_rate(tmp_path: Path) -> None:
    with pytest.raises(
        CorpusError, match=r"r\.json: its frames have no times; expected their rate \(in a manifest: fps"
    ):
        read(tmp_path, '{"frames": {"0": {"v": 1}}}', "r.json")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(
        CorpusError, match=r"none\.csv: cannot be read \(no such file or directory\); expected an annota"
    ):
        read_annotation(Annotation(name="a", path=tmp_path / "none.csv"))
    with open(tmp_path / "large.csv", "wb") as file:
        file.truncate(257 * 2**20)
    with pytest.raises(CorpusError, match=r"large\.csv: 257 MiB; expected an annotation of at most 256 MiB"):
        read_annotation(Annotation(name="a", path=tmp_path / "large.csv"))
